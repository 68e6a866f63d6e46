package io.eksphemeral.simulation;

import java.util.ArrayList;
import java.util.List;

/** A world in which a promise is broken, with as little in it as is needed for that. */
record Shrinker(Plan plan, Simulation.Outcome outcome) {
  private static final int MOST_TRIES = 3000;

  /** The shortest world that breaks the same promise as the one of a seed, which breaks one. */
  static Shrinker of(long seed) {
    Plan plan = Plan.of(seed);
    String promise = promise(Simulation.of(plan, false));
    if (promise.isEmpty()) {
      throw new IllegalStateException("the seed %d breaks nothing when it is told".formatted(seed));
    }
    int tries = 0;
    for (int count = Math.max(1, plan.size() / 2); count > 0; count = count / 2) {
      boolean isShorter = true;
      while (isShorter && tries < MOST_TRIES) {
        isShorter = false;
        for (int first = 0; first < plan.size() && tries < MOST_TRIES; ) {
          Plan shorter = plan.without(first, count);
          tries++;
          if (promise(Simulation.of(shorter, false)).equals(promise)) {
            plan = shorter;
            isShorter = true;
          } else {
            first += count;
          }
        }
      }
    }
    return new Shrinker(plan, Simulation.of(plan, true));
  }

  private static String promise(Simulation.Outcome outcome) {
    InvariantChecker.Broken broken = outcome.broken();
    return broken == null ? "" : broken.promise();
  }

  /** What happened, what was broken by it, and how to see it again. */
  String story() {
    List<String> lines = new ArrayList<>();
    InvariantChecker.Broken broken = outcome.broken();
    lines.add("seed %d: %s".formatted(plan.seed(), broken));
    lines.add("");
    lines.add("With no more than this:");
    lines.add(plan.toString());
    lines.add("it goes like this:");
    lines.addAll(outcome.history());
    lines.add("");
    lines.add("Again: ./mvnw test -pl svc -Dtest=SimulationTest#oneSeed -Dseed=" + plan.seed());
    return String.join("\n", lines);
  }
}
