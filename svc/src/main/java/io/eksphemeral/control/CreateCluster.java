package io.eksphemeral.control;

import io.eksphemeral.control.Reconciler.Standing;
import io.eksphemeral.control.Refusal.Kind;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Spec;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Function;

/** Asks for a cluster: claims its name, puts it on record, and has it admitted and launched. */
public final class CreateCluster {
  private final ClusterStore store;
  private final Reconciler reconciler;
  private final InstantSource clock;

  public CreateCluster(ClusterStore store, Reconciler reconciler, InstantSource clock) {
    this.store = store;
    this.reconciler = reconciler;
    this.clock = clock;
  }

  /**
   * Asks for a cluster. Asking again with the same id gives the same cluster, and goes on with it
   * where the first time got stuck (promise P7).
   *
   * @param createdBy the ARN of who asks
   */
  public Answer<Stored.Live> create(ClusterId id, Spec spec, String createdBy) {
    Optional<Answer<Stored.Live>> known =
        store
            .find(id)
            .map(found -> again(found, spec, createdBy, this::goOn))
            .or(() -> store.archived(id).map(gone -> again(gone, spec, createdBy, Answer::done)));
    if (known.isPresent()) {
      return known.get();
    }
    Claim claim = store.claim(new Claim(spec.name(), id, clock.instant()));
    if (!claim.holder().equals(id)) {
      return Answer.refused(Kind.NAME_TAKEN, claim.taken());
    }
    Optional<Stored.Live> added = store.add(Cluster.asked(id, spec, createdBy, clock.instant()));
    return added
        .map(this::goOn)
        .orElseGet(() ->
            store
                .find(id)
                .map(raced -> again(raced, spec, createdBy, this::goOn))
                .orElseGet(() -> withdrawnMeanwhile()));
  }

  private static Answer<Stored.Live> again(
      Stored known,
      Spec spec,
      String createdBy,
      Function<Stored.Live, Answer<Stored.Live>> ifTheSame) {
    if (!(known instanceof Stored.Live live)
        || !live.cluster().spec().equals(spec)
        || !live.cluster().createdBy().equals(createdBy)) {
      return Answer.refused(Kind.ID_TAKEN, "the id %s is another cluster's".formatted(known.id()));
    }
    return ifTheSame.apply(live);
  }

  private Answer<Stored.Live> goOn(Stored.Live record) {
    return switch (reconciler.answer(record)) {
      case Standing.OnRecord(Stored.Live live) -> Answer.done(live);
      case Standing.Withdrawn(Kind kind, String problem) ->
          Answer.refused(kind, "no cluster was created: " + problem);
      case Standing.OffRecord _ ->
          store
              .archived(record.id())
              .filter(Stored.Live.class::isInstance)
              .map(archived -> Answer.done((Stored.Live) archived))
              .orElseGet(() -> withdrawnMeanwhile());
    };
  }

  private static Answer<Stored.Live> withdrawnMeanwhile() {
    return Answer.refused(Kind.LIMIT, "no cluster was created: it was withdrawn meanwhile");
  }
}
