package io.eksphemeral.local.task;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Runs work after a delay in real time. Injected, so that no test waits. */
@FunctionalInterface
public interface Timer {
  void after(Duration wait, Runnable work);

  /** Runs work on an executor. */
  static Timer real(Executor executor) {
    return (wait, work) ->
        CompletableFuture.delayedExecutor(wait.toNanos(), TimeUnit.NANOSECONDS, executor)
            .execute(work);
  }
}
