@NullMarked
package io.eksphemeral.local;

import org.jspecify.annotations.NullMarked;
