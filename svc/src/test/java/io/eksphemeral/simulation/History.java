package io.eksphemeral.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** The events of a simulation, one line each; kept only on request. */
final class History {
  private final boolean isKept;
  private final DeterministicScheduler scheduler;
  private final List<String> lines = new ArrayList<>();

  History(boolean isKept, DeterministicScheduler scheduler) {
    this.isKept = isKept;
    this.scheduler = scheduler;
  }

  void note(Supplier<String> line) {
    if (isKept && !scheduler.isOver()) {
      lines.add(time(scheduler.now()) + " " + line.get());
    }
  }

  List<String> lines() {
    return lines;
  }

  /** A time of the simulation: {@code 1:05:07.250}. */
  static String time(long milliseconds) {
    return "%d:%02d:%02d.%03d"
        .formatted(
            milliseconds / 3_600_000,
            milliseconds / 60_000 % 60,
            milliseconds / 1000 % 60,
            milliseconds % 1000);
  }
}
