package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import java.time.Instant;

/**
 * The reservation of a cluster's name.
 *
 * @param since when it was made
 */
public record Claim(String name, ClusterId holder, Instant since) {
  String takenMessage() {
    return "the name %s is taken by the cluster %s".formatted(name, holder);
  }
}
