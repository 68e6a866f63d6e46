package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import java.time.InstantSource;
import java.util.Optional;

/** Destroys a cluster before its expiry. */
public final class DestroyCluster {
  private final ClusterStore store;
  private final ClusterFinder finder;
  private final Recovery recovery;
  private final Reconciler reconciler;
  private final InstantSource clock;

  public DestroyCluster(ClusterStore store, Reconciler reconciler, InstantSource clock) {
    this.store = store;
    this.finder = new ClusterFinder(store);
    this.recovery = new Recovery(store, clock);
    this.reconciler = reconciler;
    this.clock = clock;
  }

  /**
   * Begins to destroy a cluster. Repeating it is fine; if an attempt failed, the next one begins
   * now. By its id, a cluster whose record cannot be read is destroyed as well.
   *
   * @param caller the caller's ARN
   */
  public Result<Stored.Live> destroy(String idOrName, String caller) {
    return recovery
        .recover(idOrName, caller)
        .map(recovered -> Result.success(reconcile(recovered)))
        .orElseGet(() -> finder.update(idOrName, live -> destroy(live, caller)));
  }

  /** Empty if another process changed the record meanwhile. */
  private Optional<Result<Stored.Live>> destroy(Stored.Live live, String caller) {
    Cluster cluster = live.cluster();
    return cluster.state().next().contains(State.DESTROYING)
        ? store
            .replace(live, cluster.destroyRequested(caller, clock.instant()))
            .map(destroying -> Result.success(reconcile(destroying)))
        : Optional.of(Result.success(live));
  }

  private Stored.Live reconcile(Stored.Live destroying) {
    return reconciler.reconcileWithoutNotifying(destroying)
            instanceof Result.Success<Optional<Stored.Live>>(Optional<Stored.Live> reconciled)
        ? reconciled.orElse(destroying)
        : destroying;
  }
}
