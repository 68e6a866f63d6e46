package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.CreateClusterHandlerTest.assertLogged;
import static io.eksphemeral.lambda.CreateClusterHandlerTest.storeThatThrows;
import static io.eksphemeral.lambda.HandlerFixture.ID;
import static io.eksphemeral.lambda.HandlerFixture.body;
import static io.eksphemeral.lambda.HandlerFixture.json;
import static io.eksphemeral.lambda.HandlerFixture.response;
import static io.eksphemeral.lambda.HandlerFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.mockito.Mockito.mock;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DestroyClusterHandlerTest {
  private final HandlerFixture installation = new HandlerFixture();

  @Test
  void destroyAcceptsACluster() {
    installation.ready();

    APIGatewayV2HTTPResponse response = response(installation.runDestroy(text("destroy")));

    assertThat(response.getStatusCode()).isEqualTo(202);
    assertThat(response.getHeaders())
        .containsEntry("content-type", "application/json")
        .containsEntry("location", "/status/" + HandlerFixture.ID);
    JsonNode status = body(response).path("status");
    assertThat(status.path("state").asText()).isEqualTo("destroying");
    assertThat(status.path("usually").asInt()).isEqualTo(14 * 60);
    assertThat(status.at("/history/2/why").asText()).isEqualTo("requested by " + Samples.ALICE);
    assertThat(installation.tasks.launched()).isEqualTo(2);
  }

  @Test
  void destroyIsIdempotent() {
    installation.ready();
    installation.runDestroy(text("destroy"));
    Map<String, String> before = installation.objects.contents();

    assertThat(response(installation.runDestroy(text("destroy"))).getStatusCode()).isEqualTo(202);
    assertThat(installation.objects.contents()).isEqualTo(before);
    assertThat(installation.tasks.launched()).isEqualTo(2);
  }

  @Test
  void unsignedRequestsAreForbidden() {
    installation.ready();
    ObjectNode event = (ObjectNode) json(text("destroy"));
    ((ObjectNode) event.path("requestContext")).remove("authorizer");

    assertThat(response(installation.runDestroy(event.toString())).getStatusCode()).isEqualTo(403);
    assertThat(installation.cluster().state()).isEqualTo(State.READY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /destroy/{id}", "POST /create", "$default"})
  void otherRoutesAreNotFound(String route) {
    installation.ready();
    ObjectNode event = (ObjectNode) json(text("destroy"));
    event.put("routeKey", route);

    assertThat(response(installation.runDestroy(event.toString())).getStatusCode()).isEqualTo(404);
    assertThat(installation.cluster().state()).isEqualTo(State.READY);
  }

  @Test
  void aFailingStoreIsA503WithoutInternalsAndTheLogHasThem() {
    HandlerFixture failing = failing(new StoreException("secret", new IOException("reset")));

    APIGatewayV2HTTPResponse response = response(failing.runDestroy(text("destroy")));

    assertThat(response.getStatusCode()).isEqualTo(503);
    assertThat(response.getBody()).doesNotContain("secret", "reset");
    assertLogged(failing, "POST /destroy/{id}", "secret", "reset");
  }

  @Test
  void aScheduledEventSweepsAllClustersAndReports() {
    installation.created();
    installation.letTasksEnd();
    ClusterId broken = Samples.newId();
    ClusterId old = Samples.newId();
    installation.objects.put(StoreKeys.record(broken), "{");
    installation.objects.put(StoreKeys.record(old), "{\"name\":\"default-eksp\"}");

    JsonNode report = json(installation.runDestroy(text("schedule")));

    assertThat(report.path("clusters").asInt()).isEqualTo(1);
    assertThat(report.path("states")).isEqualTo(json("{\"creating\":1}"));
    assertThat(report.path("changed"))
        .isEqualTo(json("[{\"id\":\"%s\",\"from\":\"creating\",\"to\":\"ready\"}]".formatted(ID)));
    assertThat(report.path("failed")).isEqualTo(json("{}"));
    assertThat(report.path("unreadable").path(broken.value()).asText()).startsWith("not JSON");
    assertThat(report.path("legacy")).isEqualTo(json("[\"" + old + "\"]"));
    assertThat(report.path("skipped").asInt()).isZero();
    assertMetrics("clusters", 1, "changed", 1, "failed", 0, "unreadable", 1, "skipped", 0);
  }

  /** What the alarms go by. */
  private void assertMetrics(Object... namesAndCounts) {
    JsonNode logged = json(installation.context.log().getLast());
    for (int i = 0; i < namesAndCounts.length; i += 2) {
      assertThat(logged.path((String) namesAndCounts[i]).asInt(-1))
          .as("%s", namesAndCounts[i])
          .isEqualTo(namesAndCounts[i + 1]);
    }
  }

  @Test
  void aSweepLogsOneLineOfJsonWhoseMetricsAreInIt() {
    installation.created();

    installation.runDestroy(text("schedule"));

    assertThat(installation.context.log())
        .singleElement()
        .satisfies(line -> {
          assertThat(line).endsWith("}\n");
          assertThat(line.strip()).doesNotContain("\n");
          JsonNode logged = json(line);
          assertThat(logged.path("event").asText()).isEqualTo("sweep");
          assertThat(logged.at("/_aws/Timestamp").asLong()).isEqualTo(Samples.START.toEpochMilli());
          JsonNode directive = logged.at("/_aws/CloudWatchMetrics/0");
          assertThat(directive.path("Namespace").asText()).isEqualTo("EKSphemeral");
          assertThat(directive.path("Dimensions")).isEqualTo(json("[[]]"));
          assertThat(directive.path("Metrics")).hasSize(5);
          assertThat(directive.path("Metrics"))
              .allSatisfy(metric -> {
                assertThat(metric.path("Unit").asText()).isEqualTo("Count");
                assertThat(logged.path(metric.path("Name").asText()).isIntegralNumber())
                    .as("%s is a number of the line", metric.path("Name"))
                    .isTrue();
              });
        });
  }

  @Test
  void aStoppedTaskSweepsItsClusterOnly() {
    installation.created();
    ClusterId other = Samples.newId();
    installation.letTasksEnd();
    installation.objects.put(StoreKeys.record(other), "{");

    JsonNode report = json(installation.runDestroy(text("task-stopped")));

    assertThat(installation.cluster().state()).isEqualTo(State.READY);
    assertThat(report.path("clusters").asInt()).isEqualTo(1);
    assertThat(report.path("unreadable")).isEmpty();
    assertThat(json(installation.context.log().getLast()).path("event").asText())
        .isEqualTo("task-stopped");
  }

  @Test
  void theLastStoppedTaskArchivesTheClusterAndFreesItsName() {
    installation.ready();
    installation.runDestroy(text("destroy"));
    installation.letTasksEnd();

    installation.runDestroy(text("task-stopped"));

    assertThat(installation.cluster().state()).isEqualTo(State.GONE);
    assertThat(installation.store.ids()).isEmpty();
    assertThat(installation.store.claims()).isEmpty();
  }

  @Test
  void aStoppedTaskOfAnUnknownClusterChangesNothing() {
    JsonNode report = json(installation.runDestroy(text("task-stopped")));
    assertThat(report.path("clusters").asInt()).isZero();
    assertThat(installation.objects.contents()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"ecs-svc/1234567890123456789\"", "\"\"", "null", "{}"})
  void aStoppedTaskOfAnotherServiceIsIgnored(String startedBy) {
    installation.created();
    installation.letTasksEnd();
    Map<String, String> before = installation.objects.contents();
    ObjectNode event = (ObjectNode) json(text("task-stopped"));
    ((ObjectNode) event.path("detail")).set("startedBy", json(startedBy));

    assertThat(installation.runDestroy(event.toString()))
        .isEqualTo("{\"ignored\":\"not a task of EKSphemeral\"}");
    assertThat(installation.objects.contents()).isEqualTo(before);
  }

  @Test
  void withoutTimeLeftClustersAreSkippedAndReported() {
    installation.created();
    installation.letTasksEnd();
    Map<String, String> before = installation.objects.contents();

    installation.context.setRemaining(9_999);
    JsonNode report = json(installation.runDestroy(text("schedule")));

    assertThat(report.path("skipped").asInt()).isEqualTo(1);
    assertMetrics("clusters", 1, "skipped", 1);
    assertThat(report.path("changed")).isEmpty();
    assertThat(installation.objects.contents()).isEqualTo(before);

    installation.context.setRemaining(10_000);
    assertThat(json(installation.runDestroy(text("schedule"))).path("skipped").asInt()).isZero();
    assertThat(installation.cluster().state()).isEqualTo(State.READY);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "{\"detail-type\":\"EC2 Instance State-change Notification\",\"detail\":{}}"
      })
  void anUnsupportedEventFailsTheInvocation(String event) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> installation.runDestroy(event))
        .withMessageContaining("unsupported event type");
  }

  @Test
  void invalidJsonFailsTheInvocation() {
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> installation.runDestroy("{"));
  }

  @Test
  void aSweepThatCannotListFailsTheInvocation() {
    StoreException down = new StoreException("no list", new IOException("reset"));
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() -> failing(down).runDestroy(text("schedule")));
  }

  @Test
  void aFailureOfOneClusterIsReportedAndTheOthersContinue() {
    installation.created();
    installation.letTasksEnd();
    TaskRunner runner =
        mock(
            TaskRunner.class,
            invocation -> {
              throw new IllegalStateException("out of order");
            });
    ClusterId waiting = Samples.newId();
    installation.store.add(asked(waiting));
    HandlerFixture next = new HandlerFixture(installation.store, runner);

    JsonNode report = json(next.runDestroy(text("schedule")));

    assertThat(report.path("failed"))
        .isEqualTo(
            json("{\"%s\":\"java.lang.IllegalStateException: out of order\"}".formatted(waiting)));
    assertThat(json(next.context.log().getLast()).path("failed").asInt()).isEqualTo(1);
    assertThat(installation.cluster().state()).isEqualTo(State.READY);
  }

  private static HandlerFixture failing(RuntimeException failure) {
    return new HandlerFixture(storeThatThrows(failure), mock(TaskRunner.class));
  }

  private static Cluster asked(ClusterId id) {
    return Cluster.requested(id, Samples.spec("waiting"), Samples.BOB, Samples.START);
  }
}
