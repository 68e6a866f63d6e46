package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.Authorizer;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.IAM;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Calls of the HTTP API and their answers as JSON, version 2.0 of their format. Lambda would do
 * this for a function, by reflection on all that such an event can have, which costs it a third of
 * a second at its first call and cannot be primed. What is read here is what functions look at.
 */
final class ApiGatewayJson {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private ApiGatewayJson() {}

  /** Reads a call, and writes its answer. */
  static void exchange(
      InputStream input,
      OutputStream output,
      Function<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> function)
      throws IOException {
    MAPPER.writeValue(output, write(function.apply(read(MAPPER.readTree(input)))));
  }

  static APIGatewayV2HTTPEvent read(JsonNode json) {
    APIGatewayV2HTTPEvent event = new APIGatewayV2HTTPEvent();
    event.setRouteKey(text(json.path("routeKey")));
    event.setHeaders(texts(json.path("headers")));
    event.setPathParameters(texts(json.path("pathParameters")));
    event.setBody(text(json.path("body")));
    event.setIsBase64Encoded(json.path("isBase64Encoded").asBoolean());
    JsonNode signer = json.at("/requestContext/authorizer/iam/userArn");
    event.setRequestContext(
        RequestContext.builder()
            .withAuthorizer(
                Authorizer.builder()
                    .withIam(IAM.builder().withUserArn(text(signer)).build())
                    .build())
            .build());
    return event;
  }

  private static @Nullable String text(JsonNode json) {
    return json.isTextual() ? json.asText() : null;
  }

  private static Map<String, String> texts(JsonNode json) {
    Map<String, String> texts = new HashMap<>();
    json.properties().forEach(field -> texts.put(field.getKey(), field.getValue().asText()));
    return texts;
  }

  static JsonNode write(APIGatewayV2HTTPResponse response) {
    ObjectNode json =
        JsonNodeFactory.instance.objectNode().put("statusCode", response.getStatusCode());
    ObjectNode headers = json.putObject("headers");
    response.getHeaders().forEach(headers::put);
    return json.put("body", response.getBody()).put("isBase64Encoded", false);
  }
}
