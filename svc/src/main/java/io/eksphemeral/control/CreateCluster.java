package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Endpoint;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Rejection.Kind;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.Spec;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Creates a cluster: claims its name, puts it on record, and has it admitted and launched. */
public final class CreateCluster {
  private final ClusterStore store;
  private final Reconciler reconciler;
  private final InstantSource clock;

  public CreateCluster(ClusterStore store, Reconciler reconciler, InstantSource clock) {
    this.store = store;
    this.reconciler = reconciler;
    this.clock = clock;
  }

  /** Creates a cluster whose API is not known. */
  public Result<Stored.Live> create(ClusterId id, Spec spec, String caller) {
    return create(id, spec, caller, null);
  }

  /**
   * Creates a cluster. A repeated call with the same id returns the same cluster, and continues
   * where the first one got stuck (promise P7).
   *
   * @param caller the caller's ARN
   * @param endpoint the API that was called, for commands in mails; may be null
   */
  public Result<Stored.Live> create(
      ClusterId id, Spec spec, String caller, @Nullable Endpoint endpoint) {
    Optional<Result<Stored.Live>> known =
        store
            .find(id)
            .map(found -> repeat(found, spec, caller, this::reconcile))
            .or(() -> store.archived(id).map(gone -> repeat(gone, spec, caller, Result::success)));
    if (known.isPresent()) {
      return known.get();
    }
    Claim claim = store.claim(new Claim(spec.name(), id, clock.instant()));
    if (!claim.holder().equals(id)) {
      return Result.rejected(Kind.NAME_TAKEN, claim.takenMessage());
    }
    return store
        .add(Cluster.requested(id, spec, caller, clock.instant()).requestedAt(endpoint))
        .map(this::reconcile)
        .or(() -> store.find(id).map(other -> repeat(other, spec, caller, this::reconcile)))
        .orElseGet(() -> withdrawn());
  }

  /**
   * Why {@link #create} with the same arguments would be rejected now; empty if it would not.
   * Changes nothing.
   */
  public List<String> refusals(ClusterId id, Spec spec, String caller) {
    Optional<Stored> known = store.find(id).or(() -> store.archived(id));
    if (known.isPresent()) {
      return repeat(known.get(), spec, caller, Result::success)
              instanceof Result.Rejected<Stored.Live>(Rejection rejection)
          ? List.of(rejection.error())
          : List.of();
    }
    Stream<String> taken =
        store
            .claimOn(spec.name())
            .filter(claim -> !claim.holder().equals(id))
            .map(Claim::takenMessage)
            .stream();
    Cluster wanted = Cluster.requested(id, spec, caller, clock.instant());
    return Stream.concat(taken, reconciler.limitReached(wanted).stream()).toList();
  }

  private static Result<Stored.Live> repeat(
      Stored known,
      Spec spec,
      String caller,
      Function<Stored.Live, Result<Stored.Live>> ifTheSame) {
    return known instanceof Stored.Live live
            && live.cluster().spec().isRepeatedBy(spec)
            && live.cluster().createdBy().equals(caller)
        ? ifTheSame.apply(live)
        : Result.rejected(Kind.ID_TAKEN, "the id %s is another cluster's".formatted(known.id()));
  }

  private Result<Stored.Live> reconcile(Stored.Live record) {
    return switch (reconciler.reconcileWithoutNotifying(record)) {
      case Result.Success<Optional<Stored.Live>>(Optional<Stored.Live> reconciled) ->
          reconciled
              .or(() ->
                  store
                      .archived(record.id())
                      .filter(Stored.Live.class::isInstance)
                      .map(Stored.Live.class::cast))
              .map(Result::success)
              .orElseGet(() -> withdrawn());
      case Result.Rejected<Optional<Stored.Live>>(Rejection rejection) ->
          Result.rejected(rejection.kind(), "no cluster was created: " + rejection.error());
    };
  }

  private static Result<Stored.Live> withdrawn() {
    return Result.rejected(Kind.LIMIT, "no cluster was created: another process withdrew it");
  }
}
