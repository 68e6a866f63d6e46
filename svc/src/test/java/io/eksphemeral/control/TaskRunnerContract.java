package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.admitted;
import static io.eksphemeral.control.Samples.newId;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.TaskStatus;
import org.junit.jupiter.api.Test;

/** The contract of every {@link TaskRunner} and its tasks. */
public abstract class TaskRunnerContract {
  /** The runner under test, which has launched nothing. Its tasks do not end by themselves. */
  protected abstract TaskRunner runner();

  /** The store of its tasks' fences and results. */
  protected abstract ClusterStore store();

  /** Waits until every launched task has taken its fence or ended. */
  protected abstract void letTasksBegin() throws Exception;

  /** Waits until every launched task has ended. */
  protected abstract void letTasksEnd() throws Exception;

  @Test
  void aTaskRunsUntilItEnds() throws Exception {
    Cluster cluster = admitted("one");
    String handle = launch(cluster);
    letTasksBegin();

    assertThat(runner().status(handle)).isEqualTo(new TaskStatus.Running());
    assertThat(runner().running(cluster.id())).containsExactly(handle);
    letTasksEnd();
    assertThat(runner().status(handle)).isInstanceOf(TaskStatus.Stopped.class);
    assertThat(runner().running(cluster.id())).isEmpty();
  }

  @Test
  void aTaskTakesItsFenceAndLeavesItsResult() throws Exception {
    Cluster cluster = admitted("one");
    TaskKey key = cluster.key(task(cluster));
    assertThat(store().fence(key)).isEqualTo(Fence.OPEN);
    launch(cluster);
    letTasksBegin();

    assertThat(store().fence(key)).isEqualTo(Fence.TAKEN);
    assertThat(store().result(key)).isEmpty();
    letTasksEnd();
    assertThat(store().result(key)).map(TaskResult::outcome).contains(Outcome.READY);
  }

  @Test
  void aTaskWhoseFenceIsClosedDoesNothing() throws Exception {
    Cluster cluster = admitted("one");
    TaskKey key = cluster.key(task(cluster));
    store().takeFence(key, Fence.CLOSED, "control-plane");
    String handle = launch(cluster);
    letTasksBegin();
    letTasksEnd();

    assertThat(runner().status(handle)).isInstanceOf(TaskStatus.Stopped.class);
    assertThat(store().fence(key)).isEqualTo(Fence.CLOSED);
    assertThat(store().result(key)).isEmpty();
  }

  @Test
  void theSameKeyGivesTheSameTask() throws Exception {
    Cluster cluster = admitted("one");
    String handle = launch(cluster);

    assertThat(launch(cluster)).isEqualTo(handle);
    letTasksBegin();
    assertThat(launch(cluster)).isEqualTo(handle);
    assertThat(runner().running(cluster.id())).containsExactly(handle);
    letTasksEnd();
    assertThat(launch(cluster)).isEqualTo(handle);
    assertThat(runner().status(handle)).isInstanceOf(TaskStatus.Stopped.class);
  }

  @Test
  void tasksAreListedByCluster() throws Exception {
    Cluster one = admitted("one");
    Cluster other = admitted("other");
    String handle = launch(one);
    String others = launch(other);
    letTasksBegin();

    assertThat(handle).isNotEqualTo(others);
    assertThat(runner().running(one.id())).containsExactly(handle);
    assertThat(runner().running(other.id())).containsExactly(others);
    assertThat(runner().running(newId())).isEmpty();
    letTasksEnd();
  }

  @Test
  void aStoppedTaskLeavesNoResult() throws Exception {
    Cluster cluster = admitted("one");
    String handle = launch(cluster);
    letTasksBegin();
    runner().stop(handle, "it took too long");
    letTasksEnd();

    assertThat(runner().status(handle))
        .isInstanceOfSatisfying(
            TaskStatus.Stopped.class,
            stopped -> assertThat(stopped.reason()).contains("it took too long"));
    assertThat(store().result(cluster.key(task(cluster)))).isEmpty();
    assertThat(runner().running(cluster.id())).isEmpty();
  }

  @Test
  void stoppingAnEndedOrUnknownTaskDoesNothing() throws Exception {
    Cluster cluster = admitted("one");
    String handle = launch(cluster);
    letTasksBegin();
    letTasksEnd();
    TaskStatus over = runner().status(handle);
    runner().stop(handle, "late");
    runner().stop(handle + "-unknown", "never there");

    assertThat(runner().status(handle)).isEqualTo(over);
    assertThat(store().result(cluster.key(task(cluster)))).isPresent();
  }

  @Test
  void anUnknownTaskIsMissing() {
    assertThat(runner().status("arn:aws:ecs:us-east-2:123456789012:task/eksp/unknown"))
        .isEqualTo(new TaskStatus.Missing());
  }

  private static Task task(Cluster cluster) {
    return cluster.openTask().orElseThrow();
  }

  private String launch(Cluster cluster) {
    return ((LaunchResult.Launched) runner().launch(cluster, task(cluster))).handle();
  }
}
