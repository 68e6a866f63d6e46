package io.eksphemeral.local;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * A request as it was received; nothing is decoded.
 *
 * @param target path and query
 * @param headers the values of each header; names are case-insensitive
 */
public record HttpRequest(
    String method, String target, Map<String, List<String>> headers, ByteBuffer body) {
  public List<String> header(String name) {
    return headers.getOrDefault(name, List.of());
  }

  public String path() {
    int question = target.indexOf('?');
    return question < 0 ? target : target.substring(0, question);
  }

  public String query() {
    int question = target.indexOf('?');
    return question < 0 ? "" : target.substring(question + 1);
  }
}
