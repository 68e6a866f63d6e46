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

/** What came of many worlds: of those of all seeds from one on. */
final class SimulationReport {
  /** Enough broken ones to see what is wrong. */
  private static final int MOST_BROKEN = 20;

  /** Who is told of what comes while it does; of nothing, unless they say what to do about it. */
  interface Watcher {
    /** A hundredth of the way was made. */
    default void lived(long livesSoFar) {}

    /** A promise was broken in the world of a seed. */
    default void broke(long seed, InvariantChecker.Broken broken) {}
  }

  private final Map<Kind, Long> struck = new EnumMap<>(Kind.class);
  private final Map<String, Long> transitions = new TreeMap<>();
  private final Map<String, Long> most = new TreeMap<>();
  private final Map<Long, InvariantChecker.Broken> broken = new TreeMap<>();
  private long worlds;
  private long lives;
  private long latestEnd;
  private boolean isStopped;

  /**
   * Has worlds happen, on all cores, until so many clusters were launched in them, or until it is
   * stopped.
   */
  void happen(long wanted, long firstSeed, Watcher watcher) {
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
                  Simulation.Outcome outcome = Simulation.of(Plan.of(next), false);
                  if (add(next, outcome, wanted / 100)) {
                    watcher.lived(lives());
                  }
                  if (outcome.broken() != null) {
                    watcher.broke(next, outcome.broken());
                  }
                } catch (RuntimeException e) {
                  stop();
                  throw new IllegalStateException(
                      "the world of the seed %d came to no end".formatted(next), e);
                }
              }
            }));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a world failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private synchronized boolean isShortOf(long wanted) {
    return lives < wanted && broken.size() < MOST_BROKEN && !isStopped;
  }

  /** Begins no other world. */
  synchronized void stop() {
    isStopped = true;
  }

  /** Adds what came of a seed, and says whether that made another so many lives full. */
  private synchronized boolean add(long seed, Simulation.Outcome outcome, long part) {
    long before = lives;
    worlds++;
    lives += outcome.lives();
    latestEnd = Math.max(latestEnd, outcome.latestEnd());
    outcome.struck().forEach((kind, times) -> struck.merge(kind, times, Long::sum));
    outcome.transitions().forEach((step, times) -> transitions.merge(step, times, Long::sum));
    outcome.most().forEach((what, value) -> most.merge(what, value, Math::max));
    if (outcome.broken() != null) {
      broken.put(seed, outcome.broken());
    }
    return part > 0 && lives / part > before / part;
  }

  long worlds() {
    return worlds;
  }

  synchronized long lives() {
    return lives;
  }

  long latestEndMinutes() {
    return latestEnd / 60_000;
  }

  /** How far what callers can repeat came at the most. */
  Map<String, Long> most() {
    return most;
  }

  /** The promises that were broken, by seed. */
  Map<Long, InvariantChecker.Broken> broken() {
    return broken;
  }

  /** How often each kind of trouble struck, those that never did included. */
  Map<Kind, Long> struck() {
    for (Kind kind : Kind.values()) {
      struck.putIfAbsent(kind, 0L);
    }
    return struck;
  }

  Map<String, Long> struckByText() {
    Map<String, Long> byText = new LinkedHashMap<>();
    struck().forEach((kind, times) -> byText.put(kind.text(), times));
    return byText;
  }

  /** Whether every kind of trouble struck, and every transition was made. */
  boolean isAllSeen() {
    return !struck().containsValue(0L) && !transitions().containsValue(0L);
  }

  /** How often each transition was made, those that never were included. */
  Map<String, Long> transitions() {
    for (State from : State.values()) {
      for (State to : from.next()) {
        transitions.putIfAbsent(from.text() + " -> " + to.text(), 0L);
      }
    }
    return transitions;
  }
}
