@NullMarked
package io.eksphemeral.lambda;

import org.jspecify.annotations.NullMarked;
