/** The tests of {@code template.yaml}, and of the roles in it. */
@NullMarked
package io.eksphemeral.template;

import org.jspecify.annotations.NullMarked;
