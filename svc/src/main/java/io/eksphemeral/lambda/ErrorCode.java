package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The {@code code} of an error: stable, for programs, while messages may change. See docs/api.md.
 */
public enum ErrorCode {
  /** A path parameter, a header or the request itself is malformed. */
  INVALID_REQUEST(400),
  INVALID_SPEC(400),
  FORBIDDEN(403),
  NOT_FOUND(404),
  METHOD_NOT_ALLOWED(405),
  /** Another cluster has the name. */
  NAME_TAKEN(409),
  /** Another cluster has the id that the Idempotency-Key asks for. */
  ID_TAKEN(409),
  /** The shortened id is that of several clusters. */
  AMBIGUOUS(409),
  /** The record cannot be changed: it is not managed, or concurrent changes keep winning. */
  CONFLICT(409),
  TOO_LARGE(413),
  UNSUPPORTED_MEDIA_TYPE(415),
  LIMIT_EXCEEDED(422),
  /** The cluster is already ending. */
  TOO_LATE(422),
  TOO_MANY_REQUESTS(429),
  INTERNAL(500),
  /** A fault of the installation that lasts until its operator fixes it. */
  MISCONFIGURED(500),
  UNAVAILABLE(503);

  /** Seconds. */
  private static final String RETRY_AFTER = "2";

  private final int status;

  ErrorCode(int status) {
    this.status = status;
  }

  public int status() {
    return status;
  }

  /** In the form of responses: {@code not-found}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public APIGatewayV2HTTPResponse response(String error, List<String> problems) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("error", error).put("code", text());
    problems.forEach(body.putArray("problems")::add);
    return ApiResponse.of(
        status,
        body,
        this == TOO_MANY_REQUESTS || this == UNAVAILABLE
            ? Map.of("retry-after", RETRY_AFTER)
            : Map.of());
  }

  public APIGatewayV2HTTPResponse response(String error) {
    return response(error, List.of());
  }
}
