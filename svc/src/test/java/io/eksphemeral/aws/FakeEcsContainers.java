package io.eksphemeral.aws;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ecs.model.KeyValuePair;
import software.amazon.awssdk.services.ecs.model.Task;

/**
 * Plays the containers of tasks that an emulator launched, which keeps the states of tasks and runs
 * nothing: it learns what a task is to do from the overrides that the emulator has of it, and takes
 * its fence, leaves its result and stops, as the real programs do.
 *
 * <p>So it shows that a launched task carries all that it needs, and that store, fences and the
 * states of tasks fit together. It shows nothing of Fargate: no image, no network, no role and no
 * exit code is real.
 */
final class FakeEcsContainers {
  private final EcsClient ecs;
  private final String cluster;
  private final ClusterStore store;
  private final Set<String> begun = new HashSet<>();
  private final List<Work> working = new ArrayList<>();

  /**
   * Plays the tasks of an ECS cluster.
   *
   * @param store what the tasks reach in the bucket that they are told of
   */
  FakeEcsContainers(EcsClient ecs, String cluster, ClusterStore store) {
    this.ecs = ecs;
    this.cluster = cluster;
    this.store = store;
  }

  private record Work(String handle, TaskKey key) {}

  /** Lets each new task begin. */
  void begin() {
    for (Task task : running()) {
      if (begun.add(task.taskArn())) {
        Work work = new Work(task.taskArn(), key(task));
        if (store.takeFence(work.key(), Fence.TAKEN, work.handle())) {
          working.add(work);
        } else {
          exit(work.handle());
        }
      }
    }
  }

  /** Lets each task that works end. One that was stopped has no last act. */
  void end() {
    Set<String> alive = running().stream().map(Task::taskArn).collect(Collectors.toSet());
    for (Work work : working) {
      if (alive.contains(work.handle())) {
        Outcome outcome = work.key().kind() == TaskKind.CREATE ? Outcome.READY : Outcome.ABSENT;
        store.putResult(
            work.key(), new TaskResult(outcome, Samples.START, "played", List.of(), List.of()));
        exit(work.handle());
      }
    }
    working.clear();
  }

  private List<Task> running() {
    List<String> arns =
        ecs.listTasksPaginator(request -> request.cluster(cluster)).taskArns().stream().toList();
    return arns.isEmpty()
        ? List.of()
        : ecs.describeTasks(request -> request.cluster(cluster).tasks(arns)).tasks();
  }

  private void exit(String handle) {
    ecs.stopTask(request ->
        request.cluster(cluster).task(handle).reason("Essential container in task exited"));
  }

  /** What a task is to do, as its first container is told. */
  static TaskKey key(Task task) {
    Map<String, String> told = environment(task);
    return new TaskKey(
        new ClusterId(told.getOrDefault("EKSPHEMERAL_ID", "")),
        TaskKind.valueOf(told.getOrDefault("EKSPHEMERAL_KIND", "").toUpperCase(Locale.ROOT)),
        Integer.parseInt(told.getOrDefault("EKSPHEMERAL_ATTEMPT", "")));
  }

  static Map<String, String> environment(Task task) {
    return task.overrides().containerOverrides().getFirst().environment().stream()
        .collect(Collectors.toMap(KeyValuePair::name, KeyValuePair::value));
  }
}
