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
 * Puts a cluster whose record cannot be read on record anew, to be destroyed, so that no record
 * makes a cluster immortal (promise P1). What is torn down goes by the id, which is the record's
 * key. A tear-down wants the name, too: it is the one that is claimed for the id; or else what the
 * record still says, if that is not another cluster's.
 */
final class Recovery {
  /** Whose a cluster is if nobody can tell any more. */
  private static final String UNKNOWN = "unknown";

  private final ClusterStore store;
  private final InstantSource clock;

  Recovery(ClusterStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /**
   * Puts a cluster on record anew, if it is asked for by its id and its record cannot be read. A
   * name does not do: the record may say that its claim is not its own any more.
   *
   * @param askedBy the ARN of who asks to destroy it
   */
  Optional<Stored.Live> recover(String id, String askedBy) {
    return ClusterId.parse(id)
        .flatMap(store::find)
        .filter(Stored.Unreadable.class::isInstance)
        .map(Stored.Unreadable.class::cast)
        .filter(broken -> broken.version() != null)
        .flatMap(broken -> store.recover(broken, cluster(broken, askedBy)));
  }

  private Cluster cluster(Stored.Unreadable broken, String askedBy) {
    ClusterId id = broken.id();
    Optional<Cluster> ended =
        store
            .archived(id)
            .filter(Stored.Live.class::isInstance)
            .map(archived -> ((Stored.Live) archived).cluster())
            .filter(cluster -> cluster.state() == State.GONE);
    if (ended.isPresent()) {
      return ended.get(); // nothing of it is left but this record
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
        askedBy,
        now);
  }

  /** A name that is this cluster's own from here on. */
  private String name(ClusterId id, SalvagedRecord salvage, Instant now) {
    Stream<String> claimed =
        store.claims().stream().filter(claim -> claim.holder().equals(id)).map(Claim::name);
    return Stream.of(claimed, salvage.name().stream(), Stream.of(id.madeUpName()))
        .flatMap(names -> names)
        .filter(name -> store.claim(new Claim(name, id, now)).holder().equals(id))
        .findFirst()
        .orElseThrow(() -> new StoreException("no name for the cluster %s is free".formatted(id)));
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
