package io.eksphemeral.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What runs after eksctl, as a program. */
@Tag("tasks")
@Execution(ExecutionMode.CONCURRENT)
class ReportTest {
  private static final String ID = "01999999-0000-7000-8000-000000000001";
  private static final String FOLDER = "tasks/" + ID + "/";
  private static final String CLUSTER = "eksctl-cluster";
  private static final String NODEGROUP = "eksctl-nodegroup";
  private static final int LOST = 75;

  private Aws aws;

  @BeforeEach
  void begin() throws IOException {
    aws = Aws.empty();
    aws.ask(
        "put", Aws.BUCKET, FOLDER + "create-1.fence", "{\"as\":\"taken\",\"handle\":\"task-1\"}");
  }

  @Test
  void aClusterThatIsUpIsReadyAndWhatLeadsToItIsKept() throws Exception {
    Aws.Made ours = aws.cluster("dev", ID);

    assertThat(aws.run("report-nodes.sh", ID, "dev", 1, Map.of()).exit()).isZero();
    assertThat(report(Map.of()).exit()).isZero();

    assertThat(aws.phases(ID)).containsExactly(Phase.NODES, Phase.CHECKS);
    assertThat(aws.result(ID, "create-1").outcome()).isEqualTo(Outcome.READY);
    assertThat(aws.object(FOLDER + "teardown-state.json").orElseThrow())
        .contains(ours.part("vpc"), ours.part("issuer"));
  }

  @Test
  void nodesThatFailedAreNoCluster() throws Exception {
    aws.cluster("dev", ID);
    aws.ask("group_status", "dev", "workers", "CREATE_FAILED");

    report(Map.of());

    failedFor("node group workers is CREATE_FAILED");
  }

  @Test
  void eachNodeGroupHasToBeThere() throws Exception {
    aws.cluster("dev", ID);
    aws.ask("group", "dev", "first", "CREATE_FAILED"); // the other one, workers, is listed after it

    report(Map.of());

    failedFor("node group first is CREATE_FAILED");
  }

