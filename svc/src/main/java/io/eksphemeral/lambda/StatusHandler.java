package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.eksphemeral.control.ClusterStatus;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Versions;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Supplier;

/** {@code StatusFunc}: lists and shows clusters. Changes nothing. */
public final class StatusHandler implements ApiHandler {
  /** In 2019 {@code /status/*} listed all ids, too. */
  private static final String ALL_IDS = "*";

  private final ClusterStatus status;
  private final ClusterResponse view;
  private final TimeLimit time;

  /** Reads the function's environment; Lambda calls this. */
  public StatusHandler() {
    this(AwsControlPlane.statusFunc(System.getenv()));
  }

  StatusHandler(AwsControlPlane.StatusFunc aws) {
    this(
        new ClusterStatus(aws.store()),
        aws.provider(),
        InstantSource.system(),
        aws::versions,
        aws.time());
  }

  /**
   * @param versions tell which Kubernetes versions EKS charges extended support for
   */
  public StatusHandler(
      ClusterStatus status,
      ProviderInfo provider,
      InstantSource clock,
      Supplier<Versions> versions) {
    this(status, provider, clock, versions, TimeLimit.NONE);
  }

  StatusHandler(
      ClusterStatus status,
      ProviderInfo provider,
      InstantSource clock,
      Supplier<Versions> versions,
      TimeLimit time) {
    this.status = status;
    this.time = time;
    this.view = new ClusterResponse(provider, clock, versions);
  }

  @Override
  public APIGatewayV2HTTPResponse handle(APIGatewayV2HTTPEvent event, Context context) {
    time.beginCall(context);
    return ApiRequest.respond(
        event,
        context,
        request ->
            switch (request.route()) {
              case LIST_IDS -> ids();
              case LIST -> {
                List<Stored> all = status.list();
                yield wantsTable(request) ? table(all) : ApiResponse.ok(view.of(all));
              }
              case LIST_GONE ->
                  new GoneClusters(status, view)
                      .list(
                          context,
                          (gone, records) ->
                              wantsTable(request) ? table(gone) : ApiResponse.ok(records));
              case SHOW -> request.parameter("id").equals(ALL_IDS) ? ids() : show(request);
              default -> ApiResponse.unknownPath();
            });
  }

  private APIGatewayV2HTTPResponse ids() {
    ArrayNode ids = JsonNodeFactory.instance.arrayNode();
    status.ids().forEach(id -> ids.add(id.value()));
    return ApiResponse.ok(ids);
  }

  private APIGatewayV2HTTPResponse show(ApiRequest request) {
    return ApiResponse.of(
        status.get(request.parameter("id")),
        stored ->
            wantsTable(request)
                ? table(List.of(stored))
                : ApiResponse.ok(view.of(stored, status.phases(stored))));
  }

  private static boolean wantsTable(ApiRequest request) {
    return request.header("accept").filter(ClusterTable.CONTENT_TYPE::equals).isPresent();
  }

  private APIGatewayV2HTTPResponse table(List<Stored> clusters) {
    return ApiResponse.ok(ClusterTable.CONTENT_TYPE, view.table(clusters));
  }
}
