package io.eksphemeral.domain;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Checks the fields of a spec, and collects what is wrong with them. */
final class SpecProblems {
  private final List<String> problems = new ArrayList<>();

  List<String> all() {
    return List.copyOf(problems);
  }

  void add(String problem) {
    problems.add(problem);
  }

  void add(String field, String wanted, @Nullable Object value) {
    problems.add("%s must be %s, not %s".formatted(field, wanted, shown(value)));
  }

  /**
   * Has each field checked by its rule.
   *
   * @param prefix of their names in problems
   */
  void checkFields(
      String prefix, Map<?, ?> fields, Map<String, BiConsumer<String, @Nullable Object>> rules) {
    fields.forEach((key, value) -> {
      String field = String.valueOf(key);
      BiConsumer<String, @Nullable Object> rule = rules.get(field);
      if (rule != null) {
        rule.accept(prefix + field, value);
      } else {
        problems.add(
            "%s is not a field of a spec%s"
                .formatted(shown(prefix + field), suggestion(field, rules)));
      }
    });
  }

  private static String suggestion(String field, Map<String, ?> rules) {
    Optional<String> nearest =
        rules.keySet().stream()
            .filter(name -> Spelling.distance(name, field) <= 2)
            .min(Comparator.comparingInt(name -> Spelling.distance(name, field)));
    return nearest
        .map("; did you mean %s?"::formatted)
        .orElseGet(() -> "; it has " + String.join(", ", rules.keySet()));
  }

  /** A whole number; the least if it is none. */
  int whole(String field, @Nullable Object value, int least, int most) {
    if (value instanceof BigDecimal number
        && number.compareTo(BigDecimal.valueOf(least)) >= 0
        && number.compareTo(BigDecimal.valueOf(most)) <= 0
        && number.remainder(BigDecimal.ONE).signum() == 0) {
      return number.intValueExact();
    }
    add(field, "a whole number from %d to %d".formatted(least, most), value);
    return least;
  }

  /** Those of a list's texts that have a form. */
  List<String> texts(
      String field, @Nullable Object value, Predicate<String> form, int max, String what) {
    List<String> texts = new ArrayList<>();
    if (!(value instanceof List<?> items)) {
      add(field, "a list of " + what, value);
      return texts;
    }
    if (items.size() > max) {
      problems.add("%s has %d entries; at most %d are allowed".formatted(field, items.size(), max));
    }
    for (Object item : items) {
      if (item instanceof String text && form.test(text)) {
        texts.add(text);
      } else {
        add(field, "a list of " + what, item);
      }
    }
    return texts;
  }

  /** A value of the spec, abbreviated to one line. */
  static String shown(@Nullable Object value) {
    String text =
        switch (value) {
          case null -> "null";
          case String string -> '"' + string + '"';
          case List<?> list -> "a list";
          case Map<?, ?> map -> "an object";
          default -> value.toString();
        };
    return abbreviate(text);
  }

  /** A text's first 80 characters, with non-ASCII ones escaped. */
  static String abbreviate(String text) {
    StringBuilder line = new StringBuilder();
    text.codePoints()
        .limit(80)
        .forEach(point -> {
          if (point < 0x20 || point > 0x7e) {
            line.append("\\u%04x".formatted(point));
          } else {
            line.appendCodePoint(point);
          }
        });
    return text.codePointCount(0, text.length()) > 80 ? line + "…" : line.toString();
  }
}
