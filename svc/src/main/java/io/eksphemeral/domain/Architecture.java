package io.eksphemeral.domain;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** The architecture of a node's processor, as EC2 names it. */
public enum Architecture {
  X86_64,
  ARM64;

  /** AWS's names of types with its Graviton processors: a g after the generation, or the first. */
  private static final Pattern GRAVITON =
      Pattern.compile("(a1|[a-z]+[0-9]+[a-z0-9-]*g[a-z0-9-]*)\\..*");

  /** Instance types for callers who name only the architecture. */
  List<String> usualTypes() {
    return switch (this) {
      case X86_64 -> List.of("t3.medium", "t3a.medium");
      case ARM64 -> List.of("t4g.medium");
    };
  }

  /** The architecture of an instance type. */
  public static Architecture of(String instanceType) {
    return GRAVITON.matcher(instanceType).matches() ? ARM64 : X86_64;
  }

  /** As in specs and records. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<Architecture> parse(String text) {
    return Arrays.stream(values()).filter(value -> value.text().equals(text)).findFirst();
  }
}
