package io.eksphemeral.lambda;

import io.eksphemeral.domain.InstanceTypePatterns;
import io.eksphemeral.domain.NodeLimits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.OwnerDomains;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The environment of a function. Collects the problems with all variables for one message. */
final class Environment {
  private static final int HIGHEST_NUMBER = 1_000_000;

  private final Map<String, String> variables;
  private final List<String> problems = new ArrayList<>();

  Environment(Map<String, String> variables) {
    this.variables = variables;
  }

  /** The value of a variable; empty if it is not set. */
  String textOrNone(String name) {
    return variables.getOrDefault(name, "").strip();
  }

  /** The value of a required variable. */
  String text(String name) {
    String text = textOrNone(name);
    if (text.isEmpty()) {
      problems.add(name + " is missing");
    }
    return text;
  }

  /** A comma-separated list of at least one value. */
  List<String> texts(String name) {
    List<String> texts =
        Arrays.stream(text(name).split(",", -1)).map(String::strip).distinct().toList();
    if (texts.size() > 1 && texts.contains("")) {
      problems.add("%s is '%s', with an empty value between commas".formatted(name, text(name)));
    }
    return texts;
  }

  /** Comma-separated tags, {@code KEY=VALUE}; none if the variable is not set. */
  SortedMap<String, String> tags(String name) {
    SortedMap<String, String> tags = new TreeMap<>();
    for (String tag : textOrNone(name).split(",", -1)) {
      int end = tag.indexOf('=');
      if (end > 0) {
        tags.put(tag.substring(0, end), tag.substring(end + 1));
      } else if (!tag.isEmpty()) {
        problems.add("%s contains '%s' instead of KEY=VALUE".formatted(name, tag));
      }
    }
    return tags;
  }

  /** Comma-separated mail domains; any is allowed if the variable is not set. */
  OwnerDomains ownerDomains(String name) {
    try {
      return OwnerDomains.parse(textOrNone(name));
    } catch (IllegalArgumentException e) {
      problems.add("%s is invalid: %s".formatted(name, e.getMessage()));
      return OwnerDomains.ANY;
    }
  }

  /** What callers may choose: comma-separated patterns of types, and the largest disk. */
  NodeLimits nodeLimits(String types, String disk, Nodes usual) {
    try {
      return new NodeLimits(usual, InstanceTypePatterns.parse(textOrNone(types)), number(disk));
    } catch (IllegalArgumentException e) {
      problems.add("%s or %s is invalid: %s".formatted(types, disk, e.getMessage()));
      return NodeLimits.DEFAULT;
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

  /** The same under an old name, which counts where the new one is missing. */
  int number(String name, String oldName) {
    return number(textOrNone(name).isEmpty() && !textOrNone(oldName).isEmpty() ? oldName : name);
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
   * Call after all variables were read.
   *
   * @throws IllegalStateException if there were problems; the message has all of them
   */
  void check() {
    if (!problems.isEmpty()) {
      throw new IllegalStateException(
          "the environment variables of this function are invalid: " + String.join("; ", problems));
    }
  }
}
