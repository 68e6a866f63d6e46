package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Refusal;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.TaskRunnerException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** One call of the HTTP API: what it asks, and how it is answered. */
final class HttpExchange {
  /** All that the names of users, roles and sessions have in them, and more; nothing else signs. */
  private static final Pattern ARN = Pattern.compile("arn:[\\x21-\\x7e]+");

  private final APIGatewayV2HTTPEvent event;

  private HttpExchange(APIGatewayV2HTTPEvent event) {
    this.event = event;
  }

  /** Has a signed call answered; what is thrown on the way becomes an answer without internals. */
  static APIGatewayV2HTTPResponse answer(
      APIGatewayV2HTTPEvent event,
      Context context,
      Function<HttpExchange, APIGatewayV2HTTPResponse> answer) {
    try {
      HttpExchange call = new HttpExchange(event);
      return call.isSigned() || call.route().isEmpty() ? answer.apply(call) : unsigned();
    } catch (StoreException | TaskRunnerException e) {
      log(context, event, e);
      if (StoreException.isLasting(e)) {
        return error(
            500,
            "EKSphemeral is denied access to its bucket of records, and trying again does not help;"
                + " ask who installed it to run eksp-up.sh, which says what to change; the log has"
                + " the details under the request "
                + context.getAwsRequestId(),
            List.of());
      }
      return error(
          503,
          "the control plane could not do its part just now; try again in a moment",
          List.of());
    } catch (RuntimeException e) {
      log(context, event, e);
      return error(
          500,
          "something is wrong in EKSphemeral; its log has it under the request "
              + context.getAwsRequestId(),
          List.of());
    }
  }

  private static void log(Context context, APIGatewayV2HTTPEvent event, RuntimeException e) {
    LogLine.of("request-failed")
        .with("route", String.valueOf(event.getRouteKey()))
        .with("request", String.valueOf(context.getAwsRequestId()))
        .withFailure(e)
        .writeTo(context);
  }

  /** The route that it came by; empty if it is none of ours. */
  Optional<Route> route() {
    return Arrays.stream(Route.values())
        .filter(route -> route.key().equals(event.getRouteKey()))
        .findFirst();
  }

  /** A parameter of the path, decoded. */
  String parameter(String name) {
    Map<String, String> parameters = event.getPathParameters();
    return parameters == null ? "" : parameters.getOrDefault(name, "");
  }

  /** A header, whatever the case of its name. */
  Optional<String> header(String name) {
    Map<String, String> headers = event.getHeaders();
    return headers == null
        ? Optional.empty()
        : headers.entrySet().stream()
            .filter(header -> header.getKey().equalsIgnoreCase(name))
            .map(Map.Entry::getValue)
            .findFirst();
  }

  /** The body's bytes; empty if what claims to be base64 is not. */
  Optional<byte[]> body() {
    String body = event.getBody();
    if (body == null) {
      return Optional.of(new byte[0]);
    }
    if (!event.getIsBase64Encoded()) {
      return Optional.of(body.getBytes(StandardCharsets.UTF_8));
    }
    try {
      return Optional.of(Base64.getDecoder().decode(body));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The ARN of who signed it. */
  String asker() {
    return signer().orElseThrow();
  }

  private boolean isSigned() {
    return signer().isPresent();
  }

  private Optional<String> signer() {
    return Optional.ofNullable(event.getRequestContext())
        .map(APIGatewayV2HTTPEvent.RequestContext::getAuthorizer)
        .map(APIGatewayV2HTTPEvent.RequestContext.Authorizer::getIam)
        .map(APIGatewayV2HTTPEvent.RequestContext.IAM::getUserArn)
        .filter(arn -> ARN.matcher(arn).matches());
  }

  static APIGatewayV2HTTPResponse ok(JsonNode body) {
    return respond(200, body);
  }

  static APIGatewayV2HTTPResponse accepted(JsonNode body) {
    return respond(202, body);
  }

  static APIGatewayV2HTTPResponse notThere() {
    return refused(new Refusal(Refusal.Kind.NOT_FOUND, "there is nothing at this path"));
  }

  private static APIGatewayV2HTTPResponse unsigned() {
    return refused(new Refusal(Refusal.Kind.FORBIDDEN, "nobody signed this request"));
  }

  static APIGatewayV2HTTPResponse refused(Refusal refusal) {
    return error(status(refusal.kind()), refusal.error(), refusal.problems());
  }

  /** The one place that maps kinds of refusal to HTTP's statuses. */
  private static int status(Refusal.Kind kind) {
    return switch (kind) {
      case INPUT -> 400;
      case FORBIDDEN -> 403;
      case NOT_FOUND -> 404;
      case CONFLICT -> 409;
      case TOO_LARGE -> 413;
      case LIMIT -> 422;
    };
  }

  private static APIGatewayV2HTTPResponse error(int status, String error, List<String> problems) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("error", error);
    problems.forEach(body.putArray("problems")::add);
    return respond(status, body);
  }

  private static APIGatewayV2HTTPResponse respond(int status, JsonNode body) {
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(status)
        .withHeaders(Map.of("content-type", "application/json", "cache-control", "no-store"))
        .withBody(body.toString())
        .build();
  }
}
