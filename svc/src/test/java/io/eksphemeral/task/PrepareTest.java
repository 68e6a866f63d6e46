package io.eksphemeral.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.control.MarkFormat;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What runs before eksctl, as a program. */
@Tag("tasks")
@Execution(ExecutionMode.CONCURRENT)
class PrepareTest {
  private static final String ID = "01999999-0000-7000-8000-000000000001";
  private static final String FENCE = "tasks/" + ID + "/create-1.fence";
  private static final String RESULT = "tasks/" + ID + "/create-1.result";
  private static final int LOST = 75;
  private static final int FOREIGN = 76;

  @TempDir Path shared;
  private Aws aws;

  @BeforeEach
  void begin() throws IOException {
    aws = Aws.empty();
    aws.ask("put", Aws.BUCKET, "tasks/" + ID + "/cluster.yaml", "kind: ClusterConfig\n");
  }

  @Test
  void itTakesTheFenceAndFetchesTheConfig() throws Exception {
    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(MarkFormat.taken(aws.object(FENCE).orElseThrow()))
        .isEqualTo(new MarkFormat.Taken(Fence.TAKEN, "task-1"));
    assertThat(shared.resolve("cluster.yaml")).hasContent("kind: ClusterConfig\n");
    assertThat(Files.getPosixFilePermissions(shared.resolve("cluster.yaml")))
        .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(aws.object(RESULT)).isEmpty();
    // The same container started again has it already.
    assertThat(prepare(Map.of()).exit()).isZero();
  }

  @Test
  void withoutTheFenceItDoesNothing() throws Exception {
    for (String taken : Set.of("closed", "taken")) {
      aws.ask(
          "put",
          Aws.BUCKET,
          FENCE,
          "{\"as\":\"%s\",\"handle\":\"somebody else\"}".formatted(taken));

      assertThat(prepare(Map.of()).exit()).isEqualTo(LOST);

      assertThat(shared).isEmptyDirectory();
      assertThat(aws.object(RESULT)).isEmpty();
    }
  }

  @Test
  void aFenceThatCannotBeTakenIsNotTaken() throws Exception {
    aws.ask("fault", "s3 PUT .*fence");

    assertThat(prepare(Map.of()).exit()).isEqualTo(1);

    assertThat(shared).isEmptyDirectory();
  }

  @Test
  void aForeignClusterOfTheNameEndsIt() throws Exception {
    aws.ask("cluster", Map.of("stacks", false), "dev");
    foreignEndsIt("a cluster named dev");
  }

  @Test
  void aForeignStackOfTheNameEndsIt() throws Exception {
    aws.ask(
        "cluster", Map.of("control_plane", false), "dev", "01999999-0000-7000-8000-00000000000a");
    foreignEndsIt("eksctl-dev-cluster");
  }

  private void foreignEndsIt(String why) throws Exception {
    Set<String> before = aws.inventory();

    assertThat(prepare(Map.of()).exit()).isEqualTo(FOREIGN);

    TaskResult result = aws.result(ID, "create-1");
    assertThat(result.outcome()).isEqualTo(Outcome.FOREIGN);
    assertThat(result.message()).contains(why);
    assertThat(aws.inventory()).isEqualTo(before);
    assertThat(shared).isEmptyDirectory();
  }

  @Test
  void itsNeighboursByNameAndItsOwnAreNoneOfThat() throws Exception {
    aws.foreignCluster("dev-prod");
    aws.cluster("dev", ID);

    assertThat(prepare(Map.of()).exit()).isZero();
  }

  @Test
  void whereItCannotLookItSaysSo() throws Exception {
    aws.ask("fault", "eks GET /clusters/dev");

    assertThat(prepare(Map.of()).exit()).isEqualTo(1);

    assertThat(aws.result(ID, "create-1").outcome()).isEqualTo(Outcome.FAILED);
    assertThat(shared).isEmptyDirectory();
  }

  @Test
  void ecsSaysWhichTaskItIs() throws Exception {
    HttpServer ecs =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ecs.createContext(
        "/v4/x/task",
        exchange -> {
          byte[] body =
              "{\"TaskARN\": \"arn:aws:ecs:task/eksp/1\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    ecs.start();
    try {
      String address = "http://127.0.0.1:" + ecs.getAddress().getPort() + "/v4/x";
      assertThat(prepare(Map.of("ECS_CONTAINER_METADATA_URI_V4", address)).exit()).isZero();
    } finally {
      ecs.stop(0);
    }

    assertThat(MarkFormat.taken(aws.object(FENCE).orElseThrow()).handle())
        .isEqualTo("arn:aws:ecs:task/eksp/1");
  }

  private Aws.Outcome prepare(Map<String, String> more) throws Exception {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("EKSPHEMERAL_SHARED", shared.toString());
    return aws.run("prepare.sh", ID, "dev", 1, environment);
  }
}
