package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Task;
import java.util.List;

/**
 * Where the tasks run that build and tear down clusters. A task's first act is to take its fence in
 * the {@link ClusterStore}, its last to leave its result there; one that does not get its fence
 * ends without doing anything.
 *
 * <p>Where a method throws {@link TaskRunnerException} its effect may or may not have happened.
 *
 * <p>The contract is held by {@code TaskRunnerContract}, which runs against each implementation.
 */
public interface TaskRunner {
  /** What a launch came to. */
  sealed interface Launch {
    /** The task runs, or has run: now, or since an earlier launch with the same key. */
    record Launched(String handle) implements Launch {}

    /** No task was started, for this reason. Trying again may help. */
    record Refused(String why) implements Launch {}
  }

  /** What the runner says of a task. */
  sealed interface Status {
    record Running() implements Status {}

    /** It ended, for this reason: exit codes, or why it was stopped or never began. */
    record Stopped(String reason) implements Status {}

    /** The runner does not know it: it was started just now, or it ended over an hour ago. */
    record Missing() implements Status {}
  }

  /**
   * Launches a task of a cluster. The same key gives the same task for as long as the runner
   * remembers it, a day at the most; past that the fence keeps a second one from working.
   */
  Launch launch(Cluster cluster, Task task);

  /** How a task is, by its handle. */
  Status status(String handle);

  /**
   * The handles of the tasks that run for a cluster, whether anybody noted their launch or not. One
   * that was started just now may not be among them yet.
   */
  List<String> running(ClusterId cluster);

  /** Has a task stopped, which takes a while; one that is over or unknown is left as it is. */
  void stop(String handle, String why);
}
