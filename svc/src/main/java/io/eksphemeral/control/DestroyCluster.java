package io.eksphemeral.control;

import io.eksphemeral.control.Reconciler.ReconcileResult;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.State;
import java.time.InstantSource;
import java.util.Optional;

/** Ends a cluster before its time. */
public final class DestroyCluster {
  private final ClusterStore store;
  private final ClusterFinder lookup;
  private final Recovery recovery;
  private final Reconciler reconciler;
  private final InstantSource clock;

  public DestroyCluster(ClusterStore store, Reconciler reconciler, InstantSource clock) {
    this.store = store;
    this.lookup = new ClusterFinder(store);
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
  public Result<Stored.Live> destroy(String idOrName, String askedBy) {
    return recovery
        .recover(idOrName, askedBy)
        .map(recovered -> Result.done(begin(recovered)))
        .orElseGet(() -> lookup.change(idOrName, live -> destroy(live, askedBy)));
  }

  /** Has a cluster destroyed; empty if somebody else has changed its record meanwhile. */
  private Optional<Result<Stored.Live>> destroy(Stored.Live live, String askedBy) {
    Cluster cluster = live.cluster();
    return cluster.state().next().contains(State.DESTROYING)
        ? store
            .replace(live, cluster.askedToEnd(askedBy, clock.instant()))
            .map(marked -> Result.done(begin(marked)))
        : Optional.of(Result.done(live));
  }

  private Stored.Live begin(Stored.Live marked) {
    return reconciler.answer(marked) instanceof ReconcileResult.OnRecord(Stored.Live live)
        ? live
        : marked;
  }
}
