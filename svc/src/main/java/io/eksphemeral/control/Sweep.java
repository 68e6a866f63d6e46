package io.eksphemeral.control;

import io.eksphemeral.control.SweepReport.Change;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;

/**
 * Reconciles all clusters. Run every five minutes, it alone brings every cluster to its end
 * (promise P1); a failure for one cluster does not affect the others (promise P4). Sweeps may
 * overlap.
 */
public final class Sweep {
  /** How old a claim without a record must be for its name to be freed. */
  static final Duration CLAIM_WITHOUT_RECORD = Duration.ofMinutes(10);

  /** With less time left than this nothing more is begun, so that what has begun can finish. */
  private static final Duration TIME_TO_FINISH = Duration.ofSeconds(10);

  private final ClusterStore store;
  private final Reconciler reconciler;
  private final InstantSource clock;
  private final Executor executor;

  /**
   * @param executor reconciles the clusters; its threads bound how many at a time
   */
  public Sweep(ClusterStore store, Reconciler reconciler, InstantSource clock, Executor executor) {
    this.store = store;
    this.reconciler = reconciler;
    this.clock = clock;
    this.executor = executor;
  }

  /** What is collected while clusters are reconciled concurrently. */
  private record Outcomes(
      Map<ClusterId, Change> changed, Map<ClusterId, String> failed, LongAdder skipped) {
    Outcomes() {
      this(new ConcurrentSkipListMap<>(), new ConcurrentSkipListMap<>(), new LongAdder());
    }
  }

  /**
   * Sweeps over all clusters.
   *
   * @param timeLeft how long this process may still run
   * @throws StoreException if the clusters or the names cannot be listed
   */
  public SweepReport all(Supplier<Duration> timeLeft) {
    // Concurrently, as each listing takes one request per thousand objects. A name that is claimed
    // later is too young to be freed, and a claim is read again before it is released.
    CompletableFuture<Set<String>> claimed =
        CompletableFuture.supplyAsync(store::claimedNames, executor);
    return sweep(store.list(), timeLeft, claimed);
  }

  /** Sweeps over one cluster, for which an event arrived. An unknown one is ignored. */
  public SweepReport one(ClusterId id, Supplier<Duration> timeLeft) {
    Optional<Stored> found = store.find(id);
    return sweep(found.stream().toList(), timeLeft, CompletableFuture.completedFuture(Set.of()));
  }

  private SweepReport sweep(
      List<Stored> listed, Supplier<Duration> timeLeft, CompletableFuture<Set<String>> claimed) {
    Instant begun = clock.instant();
    Outcomes outcomes = new Outcomes();
    List<CompletableFuture<Void>> visits = new ArrayList<>();
    Map<State, Long> states = new EnumMap<>(State.class);
    Map<ClusterId, String> unreadable = new TreeMap<>();
    List<ClusterId> legacy = new ArrayList<>();
    Set<String> inUse = new HashSet<>();
    for (Stored stored : listed) {
      switch (stored) {
        case Stored.Live live -> {
          inUse.add(live.cluster().name());
          states.merge(live.cluster().state(), 1L, Long::sum);
          visits.add(CompletableFuture.runAsync(() -> visit(live, timeLeft, outcomes), executor));
        }
        case Stored.Legacy old -> legacy.add(old.id());
        case Stored.Unreadable broken -> unreadable.put(broken.id(), broken.why());
      }
    }
    visits.forEach(CompletableFuture::join);
    Set<String> unused = new HashSet<>(join(claimed));
    unused.removeAll(inUse);
    List<String> freed = freeNames(unused, timeLeft, outcomes);
    return new SweepReport(
        states,
        List.copyOf(outcomes.changed().values()),
        outcomes.failed(),
        unreadable,
        legacy,
        outcomes.skipped().sum(),
        freed,
        Duration.between(begun, clock.instant()));
  }

  private static boolean isLate(Supplier<Duration> timeLeft) {
    return timeLeft.get().compareTo(TIME_TO_FINISH) < 0;
  }

  private void visit(Stored.Live live, Supplier<Duration> timeLeft, Outcomes outcomes) {
    if (isLate(timeLeft)) {
      outcomes.skipped().increment();
      return;
    }
    Cluster before = live.cluster();
    try {
      String after =
          switch (reconciler.reconcile(live)) {
            case Result.Success<Optional<Stored.Live>>(Optional<Stored.Live> record) ->
                record.map(found -> found.cluster().state().text()).orElse("removed");
            case Result.Rejected<Optional<Stored.Live>>(Rejection rejection) ->
                "withdrawn: " + rejection.error();
          };
      String from = before.state().text();
      if (!after.equals(from)) {
        outcomes.changed().put(before.id(), new Change(before.id(), from, after));
      }
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      outcomes.failed().put(before.id(), e.toString());
    }
  }

  private static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  /**
   * Frees names that are claimed without a cluster.
   *
   * @param unused claimed names that no listed record has
   */
  private List<String> freeNames(
      Set<String> unused, Supplier<Duration> timeLeft, Outcomes outcomes) {
    List<String> freed = new ArrayList<>();
    for (Claim claim : store.claims(unused)) {
      if (isLate(timeLeft)) {
        break;
      }
      try {
        if (isAbandoned(claim) && store.release(claim)) {
          freed.add(claim.name());
        }
      } catch (RuntimeException e) {
        outcomes.failed().put(claim.holder(), e.toString());
      }
    }
    return freed;
  }

  /** Whether a claim is old, and its holder is not on record, or has another name. */
  private boolean isAbandoned(Claim claim) {
    return !clock.instant().isBefore(claim.since().plus(CLAIM_WITHOUT_RECORD))
        && store
            .find(claim.holder())
            .filter(stored ->
                !(stored instanceof Stored.Live live) || live.cluster().name().equals(claim.name()))
            .isEmpty();
  }
}
