package io.eksphemeral.local.kind;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.io.Subprocess;
import io.eksphemeral.local.kind.ClusterNotes.Worker;
import io.eksphemeral.local.task.LocalTask;
import io.eksphemeral.local.task.Next;
import io.eksphemeral.local.task.TaskReport;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/** Creates a cluster with kind, and waits until the API shows that all its nodes are ready. */
final class KindCreation {
  /** More at a time would all miss their deadline. */
  private static final int AT_A_TIME =
      Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);

  private static final Duration POLL = Duration.ofMillis(500);

  /** Waits for a line before it becomes the command, so that nothing runs that is not noted. */
  private static final List<String> GATE = List.of("sh", "-c", "read -r go && exec \"$@\"", "sh");

  private static final int SIGKILLED = 137;
  private static final String KILLED = "it was killed";

  private final NodeImages images;
  private final ClusterNodes nodes;
  private final AtomicFiles files;
  private final AtomicFiles kubeconfigs;
  private final Semaphore turns = new Semaphore(AT_A_TIME, true);

  KindCreation(NodeImages images, ClusterNodes nodes, AtomicFiles files, AtomicFiles kubeconfigs) {
    this.images = images;
    this.nodes = nodes;
    this.files = files;
    this.kubeconfigs = kubeconfigs;
  }

  Next run(LocalTask task, TaskReport report) throws EngineException, InterruptedException {
    report.phase(Phase.TASK_STARTED);
    if (!turns.tryAcquire()) {
      report.line("waiting: %d clusters are created at a time".formatted(AT_A_TIME));
      turns.acquire();
    }
    try {
      Optional<String> image = images.of(task.version());
      return image.isPresent()
          ? create(task, image.get(), report)
          : failed(
              "no node image has Kubernetes %s; there are %s"
                  .formatted(task.version(), String.join(", ", images.versions().offered())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      turns.release();
    }
  }

  private Next create(LocalTask task, String image, TaskReport report)
      throws EngineException, InterruptedException, IOException {
    ClusterId cluster = task.key().cluster();
    Path kubeconfig = kubeconfig(cluster);
    List<String> command = new ArrayList<>(GATE);
    command.addAll(
        List.of(
            "kind",
            "create",
            "cluster",
            "--name",
            ClusterNodes.name(cluster),
            "--image",
            image,
            "--kubeconfig",
            kubeconfig.toString(),
            "--config",
            "-"));
    AtomicBoolean isSecured = new AtomicBoolean();
    Optional<String> problem = runKind(command, task, report, isSecured);
    if (problem.filter(KILLED::equals).isPresent()) {
      report.line("kind was killed; starting again");
      problem = runKind(command, task, report, isSecured);
    }
    if (problem.isPresent()) {
      return failed("kind create cluster failed: " + problem.get());
    }
    report.phase(Phase.CHECKS);
    if (!isSecured.get()) {
      nodes.secure(cluster);
    }
    problem = awaitReady(cluster, task.workers() + 1, report);
    if (problem.isPresent()) {
      return failed(problem.get());
    }
    kubeconfigs.write(
        cluster.value(),
        Files.readString(kubeconfig)
            .replace("kind-" + ClusterNodes.name(cluster), quoted(task.name())));
    nodes.noteWorker(cluster, null);
    return new Next.End(
        Outcome.READY,
        "cluster %s is up: %d nodes of %s".formatted(task.name(), task.workers() + 1, image));
  }

  /** A name in YAML, where 123 and true would be no text. */
  private static String quoted(String name) {
    return '"' + name + '"';
  }

  /** Runs kind to its end; returns what is wrong if it fails. */
  private Optional<String> runKind(
      List<String> command, LocalTask task, TaskReport report, AtomicBoolean isSecured)
      throws EngineException, InterruptedException, IOException {
    ClusterId cluster = task.key().cluster();
    nodes.begin(cluster);
    // As early as can be: if the control plane crashes and never returns, nothing else ends them.
    Thread securing = Thread.ofVirtual().unstarted(() -> isSecured.set(secure(cluster)));
    Process process = nodes.engine().command().builder(command).redirectErrorStream(true).start();
    try {
      nodes.noteWorker(cluster, Worker.of(process.toHandle()));
      KindOutput output = new KindOutput(process.getInputStream(), report, securing::start);
      Thread reader = Thread.ofVirtual().start(output);
      try (OutputStream input = process.getOutputStream()) {
        input.write(("go\n" + config(task.workers())).getBytes(StandardCharsets.UTF_8));
      }
      int code = process.waitFor();
      reader.join(Duration.ofSeconds(10));
      if (code == 0) {
        return Optional.empty();
      }
      return Optional.of(code == SIGKILLED ? KILLED : output.problem().orElse("exit code " + code));
    } finally {
      Subprocess.end(process.toHandle());
      securing.interrupt();
      securing.join();
    }
  }

  private static Next failed(String why) {
    return new Next.End(Outcome.FAILED, why);
  }

  private static String config(int workers) {
    return """
    kind: Cluster
    apiVersion: kind.x-k8s.io/v1alpha4
    nodes:
    - role: control-plane
    """
        + "- role: worker\n".repeat(workers);
  }

  /** Where kind puts the kubeconfig, with a lock beside it. */
  private Path kubeconfig(ClusterId cluster) throws IOException {
    Path folder = folder(cluster);
    AtomicFiles.createOwnerOnly(folder);
    return folder.resolve("kubeconfig");
  }

  private Path folder(ClusterId cluster) {
    return files.root().resolve("kubeconfig").resolve(cluster.value());
  }

  /** Removes the files of a cluster that is gone. */
  void forget(ClusterId cluster) {
    try {
      kubeconfigs.remove(cluster.value());
      Path folder = folder(cluster);
      Files.deleteIfExists(folder.resolve("kubeconfig"));
      Files.deleteIfExists(folder.resolve("kubeconfig.lock"));
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until all nodes are ready; returns why they are not, if they do not become so. */
  private Optional<String> awaitReady(ClusterId cluster, int expected, TaskReport report)
      throws InterruptedException {
    Duration limit = nodes.engine().limit().multipliedBy(5);
    long end = System.nanoTime() + limit.toNanos();
    String seen = "";
    while (true) {
      String now;
      try {
        int ready = countReady(cluster);
        if (ready == expected) {
          report.line("%d of %d nodes are ready".formatted(ready, expected));
          return Optional.empty();
        }
        now = "%d of %d nodes are ready".formatted(ready, expected);
      } catch (EngineException e) {
        now = e.reason();
      }
      if (!now.equals(seen)) {
        report.line(now);
        seen = now;
      }
      if (System.nanoTime() > end) {
        return Optional.of("%s after %d s".formatted(now, limit.toSeconds()));
      }
      Thread.sleep(POLL);
    }
  }

  private int countReady(ClusterId cluster) throws EngineException, InterruptedException {
    String text =
        nodes
            .engine()
            .exec(
                ClusterNodes.name(cluster) + "-control-plane",
                "",
                List.of(
                    "kubectl",
                    "--kubeconfig=/etc/kubernetes/admin.conf",
                    "--request-timeout=10s",
                    "get",
                    "nodes",
                    "-o",
                    "jsonpath={range .items[*]}{.status.conditions[?(@.type==\"Ready\")].status}{\"\\n\"}{end}"));
    return (int) text.lines().filter("True"::equals).count();
  }

  /** Secures the nodes, once their systemd runs; until the thread is interrupted. */
  private boolean secure(ClusterId cluster) {
    try {
      while (true) {
        try {
          nodes.secure(cluster);
          return true;
        } catch (EngineException
            | UncheckedIOException _) { // also if it is interrupted while it writes
          Thread.sleep(POLL);
        }
      }
    } catch (InterruptedException _) {
      return false; // kind has ended, and it is done again
    }
  }
}
