package io.eksphemeral.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What runs after eksctl, as a program. */
@Tag("tasks")
@Execution(ExecutionMode.CONCURRENT)
class ReportTest {
  private static final String ID = "01999999-0000-7000-8000-000000000001";
  private static final String FOLDER = "tasks/" + ID + "/";
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

    assertThat(report(Map.of()).exit()).isZero();

    assertThat(aws.result(ID, "create-1").outcome()).isEqualTo(Outcome.READY);
    assertThat(aws.object(FOLDER + "kept.json").orElseThrow())
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

    failedFor("not ours");
  }

  @Test
  void whatEksctlSaidLastIsInTheResult() throws Exception {
    aws.cluster("dev", ID);
    aws.ask("stream", "/eksp", "create/eksctl/1", List.of("building", "Error: no more addresses"));
    String ecsSays =
        """
        {"TaskARN": "task-1", "Containers": [{"Name": "eksctl", "ExitCode": 1, "LogOptions":
          {"awslogs-group": "/eksp", "awslogs-stream": "create/eksctl/1"}}]}\
        """;
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
      report(Map.of("ECS_CONTAINER_METADATA_URI_V4", address));
    } finally {
      ecs.stop(0);
    }

    assertThat(failedFor("eksctl ended with exit code 1: no more addresses").log())
        .contains("building", "Error: no more addresses");
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

    assertThat(report(Map.of("EKSPHEMERAL_HANDLE", "another task")).exit()).isEqualTo(LOST);

    assertThat(aws.object(FOLDER + "create-1.result")).isEmpty();
  }

  private TaskResult failedFor(String why) throws IOException {
    TaskResult result = aws.result(ID, "create-1");
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains(why);
    return result;
  }

  private Aws.Outcome report(Map<String, String> more) throws Exception {
    return aws.run("report.sh", ID, "dev", 1, more);
  }
}
