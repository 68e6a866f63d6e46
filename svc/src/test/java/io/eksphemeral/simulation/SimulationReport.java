package io.eksphemeral.simulation;

import io.eksphemeral.domain.State;
import io.eksphemeral.simulation.Fault.Kind;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** The results of many simulations, with consecutive seeds. */
final class SimulationReport {
  /** Enough to find the cause. */
  private static final int MOST_BROKEN = 20;

  /** Is notified of progress. */
  interface Watcher {
    /** Another hundredth is done. */
    default void lived(long livesSoFar) {}

    /** A promise was broken with a seed. */
    default void violated(long seed, InvariantChecker.Violation violation) {}
  }

  private final Map<Kind, Long> injected = new EnumMap<>(Kind.class);
  private final Map<String, Long> transitions = new TreeMap<>();
  private final Map<String, Long> most = new TreeMap<>();
  private final Map<Long, InvariantChecker.Violation> violation = new TreeMap<>();
  private long simulations;
  private long lives;
  private long latestEnd;
  private boolean isStopped;

  /** Runs simulations on all cores until so many clusters were launched, or until it is stopped. */
  void run(long wanted, long firstSeed, Watcher watcher) {
    AtomicLong seed = new AtomicLong(firstSeed);
    int cores = Runtime.getRuntime().availableProcessors();
    try (ExecutorService threads = Executors.newFixedThreadPool(cores)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < cores; i++) {
        all.add(
            threads.submit(() -> {
              while (isShortOf(wanted)) {
                long next = seed.getAndIncrement();
                try {
                  Simulation.Outcome outcome = Simulation.run(Plan.of(next), false);
                  if (add(next, outcome, wanted / 100)) {
                    watcher.lived(lives());
                  }
                  if (outcome.violation() != null) {
                    watcher.violated(next, outcome.violation());
                  }
                } catch (RuntimeException e) {
                  stop();
                  throw new IllegalStateException(
                      "the simulation of the seed %d came to no end".formatted(next), e);
                }
              }
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a simulation failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private synchronized boolean isShortOf(long wanted) {
    return lives < wanted && violation.size() < MOST_BROKEN && !isStopped;
  }

  /** Starts no further simulation. */
  synchronized void stop() {
    isStopped = true;
  }

  /** Adds an outcome, and returns whether that completed another part of the lives. */
  private synchronized boolean add(long seed, Simulation.Outcome outcome, long part) {
    long before = lives;
    simulations++;
    lives += outcome.lives();
    latestEnd = Math.max(latestEnd, outcome.latestEnd());
    outcome.injected().forEach((kind, times) -> injected.merge(kind, times, Long::sum));
    outcome.transitions().forEach((step, times) -> transitions.merge(step, times, Long::sum));
    outcome.most().forEach((what, value) -> most.merge(what, value, Math::max));
    if (outcome.violation() != null) {
      violation.put(seed, outcome.violation());
    }
    return part > 0 && lives / part > before / part;
  }

  long simulations() {
    return simulations;
  }

  synchronized long lives() {
    return lives;
  }

  long latestEndMinutes() {
    return latestEnd / 60_000;
  }

  /** The maximum of each bounded value. */
  Map<String, Long> most() {
    return most;
  }

  /** The broken promises, by seed. */
  Map<Long, InvariantChecker.Violation> violation() {
    return violation;
  }

  /** How often each kind of fault happened, including those that never did. */
  Map<Kind, Long> injected() {
    for (Kind kind : Kind.values()) {
      injected.putIfAbsent(kind, 0L);
    }
    return injected;
  }

  Map<String, Long> injectedByText() {
    Map<String, Long> byText = new LinkedHashMap<>();
    injected().forEach((kind, times) -> byText.put(kind.text(), times));
    return byText;
  }

  /** Whether every kind of fault and every transition happened. */
  boolean isComplete() {
    return !injected().containsValue(0L) && !transitions().containsValue(0L);
  }

  /** How often each transition was made, including those that never were. */
  Map<String, Long> transitions() {
    for (State from : State.values()) {
      for (State to : from.next()) {
        transitions.putIfAbsent(from.text() + " -> " + to.text(), 0L);
      }
    }
    return transitions;
  }
}
