package io.eksphemeral.simulation;

import java.util.Map;

/** Many lives, see {@code bench/simulation.sh}. */
final class SimulationBench {
  private SimulationBench() {}

  /**
   * Prints what came of them, as a part of a page. Ends with 1 if a promise was broken, or if
   * anything that is to happen never did.
   *
   * @param arguments how many lives, and the first seed
   */
  public static void main(String[] arguments) {
    long wanted = Long.parseLong(arguments[0]);
    long firstSeed = Long.parseLong(arguments[1]);
    long begun = System.nanoTime();
    SimulationReport tally = new SimulationReport();
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              tally.stop(); // and what there was so far is told
              try {
                main.join();
              } catch (InterruptedException e) {
                main.interrupt();
              }
            }));
    tally.happen(
        wanted,
        firstSeed,
        new SimulationReport.Watcher() {
          @Override
          public void lived(long livesSoFar) {
            System.err.printf(
                "%d lives after %d s%n", livesSoFar, (System.nanoTime() - begun) / 1_000_000_000);
          }

          @Override
          public void broke(long seed, InvariantChecker.Broken broken) {
            System.err.printf("seed %d: %s%n", seed, broken);
          }
        });
    double seconds = (System.nanoTime() - begun) / 1e9;

    System.out.printf(
        "%d lives in %d worlds, with the seeds from %d on: **%d violations**, %d lives a second.%n",
        tally.lives(),
        tally.worlds(),
        firstSeed,
        tally.broken().size(),
        Math.round(tally.lives() / seconds));
    System.out.printf(
        "The last cluster was gone %d minutes after its end, or after something last went wrong, of %d allowed.%n",
        tally.latestEndMinutes(), InvariantChecker.GONE_WITHIN.toMinutes());
    table("what went wrong", "times", tally.struckByText());
    table("transition", "times", tally.transitions());
    table("what callers repeat", "at the most", tally.most());
    tally.broken().forEach((broke, how) -> System.out.printf("%nseed %d: %s%n", broke, how));
    tally.broken().keySet().stream()
        .findFirst()
        .ifPresent(first -> System.out.println("\n" + Shrinker.of(first).story()));
    System.out.flush();
    Runtime.getRuntime().halt(tally.broken().isEmpty() && tally.isAllSeen() ? 0 : 1);
  }

  private static void table(String what, String howMany, Map<String, Long> counts) {
    System.out.printf("%n| %s | %s |%n|---|---:|%n", what, howMany);
    counts.forEach((name, times) -> System.out.printf("| %s | %d |%n", name, times));
  }
}
