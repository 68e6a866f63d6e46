/** The tests of the task scripts, which run them as programs. */
@NullMarked
package io.eksphemeral.task;

import org.jspecify.annotations.NullMarked;
