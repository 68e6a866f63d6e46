package io.eksphemeral.control;

import io.eksphemeral.control.Reconciler.ReconcileResult;
import io.eksphemeral.control.SweepReport.Change;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
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
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Brings all clusters as far as they can go now. Run every five minutes it alone brings each to its
 * end (promise P1); what fails for one never keeps it from the others (promise P4). Sweeps may
 * overlap.
 */
public final class Sweep {
  /** A name that is claimed for a cluster without a record is free after this. */
  static final Duration CLAIM_WITHOUT_RECORD = Duration.ofMinutes(10);

  /** With less than this left, nothing more is begun: what has begun is to be finished. */
  private static final Duration TIME_TO_FINISH = Duration.ofSeconds(10);

  private final ClusterStore store;
  private final Reconciler reconciler;
  private final InstantSource clock;
  private final Executor executor;

  /**
   * @param executor runs the work for single clusters; how many threads it has bounds how many are
   *     worked on at a time
   */
  public Sweep(ClusterStore store, Reconciler reconciler, InstantSource clock, Executor executor) {
    this.store = store;
    this.reconciler = reconciler;
    this.clock = clock;
    this.executor = executor;
  }

  /** What became of one cluster. */
  private sealed interface Visit {
    record Left() implements Visit {}

    record Changed(Change change) implements Visit {}

    record Failed(ClusterId cluster, String why) implements Visit {}

    record Skipped() implements Visit {}
  }

  /**
   * Sweeps over all clusters.
   *
   * @param timeLeft how long this process may still run
   * @throws StoreException if the clusters, or the names, cannot be listed
   */
  public SweepReport all(Supplier<Duration> timeLeft) {
    // Side by side: each listing is a request for every thousand. A name that is claimed later is
    // too young to be freed, and all else about a claim is looked up when it is to be.
    CompletableFuture<Set<String>> claimed =
        CompletableFuture.supplyAsync(store::claimedNames, executor);
    return over(store.list(), timeLeft, claimed);
  }

  /** Sweeps over one cluster, of which there is news. One that is not on record is no news. */
  public SweepReport one(ClusterId id, Supplier<Duration> timeLeft) {
    Optional<Stored> found = store.find(id);
    return over(found.stream().toList(), timeLeft, CompletableFuture.completedFuture(Set.of()));
  }

  private SweepReport over(
      List<Stored> listed, Supplier<Duration> timeLeft, CompletableFuture<Set<String>> claimed) {
    Instant begun = clock.instant();
    List<CompletableFuture<Visit>> visits = new ArrayList<>();
    Map<State, Long> states = new EnumMap<>(State.class);
    Map<ClusterId, String> unreadable = new TreeMap<>();
    List<ClusterId> legacy = new ArrayList<>();
    Set<String> inUse = new HashSet<>();
    for (Stored stored : listed) {
      switch (stored) {
        case Stored.Live live -> {
          inUse.add(live.cluster().name());
          states.merge(live.cluster().state(), 1L, Long::sum);
          visits.add(CompletableFuture.supplyAsync(() -> visit(live, timeLeft), executor));
        }
        case Stored.Legacy old -> legacy.add(old.id());
        case Stored.Unreadable broken -> unreadable.put(broken.id(), broken.why());
      }
    }
    List<Visit> done = visits.stream().map(CompletableFuture::join).toList();
    Map<ClusterId, String> failed = new TreeMap<>();
    each(done, Visit.Failed.class).forEach(visit -> failed.put(visit.cluster(), visit.why()));
    Set<String> unused = new HashSet<>(join(claimed));
    unused.removeAll(inUse);
    List<String> freed = freeNames(unused, timeLeft, failed);
    return new SweepReport(
        states,
        each(done, Visit.Changed.class).map(Visit.Changed::change).toList(),
        failed,
        unreadable,
        legacy,
        each(done, Visit.Skipped.class).count(),
        freed,
        Duration.between(begun, clock.instant()));
  }

  private static <V extends Visit> Stream<V> each(List<Visit> visits, Class<V> kind) {
    return visits.stream().filter(kind::isInstance).map(kind::cast);
  }

  private static boolean isLate(Supplier<Duration> timeLeft) {
    return timeLeft.get().compareTo(TIME_TO_FINISH) < 0;
  }

  private Visit visit(Stored.Live live, Supplier<Duration> timeLeft) {
    if (isLate(timeLeft)) {
      return new Visit.Skipped();
    }
    Cluster before = live.cluster();
    try {
      String after =
          switch (reconciler.reconcile(live)) {
            case ReconcileResult.OnRecord(Stored.Live record) -> record.cluster().state().text();
            case ReconcileResult.Withdrawn(_, String problem) -> "withdrawn: " + problem;
            case ReconcileResult.OffRecord _ -> "off record";
          };
      String from = before.state().text();
      return after.equals(from)
          ? new Visit.Left()
          : new Visit.Changed(new Change(before.id(), from, after));
    } catch (RuntimeException | LinkageError | StackOverflowError e) {
      return new Visit.Failed(before.id(), e.toString());
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
   * Frees names that are claimed for no cluster.
   *
   * @param unused those that are claimed and were not just seen on record
   */
  private List<String> freeNames(
      Set<String> unused, Supplier<Duration> timeLeft, Map<ClusterId, String> failed) {
    List<String> freed = new ArrayList<>();
    for (Claim claim : store.claims(unused)) {
      if (isLate(timeLeft)) {
        break;
      }
      try {
        if (isForNothing(claim) && store.release(claim)) {
          freed.add(claim.name());
        }
      } catch (RuntimeException e) {
        failed.put(claim.holder(), e.toString());
      }
    }
    return freed;
  }

  /** Whether a claim is old, and its holder is not on record, or under another name. */
  private boolean isForNothing(Claim claim) {
    return !clock.instant().isBefore(claim.since().plus(CLAIM_WITHOUT_RECORD))
        && store
            .find(claim.holder())
            .filter(stored ->
                !(stored instanceof Stored.Live live) || live.cluster().name().equals(claim.name()))
            .isEmpty();
  }
}
