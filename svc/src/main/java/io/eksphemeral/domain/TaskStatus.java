package io.eksphemeral.domain;

/** The status of a task. A task runner answers with one of the last three. */
public sealed interface TaskStatus {
  /** The task left its result, which outranks what the task runner says. */
  record Reported(TaskResult result) implements TaskStatus {}

  /** No launch is on record, so there is no handle to look the task up by. */
  record Unlaunched() implements TaskStatus {}

  record Running() implements TaskStatus {}

  /**
   * The task ended.
   *
   * @param reason exit codes, or why it was stopped or did not start
   */
  record Stopped(String reason) implements TaskStatus {}

  /** The task runner does not know the task: it is too new, or ended over an hour ago. */
  record Missing() implements TaskStatus {}
}
