package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.lambda.ApiHandler;
import io.eksphemeral.lambda.Route;
import io.eksphemeral.local.io.Log;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;

/**
 * Invokes the three functions as AWS Lambda does, each time with a context of its own.
 *
 * @param realTime measures the time that an invocation has left
 */
record LambdaInvoker(
    ApiHandler create, ApiHandler status, ApiHandler destroy, InstantSource realTime, Log log) {
  /** As long as API Gateway waits. */
  private static final Duration HTTP_TIMEOUT = Duration.ofSeconds(30);

  private static final Duration SWEEP_TIMEOUT = Duration.ofMinutes(5);

  /** Passes a request to the HTTP API to its function. */
  APIGatewayV2HTTPResponse invoke(Route.Function function, APIGatewayV2HTTPEvent request) {
    ApiHandler handler =
        switch (function) {
          case CREATE_CLUSTER -> create;
          case STATUS -> status;
          case DESTROY_CLUSTER -> destroy;
        };
    return handler.handle(
        request, context(function, HTTP_TIMEOUT, request.getRequestContext().getRequestId()));
  }

  /** Passes an event of EventBridge to the function that the rules name. */
  void invoke(JsonNode event) {
    destroy.handle(
        event,
        context(Route.Function.DESTROY_CLUSTER, SWEEP_TIMEOUT, UUID.randomUUID().toString()));
  }

  private Context context(Route.Function function, Duration timeout, String requestId) {
    return new LocalLambdaContext(
        function.title(), requestId, realTime.instant().plus(timeout), realTime, log);
  }
}
