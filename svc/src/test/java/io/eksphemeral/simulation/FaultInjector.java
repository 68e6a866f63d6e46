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

/** The faults of a simulation that are still to come, and how often each kind happened. */
final class FaultInjector {
  private final Map<Where, Deque<Fault>> waiting = new EnumMap<>(Where.class);
  private final List<Fault> outages = new ArrayList<>();
  private final Map<Kind, Long> injected = new EnumMap<>(Kind.class);
  private final long calm;
  private long last;
  private final DeterministicScheduler scheduler;
  private final History history;
  private final Map<Where, Integer> passed = new EnumMap<>(Where.class);

  /**
   * @param calm when the last fault may happen
   */
  FaultInjector(List<Fault> all, long calm, DeterministicScheduler scheduler, History history) {
    this.calm = calm;
    this.scheduler = scheduler;
    this.history = history;
    all.stream()
        .sorted(Comparator.comparingLong(Fault::at))
        .forEach(fault -> {
          if (fault.kind().where() == Where.OUTAGE) {
            outages.add(fault);
          } else {
            waiting.computeIfAbsent(fault.kind().where(), _ -> new ArrayDeque<>()).add(fault);
          }
        });
  }

  /** The fault that happens here and now, among the possible kinds; null if there is none. */
  @Nullable Fault next(Where where, Predicate<Kind> canHappen) {
    Deque<Fault> here = waiting.get(where);
    Fault next = here == null ? null : here.peek();
    if (here == null
        || next == null
        || next.at() > scheduler.now()
        || scheduler.now() > calm
        || !canHappen.test(next.kind())) {
      return null;
    }
    if (passed.merge(where, 1, Integer::sum) <= next.skip()) {
      return null;
    }
    passed.remove(where);
    here.remove();
    if (!next.kind().isPlannedForACall()) {
      count(next.kind());
    }
    return next;
  }

  /** Whether an outage is ongoing. */
  boolean isOngoing(Kind kind) {
    for (Fault outage : outages) {
      if (outage.kind() == kind
          && outage.at() <= scheduler.now()
          && scheduler.now() < outage.until()) {
        count(kind);
        return true;
      }
    }
    return false;
  }

  /** When the last fault happened, in milliseconds of the simulation. */
  long last() {
    return last;
  }

  /** Counts a fault that happens now. */
  void count(Kind kind) {
    last = scheduler.now();
    injected.merge(kind, 1L, Long::sum);
    history.note(() -> "  ! " + kind.text());
  }

  Map<Kind, Long> injected() {
    return injected;
  }
}
