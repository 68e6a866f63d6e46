package io.eksphemeral.domain;

import java.util.List;
import java.util.Objects;

/**
 * The nodes of a cluster, or those of an installation's clusters unless their callers choose
 * others.
 *
 * @param instanceTypes interchangeable ones such as {@code t3.medium}; at least one
 * @param disk of each, in GiB
 * @param spot whether they are spot instances
 */
public record Nodes(List<String> instanceTypes, int disk, boolean spot) {
  /** The size of EKS's images, which is also the disk of nodes unless callers choose another. */
  static final int MIN_DISK = 20;

  public Nodes {
    instanceTypes = List.copyOf(instanceTypes);
    if (instanceTypes.isEmpty()) {
      throw new IllegalArgumentException("at least one instance type is required");
    }
  }

  /** Nodes with the usual disk. */
  public Nodes(List<String> instanceTypes, boolean spot) {
    this(instanceTypes, MIN_DISK, spot);
  }

  /** Nodes as a caller chose them, and else as these. */
  public Nodes with(NodeChoice choice) {
    return new Nodes(
        typesFor(choice),
        Objects.requireNonNullElse(choice.disk(), disk),
        choice.capacityType() == null ? spot : choice.capacityType() == CapacityType.SPOT);
  }

  private List<String> typesFor(NodeChoice choice) {
    Architecture wanted = choice.arch();
    if (!choice.types().isEmpty()) {
      return choice.types();
    }
    return wanted == null || Architecture.of(instanceTypes.getFirst()) == wanted
        ? instanceTypes
        : wanted.usualTypes();
  }
}
