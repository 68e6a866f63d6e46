package io.eksphemeral.domain;

import java.util.List;

/**
 * What is known about a cluster's open task, beyond the record.
 *
 * @param running handles of all tasks that run for this cluster, on record or not; empty if the
 *     task has reported
 */
public record TaskObservation(TaskStatus status, Fence fence, List<String> running) {
  /** For a cluster without an open task. */
  public static final TaskObservation NONE =
      new TaskObservation(new TaskStatus.Unlaunched(), Fence.OPEN, List.of());

  public TaskObservation {
    running = List.copyOf(running);
  }

  public static TaskObservation reported(TaskResult result) {
    return new TaskObservation(new TaskStatus.Reported(result), Fence.TAKEN, List.of());
  }
}
