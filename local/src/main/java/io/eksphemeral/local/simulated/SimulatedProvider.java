package io.eksphemeral.local.simulated;

import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.Versions;
import io.eksphemeral.local.simulated.FaultInjection.Fault;
import io.eksphemeral.local.simulated.SimulatedClusters.Condition;
import io.eksphemeral.local.task.LocalTask;
import io.eksphemeral.local.task.Next;
import io.eksphemeral.local.task.Provider;
import io.eksphemeral.local.task.TaskReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds nothing. Its tasks do what real ones do, in the same order: check whether a foreign
 * cluster has the name, work, report an outcome.
 */
public final class SimulatedProvider implements Provider {
  private final SimulatedClusters clusters;
  private final Pace pace;
  private final FaultInjection faults;

  /**
   * @param clusters an object for each simulated cluster
   */
  public SimulatedProvider(ObjectStore clusters, Pace pace, FaultInjection faults) {
    this.clusters = new SimulatedClusters(clusters);
    this.pace = pace;
    this.faults = faults;
  }

  /** How long the work of a task takes in real time. */
  public record Pace(Duration create, Duration destroy) {
    static final Pace USUAL = new Pace(Duration.ofSeconds(4), Duration.ofSeconds(3));

    /** The usual pace, or a quicker one if tasks would miss their deadline at that speed. */
    public static Pace usualAt(int speed) {
      return new Pace(
          least(USUAL.create(), Lifecycle.CREATE_DEADLINE.dividedBy(2L * speed)),
          least(USUAL.destroy(), Lifecycle.DESTROY_DEADLINE.dividedBy(2L * speed)));
    }

    private static Duration least(Duration one, Duration other) {
      return one.compareTo(other) <= 0 ? one : other;
    }

    Duration half() {
      return create.dividedBy(2);
    }
  }

  @Override
  public String description() {
    return "simulated: builds nothing";
  }

  /** Nothing is built, so any version will do. */
  @Override
  public Versions versions() {
    return Versions.any("1.35");
  }

  @Override
  public Map<Phase, Duration> usualPhases() {
    return Map.of(Phase.CONTROL_PLANE, pace.half(), Phase.NODES, pace.create().minus(pace.half()));
  }

  @Override
  public Duration usualDestruction() {
    return pace.destroy();
  }

  /** The fault to inject, chosen at the launch. */
  @Override
  public @Nullable String note(TaskKey key, String name) {
    return faults.next(key.kind(), name).map(Fault::name).orElse(null);
  }

  @Override
  public Next begin(LocalTask task, TaskReport report) {
    Work work = new Work(task.key(), task.name(), Fault.named(task.note()), report);
    return task.key().kind() == TaskKind.CREATE ? work.create() : work.destroy();
  }

  /** The work of a task. */
  private final class Work {
    private final TaskKey key;
    private final String name;
    private final String stack;
    private final @Nullable Fault fault;
    private final TaskReport report;

    Work(TaskKey key, String name, @Nullable Fault fault, TaskReport report) {
      this.key = key;
      this.name = name;
      this.stack = "stack eksctl-%s-cluster".formatted(name);
      this.fault = fault;
      this.report = report;
    }

    Next create() {
      if (fault == Fault.FOREIGN || !clusters.put(name, key.cluster(), Condition.HALF_BUILT)) {
        return new Next.End(
            Outcome.FOREIGN,
            "a cluster %s already exists and is not managed by EKSphemeral; it was not touched"
                .formatted(name));
      }
      report.phase(Phase.TASK_STARTED);
      report.phase(Phase.CONTROL_PLANE);
      report.line("creating EKS cluster \"%s\" in \"simulated\" region".formatted(name));
      report.line("deploying stack \"eksctl-%s-cluster\"".formatted(name));
      return fault == Fault.HANG ? new Next.Hang() : new Next.After(pace.half(), this::addNodes);
    }

    private Next addNodes() {
      if (fault != Fault.FAIL) {
        report.phase(Phase.NODES);
        report.line("EKS cluster \"%s\" in \"simulated\" region is ready".formatted(name));
        report.line("deploying stack \"eksctl-%s-nodegroup-workers\"".formatted(name));
      }
      return new Next.After(pace.create().minus(pace.half()), this::endCreation);
    }

    private Next endCreation() {
      if (fault == Fault.LOST) {
        return LOST;
      }
      if (fault == Fault.FAIL) {
        String cause =
            "AWS::EKS::Cluster/ControlPlane: CREATE_FAILED – \"Cannot create cluster because the"
                + " targeted availability zone does not currently have sufficient capacity\"";
        report.line(cause);
        report.line("Error: failed to create cluster \"%s\"".formatted(name));
        return failed("eksctl create cluster failed with exit code 1: " + cause);
      }
      if (!clusters.put(name, key.cluster(), Condition.BUILT)) {
        return failed("another cluster took the name %s during creation".formatted(name));
      }
      report.line("created 1 managed nodegroup(s) in cluster \"%s\"".formatted(name));
      return new Next.End(Outcome.READY, "cluster %s is up (simulated)".formatted(name));
    }

    Next destroy() {
      report.line("deleting " + stack);
      return fault == Fault.HANG
          ? new Next.Hang()
          : new Next.After(pace.destroy(), this::endDestruction);
    }

    private Next endDestruction() {
      if (fault == Fault.LOST) {
        return LOST;
      }
      if (fault == Fault.FAIL) {
        report.line(stack + " DELETE_FAILED: the VPC has dependencies and cannot be deleted");
        return failed("the teardown failed");
      }
      if (fault == Fault.LEFTOVERS && clusters.has(name, key.cluster())) {
        clusters.put(name, key.cluster(), Condition.HALF_GONE);
        report.line(stack + " DELETE_COMPLETE");
        return new Next.End(
            Outcome.ABSENT,
            "the teardown finished",
            List.of("load balancer of " + name, "volume of " + name));
      }
      clusters.remove(name, key.cluster());
      if (clusters.has(name, key.cluster())) {
        return new Next.End(Outcome.FAILED, "the cluster still exists", List.of(stack));
      }
      report.line(stack + " DELETE_COMPLETE");
      return new Next.End(Outcome.ABSENT, "deletion verified");
    }

    private static Next failed(String why) {
      return new Next.End(Outcome.FAILED, why);
    }
  }

  private static final Next LOST =
      new Next.Exit(137, "exit code 137: the machine it ran on was lost");
}
