package io.eksphemeral.control;

import io.eksphemeral.control.Refusal.Kind;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.SpecRules;
import java.util.Optional;
import java.util.function.Function;

/** Finds the cluster that a person means: by its id, or by its name while it lives. */
final class Lookup {
  private static final int TRIES = 10;

  private final ClusterStore store;

  Lookup(ClusterStore store) {
    this.store = store;
  }

  /** What is on record, or in the archive, of the one that is meant. */
  Answer<Stored> find(String idOrName) {
    Optional<ClusterId> id = ClusterId.parse(idOrName);
    if (id.isEmpty() && !SpecRules.isName(idOrName)) {
      return Answer.refused(Kind.INPUT, "this is neither the id nor the name of a cluster");
    }
    return id.flatMap(known -> store.find(known).or(() -> store.archived(known)))
        .or(() -> store.claimOn(idOrName).map(Claim::holder).flatMap(store::find))
        .filter(found -> id.isPresent() || isNamed(found, idOrName))
        .map(Answer::done)
        .orElseGet(() -> Answer.refused(Kind.NOT_FOUND, "there is no cluster " + idOrName));
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
  Answer<Stored.Live> change(
      String idOrName, Function<Stored.Live, Optional<Answer<Stored.Live>>> change) {
    Answer<Stored.Live> found = findLive(idOrName);
    for (int i = 0; i < TRIES && found instanceof Answer.Done<Stored.Live>(Stored.Live live); i++) {
      Optional<Answer<Stored.Live>> changed = change.apply(live);
      if (changed.isPresent()) {
        return changed.get();
      }
      found = findLive(live.id().value());
    }
    return found instanceof Answer.Done<Stored.Live>
        ? Answer.refused(Kind.CONFLICT, "others keep changing " + idOrName + "; try again")
        : found;
  }

  private Answer<Stored.Live> findLive(String idOrName) {
    return switch (find(idOrName)) {
      case Answer.Refused<Stored>(Refusal refusal) -> new Answer.Refused<>(refusal);
      case Answer.Done<Stored>(Stored.Live live) -> Answer.done(live);
      case Answer.Done<Stored>(Stored.Legacy legacy) ->
          Answer.refused(
              Kind.CONFLICT,
              legacy.id() + " is a record of EKSphemeral of 2019, which is left alone");
      case Answer.Done<Stored>(Stored.Unreadable unreadable) ->
          Answer.refused(
              Kind.CONFLICT,
              "the record %s cannot be read: %s; to destroy its cluster: ./eksp-destroy.sh %s"
                  .formatted(unreadable.id(), unreadable.why(), unreadable.id()));
    };
  }
}
