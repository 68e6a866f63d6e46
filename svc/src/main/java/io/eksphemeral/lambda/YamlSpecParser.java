package io.eksphemeral.lambda;

import io.eksphemeral.domain.SpecValidator;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.Event.ID;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Parses a spec in YAML 1.2 as strictly as {@link SpecParser} parses JSON: one mapping, with the
 * values of JSON, without aliases and tags. Only requests in YAML load this class and its library.
 */
final class YamlSpecParser {
  private static final int MAX_DEPTH = 100;
  private static final int MAX_NUMBER_LENGTH = 1000;

  private static final Pattern NUMBER =
      Pattern.compile("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?");

  private final Iterator<Event> events;
  private final Set<String> problems = new LinkedHashSet<>();

  private YamlSpecParser(String text) {
    events = new Parse(LoadSettings.builder().build()).parseString(text).iterator();
  }

  /** A problem that ends the parsing. */
  private static final class Invalid extends RuntimeException {
    private static final long serialVersionUID = 1;

    Invalid(String problem) {
      super(problem, null, false, false);
    }
  }

  static SpecParser.Reading read(String text) {
    try {
      return new YamlSpecParser(text).document();
    } catch (Invalid e) {
      return SpecParser.invalid(String.valueOf(e.getMessage()));
    } catch (MarkedYamlEngineException e) {
      return SpecParser.invalid("the spec is not YAML" + position(e.getProblemMark()));
    } catch (YamlEngineException e) {
      return SpecParser.invalid("the spec is not YAML");
    }
  }

  private static String position(Optional<Mark> mark) {
    return mark.map(at -> ": line %d, column %d".formatted(at.getLine() + 1, at.getColumn() + 1))
        .orElse("");
  }

  private SpecParser.Reading document() {
    events.next(); // the stream's start
    if (events.next().getEventId() == ID.StreamEnd) {
      throw new Invalid(SpecParser.EMPTY);
    }
    Event root = events.next();
    if (root.getEventId() != ID.MappingStart) {
      throw new Invalid("the spec must be a mapping, like numworkers: 2");
    }
    Map<String, @Nullable Object> fields = mapping(plain(root), "", 1);
    events.next(); // the document's end
    if (events.next().getEventId() != ID.StreamEnd) {
      throw new Invalid("there is a second document after the spec");
    }
    return new SpecParser.Reading(fields, List.copyOf(problems));
  }

  private Map<String, @Nullable Object> mapping(Event start, String prefix, int depth) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    for (Event key = events.next(); key.getEventId() != ID.MappingEnd; key = events.next()) {
      if (!(plain(key) instanceof ScalarEvent name)) {
        throw new Invalid("a key must be text" + position(start.getStartMark()));
      }
      String field = name.getValue();
      String path = SpecValidator.abbreviate(prefix + field);
      if (fields.containsKey(field)) {
        problems.add(path + " is given twice");
      }
      fields.put(field, value(plain(events.next()), path + ".", depth));
    }
    return fields;
  }

  private @Nullable Object value(Event event, String prefix, int depth) {
    if (event instanceof ScalarEvent scalar) {
      return scalar.isPlain() ? plainValue(scalar.getValue()) : scalar.getValue();
    }
    if (depth == MAX_DEPTH) {
      throw new Invalid(SpecParser.TOO_DEEP);
    }
    if (event.getEventId() == ID.MappingStart) {
      return mapping(event, prefix, depth + 1);
    }
    List<@Nullable Object> items = new ArrayList<>();
    for (Event item = events.next(); item.getEventId() != ID.SequenceEnd; item = events.next()) {
      items.add(value(plain(item), prefix, depth + 1));
    }
    return items;
  }

  private static @Nullable Object plainValue(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      case "null", "~", "" -> null;
      default -> NUMBER.matcher(text).matches() ? number(text) : text;
    };
  }

  private static Number number(String text) {
    if (text.length() > MAX_NUMBER_LENGTH) {
      throw new Invalid(SpecParser.TOO_DEEP);
    }
    return SpecParser.number(text);
  }

  /** An event that is neither an alias nor has a tag. */
  private static Event plain(Event event) {
    boolean hasTag =
        switch (event) {
          case ScalarEvent scalar -> scalar.getTag().isPresent();
          case CollectionStartEvent start -> start.getTag().isPresent();
          default -> false;
        };
    if (hasTag || event.getEventId() == ID.Alias) {
      throw new Invalid(
          "aliases and tags are not allowed in a spec" + position(event.getStartMark()));
    }
    return event;
  }
}
