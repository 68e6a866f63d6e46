package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;

/**
 * What is done before Lambda takes the snapshot of a function, so that the first call after a
 * restore finds its classes loaded and its code compiled. None of it has any effect; and if it
 * fails, that is logged, and the function is there all the same, only slower at first.
 */
final class Priming implements Resource {
  /** Whoever calls {@link #beforeCheckpoint} knows its resources by weak references alone. */
  private static final List<Priming> KEPT = new ArrayList<>();

  private final List<Runnable> parts;

  private Priming(List<Runnable> parts) {
    this.parts = parts;
  }

  /** Has something done before a snapshot is taken; nothing where none ever is. */
  static void beforeSnapshot(Runnable... parts) {
    Priming priming = new Priming(Arrays.asList(parts));
    KEPT.add(priming);
    Core.getGlobalContext().register(priming);
  }

  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) {
    for (Runnable part : parts) {
      try {
        part.run();
      } catch (RuntimeException | Error e) {
        LogLine.of("priming-failed").withFailure(e).writeTo(LambdaRuntime.getLogger());
      }
    }
    LogLine.of("primed").writeTo(LambdaRuntime.getLogger());
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) {}
}
