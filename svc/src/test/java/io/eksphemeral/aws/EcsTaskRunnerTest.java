package io.eksphemeral.aws;

import static io.eksphemeral.control.Samples.ALICE;
import static io.eksphemeral.control.Samples.START;
import static io.eksphemeral.control.Samples.admitted;
import static io.eksphemeral.control.Samples.newId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.ObjectStore.StoredObject;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.control.TaskRunnerContract;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskStatus;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ecs.model.Compatibility;
import software.amazon.awssdk.services.ecs.model.ContainerDefinition;
import software.amazon.awssdk.services.ecs.model.NetworkMode;
import software.amazon.awssdk.services.ecs.model.Tag;
import software.amazon.awssdk.services.ecs.model.TaskField;

/**
 * The task runner with the emulator's ECS, to which client tokens were added as they are
 * documented; {@link FakeEcsContainers} stands in for the containers. Then what no emulator has, by
 * recorded answers. It shows nothing of Fargate, of roles, or of how late ECS shows what happened.
 */
final class EcsTaskRunnerTest extends TaskRunnerContract {
  private static final String ARN = "arn:aws:ecs:us-east-2:000000000000:task/eksp/";

  private final FaultyHttpClient wire = new FaultyHttpClient();
  private final String ecsCluster = Emulator.newName("tasks");
  private EcsClient ecs;
  private String bucketName;
  private S3ObjectStore bucket;
  private ClusterStore store;
  private FakeEcsContainers played;
  private EcsTaskRunner runner;

  @BeforeEach
  void install() {
    ecs = Emulator.ecs();
    ecs.createCluster(request -> request.clusterName(ecsCluster));
    register("create", "prepare", "eksctl-cluster", "report-nodes", "eksctl-nodegroup", "report");
    register("destroy", "teardown");
    var s3 = Emulator.s3(new FaultyHttpClient());
    bucketName = Emulator.newBucket(s3);
    bucket = new S3ObjectStore(s3, bucketName, _ -> {});
    store = new ClusterStore(bucket, Executors.newVirtualThreadPerTaskExecutor());
    played = new FakeEcsContainers(ecs, ecsCluster, store);
    runner = new EcsTaskRunner(ecs, bucket, settings("create", "subnet-1"));
  }

  @AfterEach
  void close() {
    wire.close();
  }

  private void register(String kind, String... containers) {
    ecs.registerTaskDefinition(request ->
        request
            .family(ecsCluster + "-" + kind)
            .networkMode(NetworkMode.AWSVPC)
            .requiresCompatibilities(Compatibility.FARGATE)
            .cpu("256")
            .memory("512")
            .containerDefinitions(
                List.of(containers).stream()
                    .map(name -> ContainerDefinition.builder().name(name).image("image").build())
                    .toList()));
  }

  private FargateSettings settings(String create, String subnet) {
    return new FargateSettings(
        ecsCluster,
        Map.of(
            TaskKind.CREATE,
            new FargateSettings.Definition(
                ecsCluster + "-" + create, List.of("prepare", "report-nodes", "report")),
            TaskKind.DESTROY,
            new FargateSettings.Definition(ecsCluster + "-destroy", List.of("teardown"))),
        List.of(subnet),
        List.of("sg-1"),
        bucketName);
  }

  @Override
  protected TaskRunner runner() {
    return runner;
  }

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void letTasksBegin() {
    played.begin();
  }

  @Override
  protected void letTasksEnd() {
    played.begin();
    played.end();
  }

  @Test
  void aTaskIsToldWhatToWorkOnAndNothingElse() {
    Cluster cluster = admitted("one");
    var task = described(launched(runner, cluster));

    assertThat(task.startedBy()).isEqualTo(cluster.id().value());
    assertThat(task.taskDefinitionArn()).endsWith("/" + ecsCluster + "-create:1");
    assertThat(task.tags())
        .contains(Tag.builder().key("eksphemeral:task-of").value(cluster.id().value()).build());
    assertThat(task.overrides().containerOverrides())
        .map(container -> container.name())
        .containsExactly("prepare", "report-nodes", "report");
    assertThat(task.overrides().containerOverrides())
        .allSatisfy(container -> assertThat(container.command()).isEmpty());
    assertThat(FakeEcsContainers.environment(task))
        .containsOnly(
            Map.entry("EKSPHEMERAL_BUCKET", bucketName),
            Map.entry("EKSPHEMERAL_ID", cluster.id().value()),
            Map.entry("EKSPHEMERAL_NAME", "one"),
            Map.entry("EKSPHEMERAL_KIND", "create"),
            Map.entry("EKSPHEMERAL_ATTEMPT", "1"));
  }

