/**
 * Lives of clusters in a simulated world, with faults: the real code from the handlers down to the
 * adapters for AWS, on one thread, by a virtual clock, and all of it from one seed.
 */
@NullMarked
package io.eksphemeral.simulation;

import org.jspecify.annotations.NullMarked;
