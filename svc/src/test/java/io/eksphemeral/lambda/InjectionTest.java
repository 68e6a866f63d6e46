package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.HandlerFixture.ID;
import static io.eksphemeral.lambda.HandlerFixture.body;
import static io.eksphemeral.lambda.HandlerFixture.event;
import static io.eksphemeral.lambda.HandlerFixture.json;
import static io.eksphemeral.lambda.HandlerFixture.response;
import static io.eksphemeral.lambda.HandlerFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.HostileTexts;
import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.MemoryObjectStore;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Texts that mean more than themselves, in every place where a person or AWS puts one. Each is
 * refused, or is harmless wherever it comes out: in the store, the config of eksctl, the mails, the
 * log, the answers. What of it reaches a task is in {@code TaskRequestTest}, and what the tasks
 * make of that in {@code PrepareTest}.
 */
final class InjectionTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** What nobody should find in a text: it ends a line, moves a cursor, or turns what follows. */
  private static final String TRICKS = "[\\p{C}\\p{Zl}\\p{Zp}]";

  /** Where a text goes in. */
  record Place(String what, BiConsumer<APIGatewayV2HTTPEvent, String> put) {
    @Override
    public String toString() {
      return what;
    }
  }

  private static final List<Place> PLACES =
      List.of(
          new Place("name", (event, text) -> spec(event, "name", text)),
          new Place("version", (event, text) -> spec(event, "kubeversion", text)),
          new Place("owner", (event, text) -> spec(event, "owner", text)),
          new Place("owners name", (event, text) -> spec(event, "owner", text + "@eksphemeral.io")),
          new Place(
              "owners domain",
              (event, text) -> spec(event, "owner", "alice@eksphemeral.io" + text)),
          new Place("access", (event, text) -> inSpec(event, "/access/0", text)),
          new Place(
              "role",
              (event, text) ->
                  inSpec(event, "/access/0", "arn:aws:iam::123456789012:role/" + text)),
          new Place("group", (event, text) -> inSpec(event, "/task/securitygroup", text)),
          new Place(
              "end of group",
              (event, text) -> inSpec(event, "/task/securitygroup", "sg-0123456789abc" + text)),
          new Place("subnet", (event, text) -> inSpec(event, "/task/subnets/0", text)),
          new Place("field", (event, text) -> spec(event, text, "1")),
          new Place(
              "field twice",
              (event, text) -> {
                String field = JsonNodeFactory.instance.textNode(text).toString();
                event.setBody("{%s: 1, %s: 1}".formatted(field, field));
              }),
          new Place("workers", (event, text) -> spec(event, "numworkers", text)),
          new Place("no json", APIGatewayV2HTTPEvent::setBody),
          new Place("key", (event, text) -> event.setHeaders(Map.of("idempotency-key", text))),
          new Place(
              "content type", (event, text) -> event.setHeaders(Map.of("content-type", text))),
          new Place(
              "query",
              (event, text) -> {
                event.setRawQueryString(text);
                event.setQueryStringParameters(Map.of(text, text));
              }),
          new Place("route", APIGatewayV2HTTPEvent::setRouteKey),
          new Place("caller", (event, text) -> caller(event, text)),
          new Place(
              "caller's name",
              (event, text) -> caller(event, "arn:aws:iam::123456789012:user/" + text)),
          new Place(
              "session",
              (event, text) -> caller(event, "arn:aws:sts::123456789012:assumed-role/ci/" + text)),
          new Place(
              "assumed",
              (event, text) ->
                  caller(event, "arn:aws:sts::123456789012:assumed-role/" + text + "/x")));

  static Stream<Arguments> everyTextInEveryPlace() {
    return PLACES.stream()
        .flatMap(place -> HostileTexts.TEXTS.stream().map(text -> Arguments.of(place, text)));
  }

  @ParameterizedTest(name = "{0} {index}")
  @MethodSource("everyTextInEveryPlace")
  void textInARequestIsRejectedOrHarmless(Place place, String text) {
    HandlerFixture installation = new HandlerFixture();
    APIGatewayV2HTTPEvent event = event("create");
    place.put.accept(event, text);

    APIGatewayV2HTTPResponse answer = installation.create.handle(event, installation.context);

    assertAnswer(answer);
    if (answer.getStatusCode() != 202) {
      assertThat(answer.getStatusCode()).isIn(400, 403, 404, 415);
      assertThat(body(answer).path("error").asText()).isNotEmpty();
      assertThat(installation.objects.contents()).isEmpty();
      assertThat(installation.tasks.launched()).isZero();
      return;
    }
    installation.letTasksEnd();
    installation.runDestroy(text("schedule"));
    Cluster cluster = ((Stored.Live) installation.store.list().getFirst()).cluster();
    assertThat(SpecValidator.isName(cluster.name())).isTrue();
    assertThat(cluster.createdBy())
        .isEqualTo(event.getRequestContext().getAuthorizer().getIam().getUserArn());
    assertThat(installation.mailer.delivered()).isNotEmpty();
    assertSinks(installation);
  }

  @ParameterizedTest
  @FieldSource("io.eksphemeral.control.HostileTexts#TEXTS")
  void textInAPathIsRejectedOrHarmless(String text) {
    HandlerFixture installation = new HandlerFixture();
    installation.ready();
    installation.context.forget();
    Map<String, String> before = installation.objects.contents();

    for (String call : Set.of("status-one", "prolong")) {
      for (String parameter : Set.of("id", "minutes")) {
        APIGatewayV2HTTPEvent event = event(call);
        Map<String, String> parameters = new HashMap<>(event.getPathParameters());
        parameters.replace(parameter, text);
        event.setPathParameters(parameters);
        APIGatewayV2HTTPResponse answer =
            call.equals("prolong")
                ? installation.create.handle(event, installation.context)
                : installation.status.handle(event, installation.context);
        assertAnswer(answer);
        assertThat(answer.getStatusCode())
            .isIn(call.equals("status-one") && parameter.equals("minutes") ? 200 : 400, 404);
      }
    }
    ObjectNode destroy = (ObjectNode) json(text("destroy"));
    ((ObjectNode) destroy.path("pathParameters")).put("id", text);
    APIGatewayV2HTTPResponse answer = response(installation.runDestroy(destroy.toString()));

    assertAnswer(answer);
    assertThat(answer.getStatusCode()).isIn(400, 404);
    assertThat(installation.objects.contents()).isEqualTo(before);
    assertThat(installation.context.log()).isEmpty();
  }

  @ParameterizedTest
  @FieldSource("io.eksphemeral.control.HostileTexts#TEXTS")
  void textInATaskResultIsHarmless(String text) {
    HandlerFixture installation = new HandlerFixture();
    installation.created();
    installation.store.putResult(
        new TaskKey(ID, TaskKind.CREATE, 1),
        new TaskResult(
            TaskResult.Outcome.FAILED, Samples.START, text, List.of(text), List.of(text, text)));

    installation.runDestroy(text("schedule"));

    assertThat(installation.mailer.delivered()).isNotEmpty();
    assertSinks(installation);
    APIGatewayV2HTTPEvent event = event("status-one");
    event.setPathParameters(Map.of("id", ID.value()));
    APIGatewayV2HTTPResponse answer = installation.status.handle(event, installation.context);
    assertAnswer(answer);
    assertThat(answer.getStatusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @FieldSource("io.eksphemeral.control.HostileTexts#TEXTS")
  void textFromAwsIsHarmless(String text) {
    TaskRunner runner = mock(TaskRunner.class);
    when(runner.launch(any(), any())).thenReturn(new LaunchResult.Rejected(text));
    ClusterStore store = mock(ClusterStore.class);
    when(store.ids()).thenThrow(new StoreException(text, new IllegalStateException(text)));
    HandlerFixture refused =
        new HandlerFixture(new ClusterStore(new MemoryObjectStore(), Runnable::run), runner);
    HandlerFixture broken = new HandlerFixture(store, runner);

    APIGatewayV2HTTPResponse answer = refused.create.handle(event("create"), refused.context);
    refused.runDestroy(text("schedule"));
    APIGatewayV2HTTPResponse failure = broken.status.handle(event("status"), broken.context);

    assertAnswer(answer);
    assertLog(refused);
    assertAnswer(failure);
    assertThat(failure.getStatusCode()).isEqualTo(503);
    assertThat(broken.context.log()).hasSize(1);
    assertLog(broken);
  }

  @ParameterizedTest
  @FieldSource("io.eksphemeral.control.HostileTexts#TEXTS")
  void aRecordWithAnInvalidNameIsReportedAndLeftAlone(String text) {
    HandlerFixture installation = new HandlerFixture();
    installation.ready();
    ObjectNode record =
        (ObjectNode) json(installation.objects.text(StoreKeys.record(ID)).orElseThrow());
    record.put("name", text);
    installation.objects.put(StoreKeys.record(ID), record.toString());
    int mails = installation.mailer.delivered().size();

    if (SpecValidator.isName(text)) {
      return;
    }
    installation.clock.advance(Duration.ofDays(1));
    String report = installation.runDestroy(text("schedule"));

    assertThat(json(report).path("unreadable").path(ID.value()).asText())
        .isEqualTo("name is not a valid name");
    assertThat(json(report).path("failed")).isEmpty();
    assertThat(installation.mailer.delivered()).hasSize(mails);
    assertSinks(installation);
  }

  private static void caller(APIGatewayV2HTTPEvent event, String arn) {
    event.getRequestContext().getAuthorizer().getIam().setUserArn(arn);
  }

  private static void spec(APIGatewayV2HTTPEvent event, String field, String text) {
    event.setBody(((ObjectNode) json(event.getBody())).put(field, text).toString());
  }

  private static void inSpec(APIGatewayV2HTTPEvent event, String path, String text) {
    ObjectNode spec = (ObjectNode) json(event.getBody());
    spec.putArray("access").add("arn:aws:iam::123456789012:role/ci");
    ObjectNode task = spec.putObject("task").put("securitygroup", "sg-0123456789abcdef0");
    task.putArray("subnets").add("subnet-0123456789abcdef0");
    JsonNode parent = spec.at(path.substring(0, path.lastIndexOf('/')));
    if (parent instanceof ObjectNode object) {
      object.put(path.substring(path.lastIndexOf('/') + 1), text);
    } else {
      ((ArrayNode) parent).set(0, text);
    }
    event.setBody(spec.toString());
  }

  private static void assertSinks(HandlerFixture installation) {
    installation
        .objects
        .contents()
        .forEach((key, text) -> {
          assertThat(key).matches("[A-Za-z0-9._/-]{1,150}").doesNotContain("..", "//");
          assertThat(json(text).isObject()).as(text).isTrue();
        });
    installation.objects.contents().entrySet().stream()
        .filter(stored -> stored.getKey().endsWith("cluster.yaml"))
        .forEach(stored -> assertConfig(stored.getValue()));
    for (Stored stored : installation.store.list()) {
      if (stored instanceof Stored.Live live) {
        String again = ClusterRecordCodec.encode(live.cluster()).toString();
        assertThat(json(again)).isEqualTo(json(live.json()));
        assertPlain(again);
      }
    }
    installation
        .mailer
        .delivered()
        .forEach(mail -> {
          assertThat(mail.to()).matches("[\\x21-\\x7e&&[^,;:<>()\"]]+@[A-Za-z0-9.-]+");
          assertThat(mail.subject()).matches("EKSphemeral: cluster [A-Za-z0-9-]+ [a-z, ]+");
          assertThat(mail.body().replace("\n", "")).doesNotContainPattern(TRICKS);
          assertThat(mail.body().lines().count()).isLessThan(20);
        });
    assertLog(installation);
  }

  /** The config says the same to who reads it as YAML, and has no place that others have not. */
  private static void assertConfig(String config) {
    Object yaml = new Load(LoadSettings.builder().build()).loadFromString(config);
    assertThat(MAPPER.<JsonNode>valueToTree(yaml)).isEqualTo(json(config));

    HandlerFixture usual = new HandlerFixture();
    usual.created();
    JsonNode expected = json(usual.objects.text(StoreKeys.config(ID)).orElseThrow());
    assertThat(places(expected, "")).containsAll(places(json(config), ""));
  }

  private static Set<String> places(JsonNode json, String at) {
    Set<String> places = new TreeSet<>(Set.of(at));
    json.properties()
        .forEach(field -> places.addAll(places(field.getValue(), at + "/" + field.getKey())));
    if (json.isArray()) {
      json.forEach(item -> places.addAll(places(item, at + "/*")));
    }
    return places;
  }

  /** Each event is a line of JSON, in printable ASCII. */
  private static void assertLog(HandlerFixture installation) {
    for (String line : installation.context.log()) {
      assertThat(line).matches("[\\x20-\\x7e]+\n");
      assertThat(json(line).path("event").asText()).isNotEmpty();
    }
  }

  private static void assertAnswer(APIGatewayV2HTTPResponse answer) {
    assertThat(answer.getHeaders())
        .containsEntry("content-type", "application/json")
        .containsEntry("cache-control", "no-store");
    assertThat(answer.getHeaders().values())
        .allMatch(value -> value.matches("[a-z0-9/-]+"), "carries nothing of what was asked");
    assertPlain(answer.getBody());
  }

  /** No text in it has a trick in it, encoded or not. */
  private static void assertPlain(String json) {
    assertThat(json).doesNotContainPattern(TRICKS);
    assertPlain(json(json));
  }

  private static void assertPlain(JsonNode json) {
    assertThat(json.asText()).doesNotContainPattern(TRICKS);
    json.properties().forEach(field -> assertThat(field.getKey()).doesNotContainPattern(TRICKS));
    json.forEach(InjectionTest::assertPlain);
  }
}