  @Test
  void aTaskIsAskedForInTheSameWordsWhateverWasInstalledSince() {
    Cluster cluster = admitted("one");
    String handle = launched(runner, cluster);
    var later = new EcsTaskRunner(Emulator.ecs(wire), bucket, settings("create", "subnet-2"));

    assertThat(launched(later, cluster)).isEqualTo(handle);
    assertThat(wire.seen().getFirst().body()).contains("subnet-1").doesNotContain("subnet-2");
    assertThat(runner.running(cluster.id())).containsExactly(handle);
  }

  @Test
  void whereTheWordsAreLostTheConflictNamesTheTask() {
    Cluster cluster = admitted("one");
    String handle = launched(runner, cluster);
    String key = StoreKeys.request(cluster.key(task(cluster)));
    var request = (StoredObject.Text) bucket.get(key).orElseThrow();
    assertThat(bucket.deleteIf(key, request.version())).isTrue();
    var later = new EcsTaskRunner(ecs, bucket, settings("create", "subnet-2"));

    assertThat(launched(later, cluster)).isEqualTo(handle);
    assertThat(runner.running(cluster.id())).containsExactly(handle);
  }

  @Test
  void aStoredRequestThatNobodyCanReadIsWrittenAnew() {
    Cluster cluster = admitted("one");
    String key = StoreKeys.request(cluster.key(task(cluster)));
    for (String broken : List.of("", "{", "[]", "{\"cluster\":\"x\"}", "{\"environment\":7}")) {
      bucket.put(key, broken);
      launched(runner, cluster);

      assertThat(bucket.get(key).flatMap(StoredObject::asText).flatMap(TaskRequest::decode))
          .contains(TaskRequest.of(cluster, task(cluster), settings("create", "subnet-1")));
    }
  }

  @Test
  void whatWasRefusedCanBeMendedInTheSettings() {
    Cluster cluster = admitted("one");
    var wrong = new EcsTaskRunner(ecs, bucket, settings("unknown", "subnet-1"));

    assertThat(wrong.launch(cluster, task(cluster)))
        .isInstanceOfSatisfying(
            LaunchResult.Rejected.class,
            refused -> assertThat(refused.why()).contains("Unable to find task definition"));
    assertThat(runner.running(cluster.id())).isEmpty();
    String handle = launched(runner, cluster);
    assertThat(runner.running(cluster.id())).containsExactly(handle);
  }

  @Test
  void aTaskRunsWhereItsSpecSays() {
    var network = requestFor(new Placement("sg-own", List.of("subnet-a", "subnet-b")));
    assertThat(network)
        .contains("\"subnets\":[\"subnet-a\",\"subnet-b\"]", "\"securityGroups\":[\"sg-own\"]");
    assertThat(requestFor(new Placement("sg-own", List.of())))
        .contains("\"subnets\":[\"subnet-1\"]", "\"securityGroups\":[\"sg-own\"]");
    assertThat(requestFor(new Placement(null, List.of("subnet-a"))))
        .contains("\"subnets\":[\"subnet-a\"]", "\"securityGroups\":[\"sg-1\"]");
    assertThat(requestFor(null))
        .contains(
            "\"subnets\":[\"subnet-1\"]",
            "\"securityGroups\":[\"sg-1\"]",
            "\"assignPublicIp\":\"ENABLED\"",
            "\"launchType\":\"FARGATE\"");
  }

  private String requestFor(@Nullable Placement placement) {
    Spec spec = new SpecBuilder().name("one").numworkers(2).task(placement).build();
    Cluster cluster = Cluster.requested(newId(), spec, ALICE, START);
    wire.forget();
    wire.next(
        FaultyHttpClient.answer(
            200, "{\"tasks\":[{\"taskArn\":\"" + ARN + "a\"}],\"failures\":[]}"));
    launched(overWire(), cluster, task(admitted("any")));
    return wire.seen().getFirst().body();
  }

  @Test
  void overridesAreShortWhateverIsAskedFor() {
    Cluster cluster = admitted("n".repeat(63));
    wire.next(
        FaultyHttpClient.answer(
            200, "{\"tasks\":[{\"taskArn\":\"" + ARN + "a\"}],\"failures\":[]}"));
    launched(overWire(), cluster);

    String body = wire.seen().getFirst().body();
    assertThat(body.length()).isLessThan(8192 / 4);
    assertThat(body)
        .contains("\"clientToken\":\"" + cluster.id() + "-create-1\"")
        .doesNotContain("alice");
  }

