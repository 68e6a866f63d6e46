package io.eksphemeral.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a record says of one of its tasks.
 *
 * @param attempt counted from 1 within the kind
 * @param planned when the record first said that it is to run
 * @param refused why it could not be launched so far; null where nothing kept it from that
 * @param launched when its launch was noted, from which its deadline counts; null until then
 * @param handle what the task runner calls it; null until its launch was noted
 * @param stopping when it was last told to stop, or when waiting for its end began; null until then
 * @param ended when it was known to be over, never to work again; null until then
 * @param outcome how it ended, in words; null until then
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
    refused = refused == null ? null : SafeText.plain(refused);
    outcome = outcome == null ? null : SafeText.plain(outcome);
  }

  static Task plan(TaskKind kind, int attempt, Instant now) {
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

  /** The latest moment at which it may have been launched, as far as the record knows. */
  Instant latestLaunch() {
    return launched == null ? planned : launched;
  }
}
