package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Rejection.Kind;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.SpecValidator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Finds a cluster by its id, by its name while it is on record, or by a prefix of its id. */
final class ClusterFinder {
  private static final int MAX_TRIES = 10;

  /** How many of the clusters that a prefix matches are named. */
  private static final int MAX_SHOWN = 5;

  private final ClusterStore store;

  ClusterFinder(ClusterStore store) {
    this.store = store;
  }

  /**
   * A cluster that is on record or in the archive. A prefix of ids on record is not looked up in
   * the archive.
   */
  Result<Stored> find(String idOrName) {
    Optional<ClusterId> id = ClusterId.parse(idOrName);
    if (id.isEmpty() && !SpecValidator.isName(idOrName)) {
      return Result.rejected(Kind.INVALID_REQUEST, "this is not the id or the name of a cluster");
    }
    return id.flatMap(this::byId)
        .or(() -> store.claimOn(idOrName).map(Claim::holder).flatMap(store::find))
        .filter(found -> id.isPresent() || isNamed(found, idOrName))
        .map(Result::success)
        .orElseGet(() -> findByPrefix(idOrName));
  }

  private Optional<Stored> byId(ClusterId id) {
    return store.find(id).or(() -> store.archived(id));
  }

  private Result<Stored> findByPrefix(String text) {
    Optional<String> prefix = ClusterId.parsePrefix(text);
    List<ClusterId> matches =
        prefix
            .map(store::ids)
            .filter(onRecord -> !onRecord.isEmpty())
            .or(() -> prefix.map(store::archivedIds))
            .orElse(List.of());
    if (matches.size() > 1) {
      return ambiguous(text, matches);
    }
    return matches.stream()
        .findFirst()
        .flatMap(this::byId)
        .map(Result::success)
        .orElseGet(() -> Result.rejected(Kind.NOT_FOUND, "there is no cluster " + text));
  }

  private Result<Stored> ambiguous(String prefix, List<ClusterId> matches) {
    List<String> shown = new ArrayList<>();
    matches.stream().limit(MAX_SHOWN).forEach(id -> shown.add(id + named(id)));
    if (matches.size() > MAX_SHOWN) {
      shown.add("and %d more".formatted(matches.size() - MAX_SHOWN));
    }
    return new Result.Rejected<>(
        new Rejection(
            Kind.AMBIGUOUS,
            "the ids of %d clusters begin with %s:".formatted(matches.size(), prefix),
            shown));
  }

  private String named(ClusterId id) {
    return byId(id).orElse(null) instanceof Stored.Live live
        ? " (%s)".formatted(live.cluster().name())
        : "";
  }

  /** After a crash a claim may name a cluster that was then created under another name. */
  private static boolean isNamed(Stored found, String name) {
    return !(found instanceof Stored.Live live) || live.cluster().name().equals(name);
  }

  /**
   * Updates the record of a cluster.
   *
   * @param update empty if another process changed the record meanwhile; it is then repeated
   */
  Result<Stored.Live> update(
      String idOrName, Function<Stored.Live, Optional<Result<Stored.Live>>> update) {
    Result<Stored.Live> found = findLive(idOrName);
    for (int i = 0;
        i < MAX_TRIES && found instanceof Result.Success<Stored.Live>(Stored.Live live);
        i++) {
      Optional<Result<Stored.Live>> updated = update.apply(live);
      if (updated.isPresent()) {
        return updated.get();
      }
      found = findLive(live.id().value());
    }
    return found instanceof Result.Success<Stored.Live>
        ? Result.rejected(
            Kind.CONFLICT, "concurrent requests keep changing " + idOrName + "; try again")
        : found;
  }

  private Result<Stored.Live> findLive(String idOrName) {
    return switch (find(idOrName)) {
      case Result.Rejected<Stored>(Rejection rejection) -> new Result.Rejected<>(rejection);
      case Result.Success<Stored>(Stored.Live live) -> Result.success(live);
      case Result.Success<Stored>(Stored.Legacy legacy) ->
          Result.rejected(
              Kind.CONFLICT,
              legacy.id() + " is a record of EKSphemeral of 2019, which cannot be changed");
      case Result.Success<Stored>(Stored.Unreadable unreadable) ->
          Result.rejected(
              Kind.CONFLICT,
              "the record %s cannot be read: %s; to destroy its cluster: eksp destroy %s"
                  .formatted(unreadable.id(), unreadable.why(), unreadable.id()));
    };
  }
}
