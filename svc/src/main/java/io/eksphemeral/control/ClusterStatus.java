package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Result;
import java.util.List;

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
}
