package io.eksphemeral.control;

import io.eksphemeral.control.Reconciler.ReconcileResult;
import io.eksphemeral.control.Rejection.Kind;
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
  public Result<Stored.Live> create(ClusterId id, Spec spec, String createdBy) {
    Optional<Result<Stored.Live>> known =
        store
            .find(id)
            .map(found -> again(found, spec, createdBy, this::goOn))
            .or(() -> store.archived(id).map(gone -> again(gone, spec, createdBy, Result::done)));
    if (known.isPresent()) {
      return known.get();
    }
    Claim claim = store.claim(new Claim(spec.name(), id, clock.instant()));
    if (!claim.holder().equals(id)) {
      return Result.refused(Kind.NAME_TAKEN, claim.taken());
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

  private static Result<Stored.Live> again(
      Stored known,
      Spec spec,
      String createdBy,
      Function<Stored.Live, Result<Stored.Live>> ifTheSame) {
    if (!(known instanceof Stored.Live live)
        || !live.cluster().spec().equals(spec)
        || !live.cluster().createdBy().equals(createdBy)) {
      return Result.refused(Kind.ID_TAKEN, "the id %s is another cluster's".formatted(known.id()));
    }
    return ifTheSame.apply(live);
  }

  private Result<Stored.Live> goOn(Stored.Live record) {
    return switch (reconciler.answer(record)) {
      case ReconcileResult.OnRecord(Stored.Live live) -> Result.done(live);
      case ReconcileResult.Withdrawn(Kind kind, String problem) ->
          Result.refused(kind, "no cluster was created: " + problem);
      case ReconcileResult.OffRecord _ ->
          store
              .archived(record.id())
              .filter(Stored.Live.class::isInstance)
              .map(archived -> Result.done((Stored.Live) archived))
              .orElseGet(() -> withdrawnMeanwhile());
    };
  }

  private static Result<Stored.Live> withdrawnMeanwhile() {
    return Result.refused(Kind.LIMIT, "no cluster was created: it was withdrawn meanwhile");
  }
}
