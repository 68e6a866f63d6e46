package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Rejection;
import io.eksphemeral.control.Result;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.SweepReport;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.State;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code DestroyClusterFunc}: the sweep, on the five-minute rule for all clusters and on the news
 * that a task stopped for one; and destroying a cluster that somebody does not want any more.
 */
public final class DestroyClusterHandler implements RequestStreamHandler {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final ControlPlane plane;
  private final ClusterResponse view;
  private final TimeLimit time;

  /** As Lambda makes it, from the function's environment. */
  public DestroyClusterHandler() {
    AwsControlPlane.Changing aws = AwsControlPlane.changing(System.getenv());
    this(aws.plane(), aws.presentation(), aws.time());
  }

  public DestroyClusterHandler(ControlPlane plane, ProviderInfo presentation) {
    this(plane, presentation, TimeLimit.NONE);
  }

  DestroyClusterHandler(ControlPlane plane, ProviderInfo presentation, TimeLimit time) {
    this.plane = plane;
    this.time = time;
    this.view = new ClusterResponse(presentation, plane.clock(), plane::versions);
  }

  /**
   * Takes an event of any of the three kinds; calls of the API are known by their route.
   *
   * @throws IllegalArgumentException if it is of none of them
   */
  @Override
  public void handleRequest(InputStream input, OutputStream output, Context context)
      throws IOException {
    JsonNode event = MAPPER.readTree(input);
    JsonNode answer =
        event.has("routeKey")
            ? ApiGatewayJson.write(handleRequest(ApiGatewayJson.read(event), context))
            : switch (event.path("detail-type").asText()) {
              case "Scheduled Event" -> sweepAll(context);
              case "ECS Task State Change" -> sweepOne(event.path("detail"), context);
              default ->
                  throw new IllegalArgumentException(
                      "an event of no known kind: " + event.path("detail-type"));
            };
    MAPPER.writeValue(output, answer);
  }

  /** Answers a call. */
  public APIGatewayV2HTTPResponse handleRequest(APIGatewayV2HTTPEvent event, Context context) {
    time.beginCall(context);
    return ApiRequest.answer(event, context, this::destroy);
  }

  private APIGatewayV2HTTPResponse destroy(ApiRequest call) {
    if (call.route().filter(Route.DESTROY::equals).isEmpty()) {
      return ApiRequest.notThere();
    }
    return switch (plane.destroy().destroy(call.parameter("id"), call.asker())) {
      case Result.Done<Stored.Live>(Stored.Live live) ->
          ApiRequest.accepted(live.id(), view.of(live));
      case Result.Refused<Stored.Live>(Rejection refusal) -> ApiRequest.refused(refusal);
    };
  }

  private JsonNode sweepAll(Context context) {
    time.beginSweep(context);
    SweepReport report = plane.sweep().all(timeLeft(context));
    return log(report, withMetrics(LogLine.of("sweep"), report), context);
  }

  /** News of a task of ours: whoever launched it put the cluster's id into startedBy. */
  private JsonNode sweepOne(JsonNode detail, Context context) {
    time.beginSweep(context);
    Optional<ClusterId> id = ClusterId.parse(detail.path("startedBy").asText());
    return id.isEmpty()
        ? JsonNodeFactory.instance.objectNode().put("ignored", "no task of ours")
        : log(plane.sweep().one(id.get(), timeLeft(context)), LogLine.of("task-stopped"), context);
  }

  private static Supplier<Duration> timeLeft(Context context) {
    return () -> Duration.ofMillis(context.getRemainingTimeInMillis());
  }

  private JsonNode log(SweepReport report, LogLine line, Context context) {
    ObjectNode shown = show(report);
    line.with("report", shown).writeTo(context);
    return shown;
  }

  /** What a sweep over all clusters counts; one over a single cluster would only blur it. */
  private LogLine withMetrics(LogLine line, SweepReport report) {
    Map<String, Long> metrics = new LinkedHashMap<>();
    metrics.put("clusters", report.states().values().stream().mapToLong(Long::longValue).sum());
    metrics.put("changed", (long) report.changed().size());
    metrics.put("failed", (long) report.failed().size());
    metrics.put("unreadable", (long) report.unreadable().size());
    metrics.put("skipped", report.skipped());
    return line.withMetrics(metrics, plane.clock().instant());
  }

  private static ObjectNode show(SweepReport report) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("clusters", report.states().values().stream().mapToLong(Long::longValue).sum());
    ObjectNode states = json.putObject("states");
    report.states().forEach((State state, Long count) -> states.put(state.text(), count));
    var changed = json.putArray("changed");
    report
        .changed()
        .forEach(change ->
            changed
                .addObject()
                .put("id", change.cluster().value())
                .put("from", change.from())
                .put("to", change.to()));
    ObjectNode failed = json.putObject("failed");
    report.failed().forEach((id, why) -> failed.put(id.value(), why));
    ObjectNode unreadable = json.putObject("unreadable");
    report.unreadable().forEach((id, why) -> unreadable.put(id.value(), why));
    var legacy = json.putArray("legacy");
    report.legacy().forEach(id -> legacy.add(id.value()));
    json.put("skipped", report.skipped());
    report.namesFreed().forEach(json.putArray("namesfreed")::add);
    json.put("milliseconds", report.took().toMillis());
    return json;
  }
}
