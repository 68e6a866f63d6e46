package io.eksphemeral.lambda;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.eksphemeral.domain.SpecValidator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Parses a spec strictly: one JSON object in UTF-8, or one mapping in YAML. Duplicate fields do not
 * end the parsing.
 */
final class SpecParser {
  private static final JsonFactory JSON = JsonFactory.builder().build();

  /** Some editors put one in front of UTF-8. */
  private static final String BYTE_ORDER_MARK = "\ufeff";

  static final String EMPTY = "the spec is empty; {} asks for a cluster with every default";
  static final String TOO_DEEP =
      "the spec is nested too deeply, or has a number or a name that is too long";

  private final Set<String> problems = new LinkedHashSet<>();

  private SpecParser() {}

  /**
   * @param fields each a String, Number, Boolean, List, Map or null
   * @param problems of the JSON or YAML; with others than duplicate fields there are no fields
   */
  record Reading(Map<String, @Nullable Object> fields, List<String> problems) {}

  static Reading read(byte[] body) {
    return read(body, text -> new SpecParser().json(text));
  }

  static Reading readYaml(byte[] body) {
    return read(body, YamlSpecParser::read);
  }

  private static Reading read(byte[] body, Function<String, Reading> parser) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      return invalid("the spec is not UTF-8");
    }
    if (text.startsWith(BYTE_ORDER_MARK)) {
      text = text.substring(BYTE_ORDER_MARK.length());
    }
    return text.isBlank() ? invalid(EMPTY) : parser.apply(text);
  }

  private Reading json(String text) {
    try (JsonParser parser = JSON.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        parser.skipChildren();
        return invalid("the spec must be a JSON object, like {\"numworkers\": 2}");
      }
      Map<String, @Nullable Object> fields = object(parser, "");
      return parser.nextToken() == null
          ? new Reading(fields, List.copyOf(problems))
          : invalid("there is text after the closing brace of the spec");
    } catch (StreamConstraintsException e) {
      return invalid(TOO_DEEP);
    } catch (JsonProcessingException e) {
      return invalid(
          "the spec is not JSON: line %d, column %d"
              .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr()));
    } catch (IOException e) {
      throw new UncheckedIOException("a string could not be read", e);
    }
  }

  static Reading invalid(String problem) {
    return new Reading(Map.of(), List.of(problem));
  }

  private Map<String, @Nullable Object> object(JsonParser parser, String prefix)
      throws IOException {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      parser.nextToken();
      String path = SpecValidator.abbreviate(prefix + field);
      if (fields.containsKey(field)) {
        problems.add(path + " is given twice");
      }
      fields.put(field, value(parser, path + "."));
    }
    return fields;
  }

  private @Nullable Object value(JsonParser parser, String prefix) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser, prefix);
      case START_ARRAY -> {
        List<@Nullable Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(value(parser, prefix));
        }
        yield items;
      }
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser.getText());
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      default -> null;
    };
  }

  /** Exponents beyond BigDecimal's become infinity or zero. */
  static Number number(String text) {
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      return Double.valueOf(text);
    }
  }
}
