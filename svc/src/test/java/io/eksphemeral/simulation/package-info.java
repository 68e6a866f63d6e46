/**
 * Seeded simulations with fault injection: the real code, from the handlers to the adapters for
 * AWS, on one thread with a virtual clock.
 */
@NullMarked
package io.eksphemeral.simulation;

import org.jspecify.annotations.NullMarked;
