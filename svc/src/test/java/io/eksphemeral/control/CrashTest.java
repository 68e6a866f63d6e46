package io.eksphemeral.control;

import static io.eksphemeral.domain.State.CREATE_FAILED;
import static io.eksphemeral.domain.State.DESTROY_FAILED;
import static io.eksphemeral.domain.State.READY;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.CrashInjector.When;
import io.eksphemeral.control.SimulatedTasks.Fate;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.TaskKind;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * For each scenario the process crashes before, and after, each of its calls to a port. A new
 * process, which has only the store and receives no task events, then brings every cluster to its
 * end by the five-minute rule alone, and no promise is broken.
 */
@Tag("slow")
final class CrashTest {
  private static int points;

  /** A part of a cluster's life to crash in. Other faults are set up before. */
  record Scenario(String name, Consumer<LifecycleHarness> part) {
    @Override
    public String toString() {
      return name;
    }
  }

  static final List<Scenario> SCENARIOS =
      List.of(
          new Scenario(
              "created and expired",
              harness -> {
                harness.created("dev");
                harness.untilAllGone();
              }),
          new Scenario(
              "prolonged",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.until(
                    () -> harness.mails().contains("dev is about to be destroyed"), "the notice");
                harness.prolong(id, 10);
                harness.untilAllGone();
              }),
          new Scenario(
              "told early, and prolonged",
              harness -> {
                ClusterId id = harness.created(new SpecBuilder().name("dev").timeout(40).build());
                harness.until(
                    () -> harness.mails().stream().anyMatch(mail -> mail.contains("destroyed at")),
                    "the early notice");
                harness.prolong(id, 30);
                harness.untilAllGone();
              }),
          new Scenario(
              "moved there and back, again and again",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.until(
                    () -> harness.mails().contains("dev is about to be destroyed"), "the notice");
                for (int i = 0; i < 3; i++) {
                  harness.prolong(id, 1);
                  harness.create(id, Samples.spec("dev"));
                  harness.prolong(id, -1);
                  harness.pass(Duration.ofMinutes(2));
                }
                harness.untilAllGone();
              }),
          new Scenario(
              "destroyed though its record cannot be read",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.until(id, READY);
                harness.objects.put(StoreKeys.record(id), "{");
                harness.destroy(id);
                harness.untilAllGone();
              }),
          new Scenario(
              "destroyed before its creation began",
              harness -> {
                harness.destroy(harness.created("dev"));
                harness.untilAllGone();
              }),
          new Scenario(
              "destroyed while creating",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.pass(Duration.ofMinutes(3));
                harness.destroy(id);
                harness.untilAllGone();
              }),
          new Scenario(
              "failed creation",
              harness -> {
                harness.tasks.next(TaskKind.CREATE, Fate.FAILS);
                ClusterId id = harness.created("dev");
                harness.until(
                    () -> harness.cluster(id).since(CREATE_FAILED).isPresent(), "failure");
                harness.untilAllGone();
              }),
          new Scenario(
              "hanging creation",
              harness -> {
                harness.tasks.next(TaskKind.CREATE, Fate.HANGS);
                harness.created("dev");
                harness.untilAllGone();
              }),
          new Scenario(
              "failed destructions",
              harness -> {
                harness.tasks.next(
                    TaskKind.DESTROY, Fate.FAILS, Fate.LEAVES_THINGS, Fate.DIES, Fate.STILLBORN);
                ClusterId id = harness.created("dev");
                harness.destroy(id);
                harness.until(id, DESTROY_FAILED);
                harness.untilAllGone();
              }),
          new Scenario(
              "foreign name",
              harness -> {
                harness.tasks.addForeign("dev");
                harness.created("dev");
                harness.untilAllGone();
                assertThat(harness.tasks.owner("dev")).isEqualTo("foreign");
              }),
          new Scenario(
              "limit reached",
              harness -> {
                harness.created("one");
                harness.created("two");
                assertThat(harness.create(Samples.newId(), Samples.spec("three")))
                    .isInstanceOf(Result.Rejected.class);
                harness.untilAllGone();
              }),
          new Scenario(
              "mail down",
              harness -> {
                harness.mailer.setDown(true);
                harness.created("dev");
                harness.untilAllGone();
              }),
          new Scenario(
              "refused launches",
              harness -> {
                harness.tasks.next(TaskKind.CREATE, Fate.REFUSED);
                harness.tasks.next(TaskKind.DESTROY, Fate.REFUSED);
                harness.created("dev");
                harness.untilAllGone();
              }),
          new Scenario(
              "vanished tasks",
              harness -> {
                harness.tasks.next(TaskKind.CREATE, Fate.VANISHES);
                harness.tasks.next(TaskKind.DESTROY, Fate.VANISHES);
                harness.created("dev");
                harness.untilAllGone();
              }),
          new Scenario(
              "asked for twice",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.create(id, Samples.spec("dev"));
                harness.until(id, READY);
                harness.destroy(id);
                harness.destroy(id);
                harness.untilAllGone();
              }));

  @ParameterizedTest
  @FieldSource("SCENARIOS")
  void afterACrashAnywhereTheNextProcessFinishesEverything(Scenario scenario) {
    int before = points;
    for (When when : When.values()) {
      int call = 1;
      while (diedAt(scenario, call, when)) {
        call++;
        points++;
      }
    }
    assertThat(points - before).as("points at which the process crashed").isGreaterThan(0);
  }

  @AfterAll
  static void tell() {
    System.out.printf(
        "crashes: the process died at %d points in %d scenarios%n", points, SCENARIOS.size());
    assertThat(points).isGreaterThan(SCENARIOS.size());
  }

  /** Whether there was such a call. */
  private static boolean diedAt(Scenario scenario, int call, When when) {
    LifecycleHarness harness = new LifecycleHarness(new Limits(1440, 10, 2, 2));
    harness.useCrashes(CrashInjector.at(call, when));
    boolean died;
    try {
      died = harness.crashesIn(() -> scenario.part.accept(harness));
      if (died) {
        harness.restart();
        harness.receivesNoEvents();
        harness.destroyUnreadable(); // as a caller without a response would
        harness.untilAllGone();
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "%s, died %s call %d".formatted(scenario, when.name().toLowerCase(Locale.ROOT), call), e);
    }
    return died;
  }
}
