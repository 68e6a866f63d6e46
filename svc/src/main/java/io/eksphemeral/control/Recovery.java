package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/**
 * Replaces a record that cannot be read with one whose cluster is being destroyed, so that no
 * record makes a cluster immortal (promise P1). A teardown identifies resources by the id, which is
 * the record's key. It needs the name as well: the one that is claimed for the id, or else the one
 * in the record, unless it is another cluster's.
 */
final class Recovery {
  /** The creator of a cluster if the record no longer has it. */
  private static final String UNKNOWN = "unknown";

  private final ClusterStore store;
  private final InstantSource clock;

  Recovery(ClusterStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * Replaces the record of a cluster if it cannot be read. The cluster must be given by its id, as
   * a claim may be outdated.
   *
   * @param caller the ARN of the caller who destroys it
   */
  Optional<Stored.Live> recover(String id, String caller) {
    return ClusterId.parse(id)
        .flatMap(store::find)
        .filter(Stored.Unreadable.class::isInstance)
        .map(Stored.Unreadable.class::cast)
        .filter(broken -> broken.version() != null)
        .flatMap(broken -> store.recover(broken, cluster(broken, caller)));
  }

  private Cluster cluster(Stored.Unreadable broken, String caller) {
    ClusterId id = broken.id();
    Optional<Cluster> ended =
        store
            .archived(id)
            .filter(Stored.Live.class::isInstance)
            .map(archived -> ((Stored.Live) archived).cluster())
            .filter(cluster -> cluster.state() == State.GONE);
    if (ended.isPresent()) {
      return ended.get(); // only this record is left
    }
    Instant now = clock.instant();
    SalvagedRecord salvage = SalvagedRecord.from(broken.text());
    return Cluster.recovered(
        id,
        salvage.spec().apply(name(id, salvage, now)),
        salvage.createdBy().orElse(UNKNOWN),
        salvage.created().filter(created -> created.isBefore(now)).orElse(now),
        latestAttempt(id),
        broken.why(),
        caller,
        now);
  }

  /** A name that is now claimed for this cluster. */
  private String name(ClusterId id, SalvagedRecord salvage, Instant now) {
    Stream<String> claimed =
        store.claims().stream().filter(claim -> claim.holder().equals(id)).map(Claim::name);
    return Stream.of(claimed, salvage.name().stream(), Stream.of(id.defaultName()))
        .flatMap(names -> names)
        .filter(name -> store.claim(new Claim(name, id, now)).holder().equals(id))
        .findFirst()
        .orElseThrow(() -> new StoreException("no name is free for the cluster %s".formatted(id)));
  }

  /** The latest attempt to destroy it that took its fence; 0 if none did. */
  private int latestAttempt(ClusterId id) {
    IntPredicate isKnown =
        attempt -> store.taken(new TaskKey(id, TaskKind.DESTROY, attempt)).isPresent();
    int unknown = 1;
    while (isKnown.test(unknown)) {
      unknown *= 2;
    }
    int known = unknown / 2;
    while (unknown - known > 1) {
      int middle = (known + unknown) / 2;
      if (isKnown.test(middle)) {
        known = middle;
      } else {
        unknown = middle;
      }
    }
    return known;
  }
}
