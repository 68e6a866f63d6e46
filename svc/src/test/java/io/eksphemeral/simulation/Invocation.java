package io.eksphemeral.simulation;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An invocation of a function. */
final class Invocation {
  /** The cause: the rule, a task event, or a request. */
  enum What {
    SWEEP,
    EVENT,
    CREATE,
    PROLONG,
    DESTROY,
    LOOK
  }

  final What what;
  final long begun;

  /** The request; null if there is none. */
  final @Nullable UserAction action;

  /** The expiries and lifetimes that it wrote, in order. */
  final List<InvariantChecker.GrantedLifetime> granted = new ArrayList<>();

  /** The number of calls to AWS so far. */
  int calls;

  Invocation(What what, @Nullable UserAction action, long begun) {
    this.what = what;
    this.action = action;
    this.begun = begun;
  }
}
