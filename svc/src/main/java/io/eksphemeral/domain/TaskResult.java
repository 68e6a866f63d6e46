package io.eksphemeral.domain;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * What a task said with its last act. It outranks whatever the task runner says of the task.
 *
 * @param at when it was written
 * @param message one sentence on what happened
 * @param leftovers what a destroy task still found, each with its kind and name; none is the proof
 *     that nothing is left
 * @param log the last lines of the work's own output
 */
public record TaskResult(
    Outcome outcome, Instant at, String message, List<String> leftovers, List<String> log) {
  /** How a task's work went. */
  public enum Outcome {
    /** A create task's: the cluster is up. */
    READY,
    /** A create task's: a cluster of this name is there that is not ours; nothing was touched. */
    FOREIGN,
    /** A destroy task's: a look-up found nothing that carries the cluster's id. */
    ABSENT,
    /** Either's: it did not work. */
    FAILED;

    /** As it is written in results: {@code ready}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public TaskResult {
    leftovers = List.copyOf(leftovers);
    log = List.copyOf(log);
  }

  /** Whether this proves that nothing of the cluster is left (promise P3). */
  public boolean provesAbsence() {
    return outcome == Outcome.ABSENT && leftovers.isEmpty();
  }
}
