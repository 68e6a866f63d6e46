package io.eksphemeral.local.kind;

import static io.eksphemeral.control.Samples.admitted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.kind.ClusterNotes.Note;
import io.eksphemeral.local.kind.ClusterNotes.Worker;
import io.eksphemeral.local.task.Provider;
import io.eksphemeral.local.task.ProviderContract;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The provider on stand-ins for docker and kind, which are real processes. */
final class KindProviderTest extends ProviderContract {
  private static final Instant SHUTDOWN = Instant.parse("2026-11-24T12:30:00Z");

  private final Set<ClusterId> gone = new HashSet<>();
  private Instant shutdown = SHUTDOWN;
  private Duration limit = Duration.ofSeconds(60);

  @Override
  protected Provider open() throws IOException {
    StandIns standIns = standIns();
    standIns.tell("hold", "");
    KindInstallation found = KindInstallation.find(standIns.environment());
    ContainerEngine engine =
        new ContainerEngine(found.engine().program(), found.engine().command(), limit);
    return new KindProvider(
        new KindInstallation(engine, found.problem()),
        Map.of(),
        AtomicFiles.open(home.resolve("kind")),
        AtomicFiles.open(home.resolve("kubeconfig")),
        () -> shutdown,
        gone::contains);
  }

  private StandIns standIns() throws IOException {
    return new StandIns(home.resolve("stand-in"));
  }

  /** Until each task waits for the test, or has ended. */
  @Override
  protected void letTasksBegin() throws Exception {
    drive(() -> Files.exists(standIns().file("begun")) || runs().isEmpty());
    Thread.sleep(200); // others of the same test
    timer.pass(Duration.ZERO);
  }

  @Override
  protected void letTasksEnd() throws Exception {
    standIns().forget("hold");
    drive(() -> runs().isEmpty());
    standIns().tell("hold", "");
    standIns().forget("begun");
  }

