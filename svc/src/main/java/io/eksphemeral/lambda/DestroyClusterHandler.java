package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.SweepReport;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.State;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code DestroyClusterFunc}: sweeps all clusters every five minutes, sweeps one cluster when a
 * task of it has stopped, and destroys clusters on request.
 */
public final class DestroyClusterHandler implements ApiHandler {
  private final ControlPlane plane;
  private final ClusterResponse view;
  private final TimeLimit time;

  /** Reads the function's environment; Lambda calls this. */
  public DestroyClusterHandler() {
    this(AwsControlPlane.clusterFuncs(System.getenv()));
  }

  DestroyClusterHandler(AwsControlPlane.ClusterFuncs aws) {
    this(aws.plane(), aws.provider(), aws.time());
  }

  public DestroyClusterHandler(ControlPlane plane, ProviderInfo provider) {
    this(plane, provider, TimeLimit.NONE);
  }

  DestroyClusterHandler(ControlPlane plane, ProviderInfo provider, TimeLimit time) {
    this.plane = plane;
    this.time = time;
    this.view = new ClusterResponse(provider, plane.clock(), plane::versions);
  }

  @Override
  public APIGatewayV2HTTPResponse handle(APIGatewayV2HTTPEvent event, Context context) {
    time.beginCall(context);
    return ApiRequest.respond(
        event,
        context,
        request -> request.route() == Route.DESTROY ? destroy(request) : ApiResponse.unknownPath());
  }

  @Override
  public JsonNode handle(JsonNode event, Context context) {
    return switch (event.path("detail-type").asText()) {
      case "Scheduled Event" -> sweepAll(context);
      case "ECS Task State Change" -> sweepOne(event.path("detail"), context);
      default -> ApiHandler.super.handle(event, context);
    };
  }

  private APIGatewayV2HTTPResponse destroy(ApiRequest request) {
    return ApiResponse.of(
        plane.destroy().destroy(request.parameter("id"), request.caller()),
        live -> ApiResponse.accepted(live, view.of(live)));
  }

  private JsonNode sweepAll(Context context) {
    time.beginSweep(context);
    SweepReport report = plane.sweep().all(timeLeft(context));
    return log(report, withMetrics(LogLine.of("sweep"), report), context);
  }

  /** The task runner stores the cluster's id in startedBy. */
  private JsonNode sweepOne(JsonNode detail, Context context) {
    time.beginSweep(context);
    Optional<ClusterId> id = ClusterId.parse(detail.path("startedBy").asText());
    return id.isEmpty()
        ? JsonNodeFactory.instance.objectNode().put("ignored", "not a task of EKSphemeral")
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

  /** Only for sweeps of all clusters: those of single ones would distort the metrics. */
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
