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
 * Every way to die: for each scenario the process dies before, and after, each of its calls to a
 * port in turn. A fresh process, which has only the store and hears no news of tasks, then brings
 * every cluster to its end by the five-minute rule alone, and no promise is broken on the way.
 */
@Tag("slow")
final class CrashTest {
  private static int points;

  /** A part of a life to die in. What goes wrong in the world is settled before it begins. */
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
              life -> {
                life.created("dev");
                life.untilAllGone();
              }),
          new Scenario(
              "prolonged",
              life -> {
                ClusterId id = life.created("dev");
                life.until(
                    () -> life.mails().contains("dev is about to be destroyed"), "the notice");
                life.prolong(id, 10);
                life.untilAllGone();
              }),
          new Scenario(
              "moved there and back, again and again",
              life -> {
                ClusterId id = life.created("dev");
                life.until(
                    () -> life.mails().contains("dev is about to be destroyed"), "the notice");
                for (int i = 0; i < 3; i++) {
                  life.prolong(id, 1);
                  life.create(id, Samples.spec("dev"));
                  life.prolong(id, -1);
                  life.pass(Duration.ofMinutes(2));
                }
                life.untilAllGone();
              }),
          new Scenario(
              "destroyed though its record cannot be read",
              life -> {
                ClusterId id = life.created("dev");
                life.until(id, READY);
                life.objects.put(StoreKeys.record(id), "{");
                life.destroy(id);
                life.untilAllGone();
              }),
          new Scenario(
              "destroyed before its creation began",
              life -> {
                life.destroy(life.created("dev"));
                life.untilAllGone();
              }),
          new Scenario(
              "destroyed while creating",
              life -> {
                ClusterId id = life.created("dev");
                life.pass(Duration.ofMinutes(3));
                life.destroy(id);
                life.untilAllGone();
              }),
          new Scenario(
              "failed creation",
              life -> {
                life.tasks.next(TaskKind.CREATE, Fate.FAILS);
                ClusterId id = life.created("dev");
                life.until(() -> life.cluster(id).since(CREATE_FAILED).isPresent(), "failure");
                life.untilAllGone();
              }),
          new Scenario(
              "hanging creation",
              life -> {
                life.tasks.next(TaskKind.CREATE, Fate.HANGS);
                life.created("dev");
                life.untilAllGone();
              }),
          new Scenario(
              "failed destructions",
              life -> {
                life.tasks.next(
                    TaskKind.DESTROY, Fate.FAILS, Fate.LEAVES_THINGS, Fate.DIES, Fate.STILLBORN);
                ClusterId id = life.created("dev");
                life.destroy(id);
                life.until(id, DESTROY_FAILED);
                life.untilAllGone();
              }),
          new Scenario(
              "foreign name",
              life -> {
                life.tasks.addForeign("dev");
                life.created("dev");
                life.untilAllGone();
                assertThat(life.tasks.owner("dev")).isEqualTo("foreign");
              }),
          new Scenario(
              "limit reached",
              life -> {
                life.created("one");
                life.created("two");
                assertThat(life.create(Samples.newId(), Samples.spec("three")))
                    .isInstanceOf(Result.Rejected.class);
                life.untilAllGone();
              }),
          new Scenario(
              "mail down",
              life -> {
                life.mailer.setDown(true);
                life.created("dev");
                life.untilAllGone();
              }),
          new Scenario(
              "refused launches",
              life -> {
                life.tasks.next(TaskKind.CREATE, Fate.REFUSED);
                life.tasks.next(TaskKind.DESTROY, Fate.REFUSED);
                life.created("dev");
                life.untilAllGone();
              }),
          new Scenario(
              "vanished tasks",
              life -> {
                life.tasks.next(TaskKind.CREATE, Fate.VANISHES);
                life.tasks.next(TaskKind.DESTROY, Fate.VANISHES);
                life.created("dev");
                life.untilAllGone();
              }),
          new Scenario(
              "asked for twice",
              life -> {
                ClusterId id = life.created("dev");
                life.create(id, Samples.spec("dev"));
                life.until(id, READY);
                life.destroy(id);
                life.destroy(id);
                life.untilAllGone();
              }));

  @ParameterizedTest
  @FieldSource("SCENARIOS")
  void whereverTheProcessDiesTheNextOneBringsEverythingToItsEnd(Scenario scenario) {
    int before = points;
    for (When when : When.values()) {
      int call = 1;
      while (diedAt(scenario, call, when)) {
        call++;
        points++;
      }
    }
    assertThat(points - before).as("points at which the process died").isGreaterThan(0);
  }

  @AfterAll
  static void tell() {
    System.out.printf(
        "crashes: the process died at %d points in %d scenarios%n", points, SCENARIOS.size());
    assertThat(points).isGreaterThan(SCENARIOS.size());
  }

  /** Whether there was such a call to die at. */
  private static boolean diedAt(Scenario scenario, int call, When when) {
    LifecycleHarness life = new LifecycleHarness(new Limits(1440, 10, 2, 2));
    life.willDie(CrashInjector.at(call, when));
    boolean died;
    try {
      died = life.diesIn(() -> scenario.part.accept(life));
      if (died) {
        life.restart();
        life.hearsNoNews();
        life.destroyUnreadable(); // as whoever got no answer would
        life.untilAllGone();
      }
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "%s, died %s call %d".formatted(scenario, when.name().toLowerCase(Locale.ROOT), call), e);
    }
    return died;
  }
}
