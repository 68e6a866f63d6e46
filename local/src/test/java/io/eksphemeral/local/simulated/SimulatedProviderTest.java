package io.eksphemeral.local.simulated;

import static io.eksphemeral.control.Samples.START;
import static io.eksphemeral.control.Samples.admitted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.TaskStatus;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.io.FileObjectStore;
import io.eksphemeral.local.task.Provider;
import io.eksphemeral.local.task.ProviderContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SimulatedProviderTest extends ProviderContract {
  private static final SimulatedProvider.Pace PACE =
      new SimulatedProvider.Pace(Duration.ofSeconds(4), Duration.ofSeconds(3));

  private String faults = "";

  @Override
  protected Provider open() throws IOException {
    return new SimulatedProvider(clusters(), PACE, FaultInjection.parse(faults));
  }

  private FileObjectStore clusters() throws IOException {
    return new FileObjectStore(AtomicFiles.open(home.resolve("clusters")));
  }

  private void start(String injected) throws IOException {
    faults = injected;
    start();
  }

  @Override
  protected void letTasksBegin() {
    timer.pass(Duration.ZERO);
  }

  @Override
  protected void letTasksEnd() {
    timer.pass(PACE.create());
  }

  @Override
  protected void letTimePass() {
    letTasksEnd();
  }

  @Override
  protected boolean isThere(Cluster cluster) throws IOException {
    return new SimulatedClusters(clusters()).has(cluster.name(), cluster.id());
  }

  private void plant(String name, String id) throws IOException {
    Files.writeString(home.resolve("clusters/" + name + ".json"), "{\"id\":\"" + id + "\"}");
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
  void aForeignClusterOfTheNameIsLeftAlone() throws Exception {
    Cluster cluster = admitted("dev");
    plant("dev", "foreign");

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.FOREIGN);
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(home.resolve("clusters/dev.json")).hasContent("{\"id\":\"foreign\"}");
  }

  @Test
  void ofTwoClustersOfANameOneIsBuilt() throws Exception {
    assertThat(run(admitted("dev"), create(1)).outcome()).isEqualTo(Outcome.READY);
    assertThat(run(admitted("dev"), create(1)).outcome()).isEqualTo(Outcome.FOREIGN);
  }

  @Test
  void aCreationReportsItsPhasesAsTheyBeginAndARestartReportsNoneAgain() throws Exception {
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    Phase.Begun started = new Phase.Begun(Phase.TASK_STARTED, START);
    Phase.Begun controlPlane = new Phase.Begun(Phase.CONTROL_PLANE, START);
    assertThat(phases(cluster)).containsExactly(started, controlPlane);

    clock.advance(Duration.ofSeconds(7));
    start();
    timer.pass(PACE.half().minusMillis(1));
    assertThat(phases(cluster)).containsExactly(started, controlPlane);
    timer.pass(Duration.ofMillis(1));
    Phase.Begun nodes = new Phase.Begun(Phase.NODES, START.plusSeconds(7));
    assertThat(phases(cluster)).containsExactly(started, controlPlane, nodes);

    clock.advance(Duration.ofSeconds(7));
    start();
    letTasksEnd();
    assertThat(phases(cluster)).containsExactly(started, controlPlane, nodes);
  }

  private List<Phase.Begun> phases(Cluster cluster) {
    return store.progress(cluster.key(create(1))).orElseThrow();
  }

  @Test
  void eachTaskPrintsWhatItDoesAsItDoesIt() throws Exception {
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
    start();
    letTasksEnd();
    assertThat(log(cluster, "create-1"))
        .content()
        .isEqualTo(
            begun
                + """
                2026-11-22T10:00:02Z the control plane was restarted; starting again
                2026-11-22T10:00:02Z creating EKS cluster "dev" in "simulated" region
                2026-11-22T10:00:02Z deploying stack "eksctl-dev-cluster"
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

  @Test
  void aTaskThatBreaksHasEndedWithoutAResult() throws Exception {
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
  void aTaskThatAnErrorBreaksHasEndedToo() throws Exception {
    Provider failing = mock();
    when(failing.begin(any(), any())).thenThrow(new StackOverflowError());
    start(failing);
    String handle = launch(admitted("dev"), create(1));
    letTasksEnd();

    assertThat(runner.status(handle)).isInstanceOf(TaskStatus.Stopped.class);
  }

  @Test
  void aCreationCanFail() throws Exception {
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
  void aCreationCanMeetAForeignCluster() throws Exception {
    start("create:foreign:dev");
    Cluster cluster = admitted("dev");

    assertThat(run(cluster, create(1)).outcome()).isEqualTo(Outcome.FOREIGN);
    assertThat(isThere(cluster)).isFalse();
  }

  @Test
  void aTaskCanHangUntilItIsStopped() throws Exception {
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
  void aTaskCanBeLost() throws Exception {
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
  void aTeardownCanFail() throws Exception {
    start("destroy:fail:1");
    Cluster cluster = admitted("dev");
    run(cluster, create(1));

    assertThat(run(cluster, destroy(1)).outcome()).isEqualTo(Outcome.FAILED);
    assertThat(isThere(cluster)).isTrue();
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
  }

  @Test
  void aTeardownCanSayItIsDoneWithLeftOvers() throws Exception {
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
  void aMishapGoesOnAfterARestartWithoutIt() throws Exception {
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
}
