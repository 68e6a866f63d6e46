package io.eksphemeral.control;

import java.time.Duration;

/** Waits. Injected like the clock, so that tests need not wait. */
@FunctionalInterface
public interface Sleeper {
  void sleep(Duration duration);

  /** Sleeps on the current thread; an interruption ends the wait and stays set. */
  static Sleeper system() {
    return duration -> {
      try {
        Thread.sleep(duration);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }
}
