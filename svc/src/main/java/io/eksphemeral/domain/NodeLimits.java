package io.eksphemeral.domain;

/**
 * What callers may choose for the nodes of their clusters.
 *
 * @param usual what they get without a choice, and may always choose
 * @param types the instance types that they may choose besides
 * @param disk the largest disk of a node, in GiB
 */
public record NodeLimits(Nodes usual, InstanceTypePatterns types, int disk) {
  public static final NodeLimits DEFAULT =
      new NodeLimits(
          new Nodes(Architecture.X86_64.usualTypes(), true),
          InstanceTypePatterns.parse("t3.*,t3a.*,t4g.*"),
          100);

  public NodeLimits {
    if (disk < usual.disk()) {
      throw new IllegalArgumentException(
          "the largest disk must have at least %d GiB".formatted(usual.disk()));
    }
  }

  public boolean allow(String type) {
    return usual.instanceTypes().contains(type) || types.allow(type);
  }
}
