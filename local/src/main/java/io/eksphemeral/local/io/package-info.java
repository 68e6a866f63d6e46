@NullMarked
package io.eksphemeral.local.io;

import org.jspecify.annotations.NullMarked;
