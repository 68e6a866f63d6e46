package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Result;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** Responses of the HTTP API; {@link ErrorCode} makes those for errors. */
final class ApiResponse {
  private ApiResponse() {}

  static APIGatewayV2HTTPResponse ok(JsonNode body) {
    return of(200, body, Map.of());
  }

  /** A body that is not JSON. */
  static APIGatewayV2HTTPResponse ok(String contentType, String body) {
    return of(200, body, Map.of("content-type", contentType + "; charset=utf-8"));
  }

  /** The change continues in the background; Location is where to follow it. */
  static APIGatewayV2HTTPResponse accepted(Stored.Live live, JsonNode body) {
    return of(202, body, Map.of("location", "/status/" + live.id().value()));
  }

  static APIGatewayV2HTTPResponse notModified() {
    return of(304, "", Map.of());
  }

  static APIGatewayV2HTTPResponse unknownPath() {
    return ErrorCode.NOT_FOUND.response("not found: no such path");
  }

  static <T> APIGatewayV2HTTPResponse of(
      Result<T> result, Function<T, APIGatewayV2HTTPResponse> done) {
    return switch (result) {
      case Result.Success<T>(T value) -> done.apply(value);
      case Result.Rejected<T>(Rejection rejection) ->
          code(rejection.kind()).response(rejection.error(), rejection.problems());
    };
  }

  static APIGatewayV2HTTPResponse of(int status, JsonNode body, Map<String, String> more) {
    return of(status, body.toString(), more);
  }

  /** Every response is JSON, unless it says otherwise, and no cache keeps it. */
  private static APIGatewayV2HTTPResponse of(int status, String body, Map<String, String> more) {
    Map<String, String> headers =
        new HashMap<>(Map.of("content-type", "application/json", "cache-control", "no-store"));
    headers.putAll(more);
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(status)
        .withHeaders(headers)
        .withBody(body)
        .build();
  }

  private static ErrorCode code(Rejection.Kind kind) {
    return switch (kind) {
      case INVALID_REQUEST -> ErrorCode.INVALID_REQUEST;
      case INVALID_SPEC -> ErrorCode.INVALID_SPEC;
      case FORBIDDEN -> ErrorCode.FORBIDDEN;
      case NOT_FOUND -> ErrorCode.NOT_FOUND;
      case NAME_TAKEN -> ErrorCode.NAME_TAKEN;
      case ID_TAKEN -> ErrorCode.ID_TAKEN;
      case AMBIGUOUS -> ErrorCode.AMBIGUOUS;
      case CONFLICT -> ErrorCode.CONFLICT;
      case TOO_LARGE -> ErrorCode.TOO_LARGE;
      case LIMIT -> ErrorCode.LIMIT_EXCEEDED;
      case TOO_LATE -> ErrorCode.TOO_LATE;
    };
  }
}
