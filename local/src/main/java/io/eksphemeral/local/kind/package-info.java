@NullMarked
package io.eksphemeral.local.kind;

import org.jspecify.annotations.NullMarked;
