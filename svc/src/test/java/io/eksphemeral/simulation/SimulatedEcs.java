package io.eksphemeral.simulation;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Fault.Where;
import io.eksphemeral.simulation.Network.Call;
import io.eksphemeral.simulation.Network.Service;
import java.util.List;
import java.util.Optional;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ecs.model.ConflictException;
import software.amazon.awssdk.services.ecs.model.Container;
import software.amazon.awssdk.services.ecs.model.DescribeTasksRequest;
import software.amazon.awssdk.services.ecs.model.DescribeTasksResponse;
import software.amazon.awssdk.services.ecs.model.Failure;
import software.amazon.awssdk.services.ecs.model.InvalidParameterException;
import software.amazon.awssdk.services.ecs.model.ListTasksRequest;
import software.amazon.awssdk.services.ecs.model.ListTasksResponse;
import software.amazon.awssdk.services.ecs.model.RunTaskRequest;
import software.amazon.awssdk.services.ecs.model.RunTaskResponse;
import software.amazon.awssdk.services.ecs.model.StopTaskRequest;
import software.amazon.awssdk.services.ecs.model.StopTaskResponse;
import software.amazon.awssdk.services.ecs.model.Task;

/** ECS, for one process. */
final class SimulatedEcs implements EcsClient {
  private final EcsTasks tasks;
  private final SimulatedContainers containers;
  private final Network network;
  private final SimulatedProcess process;

  SimulatedEcs(
      EcsTasks tasks, SimulatedContainers containers, Network network, SimulatedProcess process) {
    this.tasks = tasks;
    this.containers = containers;
    this.network = network;
    this.process = process;
  }

  private static boolean isPossibleForReads(Kind kind) {
    return switch (kind) {
      case ECS_FAILS, ECS_THROTTLES, ECS_SLOW -> true;
      default -> false;
    };
  }

  @Override
  public RunTaskResponse runTask(RunTaskRequest request) {
    return network.call(
        process,
        new Call(Service.ECS, "RunTask " + request.clientToken(), _ -> true),
        () -> run(request));
  }

  private RunTaskResponse run(RunTaskRequest request) {
    if (network.injects(Where.LAUNCH, Kind.ECS_HAS_NO_ROOM)) {
      return RunTaskResponse.builder()
          .failures(Failure.builder().reason("Capacity is unavailable at this time").build())
          .build();
    }
    if (network.injects(Where.LAUNCH, Kind.ECS_REFUSES)) {
      throw Service.ECS.error(400, "AccessDeniedException");
    }
    EcsTasks.Task known = tasks.known(request.clientToken());
    String text = request.toString();
    if (known != null
        && (!tasks.isSameRequest(request.clientToken(), text)
            || network.injects(Where.LAUNCH_AGAIN, Kind.ECS_SEES_OTHER_PARAMETERS))) {
      throw ConflictException.builder()
          .statusCode(400)
          .resourceIds(known.arn)
          .message("another request has this token")
          .build();
    }
    EcsTasks.Task task = known == null ? containers.launch(request, text) : known;
    return RunTaskResponse.builder().tasks(Task.builder().taskArn(task.arn).build()).build();
  }

  @Override
  public DescribeTasksResponse describeTasks(DescribeTasksRequest request) {
    String arn = request.tasks().getFirst();
    return network.call(
        process,
        new Call(Service.ECS, "DescribeTasks " + arn, SimulatedEcs::isPossibleForReads),
        () -> describe(arn));
  }

  private DescribeTasksResponse describe(String arn) {
    Optional<EcsTasks.Task> shown = tasks.shown(arn);
    shown.ifPresent(task -> failIfHidden(task.cluster));
    return shown
        .map(task -> DescribeTasksResponse.builder().tasks(describe(task)).build())
        .orElseGet(() ->
            DescribeTasksResponse.builder()
                .failures(Failure.builder().arn(arn).reason("MISSING").build())
                .build());
  }

  private void failIfHidden(ClusterId cluster) {
    if (tasks.isHidden(cluster)) {
      throw Service.ECS.error(500, "InternalError");
    }
  }

  private Task describe(EcsTasks.Task task) {
    Task.Builder shown = Task.builder().taskArn(task.arn);
    return tasks.isShownStopped(task)
        ? shown
            .lastStatus("STOPPED")
            .stoppedReason(task.reason)
            .containers(Container.builder().name("work").build())
            .build()
        : shown.lastStatus("RUNNING").build();
  }

  @Override
  public ListTasksResponse listTasks(ListTasksRequest request) {
    ClusterId cluster = new ClusterId(request.startedBy());
    return network.call(
        process,
        new Call(Service.ECS, "ListTasks " + cluster, SimulatedEcs::isPossibleForReads),
        () -> ListTasksResponse.builder().taskArns(running(cluster)).build());
  }

  /** Those that were told to stop are not among them, though they may still go on. */
  private List<String> running(ClusterId cluster) {
    failIfHidden(cluster);
    return tasks.of(cluster).stream()
        .filter(task -> tasks.shown(task.arn).isPresent())
        .filter(task -> !task.isStopping && !tasks.isShownStopped(task))
        .map(task -> task.arn)
        .toList();
  }

  @Override
  public StopTaskResponse stopTask(StopTaskRequest request) {
    return network.call(
        process,
        new Call(Service.ECS, "StopTask " + request.task(), _ -> true),
        () -> {
          EcsTasks.Task task =
              tasks
                  .shown(request.task())
                  .orElseThrow(() -> InvalidParameterException.builder().statusCode(400).build());
          containers.stop(task, "stopped: " + request.reason());
          return StopTaskResponse.builder().build();
        });
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {}
}
