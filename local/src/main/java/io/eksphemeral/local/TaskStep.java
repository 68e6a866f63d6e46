package io.eksphemeral.local;

import java.time.Duration;

/** A step of a simulated task, which leads to the next one. Can be repeated after a crash. */
interface TaskStep {
  Next run(SimulatedTask task);

  /** What follows a step. */
  sealed interface Next {
    /** Another step, after so much real time. */
    record Work(Duration real, TaskStep next) implements Next {}

    /** Nothing. */
    record Hang() implements Next {}

    /** The task is over. */
    record Exit(int code, String reason) implements Next {}
  }
}
