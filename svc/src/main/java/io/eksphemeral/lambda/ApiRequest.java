package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.Authorizer;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.IAM;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * A signed request to the HTTP API.
 *
 * @param caller the ARN that signed it
 */
record ApiRequest(APIGatewayV2HTTPEvent event, Route route, String caller) {
  /** A superset of the characters that IAM allows in names of users, roles and sessions. */
  private static final Pattern ARN =
      Pattern.compile("arn:[\\x21-\\x7e]{1,%d}".formatted(Cluster.MAX_ARN_LENGTH - 4));

  private static final Pattern JSON =
      Pattern.compile("|application/(json|[^/,\\s]+\\+json|x-www-form-urlencoded)");

  private static final Set<String> YAML =
      Set.of("application/yaml", "application/x-yaml", "text/yaml");

  /** Responds to a request; exceptions become error responses that show no internals. */
  static APIGatewayV2HTTPResponse respond(
      APIGatewayV2HTTPEvent event,
      Context context,
      Function<ApiRequest, APIGatewayV2HTTPResponse> function) {
    Optional<Route> route =
        Arrays.stream(Route.values())
            .filter(known -> known.key().equals(event.getRouteKey()))
            .findFirst();
    if (route.isEmpty()) {
      return ApiResponse.unknownPath();
    }
    Optional<String> caller = caller(event);
    if (caller.isEmpty()) {
      return ErrorCode.FORBIDDEN.response("the request is not signed");
    }
    try {
      return function.apply(new ApiRequest(event, route.get(), caller.get()));
    } catch (StoreException | TaskRunnerException e) {
      log(context, event, e);
      return StoreException.isLasting(e)
          ? ErrorCode.MISCONFIGURED.response(
              "EKSphemeral is denied access to its bucket of records, and trying again does not"
                  + " help; ask your operator to run eksp up, which reports what to change;"
                  + " details are in the log under request ID "
                  + context.getAwsRequestId())
          : ErrorCode.UNAVAILABLE.response("temporarily unavailable; try again");
    } catch (RuntimeException e) {
      log(context, event, e);
      return ErrorCode.INTERNAL.response(
          "internal error; details are in the log under request ID " + context.getAwsRequestId());
    }
  }

  private static void log(Context context, APIGatewayV2HTTPEvent event, RuntimeException e) {
    LogLine.of("request-failed")
        .with("route", String.valueOf(event.getRouteKey()))
        .with("request", String.valueOf(context.getAwsRequestId()))
        .withFailure(e)
        .writeTo(context);
  }

  private static Optional<String> caller(APIGatewayV2HTTPEvent event) {
    return Optional.ofNullable(event.getRequestContext())
        .map(RequestContext::getAuthorizer)
        .map(Authorizer::getIam)
        .map(IAM::getUserArn)
        .filter(arn -> ARN.matcher(arn).matches());
  }

  /** A path parameter, decoded. */
  String parameter(String name) {
    Map<String, String> parameters = event.getPathParameters();
    return parameters == null ? "" : parameters.getOrDefault(name, "");
  }

  /** The API that it was sent to. API Gateway says that; no header does. */
  Optional<Endpoint> endpoint() {
    return Optional.ofNullable(event.getRequestContext())
        .flatMap(context -> Endpoint.at(context.getDomainName()));
  }

  /** A header; names are case-insensitive. */
  Optional<String> header(String name) {
    Map<String, String> headers = event.getHeaders();
    return headers == null
        ? Optional.empty()
        : headers.entrySet().stream()
            .filter(header -> header.getKey().equalsIgnoreCase(name))
            .map(Map.Entry::getValue)
            .findFirst();
  }

  /** The body; empty if it is not valid base64 although it is flagged as such. */
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

  /** Whether the content type permits JSON. {@code curl -d} labels what it sends as a form. */
  boolean mayBeJson() {
    return JSON.matcher(contentType()).matches();
  }

  boolean isYaml() {
    return YAML.contains(contentType());
  }

  /** Without its parameters; empty if there is none. */
  private String contentType() {
    return header("content-type")
        .orElse("")
        .replaceFirst(";.*", "")
        .strip()
        .toLowerCase(Locale.ROOT);
  }
}
