@NullMarked
package io.eksphemeral.control;

import org.jspecify.annotations.NullMarked;
