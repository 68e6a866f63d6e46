package io.eksphemeral.domain;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Patterns of EC2 instance types such as {@code t3.*}, in which {@code *} stands for any text.
 *
 * @param patterns empty if none is allowed
 */
public record InstanceTypePatterns(List<String> patterns) {
  private static final Pattern PATTERN = Pattern.compile("[a-z0-9.*-]{1,32}");

  public InstanceTypePatterns {
    patterns = List.copyOf(patterns);
  }

  /**
   * Parses a comma-separated list of patterns, which may be blank.
   *
   * @throws IllegalArgumentException if one is not a pattern
   */
  public static InstanceTypePatterns parse(String text) {
    if (text.isBlank()) {
      return new InstanceTypePatterns(List.of());
    }
    List<String> patterns = Arrays.stream(text.split(",", -1)).map(String::strip).toList();
    for (String pattern : patterns) {
      if (!PATTERN.matcher(pattern).matches()) {
        throw new IllegalArgumentException(
            "'%s' is not a pattern of instance types".formatted(pattern));
      }
    }
    return new InstanceTypePatterns(patterns);
  }

  public boolean allow(String type) {
    return patterns.stream()
        .map(pattern -> pattern.replace(".", "[.]").replace("*", ".*"))
        .anyMatch(type::matches);
  }

  /** The patterns in the form that is parsed. */
  @Override
  public String toString() {
    return String.join(",", patterns);
  }
}
