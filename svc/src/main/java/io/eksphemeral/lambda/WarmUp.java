package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import java.util.ArrayList;
import java.util.List;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;

/**
 * Runs before Lambda takes the snapshot of a function, so that the first request after a restore
 * finds classes loaded. A failure is logged, and leaves a function that is only slower at first.
 */
final class WarmUp implements Resource {
  /** CRaC's context itself has only weak references. */
  private static final List<WarmUp> REGISTERED = new ArrayList<>();

  private final Runnable reads;

  private WarmUp(Runnable reads) {
    this.reads = reads;
  }

  /**
   * Registers a warm-up; does nothing where no snapshot is taken.
   *
   * @param reads requests that change nothing
   */
  static void beforeSnapshot(Runnable reads) {
    WarmUp warmUp = new WarmUp(reads);
    REGISTERED.add(warmUp);
    Core.getGlobalContext().register(warmUp);
  }

  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) {
    try {
      reads.run();
      LogLine.of("warmed-up").writeTo(LambdaRuntime.getLogger());
    } catch (RuntimeException | Error e) {
      LogLine.of("warm-up-failed").withFailure(e).writeTo(LambdaRuntime.getLogger());
    }
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) {}
}
