package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import java.time.Duration;
import java.util.function.Consumer;

/**
 * How long an invocation may call AWS. A call that starts too late would end in a timeout of the
 * function or of API Gateway, which hides the cause.
 *
 * @param calls receives the limit when an invocation starts
 */
record TimeLimit(Consumer<Duration> calls) {
  /** API Gateway waits for 29 s, which includes the network. */
  private static final Duration ANSWER = Duration.ofSeconds(27);

  /** For storing and logging the outcome. */
  private static final Duration RESERVE = Duration.ofSeconds(1);

  /** Without calls over a network. */
  static final TimeLimit NONE = new TimeLimit(_ -> {});

  /** A caller waits for the response. */
  void beginCall(Context context) {
    Duration left = left(context);
    calls.accept(left.compareTo(ANSWER) < 0 ? left : ANSWER);
  }

  /** Only the timeout of the function counts. */
  void beginSweep(Context context) {
    calls.accept(left(context));
  }

  private static Duration left(Context context) {
    return Duration.ofMillis(context.getRemainingTimeInMillis()).minus(RESERVE);
  }
}
