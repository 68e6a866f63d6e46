package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.eksphemeral.control.ClusterStatus;
import io.eksphemeral.control.Rejection;
import io.eksphemeral.control.Result;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.InstantSource;
import java.util.function.Supplier;

/** {@code StatusFunc}: shows clusters. Changes nothing. */
public final class StatusHandler implements RequestStreamHandler {
  /** Where EKSphemeral of 2019 had the list of all ids besides {@code /status}. */
  private static final String ALL_IDS = "*";

  private final ClusterStatus status;
  private final ClusterResponse view;
  private final TimeLimit time;

  /** As Lambda makes it, from the function's environment. */
  public StatusHandler() {
    AwsControlPlane.Viewing aws = AwsControlPlane.viewing(System.getenv());
    this(aws.status(), aws.presentation(), aws.clock(), aws.versions(), aws.time());
  }

  /**
   * @param versions say which ones cost more
   */
  public StatusHandler(
      ClusterStatus status,
      ProviderInfo presentation,
      InstantSource clock,
      Supplier<Versions> versions) {
    this(status, presentation, clock, versions, TimeLimit.NONE);
  }

  StatusHandler(
      ClusterStatus status,
      ProviderInfo presentation,
      InstantSource clock,
      Supplier<Versions> versions,
      TimeLimit time) {
    this.status = status;
    this.time = time;
    this.view = new ClusterResponse(presentation, clock, versions);
  }

  @Override
  public void handleRequest(InputStream input, OutputStream output, Context context)
      throws IOException {
    ApiGatewayJson.exchange(input, output, event -> handleRequest(event, context));
  }

  /** Answers a call. */
  public APIGatewayV2HTTPResponse handleRequest(APIGatewayV2HTTPEvent event, Context context) {
    time.beginCall(context);
    return ApiRequest.answer(
        event,
        context,
        call ->
            switch (call.route().orElse(null)) {
              case LIST_IDS -> ids();
              case LIST -> all();
              case SHOW -> call.parameter("id").equals(ALL_IDS) ? ids() : one(call);
              case null, default -> ApiRequest.notThere();
            });
  }

  private APIGatewayV2HTTPResponse ids() {
    ArrayNode ids = JsonNodeFactory.instance.arrayNode();
    status.ids().forEach(id -> ids.add(id.value()));
    return ApiRequest.ok(ids);
  }

  private APIGatewayV2HTTPResponse all() {
    return ApiRequest.ok(view.of(status.all()));
  }

  private APIGatewayV2HTTPResponse one(ApiRequest call) {
    return switch (status.one(call.parameter("id"))) {
      case Result.Done<Stored>(Stored stored) -> ApiRequest.ok(view.of(stored));
      case Result.Refused<Stored>(Rejection refusal) -> ApiRequest.refused(refusal);
    };
  }
}