  @Test
  void failuresInAnAnswerAreARefusal() {
    Cluster cluster = admitted("one");
    wire.next(
        FaultyHttpClient.answer(
            200,
            "{\"tasks\":[],\"failures\":[{\"arn\":\"arn:aws:ecs:x\",\"reason\":\"RESOURCE:ENI\"},"
                + "{\"reason\":\"Capacity is unavailable at this time\"}]}"));

    assertThat(overWire().launch(cluster, task(cluster)))
        .isEqualTo(
            new LaunchResult.Rejected(
                "RESOURCE:ENI arn:aws:ecs:x, Capacity is unavailable at this time"));
    assertThat(bucket.get(StoreKeys.request(cluster.key(task(cluster))))).isEmpty();
  }

  @Test
  void aRequestThatIsWrongOrNotAllowedIsARefusal() {
    for (String type :
        List.of(
            "ClientException",
            "InvalidParameterException",
            "AccessDeniedException",
            "ClusterNotFoundException",
            "BlockedException",
            "PlatformUnknownException")) {
      Cluster cluster = admitted("one");
      wire.next(FaultyHttpClient.ecsError(400, type, ""));

      assertThat(overWire().launch(cluster, task(cluster)))
          .isEqualTo(new LaunchResult.Rejected(type + ": as recorded (HTTP 400)"));
    }
  }

  @Test
  void aConflictOfTokensNamesTheTask() {
    Cluster cluster = admitted("one");
    wire.next(
        FaultyHttpClient.ecsError(
            400, "ConflictException", ",\"resourceIds\":[\"" + ARN + "earlier\"]"));

    assertThat(overWire().launch(cluster, task(cluster)))
        .isEqualTo(new LaunchResult.Launched(ARN + "earlier"));
  }

  @Test
  void aConflictThatNamesNothingIsAFailure() {
    wire.next(FaultyHttpClient.ecsError(400, "ConflictException", ""));

    assertLaunchFails("ConflictException");
  }

  @Test
  void throttlingAndFaultsLeaveOpenWhetherATaskWasLaunched() {
    FaultyHttpClient.Reaction throttled = FaultyHttpClient.ecsError(400, "ThrottlingException", "");
    wire.next(throttled, throttled, throttled);
    assertLaunchFails("ThrottlingException: as recorded");

    FaultyHttpClient.Reaction fault = FaultyHttpClient.ecsError(500, "ServerException", "");
    wire.next(fault, fault, fault);
    assertLaunchFails("ServerException: as recorded (HTTP 500");

    wire.next(
        FaultyHttpClient.lostRequest(),
        FaultyHttpClient.lostRequest(),
        FaultyHttpClient.lostRequest());
    assertLaunchFails("Read timed out");
    assertThat(wire.seen()).hasSize(9);
  }

  private void assertLaunchFails(String why) {
    Cluster cluster = admitted("one");
    assertThatExceptionOfType(TaskRunnerException.class)
        .isThrownBy(() -> overWire().launch(cluster, task(cluster)))
        .withMessageContaining(why);
    assertThat(bucket.get(StoreKeys.request(cluster.key(task(cluster)))))
        .as("the request, which is to be repeated as it was")
        .isPresent();
  }

  @Test
  void aPassingFaultIsTriedAgainWithTheSameToken() {
    Cluster cluster = admitted("one");
    wire.next(
        FaultyHttpClient.lostRequest(),
        FaultyHttpClient.ecsError(500, "ServerException", ""),
        FaultyHttpClient.answer(200, "{\"tasks\":[{\"taskArn\":\"" + ARN + "a\"}]}"));

    assertThat(launched(overWire(), cluster)).isEqualTo(ARN + "a");
    assertThat(wire.seen())
        .hasSize(3)
        .map(FaultyHttpClient.Seen::body)
        .containsOnly(wire.seen().get(0).body());
  }

  @Test
  void withoutItsStoreNothingIsLaunched() {
    FaultyHttpClient broken = new FaultyHttpClient();
    broken.next(FaultyHttpClient.s3Error(403, "AccessDenied"));
    var blind =
        new EcsTaskRunner(
            ecs,
            new S3ObjectStore(Emulator.s3(broken), bucketName, _ -> {}),
            settings("create", "s"));
    Cluster cluster = admitted("one");

    assertThatExceptionOfType(TaskRunnerException.class)
        .isThrownBy(() -> blind.launch(cluster, task(cluster)))
        .withMessageContaining("AccessDenied");
    assertThat(runner.running(cluster.id())).isEmpty();
  }

