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
    return lookup.change(idOrName, live -> destroy(live, askedBy));
  }

  /** Has a cluster destroyed; empty if somebody else has changed its record meanwhile. */
  private Optional<Answer<Stored.Live>> destroy(Stored.Live live, String askedBy) {
    Cluster cluster = live.cluster();
    return cluster.state().next().contains(State.DESTROYING)
        ? store
            .replace(live, cluster.destroying("asked for by " + askedBy, clock.instant()))
            .map(marked -> Answer.done(begin(marked)))
        : Optional.of(Answer.done(live));
  }

  private Stored.Live begin(Stored.Live marked) {
    return reconciler.reconcile(marked) instanceof Standing.OnRecord(Stored.Live live)
        ? live
        : marked;
  }
}
