package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * How long an invocation may call services. What is begun too late would outlive the function, or
 * whoever waits for its answer, who would then hear of a timeout instead of what failed.
 *
 * @param calls is told for how long they may go on, at the beginning of each invocation
 */
record TimeLimit(Consumer<Duration> calls) {
  /** API Gateway waits for 29 s; the rest is for the way there and back. */
  private static final Duration ANSWER = Duration.ofSeconds(27);

  /** To write down, and log, how it went. */
  private static final Duration RESERVE = Duration.ofSeconds(1);

  /** Where nothing is called that could be slow. */
  static final TimeLimit NONE = new TimeLimit(_ -> {});

  /** An invocation begins for whose answer somebody waits. */
  void beginCall(Context context) {
    Duration left = left(context);
    calls.accept(left.compareTo(ANSWER) < 0 ? left : ANSWER);
  }

  /** An invocation begins that only has to end before the function is stopped. */
  void beginSweep(Context context) {
    calls.accept(left(context));
  }

  private static Duration left(Context context) {
    return Duration.ofMillis(context.getRemainingTimeInMillis()).minus(RESERVE);
  }
}
