package io.eksphemeral.control;

import java.time.Duration;

/** Lets a moment pass. Injected, as the clock is, so that no test waits. */
@FunctionalInterface
public interface Sleeper {
  void of(Duration moment);

  /** Really waits; an interruption ends the wait early and stays noted on the thread. */
  static Sleeper real() {
    return moment -> {
      try {
        Thread.sleep(moment);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }
}
