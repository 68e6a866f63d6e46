package io.eksphemeral.domain;

import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * The result that a task reported as its last action. It outranks the task runner's status.
 *
 * @param at when it was written
 * @param message one sentence
 * @param leftovers the kind and name of each resource that a destroy task still found
 * @param log the last lines of the task's output
 */
public record TaskResult(
    Outcome outcome, Instant at, String message, List<String> leftovers, List<String> log) {
  public enum Outcome {
    /** Of a create task: the cluster is ready. */
    READY,
    /** Of a create task: a foreign cluster has the name, and was not touched. */
    FOREIGN,
    /** Of a destroy task: a look-up found nothing that carries the cluster's id. */
    ABSENT,
    FAILED;

    /** As written in results: {@code ready}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public TaskResult {
    leftovers = List.copyOf(leftovers);
    log = List.copyOf(log);
  }

  /** Whether this verifies the deletion of the cluster (promise P3). */
  public boolean provesAbsence() {
    return outcome == Outcome.ABSENT && leftovers.isEmpty();
  }
}
