package io.eksphemeral.domain;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * Where a cluster is in its life. The whole table of transitions is {@link #next()}; nothing else
 * in the project knows one.
 */
public enum State {
  /** Asked for, and being built. */
  CREATING,
  /** Built; its life-time runs. */
  READY,
  /** Could not be built; what there is of it is about to be torn down. */
  CREATE_FAILED,
  /** A tear-down is under way. */
  DESTROYING,
  /** A tear-down did not come to a proof of absence; the next attempt waits for its turn. */
  DESTROY_FAILED,
  /** Proven gone; only the archive keeps it. */
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

  /** As it is written in records, answers and prose: {@code create-failed}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
