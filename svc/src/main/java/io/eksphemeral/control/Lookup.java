package io.eksphemeral.control;

import io.eksphemeral.control.Refusal.Kind;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.SpecRules;
import java.util.Optional;

/** Finds the cluster that a person means: by its id, or by its name while it lives. */
final class Lookup {
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
    return id.or(() -> store.claimOn(idOrName).map(Claim::holder))
        .flatMap(known -> store.find(known).or(() -> store.archived(known)))
        .map(Answer::done)
        .orElseGet(() -> Answer.refused(Kind.NOT_FOUND, "there is no cluster " + idOrName));
  }

  /** The record of the one that is meant, if it can be changed. */
  Answer<Stored.Live> findLive(String idOrName) {
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
              "the record %s cannot be read: %s".formatted(unreadable.id(), unreadable.why()));
    };
  }
}
