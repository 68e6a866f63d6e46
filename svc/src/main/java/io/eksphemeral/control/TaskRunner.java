package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskStatus;
import java.util.List;

/**
 * Runs the tasks that create and destroy clusters. A task begins by taking its fence in the {@link
 * ClusterStore} and ends by leaving its result there; a task that does not get its fence exits
 * without doing anything.
 *
 * <p>If a method throws {@link TaskRunnerException}, its effect may or may not have happened.
 *
 * <p>{@code TaskRunnerContract} tests every implementation.
 */
public interface TaskRunner {
  /**
   * Launches a task of a cluster. The same key gives the same task for as long as the runner
   * remembers it, up to a day; after that the fence keeps a second one from working.
   */
  LaunchResult launch(Cluster cluster, Task task);

  /** The status of a task: running, stopped or missing. */
  TaskStatus status(String handle);

  /**
   * The handles of all tasks that run for a cluster, whether their launch is on record or not. A
   * task that was started just now may be absent.
   */
  List<String> running(ClusterId cluster);

  /** Requests that a task stop; one that has ended or is unknown is ignored. */
  void stop(String handle, String why);
}
