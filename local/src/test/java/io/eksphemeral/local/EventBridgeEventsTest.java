package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.lambda.Route;
import io.eksphemeral.local.task.LocalTask;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the functions are fed with is what AWS would feed them with. */
final class EventBridgeEventsTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Instant NOW = Instant.parse("2026-11-22T14:03:07Z");

  private final ApiGatewayEvents http = new ApiGatewayEvents("al ice");

  private static JsonNode canned(String name) throws IOException {
    try (InputStream file = EventBridgeEventsTest.class.getResourceAsStream("/events/" + name)) {
      return MAPPER.readTree(file);
    }
  }

  private APIGatewayV2HTTPEvent event(
      String path, String query, Map<String, List<String>> headers, byte[] body) {
    return http.of(
        new HttpRequest(
            "POST", query.isEmpty() ? path : path + "?" + query, headers, ByteBuffer.wrap(body)),
        ApiGatewayEvents.match(path).getFirst(),
        "JKJaXmPLvHcESHA=",
        NOW);
  }

  /** What is not there is no different from null. */
  private static JsonNode withoutNulls(JsonNode json) {
    for (Iterator<JsonNode> fields = json.iterator(); fields.hasNext(); ) {
      JsonNode field = fields.next();
      if (field.isNull()) {
        fields.remove();
      } else {
        withoutNulls(field);
      }
    }
    return json;
  }

  @Test
  void aRequestBecomesTheEventOfApiGateway() throws IOException {
    APIGatewayV2HTTPEvent event =
        event(
            "/prolong/a%2Fb%20c+d/30",
            "a=1&b=x%20y&a=2",
            Map.of(
                "Host", List.of("127.0.0.1:8470"),
                "Content-type", List.of("application/json; charset=utf-8"),
                "User-agent", List.of("curl/8.5.0"),
                "X-two", List.of("1", "2"),
                "Cookie", List.of("one=1; two=2")),
            "{\"ü\":1}".getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    LambdaEventSerializers.serializerFor(
            APIGatewayV2HTTPEvent.class, EventBridgeEventsTest.class.getClassLoader())
        .toJson(event, json);

    assertThat(withoutNulls(MAPPER.readTree(json.toByteArray())))
        .isEqualTo(canned("http-prolong.json"));
  }

  @ParameterizedTest
  @CsvSource({
    "application/json, false",
    "'APPLICATION/JSON;charset=utf-8', false",
    "application/problem+json, false",
    "text/plain, false",
    "application/octet-stream, true",
    "application/jsonish, true",
    "application/x-www-form-urlencoded, true",
    "'', true",
  })
  void aBodyIsPassedAsTextIfItsTypeSaysSo(String type, boolean base64) {
    APIGatewayV2HTTPEvent event =
        event("/create", "", Map.of("content-type", List.of(type)), new byte[] {'{', '}'});

    assertThat(event.getIsBase64Encoded()).isEqualTo(base64);
    assertThat(event.getBody()).isEqualTo(base64 ? "e30=" : "{}");
  }

  @Test
  void invalidTextIsPassedAsBase64() {
    APIGatewayV2HTTPEvent event =
        event(
            "/create",
            "",
            Map.of("content-type", List.of("application/json")),
            new byte[] {(byte) 0xff, (byte) 0xfe});

    assertThat(event.getIsBase64Encoded()).isTrue();
    assertThat(event.getBody()).isEqualTo("//4=");
  }

  @Test
  void anEmptyBodyIsNull() {
    APIGatewayV2HTTPEvent event = event("/create", "", Map.of(), new byte[0]);

    assertThat(event.getIsBase64Encoded()).isFalse();
    assertThat(event.getBody()).isNull();
    assertThat(event.getPathParameters()).isNull();
    assertThat(event.getQueryStringParameters()).isNull();
    assertThat(event.getCookies()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /status, LIST_IDS",
    "GET, /status/*, SHOW",
    "GET, /status/a%2Fb, SHOW",
    "GET, /status/.., SHOW",
    "GET, /clusters, LIST",
    "GET, /clusters/gone, LIST_GONE",
    "POST, /create, CREATE",
    "POST, /destroy/dev, DESTROY",
    "POST, /prolong/dev/-5, PROLONG",
    "GET, /status/, LIST_IDS",
    "GET, /status/dev/, SHOW",
    "POST, /create/, CREATE",
    "POST, /prolong/dev/5/, PROLONG",
    "POST, /prolong/dev/, PROLONG",
  })
  void aPathMatchesItsRoute(String method, String path, Route route) {
    assertThat(ApiGatewayEvents.match(path))
        .extracting(ApiGatewayEvents.Match::route)
        .containsExactly(route);
    assertThat(route.method()).isEqualTo(method);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "",
        "//",
        "status",
        "//status",
        "/status//",
        "/create//",
        "/status//x",
        "/x/../status",
        "/./status",
        "/status/a/b",
        "/%73tatus",
        "/STATUS",
        "/prolong/dev",
        "/prolong//5",
        "/prolong//",
        "/prolong/dev/5//",
      })
  void otherPathsMatchNoRoute(String path) {
    assertThat(ApiGatewayEvents.match(path)).isEmpty();
  }

  @Test
  void aStoppedTaskBecomesTheEventOfEcs() throws IOException {
    TaskKey key =
        new TaskKey(new ClusterId("01930000-0000-7000-8000-000000000001"), TaskKind.CREATE, 1);
    LocalTask task =
        new LocalTask("simulated/" + key.token() + "/0badcafe", key, "dev", 1, "1.35", null, null);

    assertThat(
            withoutId(
                EventBridgeEvents.stopped(
                    task, new LocalTask.End(NOW.plusMillis(500), 0, "exit code 0"))))
        .isEqualTo(canned("ecs-task-stopped.json"));
  }

  @Test
  void theScheduleBecomesTheEventOfTheRule() throws IOException {
    assertThat(withoutId(EventBridgeEvents.scheduled(NOW.plusMillis(3))))
        .isEqualTo(canned("scheduled.json"));
  }

  private static JsonNode withoutId(JsonNode event) {
    assertThat(UUID.fromString(event.path("id").asText())).isNotNull();
    return ((ObjectNode) event).without("id");
  }
}
