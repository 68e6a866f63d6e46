package io.eksphemeral.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a cluster's Fargate tasks run, instead of the installation's default.
 *
 * @param securitygroup {@code sg-…}, or null for the installation's
 * @param subnets {@code subnet-…}; empty for the installation's
 */
public record Placement(@Nullable String securitygroup, List<String> subnets) {
  public Placement {
    subnets = List.copyOf(subnets);
  }
}
