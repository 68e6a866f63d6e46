package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import java.time.Instant;

/**
 * A cluster's hold on its name.
 *
 * @param since when it was taken
 */
public record Claim(String name, ClusterId holder, Instant since) {}
