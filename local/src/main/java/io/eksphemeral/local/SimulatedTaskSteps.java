package io.eksphemeral.local;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.local.FaultInjection.Fault;
import io.eksphemeral.local.SimulatedClusters.Condition;
import io.eksphemeral.local.TaskStep.Next;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a simulated task does, in the order of a real one: take the fence, check whether a foreign
 * cluster has the name, work, write the result. Every step can be repeated after a crash.
 */
final class SimulatedTaskSteps {
  private final ClusterStore store;
  private final SimulatedClusters clusters;
  private final TaskLogs logs;
  private final Pace pace;
  private final InstantSource clock;

  SimulatedTaskSteps(
      ClusterStore store,
      SimulatedClusters clusters,
      TaskLogs logs,
      Pace pace,
      InstantSource clock) {
    this.store = store;
    this.clusters = clusters;
    this.logs = logs;
    this.pace = pace;
    this.clock = clock;
  }

  /** How long the work of a task takes in real time. */
  record Pace(Duration create, Duration destroy) {
    static final Pace USUAL = new Pace(Duration.ofSeconds(4), Duration.ofSeconds(3));

    /** The usual pace, or a quicker one if tasks would miss their deadline at that speed. */
    static Pace usualAt(int speed) {
      return new Pace(
          least(USUAL.create(), Lifecycle.CREATE_DEADLINE.dividedBy(2L * speed)),
          least(USUAL.destroy(), Lifecycle.DESTROY_DEADLINE.dividedBy(2L * speed)));
    }

    private static Duration least(Duration one, Duration other) {
      return one.compareTo(other) <= 0 ? one : other;
    }

    /** The phases of a creation and how long they take. */
    Map<Phase, Duration> phases() {
      return Map.of(Phase.CONTROL_PLANE, half(), Phase.NODES, create.minus(half()));
    }

    Duration half() {
      return create.dividedBy(2);
    }
  }

  private static final Next.Exit DONE = new Next.Exit(0, "exit code 0");

  /** Begins a task, or resumes one that an earlier process began. */
  Next begin(SimulatedTask task) {
    TaskKey key = task.key();
    if (!store.takeFence(key, Fence.TAKEN, task.handle())) {
      logs.line(key, "another task has the fence; nothing was done");
      return new Next.Exit(1, "exit code 1: another task has the fence; nothing was done");
    }
    if (store.result(key).isPresent()) {
      // It had done its work, and the control plane may have read the result.
      return DONE;
    }
    printBegin(task);
    if (key.kind() == TaskKind.CREATE
        && (task.fault() == Fault.FOREIGN
            || !clusters.put(task.name(), key.cluster(), Condition.HALF_BUILT))) {
      return exit(
          key,
          Outcome.FOREIGN,
          "a cluster %s already exists and is not managed by EKSphemeral; it was not touched"
              .formatted(task.name()),
          List.of(),
          List.of());
    }
    if (key.kind() == TaskKind.CREATE) {
      report(key, Phase.TASK_STARTED);
      report(key, Phase.CONTROL_PLANE);
    }
    if (task.fault() == Fault.HANG) {
      return new Next.Hang();
    }
    return key.kind() == TaskKind.CREATE
        ? new Next.Work(pace.half(), this::addNodes)
        : new Next.Work(pace.destroy(), this::end);
  }

  private void printBegin(SimulatedTask task) {
    TaskKey key = task.key();
    List<String> lines =
        logs.exists(key)
            ? List.of("the control plane was restarted; starting again")
            : switch (key.kind()) {
              case CREATE -> creating(task.name());
              case DESTROY -> List.of("deleting " + stack(task.name()));
            };
    lines.forEach(line -> logs.line(key, line));
  }

  /** The second half of a creation. */
  private Next addNodes(SimulatedTask task) {
    if (task.fault() != Fault.FAIL) {
      report(task.key(), Phase.NODES);
      addingNodes(task.name()).forEach(line -> logs.line(task.key(), line));
    }
    return new Next.Work(pace.create().minus(pace.half()), this::end);
  }

