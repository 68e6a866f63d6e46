package io.eksphemeral.domain;

import java.util.List;

/**
 * What is known of a task beyond the record.
 *
 * @param running handles of tasks that run for this cluster, whatever the record says; none where
 *     {@code view} settles it
 */
public record Sighting(View view, Fence fence, List<String> running) {
  /** For a cluster without a task that is not over. */
  public static final Sighting NONE = new Sighting(new View.Unlaunched(), Fence.OPEN, List.of());

  public Sighting {
    running = List.copyOf(running);
  }

  /** What the task itself, or else the task runner, says. */
  public sealed interface View {
    /** It left its result. */
    record Reported(TaskResult result) implements View {}

    /** The record has no handle to ask for. */
    record Unlaunched() implements View {}

    record Running() implements View {}

    /** It stopped without a result. */
    record Stopped(String reason) implements View {}

    /** The task runner does not know it: not yet, or no more. */
    record Missing() implements View {}
  }
}
