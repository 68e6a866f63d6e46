package io.eksphemeral.local;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/** Does things later, by the clock on the wall. Injected, so that no test waits. */
@FunctionalInterface
interface Timer {
  void after(Duration wait, Runnable work);

  /** Really waits, and then works on the threads of an executor. */
  static Timer real(Executor executor) {
    return (wait, work) ->
        CompletableFuture.delayedExecutor(wait.toNanos(), TimeUnit.NANOSECONDS, executor)
            .execute(work);
  }
}
