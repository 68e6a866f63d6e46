package io.eksphemeral.local.task;

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
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.TaskStatus;
import io.eksphemeral.local.ManualTimer;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.io.FileObjectStore;
import io.eksphemeral.local.io.Log;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of every {@link Provider}, and of the {@link LocalTaskRunner} that runs its tasks.
 */
public abstract class ProviderContract extends TaskRunnerContract {
  @TempDir protected Path home;
  protected final ManualClock clock = new ManualClock(START);
  protected final List<LocalTask> news = new ArrayList<>();
  protected ManualTimer timer = new ManualTimer();
  protected ClusterStore store;
  protected TaskLogs logs;
  protected LocalTaskRunner runner;
  private Optional<LocalTaskRunner> earlier = Optional.empty();
  private long seed;

  /** Opens the provider on what an earlier one left behind in {@link #home}. */
  protected abstract Provider open() throws IOException;

  /** Gives tasks the time that they need to end, whether they do or not. */
  protected abstract void letTimePass() throws Exception;

  /** Whether something of a cluster exists. */
  protected abstract boolean isThere(Cluster cluster) throws Exception;

  /** Starts on what the files have, as a new process does; the old one is no longer driven. */
  @BeforeEach
  protected final void start() throws IOException {
    start(open());
  }

  protected final void start(Provider provider) throws IOException {
    earlier.ifPresent(LocalTaskRunner::close);
    timer = new ManualTimer();
    logs = new TaskLogs(home.resolve("logs"), clock);
    store =
        new ClusterStore(
            new FileObjectStore(AtomicFiles.open(home.resolve("bucket"))), Runnable::run);
    runner =
        new LocalTaskRunner(
            "local",
            new FileObjectStore(AtomicFiles.open(home.resolve("tasks"))),
            provider,
            store,
            logs,
            clock,
            new Random(seed++),
            timer,
            new Log(new PrintStream(PrintStream.nullOutputStream()), clock));
    earlier = Optional.of(runner);
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

  protected static Task create(int attempt) {
    return Task.plan(TaskKind.CREATE, attempt, START);
  }

  protected static Task destroy(int attempt) {
    return Task.plan(TaskKind.DESTROY, attempt, START);
  }

  protected final String launch(Cluster cluster, Task task) {
    return ((LaunchResult.Launched) runner.launch(cluster, task)).handle();
  }

  protected final Path log(Cluster cluster, String task) {
    return home.resolve("logs").resolve(cluster.id().value()).resolve(task + ".log");
  }

  protected final TaskResult run(Cluster cluster, Task task) throws Exception {
    launch(cluster, task);
    letTasksEnd();
    return store.result(cluster.key(task)).orElseThrow();
  }

  @Test
  void whatIsCreatedIsThereUntilItIsDestroyed() throws Exception {
    Cluster cluster = admitted("dev");
    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.READY);
    assertThat(isThere(cluster)).isTrue();

    TaskResult result = run(cluster, destroy(1));
    assertThat(result.provesAbsence()).isTrue();
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void resultsHaveTheTimeOfTheClock() throws Exception {
    clock.advance(Duration.ofDays(3));
    assertThat(run(admitted("dev"), create(1)).at()).isEqualTo(clock.instant());
  }

  @Test
  void newsComeOnceTheEndIsOnDisk() throws Exception {
    List<TaskStatus> seen = new ArrayList<>();
    runner.start(task -> {
      try {
        start();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
      seen.add(runner.status(task.handle()));
    });
    launch(admitted("dev"), create(1));
    letTasksEnd();

    assertThat(seen).containsExactly(new TaskStatus.Stopped("exit code 0"));
  }

  @Test
  void aStoppedCreationLeavesWhatItHadBegun() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksBegin();
    runner.stop(handle, "not wanted");
    letTasksEnd();

    assertThat(isThere(cluster)).isTrue();
    assertThat(store.result(cluster.key(create(1)))).isEmpty();
    assertThat(news).map(LocalTask::handle).containsExactly(handle);
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void aTaskThatHadBegunGoesOnAfterARestart() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksBegin();
    start();

    assertThat(runner.running(cluster.id())).containsExactly(handle);
    assertThat(launch(cluster, create(1))).isEqualTo(handle);
    letTasksEnd();
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Stopped("exit code 0"));
    assertThat(store.result(cluster.key(create(1)))).isPresent();
    assertThat(isThere(cluster)).isTrue();
  }

  @Test
  void aPhaseThatCannotBeReportedIsNoReasonToFail() throws Exception {
    Cluster cluster = admitted("dev");
    Files.createDirectories(
        home.resolve("bucket").resolve(StoreKeys.progress(cluster.key(create(1)))));

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.READY);
  }

  @Test
  void aLogThatCannotBeWrittenIsNoReasonToFail() throws Exception {
    Cluster cluster = admitted("dev");
    Files.createDirectories(log(cluster, "create-1"));

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.READY);
  }

  @Test
  void aTaskThatHadNotBegunBeginsAfterARestart() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    start();
    letTasksEnd();

    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Stopped("exit code 0"));
  }

  @Test
  void aTaskWhoseResultIsThereDoesNothingAfterARestart() throws Exception {
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
    start();
    letTasksEnd();

    assertThat(isThere(cluster)).isFalse();
    assertThat(runner.running(cluster.id())).isEmpty();
  }

  @Test
  void anEndedTaskIsKnownForAnHour() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksEnd();
    clock.advance(Duration.ofHours(1).minusMillis(1));
    runner.forgetOld();
    start();
    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);

    clock.advance(Duration.ofMillis(1));
    runner.forgetOld();
    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Missing());
    assertThat(home.resolve("tasks/" + cluster.key(create(1)).token() + ".json")).doesNotExist();
  }

  @Test
  void aRunningTaskIsNeverForgotten() throws Exception {
    String handle = launch(admitted("dev"), create(1));
    letTasksBegin();
    clock.advance(Duration.ofDays(1));
    runner.forgetOld();

    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Running());
  }

  @Test
  void aSecondTaskOfAForgottenKeyHasAnotherHandleAndNotItsFence() throws Exception {
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
  void nothingGoesOnOnceItIsClosed() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksBegin();
    runner.close();
    letTimePass();

    assertThat(runner.status(handle)).isEqualTo(new TaskStatus.Running());
    assertThat(store.result(cluster.key(create(1)))).isEmpty();
    assertThat(runner.launch(admitted("late"), create(1)))
        .isInstanceOf(LaunchResult.Rejected.class);
  }

  @Test
  void aTaskFileThatCannotBeReadKeepsNoOtherFromGoingOn() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    Files.writeString(home.resolve("tasks/broken.json"), "{");
    Files.createDirectories(home.resolve("tasks/folder.json"));
    start();
    letTasksEnd();

    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);
  }

  @Test
  void whileItsEndCannotBeKeptATaskEndsAsSoonAsItCan() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    Path full = home.resolve("tasks/.tmp");
    Files.delete(full);
    Files.writeString(full, "no room");
    letTimePass();
    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Running.class);

    Files.delete(full);
    Files.createDirectory(full);
    letTasksEnd();
    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);
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
