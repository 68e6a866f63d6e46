package io.eksphemeral.domain;

import java.time.Instant;
import java.util.Locale;

/** The phases of a creation, in their order. A create task reports all but the first. */
public enum Phase {
  /** Its request is on record; no task works on it yet. */
  ACCEPTED,
  /** Its task checks whether eksctl may start. */
  TASK_STARTED,
  CONTROL_PLANE,
  NODES,
  /** Its task checks whether the cluster is ready. */
  CHECKS;

  /** A phase that has begun. */
  public record Begun(Phase phase, Instant at) {}

  /** The name in responses and in what tasks report, such as {@code task-started}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
