@NullMarked
package io.eksphemeral.local.simulated;

import org.jspecify.annotations.NullMarked;
