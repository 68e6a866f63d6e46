package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.eksphemeral.control.ClusterStatus;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.ClusterId;
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
  private final InstantSource clock;
  private final TimeLimit time;
  private final EntityTags tags = new EntityTags();

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
    this.clock = clock;
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
              case LIST -> list(request);
              case LIST_GONE -> listGone(request, context);
              case SHOW -> request.parameter("id").equals(ALL_IDS) ? ids() : show(request);
              default -> ApiResponse.unknownPath();
            });
  }

  private APIGatewayV2HTTPResponse ids() {
    ArrayNode ids = JsonNodeFactory.instance.arrayNode();
    status.ids().forEach(id -> ids.add(id.value()));
    return ApiResponse.ok(ids);
  }

  private APIGatewayV2HTTPResponse list(ApiRequest request) {
    List<Stored> all = status.list();
    return EntityTags.unlessKnown(
        request,
        tags.of(request, all, clock.instant()),
        () -> wantsTable(request) ? table(all) : ApiResponse.ok(view.of(all)));
  }

  private APIGatewayV2HTTPResponse listGone(ApiRequest request, Context context) {
    List<ClusterId> ids = status.goneIds();
    return EntityTags.unlessKnown(
        request,
        tags.ofIds(request, ids, clock.instant()),
        () ->
            new GoneClusters(status, view)
                .list(
                    context,
                    ids,
                    (gone, records) ->
                        wantsTable(request) ? table(gone) : ApiResponse.ok(records)));
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
