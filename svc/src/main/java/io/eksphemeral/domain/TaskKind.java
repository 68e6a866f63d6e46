package io.eksphemeral.domain;

import java.util.Locale;

public enum TaskKind {
  CREATE,
  DESTROY;

  /** As written in records and keys: {@code create}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
