package io.eksphemeral.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a record says of one of its tasks.
 *
 * @param attempt counted from 1 within the kind
 * @param planned when the record first said that it is to run; its deadline counts from here
 * @param launched when its launch was noted; null until then
 * @param handle what the task runner calls it; null until its launch was noted
 * @param ended when it was known to be over, never to work again; null until then
 * @param outcome how it ended, in words; null until then
 */
public record Task(
    TaskKind kind,
    int attempt,
    Instant planned,
    @Nullable Instant launched,
    @Nullable String handle,
    @Nullable Instant ended,
    @Nullable String outcome) {

  static Task plan(TaskKind kind, int attempt, Instant now) {
    return new Task(kind, attempt, now, null, null, null, null);
  }

  Task launched(String handle, Instant now) {
    return new Task(kind, attempt, planned, now, handle, ended, outcome);
  }

  Task ended(String outcome, Instant now) {
    return new Task(kind, attempt, planned, launched, handle, now, outcome);
  }

  public boolean isOver() {
    return ended != null;
  }

  /** The latest moment at which it may have been launched, as far as the record knows. */
  Instant latestLaunch() {
    return launched == null ? planned : launched;
  }
}
