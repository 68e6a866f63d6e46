package io.eksphemeral.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Builds tasks for tests. */
public final class TaskBuilder {
  private final TaskKind kind;
  private final int attempt;
  private final Instant planned;
  private @Nullable String refused;
  private @Nullable Instant launched;
  private @Nullable String handle;
  private @Nullable Instant stopping;
  private @Nullable Instant ended;
  private @Nullable String outcome;

  public TaskBuilder(TaskKind kind, int attempt, Instant planned) {
    this.kind = kind;
    this.attempt = attempt;
    this.planned = planned;
  }

  public TaskBuilder refused(@Nullable String why) {
    refused = why;
    return this;
  }

  public TaskBuilder launched(@Nullable Instant at, @Nullable String as) {
    launched = at;
    handle = as;
    return this;
  }

  public TaskBuilder stopping(@Nullable Instant at) {
    stopping = at;
    return this;
  }

  public TaskBuilder ended(@Nullable Instant at, @Nullable String how) {
    ended = at;
    outcome = how;
    return this;
  }

  public Task build() {
    return new Task(kind, attempt, planned, refused, launched, handle, stopping, ended, outcome);
  }
}
