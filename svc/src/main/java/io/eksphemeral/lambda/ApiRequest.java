package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.control.Rejection;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/** One call of the HTTP API: what it asks, and how it is answered. */
final class ApiRequest {
  /** All that the names of users, roles and sessions have in them, and more; nothing else signs. */
  private static final Pattern ARN =
      Pattern.compile("arn:[\\x21-\\x7e]{1,%d}".formatted(Cluster.LONGEST_ARN - 4));

  private static final Pattern JSON =
      Pattern.compile("|application/(json|[^/,\\s]+\\+json|x-www-form-urlencoded)");

  private final APIGatewayV2HTTPEvent event;

  private ApiRequest(APIGatewayV2HTTPEvent event) {
    this.event = event;
  }

  /** Has a signed call answered; what is thrown on the way becomes an answer without internals. */
  static APIGatewayV2HTTPResponse answer(
      APIGatewayV2HTTPEvent event,
      Context context,
      Function<ApiRequest, APIGatewayV2HTTPResponse> answer) {
    try {
      ApiRequest call = new ApiRequest(event);
      return call.isSigned() || call.route().isEmpty() ? answer.apply(call) : unsigned();
    } catch (StoreException | TaskRunnerException e) {
      log(context, event, e);
      if (StoreException.isLasting(e)) {
        return ErrorCode.MISCONFIGURED.response(
            "EKSphemeral is denied access to its bucket of records, and trying again does not help;"
                + " ask who installed it to run eksp-up.sh, which says what to change; the log has"
                + " the details under the request "
                + context.getAwsRequestId());
      }
      return ErrorCode.UNAVAILABLE.response(
          "the control plane could not do its part just now; try again in a moment");
    } catch (RuntimeException e) {
      log(context, event, e);
      return ErrorCode.INTERNAL.response(
          "something is wrong in EKSphemeral; its log has it under the request "
              + context.getAwsRequestId());
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

  /**
   * Whether its body may be a spec. {@code curl -d} calls what it sends a form unless it is told
   * otherwise, and a spec is too often sent like that to insist.
   */
  boolean isJson() {
    return header("content-type")
        .map(type -> type.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT))
        .filter(type -> !JSON.matcher(type).matches())
        .isEmpty();
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
    return ErrorCode.response(200, body, Map.of());
  }

  /** What was asked for goes on in the background; Location says where to look at it. */
  static APIGatewayV2HTTPResponse accepted(ClusterId id, JsonNode body) {
    return ErrorCode.response(202, body, Map.of("location", "/status/" + id.value()));
  }

  static APIGatewayV2HTTPResponse notThere() {
    return ErrorCode.NOT_FOUND.response("there is nothing at this path");
  }

  private static APIGatewayV2HTTPResponse unsigned() {
    return ErrorCode.FORBIDDEN.response("nobody signed this request");
  }

  static APIGatewayV2HTTPResponse refused(Rejection refusal) {
    return code(refusal.kind()).response(refusal.error(), refusal.problems());
  }

  /** The one place that maps kinds of refusal to codes, and so to HTTP's statuses. */
  private static ErrorCode code(Rejection.Kind kind) {
    return switch (kind) {
      case INPUT -> ErrorCode.INVALID_REQUEST;
      case FORBIDDEN -> ErrorCode.FORBIDDEN;
      case NOT_FOUND -> ErrorCode.NOT_FOUND;
      case NAME_TAKEN -> ErrorCode.NAME_TAKEN;
      case ID_TAKEN -> ErrorCode.ID_TAKEN;
      case CONFLICT -> ErrorCode.CONFLICT;
      case TOO_LARGE -> ErrorCode.TOO_LARGE;
      case LIMIT -> ErrorCode.LIMIT_EXCEEDED;
      case TOO_LATE -> ErrorCode.TOO_LATE;
    };
  }
}
