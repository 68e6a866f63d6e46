package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * A function of the control plane. Requests and events enter it at {@code handle}, in AWS after
 * {@link #handleRequest} has parsed them, on one machine directly.
 */
@FunctionalInterface
public interface ApiHandler extends RequestStreamHandler {
  JsonMapper MAPPER = JsonMapper.builder().build();

  /** Handles a request to the HTTP API. */
  APIGatewayV2HTTPResponse handle(APIGatewayV2HTTPEvent request, Context context);

  /**
   * Handles an event from EventBridge.
   *
   * @throws IllegalArgumentException if the function does not know events of this type
   */
  default JsonNode handle(JsonNode event, Context context) {
    throw new IllegalArgumentException("unsupported event type: " + event.path("detail-type"));
  }

  /** What Lambda calls. Only requests to the HTTP API have a route key. */
  @Override
  default void handleRequest(InputStream input, OutputStream output, Context context)
      throws IOException {
    JsonNode event = MAPPER.readTree(input);
    JsonNode response =
        event.has("routeKey")
            ? ApiGatewayJson.write(handle(ApiGatewayJson.read(event), context))
            : handle(event, context);
    MAPPER.writeValue(output, response);
  }
}
