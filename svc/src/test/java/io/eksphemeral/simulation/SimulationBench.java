package io.eksphemeral.simulation;

import java.util.Map;

/** Runs many simulations, see {@code bench/simulation.sh}. */
final class SimulationBench {
  private SimulationBench() {}

  /**
   * Prints the result as a part of a page. Exits with 1 if a promise was broken, or if a fault or a
   * transition never happened.
   *
   * @param arguments the number of clusters' lives, and the first seed
   */
  public static void main(String[] arguments) {
    long wanted = Long.parseLong(arguments[0]);
    long firstSeed = Long.parseLong(arguments[1]);
    long begun = System.nanoTime();
    SimulationReport report = new SimulationReport();
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              report.stop(); // the results so far are printed
              try {
                main.join();
              } catch (InterruptedException e) {
                main.interrupt();
              }
            }));
    report.run(
        wanted,
        firstSeed,
        new SimulationReport.Watcher() {
          @Override
          public void lived(long livesSoFar) {
            System.err.printf(
                "%d lives after %d s%n", livesSoFar, (System.nanoTime() - begun) / 1_000_000_000);
          }

          @Override
          public void violated(long seed, InvariantChecker.Violation violation) {
            System.err.printf("seed %d: %s%n", seed, violation);
          }
        });
    double seconds = (System.nanoTime() - begun) / 1e9;

    System.out.printf(
        "%d lives in %d simulations, with the seeds from %d on: **%d violations**, %d lives a second.%n",
        report.lives(),
        report.simulations(),
        firstSeed,
        report.violation().size(),
        Math.round(report.lives() / seconds));
    System.out.printf(
        "The last cluster was gone %d minutes after its end, or after something last went wrong, of %d allowed.%n",
        report.latestEndMinutes(), InvariantChecker.GONE_WITHIN.toMinutes());
    table("what went wrong", "times", report.injectedByText());
    table("transition", "times", report.transitions());
    table("what callers repeat", "at the most", report.most());
    report.violation().forEach((broke, how) -> System.out.printf("%nseed %d: %s%n", broke, how));
    report.violation().keySet().stream()
        .findFirst()
        .ifPresent(first -> System.out.println("\n" + Shrinker.of(first).text()));
    System.out.flush();
    Runtime.getRuntime().halt(report.violation().isEmpty() && report.isComplete() ? 0 : 1);
  }

  private static void table(String what, String howMany, Map<String, Long> counts) {
    System.out.printf("%n| %s | %s |%n|---|---:|%n", what, howMany);
    counts.forEach((name, times) -> System.out.printf("| %s | %d |%n", name, times));
  }
}
