package io.eksphemeral.simulation;

import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Fault.Where;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The troubles that are still to come in a world, and how often each kind has struck. */
final class FaultInjector {
  private final Map<Where, Deque<Fault>> waiting = new EnumMap<>(Where.class);
  private final List<Fault> outages = new ArrayList<>();
  private final Map<Kind, Long> struck = new EnumMap<>(Kind.class);
  private final long calm;
  private long last;
  private final DeterministicScheduler strands;
  private final History history;
  private final Map<Where, Integer> passed = new EnumMap<>(Where.class);

  /**
   * Of what has not happened yet.
   *
   * @param calm from when on nothing of it strikes any more
   */
  FaultInjector(List<Fault> all, long calm, DeterministicScheduler strands, History history) {
    this.calm = calm;
    this.strands = strands;
    this.history = history;
    all.stream()
        .sorted(Comparator.comparingLong(Fault::at))
        .forEach(trouble -> {
          if (trouble.kind().where() == Where.OUTAGE) {
            outages.add(trouble);
          } else {
            waiting.computeIfAbsent(trouble.kind().where(), _ -> new ArrayDeque<>()).add(trouble);
          }
        });
  }

  /** The trouble that strikes here and now, if one does; of the kinds that can. */
  @Nullable Fault strikes(Where where, Predicate<Kind> canHappen) {
    Deque<Fault> here = waiting.get(where);
    Fault next = here == null ? null : here.peek();
    if (here == null
        || next == null
        || next.at() > strands.now()
        || strands.now() > calm
        || !canHappen.test(next.kind())) {
      return null;
    }
    if (passed.merge(where, 1, Integer::sum) <= next.skip()) {
      return null;
    }
    passed.remove(where);
    here.remove();
    if (!next.kind().isFate()) {
      count(next.kind());
    }
    return next;
  }

  /** Whether something that goes wrong for a while does so now. */
  boolean lasts(Kind kind) {
    for (Fault outage : outages) {
      if (outage.kind() == kind && outage.at() <= strands.now() && strands.now() < outage.until()) {
        count(kind);
        return true;
      }
    }
    return false;
  }

  /** When the last of them struck, in milliseconds of the world. */
  long last() {
    return last;
  }

  /** Counts one that happens now. */
  void count(Kind kind) {
    last = strands.now();
    struck.merge(kind, 1L, Long::sum);
    history.note(() -> "  ! " + kind.text());
  }

  Map<Kind, Long> struck() {
    return struck;
  }
}
