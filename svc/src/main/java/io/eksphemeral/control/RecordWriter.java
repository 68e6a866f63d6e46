package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import java.util.Optional;

/**
 * Writes and removes records, each only if it still is what was read (promise P6). Where another
 * process was faster, its record is the one to go on with.
 */
final class RecordWriter {
  private final ClusterStore store;

  RecordWriter(ClusterStore store) {
    this.store = store;
  }

  /** Writes a change, and returns the record as it is now; empty if it was removed. */
  Optional<Stored.Live> update(Stored.Live record, Cluster changed) {
    return store.replace(record, changed).or(() -> reread(record));
  }

  Optional<Stored.Live> reread(Stored.Live record) {
    return store
        .find(record.id())
        .filter(Stored.Live.class::isInstance)
        .map(Stored.Live.class::cast);
  }

  /**
   * Removes a record, and then frees its name. The claim is read first: a caller who repeats the
   * creation meanwhile claims the name again, and keeps it.
   *
   * @return whether this call removed it
   */
  boolean remove(Stored.Live record) {
    Optional<Claim> claim =
        store.claimOn(record.cluster().name()).filter(held -> held.holder().equals(record.id()));
    boolean removed = store.remove(record);
    if (removed) {
      claim.ifPresent(store::release);
    }
    return removed;
  }
}
