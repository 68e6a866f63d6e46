package io.eksphemeral.local;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * A request as it was sent, with nothing decoded.
 *
 * @param target the path, and what follows it
 * @param headers each with its values, whatever the case of its name
 */
record HttpRequest(
    String method, String target, Map<String, List<String>> headers, ByteBuffer body) {
  /** The values of a header; none if it is not there. */
  List<String> all(String header) {
    return headers.getOrDefault(header, List.of());
  }
}
