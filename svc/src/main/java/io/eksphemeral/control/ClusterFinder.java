package io.eksphemeral.control;

import io.eksphemeral.control.Rejection.Kind;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.SpecValidator;
import java.util.Optional;
import java.util.function.Function;

/** Finds the cluster that a person means: by its id, or by its name while it lives. */
final class ClusterFinder {
  private static final int TRIES = 10;

  private final ClusterStore store;

  ClusterFinder(ClusterStore store) {
    this.store = store;
  }

  /** What is on record, or in the archive, of the one that is meant. */
  Result<Stored> find(String idOrName) {
    Optional<ClusterId> id = ClusterId.parse(idOrName);
    if (id.isEmpty() && !SpecValidator.isName(idOrName)) {
      return Result.refused(Kind.INPUT, "this is neither the id nor the name of a cluster");
    }
    return id.flatMap(known -> store.find(known).or(() -> store.archived(known)))
        .or(() -> store.claimOn(idOrName).map(Claim::holder).flatMap(store::find))
        .filter(found -> id.isPresent() || isNamed(found, idOrName))
        .map(Result::done)
        .orElseGet(() -> Result.refused(Kind.NOT_FOUND, "there is no cluster " + idOrName));
  }

  /** A claim may be all that is left of a call that died, while its id went to another name. */
  private static boolean isNamed(Stored found, String name) {
    return !(found instanceof Stored.Live live) || live.cluster().name().equals(name);
  }

  /**
   * Changes the record of the one that is meant.
   *
   * @param change gives nothing if somebody else was quicker; then it gets what they wrote
   */
  Result<Stored.Live> change(
      String idOrName, Function<Stored.Live, Optional<Result<Stored.Live>>> change) {
    Result<Stored.Live> found = findLive(idOrName);
    for (int i = 0; i < TRIES && found instanceof Result.Done<Stored.Live>(Stored.Live live); i++) {
      Optional<Result<Stored.Live>> changed = change.apply(live);
      if (changed.isPresent()) {
        return changed.get();
      }
      found = findLive(live.id().value());
    }
    return found instanceof Result.Done<Stored.Live>
        ? Result.refused(Kind.CONFLICT, "others keep changing " + idOrName + "; try again")
        : found;
  }

  private Result<Stored.Live> findLive(String idOrName) {
    return switch (find(idOrName)) {
      case Result.Refused<Stored>(Rejection refusal) -> new Result.Refused<>(refusal);
      case Result.Done<Stored>(Stored.Live live) -> Result.done(live);
      case Result.Done<Stored>(Stored.Legacy legacy) ->
          Result.refused(
              Kind.CONFLICT,
              legacy.id() + " is a record of EKSphemeral of 2019, which is left alone");
      case Result.Done<Stored>(Stored.Unreadable unreadable) ->
          Result.refused(
              Kind.CONFLICT,
              "the record %s cannot be read: %s; to destroy its cluster: ./eksp-destroy.sh %s"
                  .formatted(unreadable.id(), unreadable.why(), unreadable.id()));
    };
  }
}
