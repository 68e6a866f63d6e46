package io.eksphemeral.local.task;

import io.eksphemeral.domain.TaskResult.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/** What follows a step of a task. Steps can be repeated after a crash. */
public sealed interface Next {
  /** Another step, after so much real time. */
  record After(Duration real, Supplier<Next> step) implements Next {}

  /**
   * Work that takes as long as it takes, in a thread of its own. The thread is interrupted if the
   * task is to stop; then the work ends soon, and nothing of it goes on.
   */
  record Work(Callable<Next> work) implements Next {}

  /** Nothing: it hangs until it is stopped. */
  record Hang() implements Next {}

  /**
   * The task is over, and this is its result.
   *
   * @param message one sentence
   * @param leftovers the kind and name of each resource that a destroy task still found
   */
  record End(Outcome outcome, String message, List<String> leftovers) implements Next {
    public End(Outcome outcome, String message) {
      this(outcome, message, List.of());
    }
  }

  /** The task is over, and leaves no result. */
  record Exit(int code, String reason) implements Next {}
}
