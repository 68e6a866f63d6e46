package io.eksphemeral.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.simulation.Fault.Kind;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Simulations with fault injection, which check the promises at every step. {@code
 * bench/simulation.sh} runs a million.
 */
class SimulationTest {
  private static final long FIRST_SEED = 1;

  private static final String ALICE = "alice@eksphemeral.io";
  private static final String BOB = "bob@eksphemeral.io";
  private static final String NOBODY = "nobody@example.com";

  @Test
  void simulationsWithFaultsKeepEveryPromise() {
    SimulationReport report = new SimulationReport();
    report.run(Long.getLong("lives", 2000), FIRST_SEED, new SimulationReport.Watcher() {});

    report.violation().keySet().stream()
        .findFirst()
        .ifPresent(seed -> {
          throw new AssertionError(Shrinker.of(seed).text());
        });
    assertThat(report.injected()).as("each kind of fault").doesNotContainValue(0L);
    assertThat(report.transitions()).as("each transition").doesNotContainValue(0L);
    System.out.printf(
        "%d lives in %d simulations; at the most %s%n",
        report.lives(), report.simulations(), report.most());
  }

  /**
   * Minimised plans that once broke a promise. They stay the same when the plans of seeds change;
   * the seed only determines how long each call takes.
   */
  private static Stream<Arguments> earlierFailures() {
    return Stream.of(
        Arguments.of(
            "P5: a notice was begun, and an outage counted as tries of it",
            new Plan(
                1505,
                List.of(create(108_512, 1, "fdad9ca4-0000-7000-8000-006187ad58fb", "dev", 5, BOB)),
                List.of(
                    new Fault(Kind.S3_EFFECT_LATE, 608_613, 2, 21_812),
                    new Fault(Kind.S3_IS_DOWN, 807_600, 0, 7_542_176)))),
        Arguments.of(
            "P2: a task was told to stop hours after its launch, and given up while it still worked",
            new Plan(
                50_487,
                List.of(
                    create(6_058_284, 0, "91ce508d-0000-7000-8000-00625b2082f0", "dev-2", 5, ALICE),
                    create(6_059_437, 0, "a5a22d4b-0000-7000-8000-00d8555077f7", "dev-2", 10, BOB),
                    create(6_059_485, 0, "0988b095-0000-7000-8000-00cd7949b33b", "test", 5, NOBODY),
                    create(
                        6_060_657, 0, "0988b095-0000-7000-8000-00cd7949b33b", "test", 5, NOBODY)),
                List.of(
                    new Fault(Kind.CREATE_HANGS, 1_159_600, 1, 1),
                    new Fault(Kind.S3_IS_DOWN, 7_568_978, 0, 7_214_429)))));
  }

  private static UserAction.Create create(
      long at, int who, String id, String name, int minutes, String owner) {
    return new UserAction.Create(at, who, new ClusterId(id), name, 1, minutes, owner, true);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("earlierFailures")
  void earlierFailuresDoNotRecur(String what, Plan plan) {
    Simulation.Outcome outcome = Simulation.run(plan, false);
    assertThat(outcome.violation()).as(what).isNull();
    assertThat(outcome.lives()).isPositive();
  }

  /** Even if concurrent simulations wait for locks that they share. */
  @Test
  void theSameSeedGivesTheSameSimulation() {
    List<Simulation.Outcome> alone =
        LongStream.range(0, 30).mapToObj(SimulationTest::simulate).toList();
    List<Simulation.Outcome> together =
        LongStream.range(0, 120).parallel().mapToObj(seed -> simulate(seed % 30)).toList();

    for (int i = 0; i < together.size(); i++) {
      assertThat(together.get(i).history())
          .as("history of the seed %d", i % 30)
          .isEqualTo(alone.get(i % 30).history());
    }
    assertThat(alone).extracting(Simulation.Outcome::lives).anyMatch(lives -> lives > 1);
  }

  private static Simulation.Outcome simulate(long seed) {
    return Simulation.run(Plan.of(seed), true);
  }

  @Test
  @EnabledIfSystemProperty(named = "seed", matches = "\\d+")
  void oneSeed() {
    long seed = Long.getLong("seed");
    if (Simulation.run(Plan.of(seed), false).violation() == null) {
      Simulation.run(Plan.of(seed), true).history().forEach(System.out::println);
    } else {
      throw new AssertionError(Shrinker.of(seed).text());
    }
  }
}
