package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.HandlerFixture.ID;
import static io.eksphemeral.lambda.HandlerFixture.body;
import static io.eksphemeral.lambda.HandlerFixture.event;
import static io.eksphemeral.lambda.HandlerFixture.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.spy;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.MemoryObjectStore;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CreateClusterHandlerTest {
  private final HandlerFixture installation = new HandlerFixture();

  @Test
  void createAcceptsAClusterAndReturnsItsRecord() {
    APIGatewayV2HTTPResponse response = call(event("create"));

    assertThat(response.getStatusCode()).isEqualTo(202);
    assertThat(response.getHeaders())
        .isEqualTo(
            Map.of(
                "content-type",
                "application/json",
                "cache-control",
                "no-store",
                "location",
                "/status/" + ID));
    JsonNode record = body(response);
    assertThat(record.fieldNames())
        .toIterable()
        .containsExactly("name", "numworkers", "kubeversion", "timeout", "owner", "status");
    assertThat(record.path("name").asText()).isEqualTo("2node-135-30");
    JsonNode status = record.path("status");
    assertThat(status.path("id").asText()).isEqualTo(ID.value());
    assertThat(status.path("state").asText()).isEqualTo("creating");
    assertThat(status.path("createdby").asText()).isEqualTo(Samples.ALICE);
    assertThat(status.path("created").asText()).isEqualTo("2026-11-22T10:00:00Z");
    assertThat(status.path("usually").asInt()).isEqualTo(17 * 60);
    assertThat(status.path("provider").asText()).isEqualTo("nobody builds anything");
    assertThat(installation.store.ids()).containsExactly(ID);
    assertThat(installation.tasks.launched()).isEqualTo(1);
    assertThat(installation.context.log()).isEmpty();
  }

  @Test
  void anEstimateHasTheWholeSpecAndItsCost() {
    APIGatewayV2HTTPEvent event = event("create");
    event.setRouteKey("POST /estimate");
    event.setBody("{\"numworkers\": 2, \"timeout\": 30}");

    APIGatewayV2HTTPResponse response = call(event);

    assertThat(response.getStatusCode()).isEqualTo(200);
    ObjectNode answer = (ObjectNode) body(response);
    JsonNode cost = answer.remove("cost");
    assertThat(answer.remove("refused")).isEqualTo(json("[]"));
    assertThat(answer)
        .isEqualTo(
            json(
                "{\"name\":\"%s\",\"numworkers\":2,\"kubeversion\":\"1.35\",\"timeout\":30,\"owner\":\"nobody@example.com\"}"
                    .formatted(ID.defaultName())));
    assertThat(cost.path("hourly").asDouble()).isEqualTo(0.20);
    assertThat(cost.path("usual").asDouble()).isEqualTo(0.19);
    assertThat(cost.path("most").asDouble()).isEqualTo(0.48);
    assertThat(cost.path("assumes").asText()).contains("t3.medium", "spot");
    assertThat(cost).hasSize(4);
    assertThat(installation.objects.contents()).isEmpty();
    assertThat(installation.tasks.launched()).isZero();
  }

  /** The fixture's provider cannot place tasks. */
  @Test
  void fieldsWithoutEffectAreNamed() {
    String spec = "{\"numworkers\": 2, \"task\": {\"securitygroup\": \"sg-0123456789abcdef0\"}}";
    APIGatewayV2HTTPEvent event = event("create");
    event.setBody(spec);
    assertThat(body(call(event)).at("/status/ignored")).isEqualTo(json("[\"task\"]"));
    event.setRouteKey("POST /estimate");
    assertThat(body(call(event)).path("ignored")).isEqualTo(json("[\"task\"]"));
    event.setBody("{}");
    assertThat(body(call(event)).has("ignored")).isFalse();
  }

  /** So that a command need not parse YAML to know what its caller left open. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | ''",
        "# owner: a@b.io\\n{} | ''",
        "name: dev # owner: a@b.io | name",
        "name: dev\\n\\n#owner: a@b.io\\n'numworkers' : 2 | name numworkers",
        "{name: dev, # owner: a@b.io\\n \"owner\": b@c.io} | name owner",
        "task: {securitygroup: sg-0123abcd}\\nkubeversion: '1.35' | task kubeversion",
        "access:\\n- 'arn:aws:iam::123456789012:role/owner'\\nuntil: '2026-11-22T12:00:00Z' | access until",
        "? owner\\n: a@b.io | owner"
      })
  void anEstimateNamesTheFieldsThatWereGiven(String yaml, String given) {
    APIGatewayV2HTTPEvent event = event("create");
    event.setRouteKey("POST /estimate");
    event.setHeaders(Map.of("content-type", "application/yaml"));
    event.setBody(yaml.replace("\\n", "\n"));

    APIGatewayV2HTTPResponse response = call(event);

    assertThat(response.getBody()).contains("refused");
    assertThat(response.getHeaders()).containsEntry("eksphemeral-given", given);
  }

  /** One says beforehand what the other says afterwards. */
  @Test
  void anEstimateSaysWhyACreationWouldBeRejected() {
    HandlerFixture small = new HandlerFixture(Versions.any("1.35"), new Limits(1440, 10, 2, 1));
    String alice = "arn:aws:iam::123456789012:user/alice";
    String bob = "arn:aws:iam::123456789012:user/bob";
    String carol = "arn:aws:iam::123456789012:user/carol";

    assertThat(refused(small, alice, 1, "dev")).isEmpty();
    assertThat(refused(small, alice, 1, "dev")).isEmpty(); // the same request again
    assertThat(refused(small, bob, 1, "dev"))
        .containsExactly("the id %s is another cluster's".formatted(id(1)));
    assertThat(refused(small, alice, 2, "other"))
        .containsExactly(alice + " has reached the maximum number of clusters per caller (1)");
    assertThat(refused(small, bob, 2, "dev"))
        .containsExactly("the name dev is taken by the cluster " + id(1));
    assertThat(refused(small, alice, 2, "dev"))
        .containsExactly(
            "the name dev is taken by the cluster " + id(1),
            alice + " has reached the maximum number of clusters per caller (1)");
    assertThat(refused(small, bob, 2, "other")).isEmpty();
    assertThat(refused(small, carol, 3, "third"))
        .containsExactly("the maximum number of clusters is reached (2)");
  }

  private static String id(int number) {
    return "00000000-0000-7000-8000-00000000000" + number;
  }

  /** What an estimate says, which changes nothing; and then the cluster is created, or is not. */
  private static List<String> refused(
      HandlerFixture installation, String caller, int number, String name) {
    APIGatewayV2HTTPEvent event = event("create");
    event.getRequestContext().getAuthorizer().getIam().setUserArn(caller);
    event.setHeaders(Map.of("idempotency-key", id(number)));
    event.setBody("{\"name\": \"%s\"}".formatted(name));
    Map<String, String> before = installation.objects.contents();
    event.setRouteKey("POST /estimate");
    JsonNode estimate = body(installation.create.handle(event, installation.context));
    assertThat(installation.objects.contents()).isEqualTo(before);
    event.setRouteKey("POST /create");
    APIGatewayV2HTTPResponse created = installation.create.handle(event, installation.context);

    List<String> refused = new ArrayList<>();
    estimate.path("refused").forEach(reason -> refused.add(reason.asText()));
    assertThat(created.getStatusCode() == 202).isEqualTo(refused.isEmpty());
    if (!refused.isEmpty()) {
      assertThat(body(created).path("error").asText()).endsWith(refused.getFirst());
    }
    return refused;
  }

  @Test
  void anEstimateUsesTheCurrentVersions() {
    installation.objects.put(
        StoreKeys.VERSIONS,
        "{\"offered\":[\"1.33\",\"1.35\"],\"extended\":[\"1.33\"],\"preferred\":\"1.35\"}");
    APIGatewayV2HTTPEvent event = event("create");
    event.setRouteKey("POST /estimate");
    event.setBody("{\"kubeversion\": \"1.33\"}");

    assertThat(body(call(event)).at("/cost/hourly").asDouble()).isEqualTo(0.65);
  }

  @Test
  void aFreeProviderShowsNoCost() {
    HandlerFixture free = HandlerFixture.free();
    APIGatewayV2HTTPEvent event = event("create");
    event.setRouteKey("POST /estimate");

    APIGatewayV2HTTPResponse response = free.create.handle(event, free.context);

    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(body(response).fieldNames())
        .toIterable()
        .containsExactly("name", "numworkers", "kubeversion", "timeout", "owner", "refused");
    free.created();
    JsonNode status = body(free.status.handle(event("status-one"), free.context)).path("status");
    assertThat(status.has("provider")).isTrue();
    assertThat(status.has("cost")).isFalse();
  }

  @Test
  void theRecordNamesTheApiThatApiGatewaySaysWasCalled() {
    APIGatewayV2HTTPEvent event = event("create");
    Map<String, String> headers = new HashMap<>(event.getHeaders());
    headers.put("host", "evil.example.com");
    headers.put("x-forwarded-host", "evil.example.com");
    event.setHeaders(headers);

    assertThat(body(call(event)).at("/status/endpoint").asText())
        .isEqualTo("https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "example.com; reboot", "example.com\nX", "a b.com"})
  void anApiOfAnotherShapeIsNotNamed(String domain) {
    APIGatewayV2HTTPEvent event = event("create");
    event.getRequestContext().setDomainName(domain);

    APIGatewayV2HTTPResponse response = call(event);

    assertThat(response.getStatusCode()).isEqualTo(202);
    assertThat(body(response).path("status").has("endpoint")).isFalse();
    assertThat(response.getBody()).doesNotContain("reboot");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/yaml", "application/x-yaml", "text/yaml", "Text/YAML;v=1"})
  void aSpecCanBeYaml(String type) {
    APIGatewayV2HTTPEvent event = event("create");
    event.setHeaders(Map.of("content-type", type, "idempotency-key", ID.value()));
    event.setBody(
        """
        # for the demo
        name: dev
        timeout: 1h
        access:
        - arn:aws:iam::123456789012:role/team
        """);

    assertThat(call(event).getStatusCode()).isEqualTo(202);
    assertThat(installation.cluster().spec())
        .isEqualTo(
            new SpecBuilder()
                .name("dev")
                .timeout(60)
                .owner("nobody@example.com")
                .access("arn:aws:iam::123456789012:role/team")
                .build());
  }

  @Test
  void aClusterExpiresAtTheMomentThatItsSpecNames() {
    APIGatewayV2HTTPEvent event = event("create");
    event.setBody("{\"until\": \"2026-11-22T12:00:00+01:00\"}"); // in an hour
    assertThat(body(call(event)).path("timeout").asInt()).isEqualTo(60);

    installation.clock.advance(Duration.ofMinutes(5));
    APIGatewayV2HTTPResponse again = call(event);
    assertThat(again.getStatusCode()).isEqualTo(202);
    assertThat(body(again).path("until").asText()).isEqualTo("2026-11-22T11:00:00Z");
    installation.letTasksEnd();
    installation.sweep();

    assertThat(installation.cluster().expires()).isEqualTo("2026-11-22T11:00:00Z");
    assertThat(installation.cluster().lifetime()).isLessThan(60);
    installation.clock.advance(Duration.ofHours(1));
    installation.sweep(); // the notice is first
    installation.clock.advance(Duration.ofMinutes(5));
    installation.sweep();
    assertThat(installation.cluster().state()).isEqualTo(State.DESTROYING);
  }

  @Test
  void theSameIdempotencyKeyReturnsTheSameRecord() {
    String first = call(event("create")).getBody();

    APIGatewayV2HTTPResponse again = call(event("create"));

    assertThat(again.getStatusCode()).isEqualTo(202);
    assertThat(json(again.getBody())).isEqualTo(json(first));
    assertThat(installation.store.ids()).hasSize(1);
    assertThat(installation.tasks.launched()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"idempotency-key", "Idempotency-Key", "IDEMPOTENCY-KEY"})
  void theNameOfTheKeyHeaderIsCaseInsensitive(String header) {
    APIGatewayV2HTTPEvent event = event("create");
    event.setHeaders(Map.of(header, ID.value().toUpperCase(Locale.ROOT)));

    assertThat(body(call(event)).at("/status/id").asText()).isEqualTo(ID.value());
  }

  @Test
  void withoutAKeyEachRequestCreatesAnotherCluster() {
    APIGatewayV2HTTPEvent event = event("create");
    event.setHeaders(null);
    event.setBody("{}");

    JsonNode first = body(call(event));
    JsonNode second = body(call(event));

    List<ClusterId> ids = installation.store.ids();
    assertThat(ids).hasSize(2);
    assertThat(ids).allSatisfy(id -> assertThat(id.value().charAt(14)).isEqualTo('7'));
    assertThat(first.path("name").asText()).startsWith("default-eksp-");
    assertThat(first.path("name")).isNotEqualTo(second.path("name"));
  }

  @Test
  void aBase64BodyIsDecoded() {
    APIGatewayV2HTTPEvent event = event("create");
    event.setBody(
        Base64.getEncoder().encodeToString(event.getBody().getBytes(StandardCharsets.UTF_8)));
    event.setIsBase64Encoded(true);

    assertThat(call(event).getStatusCode()).isEqualTo(202);
    assertThat(installation.cluster().name()).isEqualTo("2node-135-30");
  }

  @Test
  void unsignedRequestsAreForbidden() {
    APIGatewayV2HTTPEvent create = event("create");
    create.getRequestContext().setAuthorizer(null);
    assertThat(call(create).getStatusCode()).isEqualTo(403);
    create.setRouteKey("POST /estimate");
    assertThat(call(create).getStatusCode()).isEqualTo(403);
    assertThat(installation.objects.contents()).isEmpty();

    installation.created();
    APIGatewayV2HTTPEvent prolong = event("prolong");
    prolong.getRequestContext().setAuthorizer(null);
    assertThat(call(prolong).getStatusCode()).isEqualTo(403);
    assertThat(installation.cluster().lifetime()).isEqualTo(30);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"GET /create", "POST /create/", "$default", "GET /status", "POST /destroy/{id}"})
  void otherRoutesAreNotFound(String route) {
    APIGatewayV2HTTPEvent event = event("create");
    event.setRouteKey(route);

    APIGatewayV2HTTPResponse response = call(event);

    assertThat(response.getStatusCode()).isEqualTo(404);
    assertThat(body(response))
        .isEqualTo(
            json("{\"error\":\"not found: no such path\",\"code\":\"not-found\",\"problems\":[]}"));
    assertThat(installation.objects.contents()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/json",
        "APPLICATION/JSON; charset=utf-8",
        "application/problem+json",
        "application/x-www-form-urlencoded", // what curl -d says
        "",
      })
  void contentTypesThatMayBeJsonAreAccepted(String type) {
    APIGatewayV2HTTPEvent event = event("create");
    event.setHeaders(Map.of("Content-Type", type));

    assertThat(call(event).getStatusCode()).isEqualTo(202);
  }

  @Test
  void aSpecMayBeginWithAByteOrderMark() {
    APIGatewayV2HTTPEvent event = event("create");
    event.setBody("\ufeff{\"name\": \"marked\"}");

    APIGatewayV2HTTPResponse response = call(event);

    assertThat(response.getStatusCode()).isEqualTo(202);
    assertThat(body(response).path("name").asText()).isEqualTo("marked");
  }

  @Test
  void aSpecOf64KiBIsAccepted() {
    APIGatewayV2HTTPEvent event = event("create");
    event.setBody("{" + " ".repeat(64 * 1024 - 2) + "}");

    assertThat(call(event).getStatusCode()).isEqualTo(202);
  }

  @Test
  void prolongExtendsTheLife() {
    Cluster ready = installation.ready();

    APIGatewayV2HTTPResponse response = call(event("prolong"));

    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(body(response).at("/status/lifetime").asInt()).isEqualTo(60);
    assertThat(body(response).at("/status/minutesleft").asInt()).isEqualTo(60);
    assertThat(body(response).path("timeout").asInt()).isEqualTo(30);
    assertThat(installation.cluster().lifetime()).isEqualTo(ready.lifetime() + 30);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-10", "10"})
  void minutesAreAPositiveOrNegativeWholeNumber(String minutes) {
    installation.ready();
    APIGatewayV2HTTPEvent event = event("prolong");
    event.setPathParameters(Map.of("id", "2node-135-30", "minutes", minutes));

    assertThat(call(event).getStatusCode()).isEqualTo(200);
    assertThat(installation.cluster().lifetime()).isIn(20, 40);
  }

  @Test
  void aFailingStoreIsA503WithoutInternalsAndTheLogHasThem() {
    HandlerFixture failing =
        new HandlerFixture(storeThatThrows(storeDown()), mock(TaskRunner.class));

    APIGatewayV2HTTPResponse response = failing.create.handle(event("create"), failing.context);

    assertThat(response.getStatusCode()).isEqualTo(503);
    assertThat(body(response))
        .isEqualTo(
            json(
                "{\"error\":\"temporarily unavailable; try again\","
                    + "\"code\":\"unavailable\",\"problems\":[]}"));
    assertThat(response.getHeaders().get("retry-after")).matches("[1-9]");
    assertLogged(failing, "POST /create", "secret-bucket", "Connection reset");
  }

  /** A policy that refuses what the functions write does so at every try. */
  @Test
  void aStoreThatDeniesAccessIsNotCalledTemporary() {
    StoreException denied =
        StoreException.lasting("secret-bucket", new IOException("AccessDenied"));
    TaskRunner runner = mock(TaskRunner.class);
    doThrow(new TaskRunnerException("RunTask", denied)).when(runner).launch(any(), any());

    for (HandlerFixture failing :
        List.of(
            new HandlerFixture(storeThatThrows(denied), mock(TaskRunner.class)),
            new HandlerFixture(new ClusterStore(new MemoryObjectStore(), Runnable::run), runner))) {
      APIGatewayV2HTTPResponse response = failing.create.handle(event("create"), failing.context);

      assertThat(response.getStatusCode()).isEqualTo(500);
      assertThat(body(response).path("error").asText())
          .contains("denied access to its bucket", "eksp up", "8476a536-e9f4-11e8-9739")
          .doesNotContain("temporarily", "secret");
      assertLogged(failing, "POST /create", "secret-bucket", "AccessDenied");
    }
  }

  @Test
  void aFailingTaskRunnerIsA503AndTheClusterIsOnRecordForTheSweep() {
    MemoryObjectStore objects = new MemoryObjectStore();
    ClusterStore store = new ClusterStore(objects, Runnable::run);
    TaskRunner runner = mock(TaskRunner.class);
    doThrow(new TaskRunnerException("RunTask", new IOException("secret-cluster")))
        .when(runner)
        .launch(any(), any());
    HandlerFixture failing = new HandlerFixture(store, runner);

    APIGatewayV2HTTPResponse response = failing.create.handle(event("create"), failing.context);

    assertThat(response.getStatusCode()).isEqualTo(503);
    assertThat(response.getBody()).doesNotContain("secret", "RunTask");
    assertThat(store.ids()).containsExactly(ID);
    assertLogged(failing, "POST /create", "RunTask", "secret-cluster");
  }

  @Test
  void anUnexpectedExceptionIsA500WithTheRequestIdOnly() {
    HandlerFixture failing =
        new HandlerFixture(
            storeThatThrows(new IllegalStateException("secret-state")), mock(TaskRunner.class));

    APIGatewayV2HTTPResponse response = failing.create.handle(event("create"), failing.context);

    assertThat(response.getStatusCode()).isEqualTo(500);
    assertThat(body(response).path("error").asText())
        .isEqualTo(
            "internal error; details are in the log under request ID "
                + "8476a536-e9f4-11e8-9739-2dfe598c3fcd");
    assertLogged(failing, "POST /create", "secret-state");
  }

  @Test
  void aCreateThatFailedHalfWayContinuesWithTheNextRequest() {
    ClusterStore real = new ClusterStore(new MemoryObjectStore(), Runnable::run);
    ClusterStore store = spy(real);
    doThrow(storeDown()).doCallRealMethod().when(store).replace(any(), any());
    HandlerFixture failing = new HandlerFixture(store, installation.tasks);

    assertThat(failing.create.handle(event("create"), failing.context).getStatusCode())
        .isEqualTo(503);
    assertThat(failing.create.handle(event("create"), failing.context).getStatusCode())
        .isEqualTo(202);
  }

  private static StoreException storeDown() {
    return new StoreException("secret-bucket", new IOException("Connection reset"));
  }

  /** A store whose every call fails. */
  static ClusterStore storeThatThrows(RuntimeException failure) {
    return mock(
        ClusterStore.class,
        invocation -> {
          throw failure;
        });
  }

  /** That the log has one line of JSON, with the route and the whole trace. */
  static void assertLogged(HandlerFixture installation, String route, String... traces) {
    assertThat(installation.context.log())
        .singleElement()
        .satisfies(line -> {
          assertThat(line).endsWith("\n");
          assertThat(line.strip()).doesNotContain("\n");
          JsonNode logged = json(line);
          assertThat(logged.path("event").asText()).isEqualTo("request-failed");
          assertThat(logged.path("route").asText()).isEqualTo(route);
          assertThat(logged.path("request").asText()).startsWith("8476a536");
          assertThat(logged.path("trace").asText()).contains(traces).contains("\tat io.eksph");
        });
  }

  private APIGatewayV2HTTPResponse call(APIGatewayV2HTTPEvent event) {
    return installation.create.handle(event, installation.context);
  }
}
