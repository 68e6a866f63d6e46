package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads clusters. */
public final class ClusterStatus {
  private final ClusterStore store;
  private final ClusterFinder finder;

  public ClusterStatus(ClusterStore store) {
    this.store = store;
    this.finder = new ClusterFinder(store);
  }

  /** The ids of all clusters on record, oldest first if their ids are of version 7. */
  public List<ClusterId> ids() {
    return store.ids();
  }

  /** All clusters on record, in the same order. */
  public List<Stored> list() {
    return store.list();
  }

  /** The ids of all clusters that are gone, in the same order. */
  public List<ClusterId> goneIds() {
    return store.archivedIds("");
  }

  /** Clusters that are gone, in the order of their ids. */
  public List<Stored> gone(List<ClusterId> ids) {
    return store.archived(ids);
  }

  /** A cluster that is on record, or has been gone for less than 30 days. */
  public Result<Stored> get(String idOrName) {
    return finder.find(idOrName);
  }

  /**
   * The phases of a creation that have begun, oldest first; empty if the cluster is not being
   * created, or if they cannot be read.
   */
  public List<Phase.Begun> phases(Stored stored) {
    if (!(stored instanceof Stored.Live(Cluster cluster, _, _))
        || cluster.state() != State.CREATING) {
      return List.of();
    }
    try {
      return cluster
          .openTask()
          .map(task -> store.progress(cluster.key(task)))
          .orElse(Optional.of(List.of()))
          .map(reported ->
              Stream.concat(
                      Stream.of(new Phase.Begun(Phase.ACCEPTED, cluster.created())),
                      reported.stream())
                  .toList())
          .orElse(List.of());
    } catch (StoreException _) {
      return List.of();
    }
  }
}
