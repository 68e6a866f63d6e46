package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.CreateClusterHandlerTest.assertLogged;
import static io.eksphemeral.lambda.CreateClusterHandlerTest.storeThatThrows;
import static io.eksphemeral.lambda.HandlerFixture.ID;
import static io.eksphemeral.lambda.HandlerFixture.body;
import static io.eksphemeral.lambda.HandlerFixture.event;
import static io.eksphemeral.lambda.HandlerFixture.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.spy;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.MemoryObjectStore;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StatusHandlerTest {
  private final HandlerFixture installation = new HandlerFixture();

  @Test
  void withoutClustersTheListsAreEmpty() {
    assertThat(call(event("status")).getBody()).isEqualTo("[]");
    assertThat(call(event("clusters")).getBody()).isEqualTo("[]");
  }

  @Test
  void theIdsAreListedOldestFirst() {
    ClusterId older = Samples.newId();
    ClusterId newer = Samples.newId();
    installation.store.add(asked(newer, "newer"));
    installation.store.add(asked(older, "older"));

    APIGatewayV2HTTPResponse response = call(event("status"));

    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(response.getHeaders()).containsEntry("content-type", "application/json");
    assertThat(response.getBody()).isEqualTo("[\"%s\",\"%s\"]".formatted(older, newer));
  }

  @Test
  void theListOf2019IsAtTheAsterisk() {
    installation.created();
    APIGatewayV2HTTPEvent star = event("status-one");
    star.setPathParameters(Map.of("id", "*"));

    assertThat(call(star).getBody()).isEqualTo("[\"" + ID + "\"]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "9be65bee-3baa-4fd0-aa3e-032325d5390c",
        "9BE65BEE-3BAA-4FD0-AA3E-032325D5390C",
        "2node-135-30",
        "9be65bee"
      })
  void aClusterIsFoundByIdOrName(String idOrName) {
    installation.created();
    APIGatewayV2HTTPEvent one = event("status-one");
    one.setPathParameters(Map.of("id", idOrName));

    APIGatewayV2HTTPResponse response = call(one);

    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(body(response).at("/status/id").asText()).isEqualTo(ID.value());
  }

  @Test
  void aReadyClusterShowsItsMinutesLeft() {
    installation.ready();
    JsonNode status = body(call(event("status-one"))).path("status");
    assertThat(status.path("state").asText()).isEqualTo("ready");
    assertThat(status.path("minutesleft").asInt()).isEqualTo(30);
    assertThat(status.has("usually")).isFalse();
  }

  @Test
  void aCreationShowsItsPhases() {
    TaskKey key = created();
    Instant accepted = installation.clock.instant();
    assertThat(phases())
        .isEqualTo(
            json("[{\"phase\":\"accepted\",\"at\":\"%s\",\"usually\":120}]".formatted(accepted)));

    Instant later = accepted.plusSeconds(60);
    installation.store.reportPhase(key, new Phase.Begun(Phase.CONTROL_PLANE, later));
    installation.store.reportPhase(key, new Phase.Begun(Phase.CONTROL_PLANE, later.plusSeconds(9)));
    installation.store.reportPhase(key, new Phase.Begun(Phase.NODES, later.plusSeconds(10)));

    assertThat(phases())
        .isEqualTo(
            json(
                """
                [{"phase":"accepted","at":"%s","usually":120},
                 {"phase":"control-plane","at":"%s","usually":900},
                 {"phase":"nodes","at":"%s"}]
                """
                    .formatted(accepted, later, later.plusSeconds(10))));
    JsonNode status = body(call(event("status-one"))).path("status");
    assertThat(status.path("phase").asText()).isEqualTo("nodes");
    assertThat(status.path("usually").asInt()).as("the sum").isEqualTo(1020);
  }

  @Test
  void onlyAShownCreationHasPhases() {
    TaskKey key = created();
    assertThat(body(call(event("clusters"))).at("/0/status").has("phases")).isFalse();

    installation.letTasksEnd();
    installation.runDestroy(HandlerFixture.text("schedule"));
    installation.store.reportPhase(
        key, new Phase.Begun(Phase.CHECKS, installation.clock.instant()));

    JsonNode status = body(call(event("status-one"))).path("status");
    assertThat(status.path("state").asText()).isEqualTo("ready");
    assertThat(status.has("phase")).isFalse();
    assertThat(status.has("phases")).isFalse();
  }

  @Test
  void phasesThatCannotBeReadAreLeftAway() {
    TaskKey key = created();
    installation.objects.put(StoreKeys.progress(key), "{");
    assertThat(phases().isMissingNode()).isTrue();

    ClusterStore store = spy(installation.store);
    doThrow(new StoreException("down")).when(store).progress(key);
    HandlerFixture failing = new HandlerFixture(store, mock(TaskRunner.class));
    APIGatewayV2HTTPResponse response = failing.status.handle(event("status-one"), failing.context);

    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(body(response).at("/status/state").asText()).isEqualTo("creating");
    assertThat(body(response).at("/status/phases").isMissingNode()).isTrue();
  }

  private TaskKey created() {
    Cluster cluster = installation.created();
    return cluster.key(cluster.openTask().orElseThrow());
  }

  private JsonNode phases() {
    return body(call(event("status-one"))).at("/status/phases");
  }

  @Test
  void aGoneClusterIsFoundByIdButNotListed() {
    installation.created();
    installation.runDestroy(HandlerFixture.text("destroy"));
    installation.letTasksEnd();
    installation.runDestroy(HandlerFixture.text("schedule"));

    assertThat(call(event("status")).getBody()).isEqualTo("[]");
    APIGatewayV2HTTPResponse response = call(event("status-one"));
    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(body(response).at("/status/state").asText()).isEqualTo("gone");
    APIGatewayV2HTTPEvent byName = event("status-one");
    byName.setPathParameters(Map.of("id", "2node-135-30"));
    assertThat(call(byName).getStatusCode()).isEqualTo(404);
  }

  @Test
  void anIdThatIsTooShortIsRejectedWithTheClustersThatItMatches() {
    installation.store.add(asked(new ClusterId("0197aaaa-0000-7000-8000-000000000001"), "one"));
    installation.store.add(asked(new ClusterId("0197aaaa-0000-7000-8000-000000000002"), "other"));
    APIGatewayV2HTTPEvent event = event("status-one");
    event.setPathParameters(Map.of("id", "0197aaaa"));

    APIGatewayV2HTTPResponse response = call(event);

    assertThat(response.getStatusCode()).isEqualTo(409);
    assertThat(body(response).path("code").asText()).isEqualTo("ambiguous");
    assertThat(body(response).path("problems")).hasSize(2);
  }

  @Test
  void theLatestClustersThatAreGoneAreListedOldestFirst() {
    List<ClusterId> ids = Stream.generate(Samples::newId).limit(203).toList();
    ids.forEach(id -> archive(id, id.value().substring(30), ""));
    archive(Samples.newId(), "live", "").ifPresent(live -> installation.store.add(live.cluster()));
    installation.objects.put(StoreKeys.archive(ids.get(200)), "{");
    installation.objects.put("gone/notes.txt", "by hand");

    APIGatewayV2HTTPResponse response = gone();

    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(body(response).findValuesAsText("id"))
        .startsWith(ids.get(4).value())
        .hasSize(199)
        .doesNotContain(ids.get(200).value());
    assertThat(body(response).findValuesAsText("id")).isSorted();
    assertThat(response.getHeaders()).containsEntry("eksphemeral-omitted", "5");
    assertThat(installation.context.log())
        .singleElement()
        .asString()
        .contains("archive-unreadable", ids.get(200).value(), "not JSON");
  }

  @Test
  void clustersThatAreGoneAreListedAsATable() {
    archive(Samples.newId(), "dev", "");
    APIGatewayV2HTTPEvent event = event("clusters");
    event.setRouteKey("GET /clusters/gone");
    event.setHeaders(Map.of("accept", "text/tab-separated-values"));

    assertThat(call(event).getBody()).contains("\tdev\t");
    assertThat(call(event).getHeaders()).containsEntry("eksphemeral-omitted", "0");
  }

  @Test
  void withoutClustersThatAreGoneTheListIsEmpty() {
    installation.created();

    assertThat(gone().getBody()).isEqualTo("[]");
    assertThat(gone().getHeaders()).containsEntry("eksphemeral-omitted", "0");
    assertThat(installation.context.log()).isEmpty();
  }

  /** Lambda's limit, for the response as a string in JSON. */
  @Test
  void theListOfClustersThatAreGoneFitsIntoAResponse() {
    List<ClusterId> ids = Stream.generate(Samples::newId).limit(150).toList();
    ids.forEach(id -> archive(id, "dev", "\"\u00e9".repeat(20_000)));

    APIGatewayV2HTTPResponse response = gone();

    assertThat(response.getBody()).hasSizeGreaterThan(2_000_000);
    assertThat(ApiGatewayJson.write(response).toString().getBytes(StandardCharsets.UTF_8))
        .hasSizeLessThan(6_000_000);
    int shown = body(response).size();
    assertThat(body(response).get(shown - 1).at("/status/id").asText())
        .isEqualTo(ids.getLast().value());
    assertThat(response.getHeaders()).containsEntry("eksphemeral-omitted", "" + (150 - shown));
  }

  private APIGatewayV2HTTPResponse gone() {
    APIGatewayV2HTTPEvent event = event("clusters");
    event.setRouteKey("GET /clusters/gone");
    return call(event);
  }

  /** Archives a record with a field that the code does not know. */
  private Optional<Stored.Live> archive(ClusterId id, String name, String more) {
    Cluster cluster = asked(id, name);
    ObjectNode record = ClusterRecordCodec.encode(cluster).put("more", more);
    Stored.Live stored = new Stored.Live(cluster, "", record.toString());
    installation.store.archive(stored);
    return Optional.of(stored);
  }

  @Test
  void legacyAndUnreadableRecordsAreShown() {
    ClusterId old = Samples.newId();
    ClusterId broken = Samples.newId();
    installation.objects.put(StoreKeys.record(old), "{\"name\":\"default-eksp\",\"numworkers\":1}");
    installation.objects.put(StoreKeys.record(broken), "{");

    JsonNode all = body(call(event("clusters")));

    assertThat(all.get(0)).isEqualTo(json("{\"name\":\"default-eksp\",\"numworkers\":1}"));
    assertThat(all.get(1).at("/status/id").asText()).isEqualTo(broken.value());
    assertThat(all.get(1).at("/status/state").asText()).isEqualTo("unreadable");
    assertThat(all.get(1).at("/status/error").asText())
        .startsWith("this record cannot be read: not JSON");
    assertThat(body(call(event("status")))).hasSize(2);
  }

  @Test
  void aTableHasALineForEachCluster() {
    installation.ready();
    ClusterId broken = ClusterId.parse("ffffffff-0000-7000-8000-000000000000").orElseThrow();
    installation.objects.put(StoreKeys.record(broken), "{");
    ClusterId old = ClusterId.parse("ffffffff-0000-7000-8000-000000000001").orElseThrow();
    installation.objects.put(
        StoreKeys.record(old), "{\"name\":\"x\\ty\\u001b[2J\",\"numworkers\":1}");
    APIGatewayV2HTTPEvent event = event("clusters");
    event.setHeaders(Map.of("Accept", "text/tab-separated-values"));

    APIGatewayV2HTTPResponse response = call(event);

    assertThat(response.getHeaders())
        .containsEntry("content-type", "text/tab-separated-values; charset=utf-8");
    List<String> lines = response.getBody().lines().toList();
    assertThat(lines).hasSize(3).allMatch(line -> line.split("\t", -1).length == 11);
    assertThat(lines.get(0).split("\t", -1))
        .startsWith(ID.value(), "2node-135-30", "ready", "1800", "30")
        .satisfies(line -> assertThat(line[10]).startsWith("arn:aws:"));
    assertThat(lines.get(1)).startsWith(broken + "\t\tunreadable\t");
    assertThat(lines.get(2)).startsWith(old + "\tx y [2J\tunmanaged\t");
  }

  @Test
  void fieldsOfANewerVersionAreShown() {
    installation.created();
    ObjectNode record =
        (ObjectNode) json(installation.objects.text(StoreKeys.record(ID)).orElseThrow());
    ((ObjectNode) record.path("status")).put("mood", "blue");
    installation.objects.put(StoreKeys.record(ID), record.toString());

    assertThat(body(call(event("status-one"))).at("/status/mood").asText()).isEqualTo("blue");
  }

  @Test
  void theCostSoFarGrowsUntilTheClusterIsGone() {
    installation.created();
    assertThat(cost()).isZero();
    installation.letTasksEnd();
    installation.runDestroy(HandlerFixture.text("schedule"));
    double ready = cost();
    assertThat(ready).isPositive();
    assertThat(body(call(event("clusters"))).at("/0/status/cost").asDouble()).isEqualTo(ready);

    installation.clock.advance(Duration.ofMinutes(20));
    double later = cost();
    assertThat(later).isGreaterThan(ready);

    installation.runDestroy(HandlerFixture.text("destroy"));
    installation.letTasksEnd();
    installation.runDestroy(HandlerFixture.text("schedule"));
    double gone = cost();
    assertThat(gone).isGreaterThan(later);
    installation.clock.advance(Duration.ofDays(10));
    assertThat(cost()).isEqualTo(gone);
  }

  private double cost() {
    return body(call(event("status-one"))).at("/status/cost").doubleValue();
  }

  @Test
  void theListReadsTheVersionsOnce() {
    ClusterStore store = spy(new ClusterStore(new MemoryObjectStore(), Runnable::run));
    HandlerFixture spied = new HandlerFixture(store, mock(TaskRunner.class));
    store.add(asked(Samples.newId(), "one"));
    store.add(asked(Samples.newId(), "other"));

    JsonNode all = body(spied.status.handle(event("clusters"), spied.context));

    assertThat(all).hasSize(2).allMatch(record -> record.at("/status/cost").isNumber());
    verify(store, times(1)).versions();
  }

  @Test
  void withoutVersionsOnlyTheCostIsMissing() {
    ClusterStore store = spy(new ClusterStore(new MemoryObjectStore(), Runnable::run));
    doThrow(new StoreException("down")).when(store).versions();
    HandlerFixture failing = new HandlerFixture(store, mock(TaskRunner.class));
    store.add(asked(Samples.newId(), "dev"));

    JsonNode record = body(failing.status.handle(event("clusters"), failing.context)).get(0);

    assertThat(record.path("name").asText()).isEqualTo("dev");
    assertThat(record.path("status").has("cost")).isFalse();
  }

  @Test
  void statusChangesNothing() {
    installation.ready();
    Map<String, String> before = installation.objects.contents();

    List.of("status", "status-one", "clusters").forEach(name -> call(event(name)));

    assertThat(installation.objects.contents()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "status-one", "clusters"})
  void unsignedRequestsAreForbidden(String name) {
    installation.created();
    APIGatewayV2HTTPEvent unsigned = event(name);
    unsigned.getRequestContext().setAuthorizer(null);

    APIGatewayV2HTTPResponse response = call(unsigned);

    assertThat(response.getStatusCode()).isEqualTo(403);
    assertThat(response.getBody())
        .isEqualTo(
            "{\"error\":\"the request is not signed\",\"code\":\"forbidden\",\"problems\":[]}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST /status", "GET /", "POST /create", "$default"})
  void otherRoutesAreNotFound(String route) {
    APIGatewayV2HTTPEvent event = event("status");
    event.setRouteKey(route);
    assertThat(call(event).getStatusCode()).isEqualTo(404);
  }

  @Test
  void aFailingStoreIsA503WithoutInternalsAndTheLogHasThem() {
    HandlerFixture failing =
        new HandlerFixture(
            storeThatThrows(new StoreException("secret", new IOException("Connection reset"))),
            mock(TaskRunner.class));

    APIGatewayV2HTTPResponse response = failing.status.handle(event("clusters"), failing.context);

    assertThat(response.getStatusCode()).isEqualTo(503);
    assertThat(response.getBody()).doesNotContain("secret", "Connection");
    assertLogged(failing, "GET /clusters", "secret", "Connection reset");
  }

  private APIGatewayV2HTTPResponse call(APIGatewayV2HTTPEvent event) {
    return installation.status.handle(event, installation.context);
  }

  private static Cluster asked(ClusterId id, String name) {
    return Cluster.requested(id, Samples.spec(name), Samples.ALICE, Samples.START);
  }
}
