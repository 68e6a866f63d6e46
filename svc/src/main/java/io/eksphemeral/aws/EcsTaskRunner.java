package io.eksphemeral.aws;

import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.ObjectStore.StoredObject;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskStatus;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ecs.model.ConflictException;
import software.amazon.awssdk.services.ecs.model.Container;
import software.amazon.awssdk.services.ecs.model.DescribeTasksResponse;
import software.amazon.awssdk.services.ecs.model.Failure;
import software.amazon.awssdk.services.ecs.model.InvalidParameterException;
import software.amazon.awssdk.services.ecs.model.RunTaskResponse;

/**
 * Runs tasks on Amazon ECS with Fargate. A task's handle is its ARN.
 *
 * <p><b>Launching once.</b> RunTask takes a client token, here the task's key: the same token with
 * the same parameters returns the same task, for a day or until about an hour after the task's end,
 * whichever is less. So that the parameters stay the same across updates, they are stored before
 * the first launch ({@code tasks/<id>/create-1.request}) and used again by each retry. They are
 * deleted when ECS refuses them, so that a mistake in the settings can be corrected. If ECS still
 * finds a difference (it resolves a family to its latest revision, for one), it answers with a
 * ConflictException that names the task. After the token has expired, the fence prevents a second
 * task from working (promise P7).
 *
 * <p><b>Refused or unknown.</b> {@code failures[]} in an answer, and errors about an invalid or
 * forbidden request, are refusals: nothing runs. Throttling, 5xx and timeouts are not: the SDK has
 * retried such a request, and an earlier attempt may have been served.
 *
 * <p><b>Status.</b> ECS is eventually consistent within seconds, and knows stopped tasks for at
 * least an hour. Running tasks are found by {@code startedBy}, which must be the only filter then.
 * A listing lacks tasks that were told to stop and still run; {@link #status} shows them.
 */
public final class EcsTaskRunner implements TaskRunner {
  /** The longest reason that StopTask accepts, in characters. */
  private static final int MAX_REASON = 255;

  /** How often storing a request is tried while other processes keep changing it. */
  private static final int STORE_ATTEMPTS = 5;

  private final EcsClient ecs;
  private final ObjectStore store;
  private final FargateSettings settings;

  /**
   * @param store where launch requests are kept
   */
  public EcsTaskRunner(EcsClient ecs, ObjectStore store, FargateSettings settings) {
    this.ecs = ecs;
    this.store = store;
    this.settings = settings;
  }

  private record StoredRequest(TaskRequest request, String version) {}

  @Override
  public LaunchResult launch(Cluster cluster, Task task) {
    TaskKey key = cluster.key(task);
    StoredRequest stored = stored(key, TaskRequest.of(cluster, task, settings));
    RunTaskResponse answer;
    try {
      answer = ecs.runTask(stored.request().toRunTask(key));
    } catch (ConflictException e) {
      if (e.resourceIds().isEmpty()) {
        throw failed("launch " + key.token(), e);
      }
      return new LaunchResult.Launched(e.resourceIds().getFirst());
    } catch (AwsServiceException e) {
      if (isRefusal(e)) {
        return refused(key, stored, AwsErrors.of(e));
      }
      throw failed("launch " + key.token(), e);
    } catch (SdkException e) {
      throw failed("launch " + key.token(), e);
    }
    if (!answer.tasks().isEmpty()) {
      return new LaunchResult.Launched(answer.tasks().getFirst().taskArn());
    }
    String why =
        answer.failures().stream().map(EcsTaskRunner::show).collect(Collectors.joining(", "));
    return refused(key, stored, why.isEmpty() ? "ECS started no task and gave no reason" : why);
  }

  private static boolean isRefusal(AwsServiceException e) {
    return e.statusCode() >= 400 && e.statusCode() < 500 && !e.isThrottlingException();
  }

  private static String show(Failure failure) {
    return Stream.of(failure.reason(), failure.arn(), failure.detail())
        .filter(part -> part != null && !part.isBlank())
        .collect(Collectors.joining(" "));
  }

