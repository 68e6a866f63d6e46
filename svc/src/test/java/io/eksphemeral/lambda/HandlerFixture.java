package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.ManualClock;
import io.eksphemeral.control.MemoryMailer;
import io.eksphemeral.control.MemoryObjectStore;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.SimulatedTasks;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.Versions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** The three functions, over a store in memory and simulated tasks, called as Lambda calls them. */
public final class HandlerFixture {
  /** The id that the canned events are about. */
  static final ClusterId ID = new ClusterId("9be65bee-3baa-4fd0-aa3e-032325d5390c");

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Nodes NODES = new Nodes(List.of("t3.medium", "t3a.medium"), true);

  final ManualClock clock = new ManualClock(Samples.START);
  final MemoryObjectStore objects = new MemoryObjectStore();
  final ClusterStore store = new ClusterStore(objects, Runnable::run);
  final SimulatedTasks tasks = new SimulatedTasks(store, clock);
  final MemoryMailer mailer = new MemoryMailer();
  final RecordingContext context = new RecordingContext();
  final CreateClusterHandler create;
  final StatusHandler status;
  final DestroyClusterHandler destroy;

  public HandlerFixture() {
    this(Versions.any("1.35"), Limits.DEFAULT);
  }

  /** Sweeps over all clusters, and gives the line that the function logs. */
  public JsonNode sweep() {
    context.forget();
    runDestroy(text("schedule"));
    return json(context.log().getFirst());
  }

  HandlerFixture(Versions versions, Limits limits) {
    this(null, null, versions, limits, NODES);
  }

  /** The same clock, over the given ports. */
  HandlerFixture(ClusterStore failingStore, TaskRunner failingTasks) {
    this(failingStore, failingTasks, Versions.any("1.35"), Limits.DEFAULT, NODES);
  }

  /** One where nothing costs anything. */
  static HandlerFixture free() {
    return new HandlerFixture(null, null, Versions.any("1.35"), Limits.DEFAULT, null);
  }

  private HandlerFixture(
      @Nullable ClusterStore failingStore,
      @Nullable TaskRunner failingTasks,
      Versions versions,
      Limits limits,
      @Nullable Nodes nodes) {
    ProviderInfo presentation =
        new ProviderInfo(
            "nobody builds anything",
            Map.of(
                Phase.ACCEPTED, Duration.ofMinutes(2), Phase.CONTROL_PLANE, Duration.ofMinutes(15)),
            Duration.ofMinutes(14),
            List.of("task"),
            nodes);
    ControlPlane plane =
        plane(
            failingStore == null ? store : failingStore,
            failingTasks == null ? tasks : failingTasks,
            versions,
            limits);
    create = new CreateClusterHandler(plane, presentation, new Random(1));
    status = new StatusHandler(plane.status(), presentation, clock, plane::versions);
    destroy = new DestroyClusterHandler(plane, presentation);
  }

  private ControlPlane plane(
      ClusterStore over, TaskRunner runner, Versions versions, Limits limits) {
    return ControlPlane.of(
        over,
        runner,
        new Notifications(mailer, null, ""),
        Samples.CONFIG,
        limits,
        () -> versions,
        clock,
        _ -> {},
        Runnable::run);
  }

  /** Asks for the cluster of the canned events. */
  Cluster created() {
    create.handle(event("create"), context);
    return cluster();
  }

  /** Asks for it, and has it built. */
  Cluster ready() {
    created();
    letTasksEnd();
    runDestroy(text("schedule"));
    return cluster();
  }

  void letTasksEnd() {
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
  }

  Cluster cluster() {
    return ((Stored.Live) store.find(ID).or(() -> store.archived(ID)).orElseThrow()).cluster();
  }

  /** Calls the destroy function, which takes events of several kinds, with an event's text. */
  String runDestroy(String event) {
    try {
      ByteArrayOutputStream output = new ByteArrayOutputStream();
      destroy.handleRequest(
          new ByteArrayInputStream(event.getBytes(StandardCharsets.UTF_8)), output, context);
      return output.toString(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The text of a canned event. */
  static String text(String name) {
    try (InputStream event =
        Objects.requireNonNull(
            HandlerFixture.class.getResourceAsStream("/events/" + name + ".json"), name)) {
      return new String(event.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A canned event of the HTTP API, read as Lambda reads it. */
  static APIGatewayV2HTTPEvent event(String name) {
    return LambdaEventSerializers.serializerFor(
            APIGatewayV2HTTPEvent.class, HandlerFixture.class.getClassLoader())
        .fromJson(text(name));
  }

  /** An answer as API Gateway gets it from the function. */
  static APIGatewayV2HTTPResponse response(String json) {
    return LambdaEventSerializers.serializerFor(
            APIGatewayV2HTTPResponse.class, HandlerFixture.class.getClassLoader())
        .fromJson(json);
  }

  static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static JsonNode body(APIGatewayV2HTTPResponse response) {
    return json(response.getBody());
  }
}
