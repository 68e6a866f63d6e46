package io.eksphemeral.domain;

import java.util.List;

/**
 * What is known of a task beyond the record.
 *
 * @param running handles of tasks that run for this cluster, whatever the record says; none where
 *     {@code view} settles it
 */
public record TaskObservation(TaskStatus view, Fence fence, List<String> running) {
  /** For a cluster without a task that is not over. */
  public static final TaskObservation NONE =
      new TaskObservation(new TaskStatus.Unlaunched(), Fence.OPEN, List.of());

  public TaskObservation {
    running = List.copyOf(running);
  }

  /** What the task itself, or else the task runner, says. */
  public sealed interface TaskStatus {
    /** It left its result. */
    record Reported(TaskResult result) implements TaskStatus {}

    /** The record has no handle to ask for. */
    record Unlaunched() implements TaskStatus {}

    record Running() implements TaskStatus {}

    /** It stopped without a result. */
    record Stopped(String reason) implements TaskStatus {}

    /** The task runner does not know it: not yet, or no more. */
    record Missing() implements TaskStatus {}
  }
}
