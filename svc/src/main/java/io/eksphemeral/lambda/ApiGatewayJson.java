package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.Authorizer;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.IAM;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * API Gateway's payload format 2.0: reads the fields that the functions use. Lambda's own
 * deserialization works by reflection over the whole event, and adds 0.3 s to a first call.
 */
final class ApiGatewayJson {
  private ApiGatewayJson() {}

  static APIGatewayV2HTTPEvent read(JsonNode json) {
    String userArn = text(json.at("/requestContext/authorizer/iam/userArn"));
    IAM iam = IAM.builder().withUserArn(userArn).build();
    return APIGatewayV2HTTPEvent.builder()
        .withRouteKey(text(json.path("routeKey")))
        .withHeaders(texts(json.path("headers")))
        .withPathParameters(texts(json.path("pathParameters")))
        .withBody(text(json.path("body")))
        .withIsBase64Encoded(json.path("isBase64Encoded").asBoolean())
        .withRequestContext(
            RequestContext.builder()
                .withDomainName(text(json.at("/requestContext/domainName")))
                .withAuthorizer(Authorizer.builder().withIam(iam).build())
                .build())
        .build();
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
