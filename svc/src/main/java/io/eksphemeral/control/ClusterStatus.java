package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import java.util.List;

/** Looks at clusters. Changes nothing. */
public final class ClusterStatus {
  private final ClusterStore store;
  private final ClusterFinder lookup;

  public ClusterStatus(ClusterStore store) {
    this.store = store;
    this.lookup = new ClusterFinder(store);
  }

  /** The ids of all that are on record, oldest first where their ids are of version 7. */
  public List<ClusterId> ids() {
    return store.ids();
  }

  /** All that are on record, in the same order. */
  public List<Stored> all() {
    return store.list();
  }

  /** One that is on record, or gone for less than 30 days. */
  public Result<Stored> one(String idOrName) {
    return lookup.find(idOrName);
  }
}
