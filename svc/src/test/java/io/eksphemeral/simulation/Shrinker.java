package io.eksphemeral.simulation;

import java.util.ArrayList;
import java.util.List;

/** Minimises a plan that breaks a promise. */
record Shrinker(Plan plan, Simulation.Outcome outcome) {
  private static final int MAX_TRIES = 3000;

  /** The shortest plan that breaks the same promise as the plan of a seed. */
  static Shrinker of(long seed) {
    Plan plan = Plan.of(seed);
    String promise = promise(Simulation.run(plan, false));
    if (promise.isEmpty()) {
      throw new IllegalStateException(
          "the seed %d breaks no promise when it is repeated".formatted(seed));
    }
    int tries = 0;
    for (int count = Math.max(1, plan.size() / 2); count > 0; count = count / 2) {
      boolean isShorter = true;
      while (isShorter && tries < MAX_TRIES) {
        isShorter = false;
        for (int first = 0; first < plan.size() && tries < MAX_TRIES; ) {
          Plan shorter = plan.without(first, count);
          tries++;
          if (promise(Simulation.run(shorter, false)).equals(promise)) {
            plan = shorter;
            isShorter = true;
          } else {
            first += count;
          }
        }
      }
    }
    return new Shrinker(plan, Simulation.run(plan, true));
  }

  private static String promise(Simulation.Outcome outcome) {
    InvariantChecker.Violation violation = outcome.violation();
    return violation == null ? "" : violation.promise();
  }

  /** The violation, the minimised plan, its history, and how to reproduce it. */
  String text() {
    List<String> lines = new ArrayList<>();
    InvariantChecker.Violation violation = outcome.violation();
    lines.add("seed %d: %s".formatted(plan.seed(), violation));
    lines.add("");
    lines.add("Minimised plan:");
    lines.add(plan.toString());
    lines.add("History:");
    lines.addAll(outcome.history());
    lines.add("");
    lines.add(
        "To reproduce: ./mvnw test -pl svc -Dtest=SimulationTest#oneSeed -Dseed=" + plan.seed());
    return String.join("\n", lines);
  }
}
