package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.eksphemeral.local.Scripts.Outcome;
import io.eksphemeral.local.Scripts.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands with real clusters: a real engine, kind and nodes, which {@code
 * local/src/test/kind/install.sh} installs. What is not this test's, beside its clusters, must be
 * as it was at the end: another cluster of kind, a container and a volume.
 */
@Tag("kind")
class RealKindIT {
  private static final String ENGINE = "local/src/test/kind/engine.sh";
  private static final String OTHER = "other";
  private static final Duration SLOW = Duration.ofMinutes(4);

  @TempDir private static Path shared;

  private static Map<String, String> engine = Map.of();
  private static Scripts machine;
  private static String others;

  private final Scripts scripts;

  RealKindIT(@TempDir Path scratch) throws IOException {
    scripts =
        on(Scripts.in(scratch))
            .with("EKSPHEMERAL_PORT", Integer.toString(Scripts.freePort()))
            .with("EKSPHEMERAL_LOCAL", "1")
            .patient(SLOW);
  }

  /** Uses the engine of the tests. */
  private static Scripts on(Scripts scripts) {
    for (String variable : List.of("PATH", "DOCKER_HOST")) {
      String value = value(engine, variable);
      if (!value.isEmpty()) {
        scripts.with(variable, value);
      }
    }
    return scripts;
  }

  @BeforeAll
  static void up() throws Exception {
    Scripts plain = Scripts.in(shared).with("HOME", System.getProperty("user.home")).patient(SLOW);
    for (String variable : List.of("XDG_CACHE_HOME", "EKSPHEMERAL_TEST_ENGINE", "CI")) {
      String value = System.getenv(variable);
      if (value != null) {
        plain.with(variable, value);
      }
    }
    plain.run(ENGINE, "up").exits(0);
    String values =
        plain
            .run(
                "bash",
                "-c",
                "eval \"$(\"$0\" env)\" && printf '%s\\n%s\\n' \"$PATH\" \"${DOCKER_HOST-}\"",
                Scripts.checkout().resolve(ENGINE).toString())
            .exits(0)
            .out();
    String[] lines = values.split("\n", -1);
    engine = Map.of("PATH", lines[0], "DOCKER_HOST", lines[1]);
    machine = on(plain);
    removeOthers(); // of an interrupted run
    tool("docker", "volume", "create", OTHER).exits(0);
    tool("kind", "create", "cluster", "-q", "--name", OTHER, "--image", image()).exits(0);
    tool("docker", "create", "--name", OTHER, "-v", OTHER + ":/data", image(), "sleep").exits(0);
    others = existing();
  }

  @AfterAll
  static void removeOthers() throws Exception {
    tool("kind", "delete", "cluster", "-q", "--name", OTHER).exits(0);
    tool("docker", "rm", "-f", "-v", OTHER);
    tool("docker", "volume", "rm", OTHER);
  }

  @AfterEach
  void nothingIsLeftAndNothingElseIsTouched() throws Exception {
    scripts.run("eksp-down.sh", "--destroy-clusters").exits(0);
    assertThat(existing()).isEqualTo(others);
    assertThat(processes("kind create cluster")).isEmpty();
    assertThat(processes(scripts.home().toString())).isEmpty();
  }

