package io.eksphemeral.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Fields of JSON objects, for everything that is stored. A field that is missing or of another type
 * is an {@link IllegalArgumentException} that names it.
 */
public final class Json {
  static final JsonMapper MAPPER = JsonMapper.builder().build();

  private Json() {}

  public static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /**
   * Parses a text.
   *
   * @throws IllegalArgumentException if it is not JSON
   */
  public static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Adds a text, unless it is null. */
  public static void put(ObjectNode json, String field, @Nullable String text) {
    if (text != null) {
      json.put(field, text);
    }
  }

  /** Adds a time, unless it is null. */
  public static void put(ObjectNode json, String field, @Nullable Instant time) {
    if (time != null) {
      json.put(field, time.toString());
    }
  }

  static void putUnlessZero(ObjectNode json, String field, int number) {
    if (number != 0) {
      json.put(field, number);
    }
  }

  /** Adds a list of texts, which may be empty. */
  public static void putTexts(ObjectNode json, String field, List<String> texts) {
    texts.forEach(json.putArray(field)::add);
  }

  /** Adds a list of texts, unless it is empty. */
  public static void putTextsUnlessEmpty(ObjectNode json, String field, List<String> texts) {
    if (!texts.isEmpty()) {
      putTexts(json, field, texts);
    }
  }

  static <T> void putAll(
      ObjectNode json, String field, List<T> items, Function<T, ObjectNode> encode) {
    Consumer<ObjectNode> add = json.putArray(field)::add;
    items.stream().map(encode).forEach(add);
  }

  public static String text(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(value.isTextual(), field + " is missing or not a text");
    return value.textValue();
  }

  static @Nullable String textOrNull(JsonNode json, String field) {
    return json.has(field) ? text(json, field) : null;
  }

  public static int whole(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(value.isInt(), field + " is missing or not a whole number");
    return value.intValue();
  }

  static int wholeOrZero(JsonNode json, String field) {
    return json.has(field) ? whole(json, field) : 0;
  }

  public static Instant time(JsonNode json, String field) {
    String text = text(json, field);
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(field + " is not a time: " + text, e);
    }
  }

  static @Nullable Instant timeOrNull(JsonNode json, String field) {
    return json.has(field) ? time(json, field) : null;
  }

  /** A list of texts; empty if it is missing. */
  public static List<String> texts(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(
        value.isMissingNode() || (value.isArray() && items(value).allMatch(JsonNode::isTextual)),
        field + " is not a list of texts");
    return items(value).map(JsonNode::textValue).toList();
  }

  static Stream<JsonNode> objects(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(
        value.isArray() && items(value).allMatch(JsonNode::isObject),
        field + " is missing or not a list of objects");
    return items(value);
  }

  private static Stream<JsonNode> items(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  /** The value whose text a field has. */
  static <E> E oneOf(E[] values, Function<E, String> text, JsonNode json, String field) {
    String wanted = text(json, field);
    return Arrays.stream(values)
        .filter(value -> text.apply(value).equals(wanted))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(field + " is unknown: " + wanted));
  }

  static void check(boolean right, String wrong) {
    if (!right) {
      throw new IllegalArgumentException(wrong);
    }
  }
}
