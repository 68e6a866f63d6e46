package io.eksphemeral.local.kind;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.Versions;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.task.LocalTask;
import io.eksphemeral.local.task.Next;
import io.eksphemeral.local.task.Provider;
import io.eksphemeral.local.task.TaskReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Builds clusters with kind: a container for each node. A cluster is called {@code eksp-ID} there,
 * so it cannot meet one of another origin. kind creates clusters; what exists and what is gone is
 * looked up in the container engine.
 */
public final class KindProvider implements Provider {
  static final String PREFIX = "eksp-";

  private static final Map<Phase, Duration> USUAL_PHASES =
      Map.of(
          Phase.CONTROL_PLANE, Duration.ofSeconds(20),
          Phase.NODES, Duration.ofSeconds(10),
          Phase.CHECKS, Duration.ofSeconds(5));

  private final KindInstallation kind;
  private final NodeImages images;
  private final ClusterNodes nodes;
  private final KindCreation creation;
  private final Predicate<ClusterId> isGone;

  /**
   * @param images by version, instead of the usual ones
   * @param files the provider's own
   * @param kubeconfigs where each cluster's is put, under its id
   * @param shutdown when nodes that are started now power themselves off, in real time
   * @param isGone whether this control plane had a cluster and verified its deletion
   */
  public KindProvider(
      KindInstallation kind,
      Map<String, String> images,
      AtomicFiles files,
      AtomicFiles kubeconfigs,
      Supplier<Instant> shutdown,
      Predicate<ClusterId> isGone) {
    this.kind = kind;
    this.images = new NodeImages(images, kind.engine());
    this.nodes = new ClusterNodes(kind.engine(), new ClusterNotes(files), shutdown);
    this.creation = new KindCreation(this.images, nodes, files, kubeconfigs);
    this.isGone = isGone;
  }

  @Override
  public String description() {
    return "kind on " + kind.engine().program();
  }

  @Override
  public List<String> ignores() {
    return List.of("access", "without", "nodes", "task");
  }

  @Override
  public Versions versions() {
    try {
      return images.versions();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public Map<Phase, Duration> usualPhases() {
    return USUAL_PHASES;
  }

  @Override
  public Duration usualDestruction() {
    return Duration.ofSeconds(3);
  }

  @Override
  public Next begin(LocalTask task, TaskReport report) {
    return new Next.Work(() -> work(task, report));
  }

  private Next work(LocalTask task, TaskReport report) throws InterruptedException {
    try {
      return task.key().kind() == TaskKind.CREATE
          ? creation.run(task, report)
          : destroy(task.key().cluster(), report);
    } catch (EngineException e) {
      return new Next.End(Outcome.FAILED, e.reason());
    }
  }

  private Next destroy(ClusterId cluster, TaskReport report)
      throws EngineException, InterruptedException {
    report.line("deleting the nodes of " + ClusterNodes.name(cluster));
    var leftovers = nodes.remove(cluster);
    if (!leftovers.isEmpty()) {
      return new Next.End(Outcome.FAILED, "the teardown left resources behind", leftovers);
    }
    creation.forget(cluster);
    return new Next.End(Outcome.ABSENT, "deletion verified");
  }

  /**
   * Removes nodes that the engine brought forth after they were found to be gone, as it may do if a
   * command of kind was killed; and sets the moment anew at which nodes power themselves off, as
   * clusters may be allowed to live longer since the last start.
   */
  @Override
  public void cleanUp() {
    try {
      nodes.removeAll(isGone);
      nodes.renewShutdown();
    } catch (EngineException _) {
      // The engine may be stopped; the next time comes in minutes.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
