@NullMarked
package io.eksphemeral.local.task;

import org.jspecify.annotations.NullMarked;
