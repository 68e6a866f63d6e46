package io.eksphemeral.local;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.local.FaultInjection.How;
import io.eksphemeral.local.SimulatedClusters.Condition;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a rehearsed task does, in the order of the real ones: its fence, a look whether the name is
 * somebody else's, the work, its result. Any step may be its last before a crash, and all of them
 * can be done again.
 */
final class SimulatedTaskSteps {
  private final ClusterStore store;
  private final SimulatedClusters world;
  private final Pace pace;
  private final InstantSource clock;

  SimulatedTaskSteps(ClusterStore store, SimulatedClusters world, Pace pace, InstantSource clock) {
    this.store = store;
    this.world = world;
    this.pace = pace;
    this.clock = clock;
  }

  /** How long the work of a task takes, by the clock on the wall. */
  record Pace(Duration create, Duration destroy) {
    static final Pace USUAL = new Pace(Duration.ofSeconds(4), Duration.ofSeconds(3));

    /** The usual one, or a quicker one where by a clock of that speed it would take too long. */
    static Pace usualAt(int speed) {
      return new Pace(
          least(USUAL.create(), Lifecycle.CREATE_DEADLINE.dividedBy(2L * speed)),
          least(USUAL.destroy(), Lifecycle.DESTROY_DEADLINE.dividedBy(2L * speed)));
    }

    private static Duration least(Duration one, Duration other) {
      return one.compareTo(other) <= 0 ? one : other;
    }

    Duration of(TaskKind kind) {
      return kind == TaskKind.CREATE ? create : destroy;
    }
  }

  /** What comes after a step. */
  sealed interface Next {
    /** Its end, once so much real time has passed. */
    record Work(Duration real) implements Next {}

    /** Nothing, ever. */
    record Hang() implements Next {}

    /** It is over. */
    record Exit(int code, String reason) implements Next {}
  }

  private static final Next.Exit DONE = new Next.Exit(0, "exit code 0");

  /** Begins a task, or goes on with one that was begun by a process that died. */
  Next begin(SimulatedTask task) {
    TaskKey key = task.key();
    if (!store.takeFence(key, Fence.TAKEN, task.handle())) {
      return new Next.Exit(1, "exit code 1: its fence was taken by another, so it did nothing");
    }
    if (store.result(key).isPresent()) {
      // It had done its work; whoever has seen the result may have gone on from there.
      return DONE;
    }
    if (key.kind() == TaskKind.CREATE
        && (task.mishap() == How.FOREIGN
            || !world.put(task.name(), key.cluster(), Condition.HALF_BUILT))) {
      return leave(
          key,
          Outcome.FOREIGN,
          "a cluster %s is there that is not ours; it was left alone".formatted(task.name()),
          List.of(),
          List.of());
    }
    return task.mishap() == How.HANG ? new Next.Hang() : new Next.Work(pace.of(key.kind()));
  }

  /** Ends a task that was begun and has worked for as long as it takes. */
  Next.Exit end(SimulatedTask task) {
    if (task.mishap() == How.LOST) {
      return new Next.Exit(137, "exit code 137: the machine it ran on was lost");
    }
    return task.key().kind() == TaskKind.CREATE ? create(task) : destroy(task);
  }

  private Next.Exit create(SimulatedTask task) {
    String name = task.name();
    List<String> begun =
        List.of(
            "creating EKS cluster \"%s\" in \"rehearsal\" region".formatted(name),
            "deploying stack \"eksctl-%s-cluster\"".formatted(name));
    if (task.mishap() == How.FAIL) {
      String cause =
          "AWS::EKS::Cluster/ControlPlane: CREATE_FAILED – \"Cannot create cluster because the"
              + " targeted availability zone does not currently have sufficient capacity\"";
      return leave(
          task.key(),
          Outcome.FAILED,
          "eksctl create cluster failed with exit code 1: " + cause,
          List.of(),
          and(begun, cause, "Error: failed to create cluster \"%s\"".formatted(name)));
    }
    if (!world.put(name, task.key().cluster(), Condition.BUILT)) {
      return leave(
          task.key(),
          Outcome.FAILED,
          "the cluster %s became another's while it was built".formatted(name),
          List.of(),
          List.of());
    }
    return leave(
        task.key(),
        Outcome.READY,
        "the rehearsal pretends that the cluster %s is up".formatted(name),
        List.of(),
        and(
            begun,
            "EKS cluster \"%s\" in \"rehearsal\" region is ready".formatted(name),
            "deploying stack \"eksctl-%s-nodegroup-workers\"".formatted(name),
            "created 1 managed nodegroup(s) in cluster \"%s\"".formatted(name)));
  }

  private static List<String> and(List<String> lines, String... more) {
    return Stream.concat(lines.stream(), Stream.of(more)).toList();
  }

  private Next.Exit destroy(SimulatedTask task) {
    TaskKey key = task.key();
    String name = task.name();
    String stack = "stack eksctl-%s-cluster".formatted(name);
    if (task.mishap() == How.FAIL) {
      return leave(
          key,
          Outcome.FAILED,
          "the teardown did not work",
          List.of(),
          List.of(stack + " DELETE_FAILED: the VPC has dependencies and cannot be deleted"));
    }
    if (task.mishap() == How.LEFTOVERS && world.has(name, key.cluster())) {
      world.put(name, key.cluster(), Condition.HALF_GONE);
      return leave(
          key,
          Outcome.ABSENT,
          "the teardown is done",
          List.of("load balancer of " + name, "volume of " + name),
          List.of(stack + " DELETE_COMPLETE"));
    }
    world.remove(name, key.cluster());
    if (world.has(name, key.cluster())) {
      return leave(key, Outcome.FAILED, "it is still there", List.of(stack), List.of());
    }
    return leave(
        key,
        Outcome.ABSENT,
        "nothing of it was found",
        List.of(),
        List.of(stack + " DELETE_COMPLETE"));
  }

  private Next.Exit leave(
      TaskKey key, Outcome outcome, String message, List<String> leftovers, List<String> log) {
    store.putResult(key, new TaskResult(outcome, clock.instant(), message, leftovers, log));
    return DONE;
  }
}
