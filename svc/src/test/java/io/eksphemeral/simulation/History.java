package io.eksphemeral.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What happened in a world, a line each; kept only where somebody is going to read it. */
final class History {
  private final boolean isKept;
  private final DeterministicScheduler strands;
  private final List<String> lines = new ArrayList<>();

  History(boolean isKept, DeterministicScheduler strands) {
    this.isKept = isKept;
    this.strands = strands;
  }

  void note(Supplier<String> line) {
    if (isKept && !strands.isOver()) {
      lines.add(time(strands.now()) + " " + line.get());
    }
  }

  List<String> lines() {
    return lines;
  }

  /** A time of a world: {@code 1:05:07.250}. */
  static String time(long milliseconds) {
    return "%d:%02d:%02d.%03d"
        .formatted(
            milliseconds / 3_600_000,
            milliseconds / 60_000 % 60,
            milliseconds / 1000 % 60,
            milliseconds % 1000);
  }
}