  @Test
  void withoutAClusterTheStacksSayWhy() throws Exception {
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("control_plane", false), "dev", ID));
    aws.ask("fail_stack", ours.part("stack"), "The maximum number of VPCs has been reached.");

    report(Map.of());

    assertThat(failedFor("there is no cluster").log())
        .anyMatch(line -> line.contains("The maximum number of VPCs has been reached."));
  }

  @Test
  void somebodyElsesClusterIsNotReady() throws Exception {
    aws.foreignCluster("dev");

    report(Map.of());

    failedFor("the cluster is another one");
  }

  /** Whatever the cluster looks like: eksctl may have failed at something that does not show. */
  @ParameterizedTest
  @CsvSource({
    "0, 1, 143, eksctl create cluster failed with exit code 1",
    "0, 0, 1, eksctl create nodegroup failed with exit code 1",
    "0, 0, 2, eksctl create nodegroup failed with exit code 2",
    "137, 143, 143, prepare failed with exit code 137"
  })
  void theFirstContainerThatFailedDecides(int prepare, int cluster, int nodegroup, String why)
      throws Exception {
    aws.cluster("dev", ID);

    reportAfter(ended("prepare", prepare), ended(CLUSTER, cluster), ended(NODEGROUP, nodegroup));

    failedFor(why);
  }

  @Test
  void whatBothRunsOfEksctlDidIsReady() throws Exception {
    aws.cluster("dev", ID);

    reportAfter(ended("prepare", 0), ended(CLUSTER, 0), ended(NODEGROUP, 0));

    assertThat(aws.result(ID, "create-1").outcome()).isEqualTo(Outcome.READY);
  }

  @Test
  void whatEksctlSaidLastIsInTheResult() throws Exception {
    aws.cluster("dev", ID);
    logged(CLUSTER, "building", "Error: no more addresses");

    reportAfter(ended(CLUSTER, 1), ended(NODEGROUP, 143));

    assertThat(failedFor("eksctl create cluster failed with exit code 1: no more addresses").log())
        .contains("building", "Error: no more addresses");
  }

  static Stream<Arguments> causes() {
    String before = "2026-11-28 19:20:25 [✖]  ";
    String failed = "Error: failed to create nodegroups for cluster \"dev\"";
    String vpcs =
        "AWS::EC2::VPC/VPC: CREATE_FAILED – \"The maximum number of VPCs has been reached.\"";
    return Stream.of(
        // Something was wrong before anything was made.
        arguments(
            List.of(
                before + "an earlier complaint",
                "Error: invalid version, 1.29 is no longer supported, supported values: 1.35"),
            "invalid version, 1.29 is no longer supported, supported values: 1.35"),
        // A request was refused.
        arguments(
            List.of(
                "2026-11-28 19:20:25 [ℹ]  deploying stack \"eksctl-dev-nodegroup-workers\"",
                before + "the first complaint",
                before + "creating CloudFormation stack \"x\": api error ValidationError: no",
                failed),
            "creating CloudFormation stack \"x\": api error ValidationError: no"),
        // A stack failed: events are listed from the newest on, and what was cancelled says
        // nothing.
        arguments(
            List.of(
                before + "unexpected status \"ROLLBACK_IN_PROGRESS\" while waiting",
                before + "AWS::EC2::Subnet/A: CREATE_FAILED – \"Resource creation cancelled\"",
                before + vpcs,
                before
                    + "AWS::EC2::InternetGateway/B: CREATE_FAILED – \"Resource creation cancelled\"",
                before + "ResourceNotReady: failed waiting for successful resource state",
                failed),
            vpcs),
        // Nothing but that it failed.
        arguments(List.of(failed), "failed to create nodegroups for cluster \"dev\""));
  }

  @ParameterizedTest
  @MethodSource("causes")
  void theCauseIsNamedAndNotJustThatItFailed(List<String> log, String cause) throws Exception {
    aws.cluster("dev", ID);
    logged(NODEGROUP, log.toArray(String[]::new));

    reportAfter(ended(CLUSTER, 0), ended(NODEGROUP, 1));

    assertThat(aws.result(ID, "create-1").message())
        .isEqualTo("eksctl create nodegroup failed with exit code 1: " + cause);
  }

  @Test
  void whereTheLogDoesNotSayWhyAStackFailedCloudFormationDoes() throws Exception {
    Aws.Made ours = aws.cluster("dev", ID);
    aws.ask("fail_stack", ours.part("stack"), "The maximum number of VPCs has been reached.");
    String unsaid = "failed waiting for successful resource state";
    for (List<String> log :
        List.of(List.<String>of(), List.of("[✖]  ResourceNotReady: " + unsaid))) {
      logged(CLUSTER, log.toArray(String[]::new));
      aws.ask("drop", Aws.BUCKET, FOLDER + "create-1.result");

      reportAfter(ended(CLUSTER, 1), ended(NODEGROUP, 143));

      failedFor("CREATE_FAILED – The maximum number of VPCs has been reached.");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"workers", "more"})
  void oneNodeGroupThatFailedIsEnough(String failed) throws Exception {
    aws.cluster("dev", ID);
    aws.ask("another_group", "dev", "more");
    aws.ask("group_status", "dev", failed, "CREATE_FAILED");

    report(Map.of());

    failedFor("node group " + failed + " is CREATE_FAILED");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aResultThatCannotBeWrittenAtOnceIsWrittenAfterAll(int times) throws Exception {
    aws.cluster("dev", ID);
    aws.ask("fault", "s3 PUT .*create-1.result", times);

    assertThat(report(Map.of()).exit()).isZero();

    assertThat(aws.result(ID, "create-1").outcome()).isEqualTo(Outcome.READY);
  }

  @Test
  void aResultThatIsThereStays() throws Exception {
    aws.cluster("dev", ID);
    String foreign = "{\"outcome\":\"foreign\",\"at\":\"2026-11-01T00:00:00Z\",\"message\":\"x\"}";
    aws.ask("put", Aws.BUCKET, FOLDER + "create-1.result", foreign);

    assertThat(report(Map.of()).exit()).isZero();

    assertThat(aws.object(FOLDER + "create-1.result")).contains(foreign);
  }

  @Test
  void withoutTheFenceItSaysNothing() throws Exception {
    aws.cluster("dev", ID);

    for (String script : List.of("report-nodes.sh", "report.sh")) {
      Map<String, String> another = Map.of("EKSPHEMERAL_HANDLE", "another task");
      assertThat(aws.run(script, ID, "dev", 1, another).exit()).isEqualTo(LOST);
    }
    assertThat(aws.phases(ID)).isEmpty();

    assertThat(aws.object(FOLDER + "create-1.result")).isEmpty();
  }

  private TaskResult failedFor(String why) throws IOException {
    TaskResult result = aws.result(ID, "create-1");
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains(why);
    return result;
  }

  /** What ECS says of a container that ended, and where its log is. */
  private static String ended(String container, int code) {
    return """
    {"Name": "%s", "ExitCode": %d, "LogOptions":
      {"awslogs-group": "/eksp/%1$s", "awslogs-stream": "create/%1$s/1"}}\
    """
        .formatted(container, code);
  }

  private void logged(String container, String... lines) throws IOException {
    aws.ask("stream", "/eksp/" + container, "create/" + container + "/1", List.of(lines));
  }

  private void reportAfter(String... containers) throws Exception {
    String ecsSays =
        "{\"TaskARN\": \"task-1\", \"Containers\": [%s]}".formatted(String.join(", ", containers));
    HttpServer ecs =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ecs.createContext(
        "/v4/x/task",
        exchange -> {
          byte[] body = ecsSays.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    ecs.start();
    try {
      String address = "http://127.0.0.1:" + ecs.getAddress().getPort() + "/v4/x";
      assertThat(report(Map.of("ECS_CONTAINER_METADATA_URI_V4", address)).exit()).isZero();
    } finally {
      ecs.stop(0);
    }
  }

  private Aws.Outcome report(Map<String, String> more) throws Exception {
    return aws.run("report.sh", ID, "dev", 1, more);
  }
}
