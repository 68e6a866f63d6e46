package io.eksphemeral.domain;

import java.util.List;

/**
 * The nodes of an installation's clusters.
 *
 * @param instanceTypes interchangeable ones such as {@code t3.medium}; at least one
 * @param spot whether they are spot instances
 */
public record Nodes(List<String> instanceTypes, boolean spot) {
  public static final int DISK_GIGABYTES = 20;

  public Nodes {
    instanceTypes = List.copyOf(instanceTypes);
    if (instanceTypes.isEmpty()) {
      throw new IllegalArgumentException("at least one instance type is required");
    }
  }
}
