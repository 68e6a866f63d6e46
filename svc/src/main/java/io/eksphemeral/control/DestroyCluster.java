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
  private final Recovery recovery;
  private final Reconciler reconciler;
  private final InstantSource clock;

  public DestroyCluster(ClusterStore store, Reconciler reconciler, InstantSource clock) {
    this.store = store;
    this.lookup = new Lookup(store);
    this.recovery = new Recovery(store, clock);
    this.reconciler = reconciler;
    this.clock = clock;
  }

  /**
   * Has a cluster destroyed. Asking twice is fine; asking for one whose destruction failed begins
   * the next attempt now. One whose record cannot be read is destroyed as well, by its id.
   *
   * @param askedBy the ARN of who asks
   */
  public Answer<Stored.Live> destroy(String idOrName, String askedBy) {
    return recovery
        .recover(idOrName, askedBy)
        .map(recovered -> Answer.done(begin(recovered)))
        .orElseGet(() -> lookup.change(idOrName, live -> destroy(live, askedBy)));
  }

  /** Has a cluster destroyed; empty if somebody else has changed its record meanwhile. */
  private Optional<Answer<Stored.Live>> destroy(Stored.Live live, String askedBy) {
    Cluster cluster = live.cluster();
    return cluster.state().next().contains(State.DESTROYING)
        ? store
            .replace(live, cluster.askedToEnd(askedBy, clock.instant()))
            .map(marked -> Answer.done(begin(marked)))
        : Optional.of(Answer.done(live));
  }

  private Stored.Live begin(Stored.Live marked) {
    return reconciler.answer(marked) instanceof Standing.OnRecord(Stored.Live live) ? live : marked;
  }
}
