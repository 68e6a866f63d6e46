package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The {@code code} of an error, for programs: sentences may be reworded, a code stays. docs/api.md lists
 * them for callers.
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
  /** The record cannot be changed: it is not managed, or others keep changing it. */
  CONFLICT(409),
  TOO_LARGE(413),
  UNSUPPORTED_MEDIA_TYPE(415),
  LIMIT_EXCEEDED(422),
  /** The cluster is already ending. */
  TOO_LATE(422),
  TOO_MANY_REQUESTS(429),
  INTERNAL(500),
  /** A fault of the installation, which lasts until its operator mends it. */
  MISCONFIGURED(500),
  UNAVAILABLE(503);

  /** Seconds until trying again makes sense, where it does. */
  private static final String RETRY_AFTER = "2";

  private final int status;

  ErrorCode(int status) {
    this.status = status;
  }

  public int status() {
    return status;
  }

  /** As answers have it: {@code not-found}. */
  public String text() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The answer to a call that failed for this reason. */
  public APIGatewayV2HTTPResponse response(String error, List<String> problems) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("error", error).put("code", text());
    problems.forEach(body.putArray("problems")::add);
    return this == TOO_MANY_REQUESTS || this == UNAVAILABLE
        ? response(status, body, Map.of("retry-after", RETRY_AFTER))
        : response(status, body, Map.of());
  }

  public APIGatewayV2HTTPResponse response(String error) {
    return response(error, List.of());
  }

  /** Every answer of ours: JSON that no cache keeps. */
  static APIGatewayV2HTTPResponse response(int status, JsonNode body, Map<String, String> more) {
    Map<String, String> headers =
        new HashMap<>(Map.of("content-type", "application/json", "cache-control", "no-store"));
    headers.putAll(more);
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(status)
        .withHeaders(headers)
        .withBody(body.toString())
        .build();
  }
}
