package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import java.time.Instant;

/**
 * A cluster's hold on its name.
 *
 * @param since when it was taken
 */
public record Claim(String name, ClusterId holder, Instant since) {
  /** Why nobody else can have the name, in a sentence. */
  String taken() {
    return "the name %s is taken by the cluster %s".formatted(name, holder);
  }
}