  private static String image() throws Exception {
    return tool("docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "kindest/node")
        .exits(0)
        .out()
        .lines()
        .findFirst()
        .orElseThrow();
  }

  /** The version of Kubernetes of the image, as 1.NN. */
  private static String version() throws Exception {
    return image().replaceFirst(".*:v(\\d+\\.\\d+).*", "$1");
  }

  /** All containers and volumes. */
  private static String existing() throws Exception {
    return Stream.of(
            tool("docker", "ps", "-aq", "--no-trunc").exits(0).out(),
            tool("docker", "volume", "ls", "-q").exits(0).out())
        .flatMap(String::lines)
        .sorted()
        .toList()
        .toString();
  }

  /** The nodes of a cluster that run. */
  private static List<String> running(String id) {
    return nodes(id, "status=running");
  }

  private static List<String> nodes(String id, String... filters) {
    try {
      List<String> command =
          Stream.concat(
                  Stream.of("ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster=eksp-" + id),
                  Stream.of(filters).flatMap(filter -> Stream.of("--filter", filter)))
              .toList();
      return tool(with(Stream.of("docker"), command.toArray(String[]::new))).out().lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<ProcessHandle> processes(String words) {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(words))
        .toList();
  }

  private void killControlPlane() throws Exception {
    long pid =
        Long.parseLong(Files.readString(scripts.home().resolve("control-plane.pid")).strip());
    ProcessHandle.of(pid).orElseThrow().destroyForcibly();
    ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
  }

  private String create(String... options) throws Exception {
    return scripts
        .run("eksp-create.sh", Stream.concat(common(), Stream.of(options)).toArray(String[]::new))
        .exits(0)
        .line();
  }

  private static Stream<String> common() throws Exception {
    return Stream.of("--provider", "kind", "--version", version());
  }

  private boolean is(String state, String cluster) {
    try {
      return scripts.run("eksp-status.sh", cluster).out().contains("\"state\":\"" + state + "\"");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<String> notifications() throws IOException {
    try (Stream<Path> files = Files.list(scripts.home().resolve("outbox"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void aClusterIsUsedProlongedAndEndsAtItsExpiry() throws Exception {
    // A minute of the control plane is three seconds.
    scripts.run("eksp-up.sh", "--provider", "kind", "--speed", "20").exits(0);
    String id =
        create("--name", "dev", "--workers", "2", "--timeout", "20m", "--owner", "me@corp.io");
    assertThat(running(id)).hasSize(3);

    scripts.run("eksp-prolong.sh", "dev", "10m").exits(0);
    String pod =
        """
        set -e
        kubectl wait --for=condition=Ready nodes --all --timeout=60s
        kubectl run web --image=busybox:1.35 --labels=app=web --port=80 -- \\
          sh -c 'echo it is served >/index.html && httpd -f -p 80 -h /'
        kubectl expose pod web --port=80
        kubectl wait --for=condition=Ready pod/web --timeout=60s
        kubectl run ask --image=busybox:1.35 --restart=Never --rm -i --quiet -- \\
          sh -c 'until wget -q -O- http://web/; do sleep 1; done'
        """;
    Outcome used = scripts.run("eksp-exec.sh", "dev", "--", "sh", "-c", pod).exits(0);
    assertThat(used.out()).contains("it is served");
    assertThat(scripts.runOn("kubectl get nodes -o name\n", "eksp-shell.sh", "dev").out())
        .contains("eksp-" + id + "-worker2");
    assertThat(scripts.run("eksp-logs.sh", "dev").exits(0).out()).contains("Joining worker nodes");
    assertThat(Path.of(scripts.run("eksp-kubeconfig.sh", "dev").exits(0).line())).exists();

    Scripts.until("it is gone", SLOW, () -> is("gone", id));
    assertThat(nodes(id)).isEmpty();
    assertThat(existing()).isEqualTo(others);
    assertThat(scripts.home().resolve("kubeconfig").resolve(id)).doesNotExist();
    assertThat(notifications()).anyMatch(name -> name.contains("about-to-be-destroyed"));
    assertThat(scripts.run("eksp-status.sh", id).out()).contains("deletion verified");
  }

  @Test
  void aKilledKindAndAKilledControlPlaneAreMadeUpFor() throws Exception {
    Running creation = scripts.start("", "eksp-create.sh", with(common(), "--name", "dev"));
    Scripts.until("kind has a node", SLOW, () -> !processes("kind create cluster").isEmpty());
    String kind = processes("kind create cluster").getFirst().info().commandLine().orElseThrow();
    String id = kind.replaceFirst(".*--name eksp-(\\S+).*", "$1");
    Scripts.until("there is a node", SLOW, () -> !running(id).isEmpty());
    ProcessHandle first = processes("kind create cluster").getFirst();
    first.destroyForcibly();
    Scripts.until(
        "kind is started again",
        SLOW,
        () -> processes("kind create cluster").stream().anyMatch(next -> !next.equals(first)));
    Scripts.until("there is a node again", SLOW, () -> !running(id).isEmpty());

    killControlPlane();
    creation.outcome();
    scripts.run("eksp-up.sh", "--provider", "kind").exits(0);
    scripts.run("eksp-wait.sh", "dev").exits(0);
    assertThat(processes("kind create cluster")).isEmpty();
    scripts
        .run(
            "eksp-exec.sh",
            "dev",
            "--",
            "kubectl",
            "wait",
            "--for=condition=Ready",
            "nodes",
            "--all")
        .exits(0);
    assertThat(scripts.run("eksp-logs.sh", "dev").out()).contains("kind was killed");

    scripts.run("eksp-destroy.sh", "dev").exits(0);
    assertThat(nodes(id)).isEmpty();
  }

  @Test
  void withTheEngineStoppedNothingCountsAsGone() throws Exception {
    assumeFalse(value(engine, "DOCKER_HOST").isEmpty(), "the engine is not one of the tests");
    scripts.run("eksp-up.sh", "--provider", "kind", "--speed", "20").exits(0);
    String id = create("--name", "dev", "--timeout", "2h");
    machine.run(ENGINE, "stop").exits(0);
    try {
      scripts.run("eksp-destroy.sh", "--no-wait", "dev").exits(0);
      Scripts.until("the teardown fails", SLOW, () -> is("destroy-failed", id));
    } finally {
      machine.run(ENGINE, "up").exits(0);
    }
    tool("docker", "start", OTHER + "-control-plane").exits(0);
    Scripts.until("it is gone", SLOW, () -> is("gone", id));
    assertThat(nodes(id)).isEmpty();
  }

  @Test
  void nodesPowerOffByThemselvesAndStayOff() throws Exception {
    scripts
        .with("EKSPHEMERAL_MAX_MINUTES", "30")
        .run("eksp-up.sh", "--provider", "kind", "--speed", "60")
        .exits(0);
    String id = create("--name", "dev", "--timeout", "20m");
    killControlPlane();
    assertThat(running(id)).isNotEmpty();

    Scripts.until("they power off", SLOW, () -> running(id).isEmpty());
    assertThat(nodes(id)).isNotEmpty();
    Thread.sleep(3000); // an engine that starts them again does so within a second
    assertThat(running(id)).isEmpty();

    scripts.run("eksp-up.sh", "--provider", "kind", "--speed", "60").exits(0);
    Scripts.until("what is overdue is destroyed", SLOW, () -> is("gone", id));
    assertThat(nodes(id)).isEmpty();
  }

  @Test
  void whatHasNoImageIsRejectedAndWhatCannotBePulledLeavesNothing() throws Exception {
    scripts.with("EKSPHEMERAL_NODE_IMAGES", "1.36=kindest/node:v1.36.99");
    scripts
        .run("eksp-create.sh", "--provider", "kind", "--version", "1.12")
        .exits(2)
        .says("kubeversion must be one that is offered", version());
    scripts
        .run("eksp-create.sh", "--version", "1.36", "--name", "dev")
        .exits(1)
        .says("kindest/node:v1.36.99");
  }

  /** Runs a program that the engine's PATH has. */
  private static Outcome tool(String... words) throws IOException, InterruptedException {
    return machine.run("env", words);
  }

  private static String value(Map<String, String> values, String name) {
    return values.getOrDefault(name, "");
  }

  private static String[] with(Stream<String> words, String... more) {
    return Stream.concat(words, Stream.of(more)).toArray(String[]::new);
  }
}
