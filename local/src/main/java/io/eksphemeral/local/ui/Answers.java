package io.eksphemeral.local.ui;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.HashMap;
import java.util.Map;

/** Responses of the proxy itself. */
final class Answers {
  private Answers() {}

  static APIGatewayV2HTTPResponse json(JsonNode body) {
    return of(200, "application/json", body.toString(), Map.of());
  }

  /**
   * An error in the form of the API's.
   *
   * @param code what the page decides by; docs/ui.md lists them
   */
  static APIGatewayV2HTTPResponse error(int status, String code, String error) {
    JsonNode body = JsonNodeFactory.instance.objectNode().put("error", error).put("code", code);
    return of(status, "application/json", body.toString(), Map.of());
  }

  static APIGatewayV2HTTPResponse of(
      int status, String contentType, String body, Map<String, String> more) {
    Map<String, String> headers =
        new HashMap<>(Map.of("Content-Type", contentType, "Cache-Control", "no-store"));
    headers.putAll(more);
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(status)
        .withHeaders(headers)
        .withBody(body)
        .build();
  }
}