  /** The stored request of a task; the given one if none was stored. */
  private StoredRequest stored(TaskKey key, TaskRequest now) {
    String name = StoreKeys.request(key);
    try {
      for (int attempt = 0; attempt < STORE_ATTEMPTS; attempt++) {
        Optional<String> written = store.putIfAbsent(name, now.encode());
        if (written.isPresent()) {
          return new StoredRequest(now, written.get());
        }
        Optional<StoredObject> present = store.getAccessible(name);
        Optional<String> version = present.flatMap(StoredObject::knownVersion);
        Optional<TaskRequest> before =
            present.flatMap(StoredObject::asText).flatMap(TaskRequest::decode);
        if (before.isPresent()) {
          return new StoredRequest(before.get(), version.orElseThrow());
        }
        // A damaged one is replaced.
        written = version.flatMap(known -> store.replaceIf(name, known, now.encode()));
        if (written.isPresent()) {
          return new StoredRequest(now, written.get());
        }
      }
    } catch (StoreException e) {
      throw new TaskRunnerException("could not launch %s: %s".formatted(key.token(), e), e);
    }
    throw new TaskRunnerException(
        "could not launch %s: other processes keep changing its request".formatted(key.token()));
  }

  /** Deletes a refused request, so that the next launch uses the settings of that time. */
  private LaunchResult refused(TaskKey key, StoredRequest stored, String why) {
    try {
      store.deleteIf(StoreKeys.request(key), stored.version());
    } catch (StoreException e) {
      return new LaunchResult.Rejected(
          why + "; its request could not be deleted: " + e.getMessage());
    }
    return new LaunchResult.Rejected(why);
  }

  @Override
  public TaskStatus status(String handle) {
    DescribeTasksResponse answer;
    try {
      answer = ecs.describeTasks(request -> request.cluster(settings.cluster()).tasks(handle));
    } catch (InvalidParameterException e) {
      // Not the ARN of a task in this cluster.
      return new TaskStatus.Missing();
    } catch (SdkException e) {
      throw failed("describe " + handle, e);
    }
    if (!answer.tasks().isEmpty()) {
      var task = answer.tasks().getFirst();
      return "STOPPED".equals(task.lastStatus())
          ? new TaskStatus.Stopped(reason(task))
          : new TaskStatus.Running();
    }
    List<Failure> others =
        answer.failures().stream().filter(failure -> !"MISSING".equals(failure.reason())).toList();
    if (!others.isEmpty()) {
      throw new TaskRunnerException(
          "could not describe %s: %s".formatted(handle, show(others.getFirst())));
    }
    return new TaskStatus.Missing();
  }

  /** Why a task stopped, and how each of its containers ended. */
  private static String reason(software.amazon.awssdk.services.ecs.model.Task task) {
    String why = task.stoppedReason();
    return Stream.concat(
            Stream.of(why == null || why.isBlank() ? "stopped without a reason" : why),
            task.containers().stream().map(EcsTaskRunner::show))
        .collect(Collectors.joining("; "));
  }

  /**
   * A container has no exit code if its image could not be pulled, and no reason if it succeeded.
   */
  private static String show(Container container) {
    Integer code = container.exitCode();
    String reason = container.reason();
    return container.name()
        + (code == null ? ": no exit code" : ": exit code " + code)
        + (reason == null || reason.isBlank() ? "" : ", " + reason);
  }

  @Override
  public List<String> running(ClusterId cluster) {
    try {
      return ecs
          .listTasksPaginator(
              request -> request.cluster(settings.cluster()).startedBy(cluster.value()))
          .taskArns()
          .stream()
          .toList();
    } catch (SdkException e) {
      throw failed("list the tasks of " + cluster, e);
    }
  }

  @Override
  public void stop(String handle, String why) {
    String reason = why.length() <= MAX_REASON ? why : why.substring(0, MAX_REASON);
    try {
      ecs.stopTask(request -> request.cluster(settings.cluster()).task(handle).reason(reason));
    } catch (InvalidParameterException e) {
      // The task is unknown or forgotten: there is nothing to stop.
    } catch (SdkException e) {
      throw failed("stop " + handle, e);
    }
  }

  private static TaskRunnerException failed(String what, SdkException e) {
    return new TaskRunnerException(
        "could not %s: %s".formatted(what, AwsErrors.withRequestId(e)), e);
  }
}
