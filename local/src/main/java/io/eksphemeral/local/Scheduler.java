package io.eksphemeral.local;

import io.eksphemeral.local.io.Log;
import io.eksphemeral.local.task.LocalTask;
import io.eksphemeral.local.task.LocalTask.End;
import io.eksphemeral.local.task.Timer;
import java.io.IOException;
import java.time.Duration;

/**
 * In place of EventBridge: sweeps all clusters every five minutes of the clock, and a single one as
 * soon as a task of it has stopped. A run that fails, even with an {@link Error} such as a brief
 * lack of memory, does not prevent the next one.
 */
final class Scheduler {
  /** Housekeeping that AWS does by itself. */
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

  /** Sweeps now, and every five minutes from then on. */
  void start() {
    timer.after(Duration.ZERO, this::run);
  }

  /** Starts no further run. */
  void stop() {
    stopped = true;
  }

  /** Sweeps the cluster of a task that has stopped. */
  void stopped(LocalTask task) {
    End end = task.end();
    if (end != null && !stopped) {
      log.line("task %s stopped: %s".formatted(task.handle(), end.reason()));
      attempt(
          "the sweep after task " + task.handle(),
          () -> functions.invoke(EventBridgeEvents.stopped(task, end)));
    }
  }

  private void run() {
    if (stopped) {
      return;
    }
    try {
      attempt("the sweep", () -> functions.invoke(EventBridgeEvents.scheduled(clock.instant())));
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
