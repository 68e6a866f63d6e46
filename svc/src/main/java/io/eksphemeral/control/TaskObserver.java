package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskObservation;
import io.eksphemeral.domain.TaskStatus;
import java.util.Optional;

/** Observes a cluster's open task: its result, its fence, and its status with the task runner. */
final class TaskObserver {
  private final ClusterStore store;
  private final TaskRunner tasks;

  TaskObserver(ClusterStore store, TaskRunner tasks) {
    this.store = store;
    this.tasks = tasks;
  }

  TaskObservation observe(Cluster cluster) {
    return cluster.openTask().map(task -> observe(cluster, task)).orElse(TaskObservation.NONE);
  }

  private TaskObservation observe(Cluster cluster, Task task) {
    TaskKey key = cluster.key(task);
    Optional<TaskObservation> reported = reported(key);
    if (reported.isPresent()) {
      return reported.get();
    }
    Optional<FenceHolder> holder = store.taken(key);
    TaskStatus status = status(task, holder);
    if (!(status instanceof TaskStatus.Running)) {
      // It may have reported and stopped since the first look.
      reported = reported(key);
    }
    Fence fence = holder.map(FenceHolder::as).orElse(Fence.OPEN);
    return reported.orElseGet(
        () -> new TaskObservation(status, fence, tasks.running(cluster.id())));
  }

  private Optional<TaskObservation> reported(TaskKey key) {
    return store.result(key).map(TaskObservation::reported);
  }

  /**
   * The task runner's status of the task that took the fence, or else of the one on record. They
   * differ if the same task was started twice.
   */
  private TaskStatus status(Task task, Optional<FenceHolder> holder) {
    String handle =
        holder
            .filter(fence -> fence.as() == Fence.TAKEN && !fence.handle().isEmpty())
            .map(FenceHolder::handle)
            .orElse(task.handle());
    return handle == null ? new TaskStatus.Unlaunched() : tasks.status(handle);
  }
}
