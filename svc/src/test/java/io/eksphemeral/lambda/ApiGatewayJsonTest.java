package io.eksphemeral.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read of a call, and written of an answer, is what Lambda's own way makes of them. */
final class ApiGatewayJsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"create", "prolong", "status", "status-one", "clusters", "destroy", "ping"})
  void aRequestIsReadAsLambdaReadsIt(String name) {
    APIGatewayV2HTTPEvent lambdas = HandlerFixture.event(name);

    APIGatewayV2HTTPEvent event =
        ApiGatewayJson.read(HandlerFixture.json(HandlerFixture.text(name)));

    assertThat(event.getRouteKey()).isEqualTo(lambdas.getRouteKey());
    assertThat(event.getHeaders()).isEqualTo(orNone(lambdas.getHeaders()));
    assertThat(event.getPathParameters()).isEqualTo(orNone(lambdas.getPathParameters()));
    assertThat(event.getBody()).isEqualTo(lambdas.getBody());
    assertThat(event.getIsBase64Encoded()).isEqualTo(lambdas.getIsBase64Encoded());
    assertThat(event.getRequestContext().getDomainName())
        .isEqualTo(
            lambdas.getRequestContext() == null
                ? null
                : lambdas.getRequestContext().getDomainName());
    assertThat(event.getRequestContext().getAuthorizer().getIam().getUserArn())
        .isEqualTo(
            lambdas.getRequestContext() == null
                ? null
                : lambdas.getRequestContext().getAuthorizer().getIam().getUserArn());
  }

  @Test
  void missingFieldsStayMissing() {
    APIGatewayV2HTTPEvent event =
        ApiGatewayJson.read(
            HandlerFixture.json(
                """
                {"routeKey": null, "body": null, "pathParameters": null, "isBase64Encoded": true,
                 "requestContext": {"authorizer": {"iam": {"userArn": null}}}}
                """));
    assertThat(event.getRouteKey()).isNull();
    assertThat(event.getBody()).isNull();
    assertThat(event.getPathParameters()).isEmpty();
    assertThat(event.getIsBase64Encoded()).isTrue();
    assertThat(event.getRequestContext().getAuthorizer().getIam().getUserArn()).isNull();
  }

  @Test
  void aResponseIsWrittenAsLambdaReadsIt() {
    APIGatewayV2HTTPResponse response =
        APIGatewayV2HTTPResponse.builder()
            .withStatusCode(202)
            .withHeaders(Map.of("content-type", "application/json"))
            .withBody("{\"name\":\"für\"}")
            .build();
    assertThat(HandlerFixture.response(ApiGatewayJson.write(response).toString()))
        .isEqualTo(response);
  }

  private static Map<String, String> orNone(Map<String, String> texts) {
    return texts == null ? Map.of() : texts;
  }
}
