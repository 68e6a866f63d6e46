package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.lambda.Route;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;

/** Calls the three functions as AWS Lambda does: each invocation with its own context. */
final class LambdaInvoker {
  /** What API Gateway waits for an answer, and what the sweep has in AWS. */
  private static final Duration HTTP_TIME = Duration.ofSeconds(30);

  private static final Duration SWEEP_TIME = Duration.ofMinutes(5);

  private final RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> create;
  private final RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> status;
  private final RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> destroy;
  private final RequestStreamHandler sweep;
  private final InstantSource realTime;
  private final Log log;

  /**
   * @param sweep the destroy function again, as it takes what EventBridge sends
   * @param realTime what an invocation's remaining time is measured by
   */
  LambdaInvoker(
      RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> create,
      RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> status,
      RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> destroy,
      RequestStreamHandler sweep,
      InstantSource realTime,
      Log log) {
    this.create = create;
    this.status = status;
    this.destroy = destroy;
    this.sweep = sweep;
    this.realTime = realTime;
    this.log = log;
  }

  /** Has a function answer a call of the API. */
  APIGatewayV2HTTPResponse call(Route.Function function, APIGatewayV2HTTPEvent event) {
    Context context = context(function, HTTP_TIME, event.getRequestContext().getRequestId());
    return switch (function) {
      case CREATE_CLUSTER -> create.handleRequest(event, context);
      case STATUS -> status.handleRequest(event, context);
      case DESTROY_CLUSTER -> destroy.handleRequest(event, context);
    };
  }

  /** Feeds an event of EventBridge to the function that takes them. */
  void feed(String event) throws IOException {
    Context context =
        context(Route.Function.DESTROY_CLUSTER, SWEEP_TIME, UUID.randomUUID().toString());
    sweep.handleRequest(
        new ByteArrayInputStream(event.getBytes(StandardCharsets.UTF_8)),
        OutputStream.nullOutputStream(),
        context);
  }

  private Context context(Route.Function function, Duration time, String request) {
    return new LocalLambdaContext(
        function.title(), request, realTime.instant().plus(time), realTime, log);
  }
}
