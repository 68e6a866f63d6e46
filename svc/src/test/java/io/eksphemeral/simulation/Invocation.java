package io.eksphemeral.simulation;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a function was called for. */
final class Invocation {
  /** Why it was called: by the rule, by news of a task, or by somebody who asks for something. */
  enum What {
    SWEEP,
    NEWS,
    CREATE,
    PROLONG,
    DESTROY,
    LOOK
  }

  final What what;
  final long begun;

  /** What somebody asks for; null where nobody does. */
  final @Nullable UserAction act;

  /** The ends and life-times that it wrote, in the order it did. */
  final List<InvariantChecker.Granted> granted = new ArrayList<>();

  /** How many calls of AWS it took so far. */
  int calls;

  Invocation(What what, @Nullable UserAction act, long begun) {
    this.what = what;
    this.act = act;
    this.begun = begun;
  }
}
