package io.eksphemeral.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Fields of a record that this version of the code does not know: a newer version may have written
 * them, and rewriting the record keeps them.
 */
final class UnknownFields {
  /** The fields that identify an item of a list. */
  private static final Map<String, List<String>> KEYS =
      Map.of(
          "tasks", List.of("kind", "attempt"),
          "mails", List.of("topic", "about"),
          "earlynotices", List.of("about"),
          "history", List.of("state", "at", "minutes"));

  private UnknownFields() {}

  /**
   * Adds the unknown fields of an earlier record to a new one.
   *
   * @param known what this version of the code would have written for the earlier record
   */
  static void keep(ObjectNode record, JsonNode before, JsonNode known) {
    for (Map.Entry<String, JsonNode> field : before.properties()) {
      String name = field.getKey();
      JsonNode now = record.path(name);
      if (!known.has(name)) {
        record.putIfAbsent(name, field.getValue());
      } else if (now instanceof ObjectNode object) {
        keep(object, field.getValue(), known.path(name));
      } else if (now instanceof ArrayNode list && KEYS.containsKey(name)) {
        keep(list, field.getValue(), known.path(name), KEYS.getOrDefault(name, List.of()));
      }
    }
  }

  /** The same for each item of a list; of several with one key, the n-th belongs to the n-th. */
  private static void keep(ArrayNode list, JsonNode before, JsonNode known, List<String> key) {
    Map<List<JsonNode>, Deque<Integer>> places = new HashMap<>();
    for (int i = 0; i < known.size(); i++) {
      places.computeIfAbsent(key(known.path(i), key), _ -> new ArrayDeque<>()).add(i);
    }
    for (JsonNode item : list) {
      Integer place = places.getOrDefault(key(item, key), new ArrayDeque<>()).poll();
      if (place != null && item instanceof ObjectNode object) {
        keep(object, before.path(place), known.path(place));
      }
    }
  }

  private static List<JsonNode> key(JsonNode item, List<String> fields) {
    return fields.stream().map(item::path).toList();
  }
}
