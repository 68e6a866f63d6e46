package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static io.eksphemeral.control.Samples.BOB;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.SimulatedTasks.Fate;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The steps of reconciling one cluster, and what is recorded. */
final class ReconcilerTest {
  private static final Duration ENOUGH = Duration.ofMinutes(5);
  private static final Limits ONE = new Limits(1440, 10, 1, 1);

  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);
  private final ManualClock clock = new ManualClock(Samples.START);
  private final SimulatedTasks tasks = new SimulatedTasks(store, clock);
  private final MemoryMailer mailer = new MemoryMailer();
  private final List<Duration> pauses = new ArrayList<>();
  private Runnable whilePausing = () -> {};
  private final ControlPlane plane = plane(store, Limits.DEFAULT);
  private final ClusterId id = Samples.newId();

  /** It waits for an earlier request while that one is undecided. */
  @Test
  void aClusterIsAdmittedOnceAnotherIsWithdrawn() {
    Stored.Live other = asked(Samples.newId(), "other");
    whilePausing =
        () -> {
          if (pauses.size() == 3) {
            assertThat(store.remove(other)).isTrue();
          }
        };

    assertThat(plane(store, ONE).create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOf(Result.Success.class);

    assertThat(pauses).containsExactly(moment(), moment(), moment());
    assertThat(tasks.launched()).isEqualTo(1);
  }

  @Test
  void anUndecidedClusterWaitsTwoSeconds() {
    asked(Samples.newId(), "other");

    assertThat(plane(store, ONE).create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOfSatisfying(
            Result.Rejected.class,
            refused ->
                assertThat(refused.rejection().error())
                    .contains("maximum number of clusters is reached (1)"));

    assertThat(pauses.stream().reduce(Duration.ZERO, Duration::plus))
        .isEqualTo(Duration.ofSeconds(2));
    assertThat(store.find(id)).isEmpty();
    assertThat(store.claimOn("dev")).isEmpty();
  }

  @Test
  void theTimeOfAStopRequestIsOnRecord() {
    tasks.next(TaskKind.CREATE, Fate.HANGS);
    created();
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(Lifecycle.CREATE_DEADLINE);

    sweep();

    assertThat(task().stopping()).isEqualTo(clock.instant());
    assertThat(task().ended()).isNull();
  }

  /** Its holder cannot be read, so the task on record is observed. */
  @Test
  void aFenceWithoutAHandleBelongsToTheTaskOnRecord() {
    created();
    TaskKey key = cluster().key(task());
    objects.put(StoreKeys.fence(key), "{");
    assertThat(store.fence(key)).isEqualTo(Fence.TAKEN);
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step(); // it does not get its fence, and stops

    sweep();

    assertThat(cluster().since(State.CREATE_FAILED)).isPresent();
  }

  @Test
  void anUnchangedLaunchErrorIsWrittenOnce() {
    tasks.next(TaskKind.CREATE, Fate.REFUSED, Fate.REFUSED, Fate.REFUSED);
    created();
    assertThat(task().refused()).isEqualTo("RESOURCE:MEMORY");
    String version = live().version();

    sweep();
    sweep();

    assertThat(live().version()).isEqualTo(version);
    sweep();
    assertThat(task().refused()).isNull();
  }

  @Test
  void aMissingRecipientIsOnRecord() {
    Spec reserved = new SpecBuilder().owner("nobody@example.com").build();
    assertThat(plane.create().create(id, reserved, ALICE)).isInstanceOf(Result.Success.class);
    letTasksEnd();

    sweep();

    assertThat(cluster().notifications())
        .extracting(Notification::delivery)
        .containsExactly(Delivery.NO_RECIPIENT);
  }

  @Test
  void ofTwoSendersOneSends() {
    created();
    letTasksEnd();
    sweepThen("replace", 2, () -> sweep());

    assertThat(mailer.delivered()).hasSize(1);
    assertThat(cluster().notifications())
        .extracting(Notification::delivery)
        .containsExactly(Delivery.SENT);
  }

  @Test
  void aClusterThatIsGoneBeforeItsMailIsSentIsNotAFailure() {
    created();
    letTasksEnd();
    mailer.whileSending(() -> assertThat(store.remove(live())).isTrue());

    assertThat(sweep().failed()).isEmpty();

    assertThat(store.ids()).isEmpty();
  }

  @Test
  void aRecordThatBecameUnreadableIsNotTouched() {
    for (int write = 1; write <= 3; write++) {
      ClusterId broken = Samples.newId();
      assertThat(plane.create().create(broken, Samples.spec("dev-" + write), BOB))
          .isInstanceOf(Result.Success.class);
      letTasksEnd();

      SweepReport report =
          sweepThen("replace", write, () -> objects.put(StoreKeys.record(broken), "{"));

      assertThat(report.failed()).isEmpty();
      assertThat(objects.text(StoreKeys.record(broken))).contains("{");
      objects.put(StoreKeys.record(broken), "{\"name\":\"of-2019\"}"); // counts towards no limit
    }
  }

  /** A store that loses writes would make it run forever. */
  @Test
  void aClusterThatIsNeverDoneFailsWithoutEndingTheSweep() {
    created();
    letTasksEnd();
    ControlPlane forgetful =
        plane(
            answering("replace", arguments -> Optional.of(arguments[0]) /* as it was read */),
            Limits.DEFAULT);

    SweepReport report = forgetful.sweep().all(() -> ENOUGH);

    assertThat(report.failed()).containsOnlyKeys(id);
    assertThat(report.failed().get(id)).contains("is not done after");
  }

  private static Duration moment() {
    return Duration.ofMillis(100);
  }

  private Stored.Live asked(ClusterId other, String name) {
    return store
        .add(Cluster.requested(other, Samples.spec(name), BOB, clock.instant()))
        .orElseThrow();
  }

  private void created() {
    assertThat(plane.create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOf(Result.Success.class);
  }

  private void letTasksEnd() {
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
  }

  private SweepReport sweep() {
    return plane.sweep().all(() -> ENOUGH);
  }

  /** Sweeps, and runs something before the n-th call of a method. */
  private SweepReport sweepThen(String method, int which, Runnable happens) {
    int[] calls = new int[1];
    ClusterStore interrupted =
        answering(
            method,
            _ -> {
              calls[0]++;
              if (calls[0] == which) {
                happens.run();
              }
              return null;
            });
    return plane(interrupted, Limits.DEFAULT).sweep().all(() -> ENOUGH);
  }

  private Stored.Live live() {
    return (Stored.Live) store.find(id).orElseThrow();
  }

  private Cluster cluster() {
    return live().cluster();
  }

  private Task task() {
    return cluster().openTask().orElseThrow();
  }

  private ControlPlane plane(ClusterStore over, Limits limits) {
    return ControlPlane.of(
        over,
        tasks,
        new Notifications(mailer, null, ""),
        Samples.CONFIG,
        limits,
        () -> Versions.any("1.35"),
        clock,
        moment -> {
          pauses.add(moment);
          whilePausing.run();
        },
        Runnable::run);
  }

  /** A store that answers a method with something else, unless that is null. */
  private ClusterStore answering(String wanted, Function<Object[], @Nullable Object> instead) {
    return Intercepted.of(
        ClusterStore.class,
        store,
        (method, arguments, call) -> {
          Object answer = method.getName().equals(wanted) ? instead.apply(arguments) : null;
          return answer == null ? call.invoke() : answer;
        });
  }
}
