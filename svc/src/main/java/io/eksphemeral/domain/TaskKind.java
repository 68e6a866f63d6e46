package io.eksphemeral.domain;

import java.util.Locale;

/** What a task does to its cluster. */
public enum TaskKind {
  CREATE,
  DESTROY;

  /** As it is written in records and keys: {@code create}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
