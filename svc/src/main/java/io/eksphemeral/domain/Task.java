package io.eksphemeral.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A task, as its cluster's record describes it.
 *
 * @param attempt counted from 1 for each kind
 * @param planned when it was put on record
 * @param refused why its launch was rejected; null if it was not
 * @param launched when its launch was recorded, which starts its deadline; null until then
 * @param handle the task runner's name for it; null until its launch was recorded
 * @param stopping when it was last told to stop, or waiting for its end began; null until then
 * @param ended when it was known to have ended for good; null until then
 * @param outcome how it ended; null until then
 */
public record Task(
    TaskKind kind,
    int attempt,
    Instant planned,
    @Nullable String refused,
    @Nullable Instant launched,
    @Nullable String handle,
    @Nullable Instant stopping,
    @Nullable Instant ended,
    @Nullable String outcome) {

  public Task {
    refused = refused == null ? null : SafeText.sanitize(refused);
    outcome = outcome == null ? null : SafeText.sanitize(outcome);
  }

  public static Task plan(TaskKind kind, int attempt, Instant now) {
    return new Task(kind, attempt, now, null, null, null, null, null, null);
  }

  Task launched(String handle, Instant now) {
    return new Task(kind, attempt, planned, null, now, handle, stopping, ended, outcome);
  }

  Task stopping(Instant now) {
    return new Task(kind, attempt, planned, refused, launched, handle, now, ended, outcome);
  }

  Task ended(String outcome, Instant now) {
    return new Task(kind, attempt, planned, refused, launched, handle, stopping, now, outcome);
  }

  Task refused(String why) {
    return new Task(kind, attempt, planned, why, launched, handle, stopping, ended, outcome);
  }

  public boolean isOver() {
    return ended != null;
  }

  /** The earliest possible start of its deadline. */
  Instant latestLaunch() {
    return launched == null ? planned : launched;
  }
}
