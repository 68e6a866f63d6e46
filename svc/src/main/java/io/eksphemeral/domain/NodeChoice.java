package io.eksphemeral.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a caller chose for the nodes of a cluster; whatever they left open is as installed.
 *
 * @param types EC2 instance types; empty if they are left open
 * @param arch null if it is left open, or that of the types
 * @param disk in GiB; null if it is left open
 * @param capacityType null if it is left open
 */
public record NodeChoice(
    List<String> types,
    @Nullable Architecture arch,
    @Nullable Integer disk,
    @Nullable CapacityType capacityType) {
  /** Leaves everything open. */
  public static final NodeChoice NONE = new NodeChoice(List.of(), null, null, null);

  public NodeChoice {
    types = List.copyOf(types);
  }
}