  @Override
  protected void letTimePass() throws Exception {
    standIns().forget("hold");
    for (int i = 0; i < 100; i++) {
      timer.pass(Duration.ZERO);
      Thread.sleep(10);
    }
    standIns().tell("hold", "");
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  /** Lets the runner do what is due until a condition holds. */
  private void drive(Condition condition) throws Exception {
    long end = System.nanoTime() + Duration.ofMinutes(5).toNanos();
    do {
      timer.pass(Duration.ofMillis(10));
      assertThat(System.nanoTime()).as("it takes too long").isLessThan(end);
      Thread.sleep(10);
    } while (!condition.holds());
    timer.pass(Duration.ZERO);
  }

  /** The files of tasks that have not ended. */
  private List<Path> runs() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("tasks"))) {
      List<Path> running = new ArrayList<>();
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(file);
        if (text.startsWith("{\"handle\"") && !text.contains("\"ended\"")) {
          running.add(file);
        }
      }
      return running;
    }
  }

  @Override
  protected boolean isThere(Cluster cluster) throws IOException {
    return standIns().clusters().contains("eksp-" + cluster.id());
  }

  private TaskResult create(Cluster cluster) throws Exception {
    return run(cluster, create(1));
  }

  @Test
  void aClusterHasAControlPlaneAndItsWorkersAndAKubeconfigUnderItsName() throws Exception {
    Cluster cluster = admitted("dev");
    TaskResult result = create(cluster);

    assertThat(result.outcome()).isEqualTo(Outcome.READY);
    assertThat(standIns().clusters())
        .containsOnly("eksp-" + cluster.id())
        .hasSize(cluster.spec().numworkers() + 1);
    Path kubeconfig = home.resolve("kubeconfig/" + cluster.id());
    assertThat(kubeconfig).content().doesNotContain("eksp-");
    assertThat(currentContext(cluster)).isEqualTo("dev");
    assertThat(Files.getPosixFilePermissions(kubeconfig))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));

    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(kubeconfig).doesNotExist();
    assertThat(standIns().list("containers")).isEmpty();
    assertThat(standIns().list("volumes")).isEmpty();
    assertThat(home.resolve("kind/clusters")).isEmptyDirectory();
    assertThat(home.resolve("kind/kubeconfig")).isEmptyDirectory();
  }

  /** As kubectl reads it. */
  private @Nullable Object currentContext(Cluster cluster) throws IOException {
    String kubeconfig = Files.readString(home.resolve("kubeconfig/" + cluster.id()));
    Object yaml = new Load(LoadSettings.builder().build()).loadFromString(kubeconfig);
    return ((Map<?, ?>) yaml).get("current-context");
  }

  @ParameterizedTest
  @ValueSource(strings = {"123", "1e3", "0x1f", "true", "null"})
  void aNameThatYamlWouldTakeForSomethingElseStaysAName(String name) throws Exception {
    Cluster cluster = admitted(name);

    assertThat(create(cluster).outcome()).isEqualTo(Outcome.READY);
    assertThat(currentContext(cluster)).isEqualTo(name);
  }

  @Test
  void phasesAreThoseThatKindReports() throws Exception {
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    assertThat(phases(cluster)).containsExactly(Phase.TASK_STARTED, Phase.CONTROL_PLANE);

    letTasksEnd();
    assertThat(phases(cluster))
        .containsExactly(Phase.TASK_STARTED, Phase.CONTROL_PLANE, Phase.NODES, Phase.CHECKS);
  }

  private List<Phase> phases(Cluster cluster) {
    return store.progress(cluster.key(create(1))).orElseThrow().stream()
        .map(Phase.Begun::phase)
        .toList();
  }

  @Test
  void nodesPowerThemselvesOffFromTheirFirstSecondsOnAndAreNotRestarted() throws Exception {
    standIns().tell("booting", "");
    launch(admitted("dev"), create(1));
    letTasksBegin();

    List<String> nodes = standIns().list("containers");
    assertThat(nodes).isNotEmpty();
    drive(() -> standIns().list("timers").equals(nodes));
    assertThat(nodes)
        .allSatisfy(node -> assertThat(timer(node)).content().contains("2026-11-24 12:30:00"));
    assertThat(standIns().file("calls"))
        .content()
        .contains("update --restart=no " + String.join(" ", nodes));
    letTasksEnd();
  }

  @Test
  void nodesPowerThemselvesOffEvenIfNothingCanBeNoted() throws Exception {
    Cluster cluster = admitted("dev");
    ContainerEngine engine = KindInstallation.find(standIns().environment()).engine();
    AtomicFiles files = AtomicFiles.open(home.resolve("other"));
    Files.createDirectories(home.resolve("other/clusters/" + cluster.id() + ".json"));
    standIns().addContainer("node", "eksp-" + cluster.id());
    ClusterNodes nodes = new ClusterNodes(engine, new ClusterNotes(files), () -> SHUTDOWN);

    assertThatThrownBy(() -> nodes.secure(cluster.id())).isInstanceOf(UncheckedIOException.class);
    assertThat(timer("node")).content().contains("2026-11-24 12:30:00");
  }

  private Path timer(String node) throws IOException {
    return standIns().file("timers/" + node);
  }

  @Test
  void anotherProcessSetsThemAnewAsItMayAllowLongerLives() throws Exception {
    create(admitted("dev"));
    shutdown = SHUTDOWN.plus(Duration.ofDays(7));
    open().cleanUp();

    for (String node : standIns().list("containers")) {
      assertThat(timer(node)).content().contains("2026-12-01 12:30:00");
    }
  }

  @Test
  void whatAnEarlierProcessBuiltAndWhatStillBuildsIsRemovedFirst() throws Exception {
    Cluster cluster = admitted("dev");
    Process survivor = new ProcessBuilder("sleep", "1000").start();
    new ClusterNotes(AtomicFiles.open(home.resolve("kind")))
        .write(cluster.id(), new Note("engine-one", Set.of(), Worker.of(survivor.toHandle())));
    standIns().addContainer("half-built", "eksp-" + cluster.id());

    assertThat(create(cluster).outcome()).isEqualTo(Outcome.READY);
    assertThat(survivor.isAlive()).isFalse();
    assertThat(standIns().list("containers")).doesNotContain("half-built");
    assertThat(standIns().clusters()).hasSize(cluster.spec().numworkers() + 1);
  }

  @Test
  void aProcessThatHasTheNumberOfAnotherByNowIsLeftAlone() throws Exception {
    Cluster cluster = admitted("dev");
    Process other = new ProcessBuilder("sleep", "1000").start();
    Worker reused = new Worker(other.pid(), Worker.of(other.toHandle()).started() - 1);
    new ClusterNotes(AtomicFiles.open(home.resolve("kind")))
        .write(cluster.id(), new Note("engine-one", Set.of(), reused));

    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(other.isAlive()).isTrue();
    other.destroyForcibly();
  }

  @Test
  void aKindThatSomebodyKillsIsStartedAgainOnce() throws Exception {
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    standIns().forget("begun");
    kind(cluster).destroyForcibly();
    letTasksBegin();
    letTasksEnd();
    assertThat(store.result(cluster.key(create(1))).orElseThrow().outcome())
        .isEqualTo(Outcome.READY);
    assertThat(standIns().clusters()).hasSize(cluster.spec().numworkers() + 1);
  }

  private static ProcessHandle kind(Cluster cluster) {
    return ProcessHandle.current()
        .descendants()
        .filter(process ->
            process.info().commandLine().orElse("").contains("--name eksp-" + cluster.id()))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aStoppedCreationLeavesNoProcess() throws Exception {
    Cluster cluster = admitted("dev");
    String handle = launch(cluster, create(1));
    letTasksBegin();
    ProcessHandle kind = kind(cluster);
    runner.stop(handle, "not wanted");
    drive(() -> !kind.isAlive() && runs().isEmpty());

    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(standIns().list("containers")).isEmpty();
  }

  @Test
  void anOrderlyStopEndsWhatWorks() throws Exception {
    Cluster cluster = admitted("dev");
    launch(cluster, create(1));
    letTasksBegin();
    ProcessHandle kind = kind(cluster);
    runner.close();

    kind.onExit().get(10, TimeUnit.SECONDS);
  }

  @Test
  void whatIsForeignStays() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    standIns().addContainer("theirs", "dev");
    standIns().addContainer("also-theirs", "eksp-" + admitted("other").id());
    standIns().tell("volumes/theirs", "");

    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    open().cleanUp();
    assertThat(standIns().list("containers")).containsExactly("also-theirs", "theirs");
    assertThat(standIns().list("volumes"))
        .containsExactly("theirs", "volume-of-also-theirs", "volume-of-theirs");
  }

  @Test
  void aNodeThatAppearsAfterTheProofIsRemovedLater() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    standIns().addContainer("late", "eksp-" + cluster.id());
    gone.add(cluster.id());
    open().cleanUp();

    assertThat(standIns().list("containers")).isEmpty();
    assertThat(standIns().list("volumes")).isEmpty();
  }

  @Test
  void aVolumeWhoseNodeSomebodyRemovedIsRemovedToo() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    for (String node : standIns().list("containers")) {
      Files.delete(standIns().file("containers/" + node));
    }
    assertThat(standIns().list("volumes")).isNotEmpty();

    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(standIns().list("volumes")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"down, Is the docker daemon running", "denied, permission denied"})
  void anEngineThatDoesNotAnswerIsAFailureAndNeverAProof(String how, String why) throws Exception {
    Cluster built = admitted("built");
    create(built);
    standIns().tell(how, "");

    TaskResult creation = create(admitted("dev"));
    assertThat(creation.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(creation.message()).contains(why);
    TaskResult destruction = run(built, destroy(1));
    assertThat(destruction.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(destruction.message()).contains(why);

    standIns().forget(how);
    assertThat(run(built, destroy(2)).provesAbsence()).isTrue();
    assertThat(standIns().list("containers")).isEmpty();
  }

  @Test
  void anEngineThatHangsIsGivenUp() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    limit = Duration.ofSeconds(2);
    start();
    standIns().tell("hung", "");

    TaskResult result = run(cluster, destroy(1));
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("docker info did not answer within 2 s");
    standIns().forget("hung");
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
  }

  @Test
  void aListTooLongToBeReadProvesNothing() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    standIns().tell("many", "");

    TaskResult result = run(cluster, destroy(1));
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("docker volume printed more than");
    standIns().forget("many");
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
  }

  @Test
  void nodesThatDoNotBecomeReadyAreNoCluster() throws Exception {
    limit = Duration.ofSeconds(1);
    start();
    standIns().tell("unready", "");
    Cluster cluster = admitted("dev");

    TaskResult result = create(cluster);
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("0 of 3 nodes are ready after");
    assertThat(home.resolve("kubeconfig/" + cluster.id())).doesNotExist();
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
  }

  @Test
  void anotherEngineProvesNothing() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    standIns().tell("engine", "engine-two");

    TaskResult result = run(cluster, destroy(1));
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("engine-one", "engine-two");
    assertThat(isThere(cluster)).isTrue();
  }

  /** As some versions of docker do while the engine is stopped. */
  @Test
  void anEngineThatSaysNothingOfItselfProvesNothing() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    standIns().tell("engine", "\n");

    assertThat(create(admitted("other")).outcome()).isEqualTo(Outcome.FAILED);
    TaskResult result = run(cluster, destroy(1));
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("docker info").doesNotContain("another");
    standIns().forget("engine");
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
  }

  @Test
  void nodesThatDoNotGoAwayAreLeftovers() throws Exception {
    Cluster cluster = admitted("dev");
    create(cluster);
    standIns().tell("stuck", "");

    TaskResult result = run(cluster, destroy(1));
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.leftovers()).anySatisfy(left -> assertThat(left).startsWith("container "));

    standIns().forget("stuck");
    assertThat(run(cluster, destroy(2)).provesAbsence()).isTrue();
  }

  @Test
  void aFailureOfKindIsReportedInItsWords() throws Exception {
    standIns().tell("fails", "no space left on device");
    Cluster cluster = admitted("dev");
    TaskResult result = create(cluster);

    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains("no space left on device");
    assertThat(result.log()).anySatisfy(line -> assertThat(line).contains("Preparing nodes"));
    assertThat(run(cluster, destroy(1)).provesAbsence()).isTrue();
    assertThat(standIns().list("containers")).isEmpty();
  }

  @Test
  void theCauseIsFoundBelowTheLogOfKubeadm() throws Exception {
    standIns()
        .tell(
            "fails",
            """
            I1130 14:02:11.1 initconfiguration.go:261] loading configuration
            [preflight] Some fatal errors occurred:
            \t[ERROR Mem]: the system RAM (500 MB) is less than the minimum 1700 MB
            error: error execution phase preflight
            """);

    assertThat(create(admitted("dev")).message())
        .contains("failed to create cluster", "the system RAM (500 MB) is less")
        .doesNotContain("loading configuration");
  }

  @Test
  void manyCreationsTakeTurns() throws Exception {
    List<Cluster> clusters = IntStream.range(0, 20).mapToObj(i -> admitted("c" + i)).toList();
    clusters.forEach(cluster -> launch(cluster, create(1)));
    letTasksBegin();
    assertThat(new HashSet<>(standIns().clusters()).size())
        .isBetween(1, Math.max(1, Runtime.getRuntime().availableProcessors() / 2));

    letTasksEnd();
    assertThat(new HashSet<>(standIns().clusters())).hasSize(20);
  }

  @Test
  void theEngineOfTheStartIsUsedFromThenOn() throws Exception {
    create(admitted("dev"));

    assertThat(standIns().file("kind-engine")).content().isEqualTo(" default\n");
  }
}
