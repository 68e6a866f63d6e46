package io.eksphemeral.local;

import io.eksphemeral.local.SimulatedTask.End;
import java.io.IOException;
import java.time.Duration;

/**
 * Has the sweep run every five minutes of the clock, in place of the rule, and for one cluster as
 * soon as a task of it has stopped. What goes wrong in one run, errors such as a moment without
 * memory included, never keeps the next from coming.
 */
final class Scheduler {
  /** What AWS does by itself, of which something may be due with each run. */
  interface IoRunnable {
    void run() throws IOException;
  }

  private static final Duration PERIOD = Duration.ofMinutes(5);

  private final LambdaInvoker functions;
  private final IoRunnable housekeeping;
  private final ScaledClock clock;
  private final Timer timer;
  private final Log log;
  private volatile boolean stopped;

  Scheduler(
      LambdaInvoker functions, IoRunnable housekeeping, ScaledClock clock, Timer timer, Log log) {
    this.functions = functions;
    this.housekeeping = housekeeping;
    this.clock = clock;
    this.timer = timer;
    this.log = log;
  }

  /** Runs for the first time, and from then on every five minutes. */
  void start() {
    timer.after(Duration.ZERO, this::run);
  }

  /** Begins no further run. */
  void stop() {
    stopped = true;
  }

  /** Tells of a task that has stopped. */
  void stopped(SimulatedTask task) {
    End end = task.end();
    if (end != null && !stopped) {
      log.line("task %s stopped: %s".formatted(task.handle(), end.reason()));
      attempt(
          "the news of task " + task.handle(),
          () -> functions.feed(EventBridgeEvents.stopped(task, end)));
    }
  }

  private void run() {
    if (stopped) {
      return;
    }
    try {
      attempt("the sweep", () -> functions.feed(EventBridgeEvents.scheduled(clock.instant())));
      attempt("the housekeeping", housekeeping);
    } finally {
      timer.after(clock.real(PERIOD), this::run);
    }
  }

  private void attempt(String what, IoRunnable chore) {
    try {
      chore.run();
    } catch (IOException | RuntimeException | Error e) {
      log.failure(what + " failed", e);
    }
  }
}
