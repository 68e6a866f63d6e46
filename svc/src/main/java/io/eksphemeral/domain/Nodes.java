package io.eksphemeral.domain;

import java.util.List;

/**
 * What nodes an installation gives its clusters.
 *
 * @param instanceTypes {@code t3.medium} and the like, each as good as the others; at least one
 * @param spot whether they are bought from spare capacity, for less
 */
public record Nodes(List<String> instanceTypes, boolean spot) {
  /** Each one's disk. */
  public static final int DISK_GIGABYTES = 20;

  public Nodes {
    instanceTypes = List.copyOf(instanceTypes);
    if (instanceTypes.isEmpty()) {
      throw new IllegalArgumentException("nodes are of a type");
    }
  }
}
