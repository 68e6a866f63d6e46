@NullMarked
package io.eksphemeral.domain;

import org.jspecify.annotations.NullMarked;