  @Test
  void aStoppedTaskSaysHowEachContainerEnded() {
    wire.next(
        FaultyHttpClient.answer(
            200,
            """
            {"tasks": [{"taskArn": "a", "lastStatus": "STOPPED",
              "stoppedReason": "Essential container in task exited",
              "containers": [{"name": "prepare", "exitCode": 0}, {"name": "eksctl", "exitCode": 1},
                {"name": "report", "reason": "CannotPullContainerError: no such image"}]}]}
            """));

    assertThat(overWire().status(ARN + "a"))
        .isEqualTo(
            new TaskStatus.Stopped(
                "Essential container in task exited; prepare: exit code 0; eksctl: exit code 1; "
                    + "report: no exit code, CannotPullContainerError: no such image"));
  }

  @Test
  void aTaskRunsUntilEcsSaysThatItStopped() {
    for (String status :
        List.of(
            "PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING")) {
      wire.next(
          FaultyHttpClient.answer(
              200, "{\"tasks\":[{\"taskArn\":\"a\",\"lastStatus\":\"" + status + "\"}]}"));

      assertThat(overWire().status(ARN + "a")).isEqualTo(new TaskStatus.Running());
    }
  }

  @Test
  void whatEcsDoesNotKnowIsMissingAndWhatItDoesNotSayIsAFailure() {
    wire.next(
        FaultyHttpClient.answer(200, "{\"failures\":[{\"arn\":\"a\",\"reason\":\"MISSING\"}]}"));
    assertThat(overWire().status(ARN + "a")).isEqualTo(new TaskStatus.Missing());
    wire.next(FaultyHttpClient.ecsError(400, "InvalidParameterException", ""));
    assertThat(overWire().status("no ARN")).isEqualTo(new TaskStatus.Missing());

    wire.next(
        FaultyHttpClient.answer(
            200, "{\"failures\":[{\"arn\":\"a\",\"reason\":\"ACCESS_DENIED\"}]}"));
    assertThatExceptionOfType(TaskRunnerException.class)
        .isThrownBy(() -> overWire().status(ARN + "a"))
        .withMessageContaining("ACCESS_DENIED");
    wire.next(FaultyHttpClient.ecsError(400, "AccessDeniedException", ""));
    assertThatExceptionOfType(TaskRunnerException.class)
        .isThrownBy(() -> overWire().status(ARN + "a"))
        .withMessageContaining("AccessDeniedException");
    wire.next(FaultyHttpClient.ecsError(400, "ClusterNotFoundException", ""));
    assertThatExceptionOfType(TaskRunnerException.class)
        .isThrownBy(() -> overWire().running(newId()));
    wire.next(FaultyHttpClient.ecsError(400, "AccessDeniedException", ""));
    assertThatExceptionOfType(TaskRunnerException.class)
        .isThrownBy(() -> overWire().stop(ARN + "a", "why"));
  }

  @Test
  void theTasksOfAClusterAreListedPastAPage() {
    wire.next(
        FaultyHttpClient.answer(200, "{\"taskArns\":[\"a\",\"b\"],\"nextToken\":\"more\"}"),
        FaultyHttpClient.answer(200, "{\"taskArns\":[\"c\"]}"));

    assertThat(overWire().running(newId())).containsExactly("a", "b", "c");
    assertThat(wire.seen().get(1).body()).contains("\"nextToken\":\"more\"");
  }

  @Test
  void aReasonIsCutToWhatEcsTakes() {
    wire.next(FaultyHttpClient.answer(200, "{\"task\":{}}"));
    overWire().stop(ARN + "a", "why ".repeat(100));

    assertThat(wire.seen().getFirst().body()).contains("\"" + "why ".repeat(63) + "why\"");
  }

  private EcsTaskRunner overWire() {
    EcsClient recorded =
        wire.beneath(Emulator.at(URI.create("http://127.0.0.1:9"), AwsClients.ecs())).build();
    return new EcsTaskRunner(recorded, bucket, settings("create", "subnet-1"));
  }

  private static Task task(Cluster cluster) {
    return cluster.openTask().orElseThrow();
  }

  private static String launched(TaskRunner runner, Cluster cluster) {
    return launched(runner, cluster, task(cluster));
  }

  private static String launched(TaskRunner runner, Cluster cluster, Task task) {
    return ((LaunchResult.Launched) runner.launch(cluster, task)).handle();
  }

  private software.amazon.awssdk.services.ecs.model.Task described(String handle) {
    return ecs.describeTasks(
            request -> request.cluster(ecsCluster).tasks(handle).include(TaskField.TAGS))
        .tasks()
        .getFirst();
  }
}
