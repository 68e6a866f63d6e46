package io.eksphemeral.local;

import static io.eksphemeral.control.Samples.START;
import static io.eksphemeral.control.Samples.admitted;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.ManualClock;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.control.TaskRunnerContract;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.TaskStatus;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SimulatedTaskRunnerTest extends TaskRunnerContract {
  private static final SimulatedTaskSteps.Pace PACE =
      new SimulatedTaskSteps.Pace(Duration.ofSeconds(4), Duration.ofSeconds(3));

  @TempDir Path home;
  private final ManualClock clock = new ManualClock(START);
  private final List<SimulatedTask> news = new ArrayList<>();
  private long seed;
  private ManualTimer timer = new ManualTimer();
  private ClusterStore store;
  private SimulatedClusters world;
  private SimulatedTaskRunner runner;

  @BeforeEach
  void open() throws IOException {
    start("");
  }

  /** Starts on what the files have, as a new process does; nobody drives the old one any more. */
  private void start(String fails) throws IOException {
    timer = new ManualTimer();
    store =
        new ClusterStore(
            new FileObjectStore(AtomicFiles.open(home.resolve("bucket"))), Runnable::run);
    world = new SimulatedClusters(new FileObjectStore(AtomicFiles.open(home.resolve("clusters"))));
    runner =
        new SimulatedTaskRunner(
            new FileObjectStore(AtomicFiles.open(home.resolve("tasks"))),
            new SimulatedTaskSteps(
                    store, world, new TaskLogs(home.resolve("logs"), clock), PACE, clock)
                ::begin,
            FaultInjection.parse(fails),
            clock,
            new Random(seed++),
            timer,
            new Log(new PrintStream(PrintStream.nullOutputStream()), clock));
    runner.start(news::add);
  }

  @Override
  protected TaskRunner runner() {
    return runner;
  }

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void letTasksBegin() {
    timer.pass(Duration.ZERO);
  }

  @Override
  protected void letTasksEnd() {
    timer.pass(PACE.create());
  }

  private static Task create(int attempt) {
    return Task.plan(TaskKind.CREATE, attempt, START);
  }

  private static Task destroy(int attempt) {
    return Task.plan(TaskKind.DESTROY, attempt, START);
  }

  private String launch(Cluster cluster, Task task) {
    return ((LaunchResult.Launched) runner.launch(cluster, task)).handle();
  }

  private TaskResult run(Cluster cluster, Task task) {
    launch(cluster, task);
    letTasksEnd();
    return store.result(cluster.key(task)).orElseThrow();
  }

  private void plant(String name, String id) throws IOException {
    Files.writeString(home.resolve("clusters/" + name + ".json"), "{\"id\":\"" + id + "\"}");
  }

  private boolean isThere(Cluster cluster) throws IOException {
    return world.has(cluster.name(), cluster.id());
  }

  @Test
  void whatIsCreatedIsThereUntilItIsDestroyed() throws IOException {
    Cluster cluster = admitted("dev");
    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.READY);
    assertThat(isThere(cluster)).isTrue();

    TaskResult result = run(cluster, destroy(1));
    assertThat(result.provesAbsence()).isTrue();
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void aTaskTakesItsTime() {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    timer.pass(PACE.create().minusMillis(1));
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Running());

    timer.pass(Duration.ofMillis(1));
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Stopped("exit code 0"));
  }

  @Test
  void resultsHaveTheTimeOfTheClock() {
    clock.advance(Duration.ofDays(3));
    assertThat(run(admitted("dev"), create(1)).at()).isEqualTo(clock.instant());
  }

  @Test
  void newsComeOnceTheEndIsOnDisk() throws IOException {
    List<TaskStatus> seen = new ArrayList<>();
    runner.start(task -> {
      try {
        open();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      seen.add(runner.status(task.handle()));
    });
    ManualTimer driven = timer;
    launch(admitted("dev"), create(1));
    driven.pass(PACE.create());

    assertThat(seen).containsExactly(new TaskStatus.Stopped("exit code 0"));
  }

  @Test
  void aForeignClusterOfTheNameIsLeftAlone() throws IOException {
    Cluster cluster = admitted("dev");
    plant("dev", "foreign");

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.FOREIGN);
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(home.resolve("clusters/dev.json")).hasContent("{\"id\":\"foreign\"}");
  }

  @Test
  void ofTwoClustersOfANameOneIsBuilt() {
    assertThat(run(admitted("dev"), create(1)).outcome()).isEqualTo(Outcome.READY);
    assertThat(run(admitted("dev"), create(1)).outcome()).isEqualTo(Outcome.FOREIGN);
  }

  @Test
  void aStoppedCreationLeavesWhatItHadBegun() throws IOException {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksBegin();
    runner.stop(handle, "not wanted");
    letTasksEnd();

    assertThat(isThere(cluster)).isTrue();
    assertThat(store.result(cluster.key(create(1)))).isEmpty();
    assertThat(news).map(SimulatedTask::handle).containsExactly(handle);
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void aTaskThatHadBegunGoesOnAfterARestart() throws IOException {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksBegin();
    open();

    assertThat(runner.running(cluster.id())).containsExactly(handle);
    assertThat(launch(cluster, create(1))).isEqualTo(handle);
    letTasksEnd();
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Stopped("exit code 0"));
    assertThat(store.result(cluster.key(create(1)))).isPresent();
    assertThat(isThere(cluster)).isTrue();
  }

  @Test
  void aCreationReportsItsPhasesAsTheyBeginAndARestartReportsNoneAgain() throws IOException {
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    Phase.Begun started = new Phase.Begun(Phase.TASK_STARTED, START);
    Phase.Begun controlPlane = new Phase.Begun(Phase.CONTROL_PLANE, START);
    assertThat(phases(cluster)).containsExactly(started, controlPlane);

    clock.advance(Duration.ofSeconds(7));
    open();
    timer.pass(PACE.half().minusMillis(1));
    assertThat(phases(cluster)).containsExactly(started, controlPlane);
    timer.pass(Duration.ofMillis(1));
    Phase.Begun nodes = new Phase.Begun(Phase.NODES, START.plusSeconds(7));
    assertThat(phases(cluster)).containsExactly(started, controlPlane, nodes);

    clock.advance(Duration.ofSeconds(7));
    open();
    letTasksEnd();
    assertThat(phases(cluster)).containsExactly(started, controlPlane, nodes);
  }

  private List<Phase.Begun> phases(Cluster cluster) {
    return store.progress(cluster.key(create(1))).orElseThrow();
  }

  @Test
  void aPhaseThatCannotBeReportedIsNoReasonToFail() throws IOException {
    Cluster cluster = admitted("dev");
    Files.createDirectories(
        home.resolve("bucket").resolve(StoreKeys.progress(cluster.key(create(1)))));

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.READY);
  }

  @Test
  void eachTaskPrintsWhatItDoesAsItDoesIt() throws IOException {
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    String begun =
        """
        2026-11-22T10:00:00Z creating EKS cluster "dev" in "simulated" region
        2026-11-22T10:00:00Z deploying stack "eksctl-dev-cluster"
        """;
    assertThat(log(cluster, "create-1")).content().isEqualTo(begun);

    clock.advance(Duration.ofSeconds(2));
    open();
    letTasksEnd();
    assertThat(log(cluster, "create-1"))
        .content()
        .isEqualTo(
            begun
                + """
                2026-11-22T10:00:02Z the control plane was restarted; starting again
                2026-11-22T10:00:02Z EKS cluster "dev" in "simulated" region is ready
                2026-11-22T10:00:02Z deploying stack "eksctl-dev-nodegroup-workers"
                2026-11-22T10:00:02Z created 1 managed nodegroup(s) in cluster "dev"
                2026-11-22T10:00:02Z ready: cluster dev is up (simulated)
                """);
    assertThat(Files.getPosixFilePermissions(log(cluster, "create-1")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));

    run(cluster, destroy(1));
    assertThat(log(cluster, "destroy-1"))
        .content()
        .isEqualTo(
            """
            2026-11-22T10:00:02Z deleting stack eksctl-dev-cluster
            2026-11-22T10:00:02Z stack eksctl-dev-cluster DELETE_COMPLETE
            2026-11-22T10:00:02Z absent: deletion verified
            """);
  }

  private Path log(Cluster cluster, String task) {
    return home.resolve("logs").resolve(cluster.id().value()).resolve(task + ".log");
  }

  @Test
  void aLogThatCannotBeWrittenIsNoReasonToFail() throws IOException {
    Cluster cluster = admitted("dev");
    Files.createDirectories(log(cluster, "create-1"));

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.READY);
  }

  @Test
  void aTaskThatHadNotBegunBeginsAfterARestart() throws IOException {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    open();
    letTasksEnd();

    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Stopped("exit code 0"));
  }

  @Test
  void aTaskWhoseResultIsThereDoesNothingAfterARestart() throws IOException {
    // The control plane may have read the result, and destroyed the cluster since: it must not be
    // built again.
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    Path file = home.resolve("tasks/" + cluster.key(create(1)).token() + ".json");
    String running = Files.readString(file);
    letTasksEnd();
    run(cluster, destroy(1));
    Files.writeString(file, running);
    open();
    letTasksEnd();

    assertThat(isThere(cluster)).isFalse();
    assertThat(runner.running(cluster.id())).isEmpty();
  }

  @Test
  void anEndedTaskIsKnownForAnHour() throws IOException {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksEnd();
    clock.advance(Duration.ofHours(1).minusMillis(1));
    runner.forgetOld();
    open();
    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);

    clock.advance(Duration.ofMillis(1));
    runner.forgetOld();
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Missing());
    assertThat(home.resolve("tasks/" + cluster.key(create(1)).token() + ".json")).doesNotExist();
  }

  @Test
  void aRunningTaskIsNeverForgotten() {
    String handle = launch(admitted("dev"), create(1));
    letTasksBegin();
    clock.advance(Duration.ofDays(1));
    runner.forgetOld();

    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Running());
  }

  @Test
  void aSecondTaskOfAForgottenKeyHasAnotherHandleAndNotItsFence() throws IOException {
    Cluster cluster = admitted("dev");
    String first = launch(cluster, create(1));
    letTasksEnd();
    run(cluster, destroy(1));
    clock.advance(Duration.ofHours(1));
    runner.forgetOld();
    String second = launch(cluster, create(1));
    letTasksEnd();

    assertThat(second).isNotEqualTo(first);
    assertThat(runner.status(second))
        .isInstanceOfSatisfying(
            TaskStatus.Stopped.class,
            stopped -> assertThat(stopped.reason()).contains("exit code 1"));
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void nothingGoesOnOnceItIsClosed() {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksBegin();
    runner.close();
    letTasksEnd();

    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Running());
    assertThat(store.result(cluster.key(create(1)))).isEmpty();
    assertThat(runner.launch(admitted("late"), create(1)))
        .isInstanceOf(LaunchResult.Rejected.class);
  }

  @Test
  void aTaskFileThatCannotBeReadKeepsNoOtherFromGoingOn() throws IOException {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    Files.writeString(home.resolve("tasks/broken.json"), "{");
    Files.createDirectories(home.resolve("tasks/folder.json"));
    open();
    letTasksEnd();

    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);
  }

  @Test
  void whileItsEndCannotBeKeptATaskEndsAsSoonAsItCan() throws IOException {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    Path full = home.resolve("tasks/.tmp");
    Files.delete(full);
    Files.writeString(full, "no room");
    letTasksEnd();
    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Running.class);

    Files.delete(full);
    Files.createDirectory(full);
    letTasksEnd();
    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);
  }

  @Test
  void aTaskThatBreaksHasEndedWithoutAResult() throws IOException {
    Cluster cluster = admitted("dev");
    Files.createDirectories(home.resolve("clusters/dev.json/x"));
    String handle = launch(cluster, create(1));
    letTasksEnd();

    assertThat(runner.status(handle))
        .isEqualTo(new TaskStatus.Stopped("exit code 1: internal error; see the log"));
    assertThat(store.result(cluster.key(create(1)))).isEmpty();
  }

  /** Whatever breaks it, a task that never ended would keep its cluster from being torn down. */
  @Test
  void aTaskThatAnErrorBreaksHasEndedToo() throws IOException {
    AtomicBoolean fails = new AtomicBoolean(true);
    InstantSource failing =
        () -> {
          if (fails.getAndSet(false)) {
            throw new StackOverflowError();
          }
          return clock.instant();
        };
    runner =
        new SimulatedTaskRunner(
            new FileObjectStore(AtomicFiles.open(home.resolve("tasks"))),
            new SimulatedTaskSteps(
                    store, world, new TaskLogs(home.resolve("logs"), clock), PACE, failing)
                ::begin,
            FaultInjection.parse(""),
            clock,
            new Random(seed++),
            timer,
            new Log(new PrintStream(PrintStream.nullOutputStream()), clock));
    runner.start(news::add);
    String handle = launch(admitted("dev"), create(1));
    try {
      letTasksEnd();
    } catch (StackOverflowError e) {
      // It is looked at below what became of the task.
    }

    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);
  }

  @Test
  void aCreationCanFail() throws IOException {
    start("create:fail:1");
    Cluster cluster = admitted("dev");
    TaskResult result = run(cluster, create(1));

    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("CREATE_FAILED – ", "sufficient capacity");
    assertThat(result.log()).anySatisfy(line -> assertThat(line).contains("CREATE_FAILED"));
    assertThat(isThere(cluster)).isTrue();
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(isThere(cluster)).isFalse();
    assertThat(run(admitted("other"), create(1)).outcome()).isEqualTo(Outcome.READY);
  }

  @Test
  void aCreationCanMeetAForeignCluster() throws IOException {
    start("create:foreign:dev");
    Cluster cluster = admitted("dev");

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.FOREIGN);
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void aTaskCanHangUntilItIsStopped() throws IOException {
    start("create:hang:dev");
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    timer.pass(Duration.ofDays(1));

    assertThat(store.fence(cluster.key(create(1)))).isEqualTo(Fence.TAKEN);
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Running());
    runner.stop(handle, "too long");
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Stopped("stopped: too long"));
  }

  @Test
  void aTaskCanBeLost() throws IOException {
    start("destroy:lost:1");
    Cluster cluster = admitted("dev");
    run(cluster, create(1));
    String handle = launch(cluster, destroy(1));
    letTasksEnd();

    TaskKey key = cluster.key(destroy(1));
    assertThat(store.fence(key)).isEqualTo(Fence.TAKEN);
    assertThat(store.result(key)).isEmpty();
    assertThat(runner.status(handle))
        .isInstanceOfSatisfying(
            TaskStatus.Stopped.class, stopped -> assertThat(stopped.reason()).contains("137"));
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
  }

  @Test
  void aTeardownCanFail() throws IOException {
    start("destroy:fail:1");
    Cluster cluster = admitted("dev");
    run(cluster, create(1));

    assertThat(run(cluster, destroy(1)).outcome()).isEqualTo(Outcome.FAILED);
    assertThat(isThere(cluster)).isTrue();
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
  }

  @Test
  void aTeardownCanSayItIsDoneWithLeftOvers() throws IOException {
    start("destroy:leftovers:1");
    Cluster cluster = admitted("dev");
    run(cluster, create(1));
    TaskResult result = run(cluster, destroy(1));

    assertThat(result.outcome()).isEqualTo(Outcome.ABSENT);
    assertThat(result.leftovers()).isNotEmpty();
    assertThat(isThere(cluster)).isTrue();
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void aMishapGoesOnAfterARestartWithoutIt() throws IOException {
    start("create:fail:1");
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    start("");
    letTasksEnd();

    assertThat(store.result(cluster.key(create(1))))
        .map(TaskResult::outcome)
        .contains(Outcome.FAILED);
  }

  @Test
  void anUnknownHandleIsMissingWhateverItLooksLike() {
    for (String handle : List.of("", "/", "//", "simulated/../x", "simulated/a/b/c")) {
      assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Missing());
      runner.stop(handle, "why");
    }
    assertThat(runner.running(new ClusterId("01930000-0000-7000-8000-999999999999"))).isEmpty();
  }
}
