package io.eksphemeral.lambda;

import java.time.Duration;

/**
 * What answers say beyond the records, so that people know what they look at.
 *
 * @param provider who builds the clusters, in a sentence
 * @param usualCreation how long building one usually takes, by the clock on the wall
 * @param usualDestruction how long tearing one down usually takes, by the clock on the wall
 */
public record Presentation(String provider, Duration usualCreation, Duration usualDestruction) {}
