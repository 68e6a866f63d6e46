package io.eksphemeral.domain;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The state of a cluster. {@link #next()} is the table of transitions. */
public enum State {
  /** Requested, and being created. */
  CREATING,
  /** Created; its lifetime runs. */
  READY,
  /** Creation failed; anything that was created is about to be destroyed. */
  CREATE_FAILED,
  /** A teardown is planned or running. */
  DESTROYING,
  /** A teardown failed to verify the deletion; the next attempt follows after a while. */
  DESTROY_FAILED,
  /** The deletion is verified; the record moves to the archive. */
  GONE;

  /** The states that may follow this one directly. */
  public Set<State> next() {
    return switch (this) {
      case CREATING -> EnumSet.of(READY, CREATE_FAILED, DESTROYING, GONE);
      case READY, CREATE_FAILED, DESTROY_FAILED -> EnumSet.of(DESTROYING);
      case DESTROYING -> EnumSet.of(GONE, DESTROY_FAILED);
      case GONE -> EnumSet.noneOf(State.class);
    };
  }

  /** As written in records and responses: {@code create-failed}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