  /** A report that cannot be written is no reason to fail. */
  private void report(TaskKey key, Phase phase) {
    try {
      store.reportPhase(key, new Phase.Begun(phase, clock.instant()));
    } catch (StoreException _) {
      // It is only shown to people.
    }
  }

  /** Ends a task whose work is done. */
  private Next.Exit end(SimulatedTask task) {
    if (task.fault() == Fault.LOST) {
      return new Next.Exit(137, "exit code 137: the machine it ran on was lost");
    }
    return task.key().kind() == TaskKind.CREATE ? create(task) : destroy(task);
  }

  private Next.Exit create(SimulatedTask task) {
    TaskKey key = task.key();
    String name = task.name();
    if (task.fault() == Fault.FAIL) {
      String cause =
          "AWS::EKS::Cluster/ControlPlane: CREATE_FAILED – \"Cannot create cluster because the"
              + " targeted availability zone does not currently have sufficient capacity\"";
      List<String> now = List.of(cause, "Error: failed to create cluster \"%s\"".formatted(name));
      now.forEach(line -> logs.line(key, line));
      return exit(
          key,
          Outcome.FAILED,
          "eksctl create cluster failed with exit code 1: " + cause,
          List.of(),
          and(creating(name), now));
    }
    if (!clusters.put(name, key.cluster(), Condition.BUILT)) {
      return exit(
          key,
          Outcome.FAILED,
          "another cluster took the name %s during creation".formatted(name),
          List.of(),
          List.of());
    }
    String created = "created 1 managed nodegroup(s) in cluster \"%s\"".formatted(name);
    logs.line(key, created);
    return exit(
        key,
        Outcome.READY,
        "cluster %s is up (simulated)".formatted(name),
        List.of(),
        and(and(creating(name), addingNodes(name)), List.of(created)));
  }

  /** What eksctl prints first. */
  private static List<String> creating(String name) {
    return List.of(
        "creating EKS cluster \"%s\" in \"simulated\" region".formatted(name),
        "deploying stack \"eksctl-%s-cluster\"".formatted(name));
  }

  private static List<String> addingNodes(String name) {
    return List.of(
        "EKS cluster \"%s\" in \"simulated\" region is ready".formatted(name),
        "deploying stack \"eksctl-%s-nodegroup-workers\"".formatted(name));
  }

  private static List<String> and(List<String> lines, List<String> more) {
    return Stream.concat(lines.stream(), more.stream()).toList();
  }

  private Next.Exit destroy(SimulatedTask task) {
    TaskKey key = task.key();
    String name = task.name();
    String stack = stack(name);
    if (task.fault() == Fault.FAIL) {
      String cause = stack + " DELETE_FAILED: the VPC has dependencies and cannot be deleted";
      logs.line(key, cause);
      return exit(key, Outcome.FAILED, "the teardown failed", List.of(), List.of(cause));
    }
    if (task.fault() == Fault.LEFTOVERS && clusters.has(name, key.cluster())) {
      clusters.put(name, key.cluster(), Condition.HALF_GONE);
      return deleted(
          key,
          "the teardown finished",
          List.of("load balancer of " + name, "volume of " + name),
          stack);
    }
    clusters.remove(name, key.cluster());
    if (clusters.has(name, key.cluster())) {
      return exit(key, Outcome.FAILED, "the cluster still exists", List.of(stack), List.of());
    }
    return deleted(key, "deletion verified", List.of(), stack);
  }

  private Next.Exit deleted(TaskKey key, String message, List<String> leftovers, String stack) {
    String deleted = stack + " DELETE_COMPLETE";
    logs.line(key, deleted);
    return exit(key, Outcome.ABSENT, message, leftovers, List.of(deleted));
  }

  private static String stack(String name) {
    return "stack eksctl-%s-cluster".formatted(name);
  }

  private Next.Exit exit(
      TaskKey key, Outcome outcome, String message, List<String> leftovers, List<String> log) {
    leftovers.forEach(left -> logs.line(key, "still there: " + left));
    logs.line(key, outcome.text() + ": " + message);
    store.putResult(key, new TaskResult(outcome, clock.instant(), message, leftovers, log));
    return DONE;
  }
}
