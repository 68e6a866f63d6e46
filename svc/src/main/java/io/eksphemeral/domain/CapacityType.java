package io.eksphemeral.domain;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How nodes are purchased, as EKS names it. */
public enum CapacityType {
  SPOT,
  ON_DEMAND;

  /** As in specs and records. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Optional<CapacityType> parse(String text) {
    return Arrays.stream(values()).filter(value -> value.text().equals(text)).findFirst();
  }
}
