package io.eksphemeral.control;

/** The outcome of launching a task. */
public sealed interface LaunchResult {
  /** The task was started, by this launch or an earlier one with the same key. */
  record Launched(String handle) implements LaunchResult {}

  /** No task was started. Trying again may help. */
  record Rejected(String why) implements LaunchResult {}
}
