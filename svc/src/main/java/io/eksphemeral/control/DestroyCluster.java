package io.eksphemeral.control;

import io.eksphemeral.control.Reconciler.Standing;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.State;
import java.time.InstantSource;
import java.util.Optional;

/** Ends a cluster before its time. */
public final class DestroyCluster {
  private final ClusterStore store;
  private final Lookup lookup;
  private final Reconciler reconciler;
  private final InstantSource clock;

  public DestroyCluster(ClusterStore store, Reconciler reconciler, InstantSource clock) {
    this.store = store;
    this.lookup = new Lookup(store);
    this.reconciler = reconciler;
    this.clock = clock;
  }

  /**
   * Has a cluster destroyed. Asking twice is fine; asking for one whose destruction failed begins
   * the next attempt now.
   *
   * @param askedBy the ARN of who asks
   */
  public Answer<Stored.Live> destroy(String idOrName, String askedBy) {
    return switch (lookup.findLive(idOrName)) {
      case Answer.Refused<Stored.Live> refused -> refused;
      case Answer.Done<Stored.Live>(Stored.Live live) -> destroy(idOrName, live, askedBy);
    };
  }

  private Answer<Stored.Live> destroy(String idOrName, Stored.Live live, String askedBy) {
    Cluster cluster = live.cluster();
    if (!cluster.state().next().contains(State.DESTROYING)) {
      return Answer.done(live);
    }
    Optional<Stored.Live> marked =
        store.replace(live, cluster.destroying("asked for by " + askedBy, clock.instant()));
    return marked
        .map(record -> Answer.done(begin(record)))
        .orElseGet(() -> destroy(idOrName, askedBy));
  }

  private Stored.Live begin(Stored.Live marked) {
    return reconciler.reconcile(marked) instanceof Standing.OnRecord(Stored.Live live)
        ? live
        : marked;
  }
}
