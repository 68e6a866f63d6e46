package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.Mailer.Mail;
import io.eksphemeral.control.SimulatedTasks.Fate;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Rejection.Kind;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Decisions on a record that another process changed meanwhile (promise P6). */
final class RacesTest {
  private static final Duration ENOUGH = Duration.ofMinutes(5);

  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);
  private final ManualClock clock = new ManualClock(Samples.START);
  private final SimulatedTasks tasks = new SimulatedTasks(store, clock);
  private final ControlPlane other = plane(store, tasks);
  private final Map<String, Runnable> meanwhile = new HashMap<>();
  private final ControlPlane plane =
      plane(interrupted(ClusterStore.class, store), interrupted(TaskRunner.class, tasks));
  private final ClusterId id = Samples.newId();

  @Test
  void aTaskStartedTwiceEndsWithTheOneThatHoldsTheFence() {
    LifecycleHarness harness = new LifecycleHarness();
    harness.tasks.next(TaskKind.CREATE, Fate.TWICE);
    ClusterId id = harness.created("dev");
    harness.pass(Duration.ofMinutes(2));

    harness.destroy(id); // stops the working one
    harness.sweep(); // the one on record stopped long ago; the working one takes a while

    assertThat(harness.cluster(id).openTask().orElseThrow().kind()).isEqualTo(TaskKind.CREATE);
    harness.untilAllGone();
  }

  @Test
  void concurrentProlongsBothTakeEffect() {
    ready();
    meanwhile.put("replace", () -> other.prolong().prolong("dev", 10, ALICE));

    assertThat(plane.prolong().prolong("dev", 15, ALICE)).isInstanceOf(Result.Success.class);

    assertThat(cluster().lifetime()).isEqualTo(30 + 10 + 15);
  }

  @Test
  void concurrentProlongsDoNotExceedTheLimit() {
    ready();
    meanwhile.put("replace", () -> other.prolong().prolong("dev", 1400, ALICE));

    assertThat(rejection(plane.prolong().prolong("dev", 1400, ALICE)).kind()).isEqualTo(Kind.LIMIT);
    assertThat(cluster().lifetime()).isEqualTo(1430);
  }

  @Test
  void prolongingAClusterThatIsDestroyedMeanwhileIsTooLate() {
    ready();
    meanwhile.put("replace", () -> other.destroy().destroy("dev", ALICE));

    assertThat(rejection(plane.prolong().prolong("dev", 15, ALICE)).error()).contains("too late");
    assertThat(cluster().state()).isEqualTo(State.DESTROYING);
  }

  @Test
  void destroyingAClusterThatIsProlongedMeanwhileDestroysIt() {
    ready();
    meanwhile.put("replace", () -> other.prolong().prolong("dev", 10, ALICE));

    assertThat(plane.destroy().destroy("dev", ALICE)).isInstanceOf(Result.Success.class);
    assertThat(cluster().state()).isEqualTo(State.DESTROYING);
  }

  @Test
  void aSweepDoesNotDestroyAClusterThatIsProlongedMeanwhile() {
    ready();
    clock.advance(Duration.ofMinutes(25));
    other.sweep().all(() -> ENOUGH);
    clock.advance(Duration.ofMinutes(6));
    assertThat(clock.instant()).isAfter(Objects.requireNonNull(cluster().expires()));
    meanwhile.put("replace", () -> other.prolong().prolong("dev", 30, ALICE));

    plane.sweep().all(() -> ENOUGH);

    assertThat(cluster().state()).isEqualTo(State.READY);
    assertThat(tasks.launched()).isEqualTo(1);
  }

  @Test
  void concurrentSweepsLaunchOneTask() {
    ready();
    other.prolong().prolong("dev", -30, ALICE);
    other.sweep().all(() -> ENOUGH);
    clock.advance(Duration.ofMinutes(1));
    meanwhile.put("launch", () -> other.sweep().all(() -> ENOUGH));

    SweepReport report = plane.sweep().all(() -> ENOUGH);

    assertThat(report.failed()).isEmpty();
    assertThat(cluster().state()).isEqualTo(State.DESTROYING);
    assertThat(tasks.launched()).isEqualTo(2);
    assertThat(cluster().tasks()).hasSize(2);
  }

  @Test
  void theResultOfATaskThatEndsDuringTheObservationCounts() {
    created();
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    meanwhile.put("status", tasks::step);

    plane.sweep().all(() -> ENOUGH);

    assertThat(cluster().state()).isEqualTo(State.READY);
  }

  @Test
  void aClusterThatEndsMeanwhileIsNotRestored() {
    ready();
    other.destroy().destroy("dev", ALICE);
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
    meanwhile.put("archive", () -> other.sweep().all(() -> ENOUGH));

    SweepReport report = plane.sweep().all(() -> ENOUGH);

    assertThat(report.failed()).isEmpty();
    assertThat(store.ids()).isEmpty();
    assertThat(store.claims()).isEmpty();
    assertThat(cluster().state()).isEqualTo(State.GONE);
  }

  @Test
  void aNameThatWasClaimedAgainIsNotFreed() {
    ready();
    other.destroy().destroy("dev", ALICE);
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
    ClusterId next = Samples.newId();
    meanwhile.put(
        "claimOn",
        () -> {
          other.sweep().one(id, () -> ENOUGH);
          store.claimOn("dev").ifPresent(store::release);
          other.create().create(next, Samples.spec("dev"), ALICE);
        });

    plane.sweep().all(() -> ENOUGH);

    assertThat(store.claimOn("dev").orElseThrow().holder()).isEqualTo(next);
  }

  @Test
  void aRepeatedCreationKeepsTheNameWhileTheFirstIsWithdrawn() {
    for (int i = 0; i < Limits.DEFAULT.clustersPerCaller(); i++) {
      other.create().create(Samples.newId(), Samples.spec("other-" + i), ALICE);
    }
    Runnable askAgain = () -> store.claim(new Claim("dev", id, clock.instant().plusSeconds(1)));
    meanwhile.put(
        "remove",
        () -> {
          meanwhile.put("claimOn", askAgain);
          meanwhile.put("release", askAgain);
        });

    assertThat(rejection(plane.create().create(id, Samples.spec("dev"), ALICE)).kind())
        .isEqualTo(Kind.LIMIT);

    assertThat(store.claimOn("dev").orElseThrow().holder()).isEqualTo(id);
  }

  /** The slow sender failed, and does not know that another one succeeded. */
  @Test
  void aSlowSenderDoesNotOverwriteAnotherSendersSuccess() {
    MemoryMailer mailer = new MemoryMailer();
    ControlPlane quick = plane(store, tasks, mailer);
    ControlPlane slow =
        plane(
            store,
            tasks,
            _ -> {
              clock.advance(Duration.ofMinutes(5));
              quick.sweep().all(() -> ENOUGH);
              return new Mailer.Delivery.Failed("it took too long");
            });
    created();
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();

    slow.sweep().all(() -> ENOUGH);

    assertThat(cluster().notifications())
        .extracting(Notification::delivery)
        .containsExactly(Delivery.SENT);
    for (int i = 0; i < 3; i++) {
      clock.advance(Duration.ofMinutes(5));
      quick.sweep().all(() -> ENOUGH);
    }
    assertThat(mailer.delivered())
        .extracting(Mail::subject)
        .containsOnlyOnce("EKSphemeral: cluster dev is ready");
  }

  /** Of two senders of the same mail, the one that failed first is overridden. */
  @Test
  void aSlowSendersSuccessOverridesAnotherSendersFailure() {
    MemoryMailer down = new MemoryMailer();
    down.setDown(true);
    MemoryMailer mailer = new MemoryMailer();
    ControlPlane quick = plane(store, tasks, down);
    mailer.whileSending(() -> {
      clock.advance(Duration.ofMinutes(5));
      quick.sweep().all(() -> ENOUGH);
    });
    created();
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();

    plane(store, tasks, mailer).sweep().all(() -> ENOUGH);

    assertThat(cluster().notifications())
        .extracting(Notification::delivery)
        .containsExactly(Delivery.SENT);
  }

  @Test
  void destroyingByNameMeansTheClusterThatHadTheName() {
    ready();
    ClusterId next = Samples.newId();
    meanwhile.put(
        "replace",
        () -> {
          other.destroy().destroy("dev", ALICE);
          clock.advance(SimulatedTasks.BEGINS_AFTER);
          tasks.step();
          clock.advance(SimulatedTasks.ENDS_AFTER);
          tasks.step();
          other.sweep().all(() -> ENOUGH);
          other.create().create(next, Samples.spec("dev"), ALICE);
        });

    assertThat(((Result.Success<Stored.Live>) plane.destroy().destroy("dev", ALICE)).value().id())
        .isEqualTo(id);

    assertThat(((Stored.Live) store.find(next).orElseThrow()).cluster().state())
        .isEqualTo(State.CREATING);
  }

  @Test
  void concurrentCreationsWithOneIdReturnTheSameCluster() {
    meanwhile.put("add", this::created);

    assertThat(plane.create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOf(Result.Success.class);

    assertThat(cluster().tasks()).hasSize(1);
    assertThat(tasks.launched()).isEqualTo(1);
  }

  @Test
  void aClusterAdmittedByAnotherProcessIsContinued() {
    meanwhile.put("list", () -> other.sweep().all(() -> ENOUGH));

    assertThat(plane.create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOf(Result.Success.class);

    assertThat(cluster().tasks()).hasSize(1);
    assertThat(tasks.launched()).isEqualTo(1);
  }

  /** It found the limit reached; but before it withdraws, a sweep admits the cluster. */
  @Test
  void aClusterAdmittedByAnotherProcessIsNotWithdrawn() {
    ClusterId first = null;
    for (int i = 0; i < Limits.DEFAULT.clustersPerCaller(); i++) {
      ClusterId one = Samples.newId();
      first = first == null ? one : first;
      other.create().create(one, Samples.spec("other-" + i), ALICE);
    }
    ClusterId late = Samples.newId();
    ClusterId leaving = Objects.requireNonNull(first);
    meanwhile.put(
        "remove",
        () -> {
          Stored.Live leaves = (Stored.Live) store.find(leaving).orElseThrow();
          assertThat(store.remove(leaves)).isTrue();
          other.sweep().all(() -> ENOUGH);
        });

    assertThat(plane.create().create(late, Samples.spec("dev"), ALICE))
        .isInstanceOf(Result.Success.class);

    assertThat(((Stored.Live) store.find(late).orElseThrow()).cluster().tasks()).hasSize(1);
    assertThat(store.claimOn("dev").orElseThrow().holder()).isEqualTo(late);
  }

  @Test
  void aClusterWithdrawnByAnotherProcessIsRejected() {
    meanwhile.put(
        "list",
        () -> assertThat(store.remove((Stored.Live) store.find(id).orElseThrow())).isTrue());

    assertThat(rejection(plane.create().create(id, Samples.spec("dev"), ALICE)).error())
        .contains("another process withdrew it");

    assertThat(store.ids()).isEmpty();
    assertThat(tasks.launched()).isZero();
  }

  private void created() {
    assertThat(other.create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOf(Result.Success.class);
  }

  private void ready() {
    created();
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
    other.sweep().all(() -> ENOUGH);
    assertThat(cluster().state()).isEqualTo(State.READY);
  }

  private Cluster cluster() {
    return ((Stored.Live) store.find(id).or(() -> store.archived(id)).orElseThrow()).cluster();
  }

  private ControlPlane plane(ClusterStore over, TaskRunner runner) {
    return plane(over, runner, new MemoryMailer());
  }

  private ControlPlane plane(ClusterStore over, TaskRunner runner, Mailer mailer) {
    return ControlPlane.of(
        over,
        runner,
        new Notifications(mailer, null, ""),
        Samples.CONFIG,
        Limits.DEFAULT,
        () -> Versions.any("1.35"),
        clock,
        _ -> {},
        Runnable::run);
  }

  /** A port that runs something else once, before the next call of a method. */
  private <P> P interrupted(Class<P> port, P real) {
    return Intercepted.of(
        port,
        real,
        (method, _, call) -> {
          Runnable first = meanwhile.remove(method.getName());
          if (first != null) {
            first.run();
          }
          return call.invoke();
        });
  }

  private static Rejection rejection(Result<Stored.Live> answer) {
    return ((Result.Rejected<Stored.Live>) answer).rejection();
  }
}
