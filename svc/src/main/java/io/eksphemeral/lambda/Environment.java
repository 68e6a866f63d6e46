package io.eksphemeral.lambda;

import io.eksphemeral.domain.OwnerDomains;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The environment of a function. What is wrong with it is noted while it is read, something
 * harmless read instead, and all of it said at once.
 */
final class Environment {
  private static final int HIGHEST_NUMBER = 1_000_000;

  private final Map<String, String> variables;
  private final List<String> problems = new ArrayList<>();

  Environment(Map<String, String> variables) {
    this.variables = variables;
  }

  /** The text of a variable; empty if it is not there. */
  String textOrNone(String name) {
    return variables.getOrDefault(name, "").strip();
  }

  /** The text of a variable that must be there. */
  String text(String name) {
    String text = textOrNone(name);
    if (text.isEmpty()) {
      problems.add(name + " is missing");
    }
    return text;
  }

  /** Texts between commas, of which there must be one. */
  List<String> texts(String name) {
    List<String> texts =
        Arrays.stream(text(name).split(",", -1)).map(String::strip).distinct().toList();
    if (texts.size() > 1 && texts.contains("")) {
      problems.add("%s is '%s', with nothing between two commas".formatted(name, text(name)));
    }
    return texts;
  }

  /** Tags, {@code KEY=VALUE} with commas between; none if the variable is not there. */
  SortedMap<String, String> tags(String name) {
    SortedMap<String, String> tags = new TreeMap<>();
    for (String tag : textOrNone(name).split(",", -1)) {
      int end = tag.indexOf('=');
      if (end > 0) {
        tags.put(tag.substring(0, end), tag.substring(end + 1));
      } else if (!tag.isEmpty()) {
        problems.add("%s has '%s', and must be KEY=VALUE with commas between".formatted(name, tag));
      }
    }
    return tags;
  }

  /** Mail domains with commas between; all are allowed if the variable is not there. */
  OwnerDomains ownerDomains(String name) {
    try {
      return OwnerDomains.parse(textOrNone(name));
    } catch (IllegalArgumentException e) {
      problems.add("%s is wrong: %s".formatted(name, e.getMessage()));
      return OwnerDomains.ANY;
    }
  }

  /** A whole number from 1. */
  int number(String name) {
    String text = text(name);
    if (text.matches("[0-9]{1,7}")) {
      int number = Integer.parseInt(text);
      if (1 <= number && number <= HIGHEST_NUMBER) {
        return number;
      }
    }
    if (!text.isEmpty()) {
      problems.add(
          "%s is '%s', and must be a whole number from 1 to %d"
              .formatted(name, text, HIGHEST_NUMBER));
    }
    return 1;
  }

  /** {@code true} or {@code false}. */
  boolean isTrue(String name) {
    String text = text(name);
    if (!text.isEmpty() && !text.equals("true") && !text.equals("false")) {
      problems.add("%s is '%s', and must be true or false".formatted(name, text));
    }
    return text.equals("true");
  }

  /**
   * Ends the reading.
   *
   * @throws IllegalStateException if anything was wrong, with all that was
   */
  void check() {
    if (!problems.isEmpty()) {
      throw new IllegalStateException(
          "this function's environment is not what template.yaml makes it: "
              + String.join("; ", problems));
    }
  }
}
