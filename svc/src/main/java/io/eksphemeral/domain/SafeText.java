package io.eksphemeral.domain;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Sanitises text from AWS, eksctl and callers for records, mails, logs and terminals: one line
 * without control or bidirectional characters, of limited length, so that every record can be read
 * back (promise P13).
 */
final class SafeText {
  /** In bytes as JSON in UTF-8. */
  static final int MAX_LENGTH = 500;

  static final int MAX_LINES = 50;

  private static final Pattern CONTROL_CHARACTERS = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]+");
  private static final char ELLIPSIS = '\u2026';

  private SafeText() {}

  static String sanitize(String text) {
    return sanitize(text, MAX_LENGTH);
  }

  /** A line of limited length, ending in an ellipsis if it was cut off. */
  static String sanitize(String text, int max) {
    // Cut before the regular expression runs: every character takes at least one byte.
    String some = text.length() <= 2 * max ? text : text.substring(0, 2 * max);
    String line = CONTROL_CHARACTERS.matcher(some).replaceAll(" ");
    int bytes = 0;
    int fits = 0; // up to here an ellipsis fits as well
    for (int i = 0; i < line.length(); i += Character.charCount(line.codePointAt(i))) {
      if (bytes + bytes(ELLIPSIS) <= max) {
        fits = i;
      }
      bytes += bytes(line.codePointAt(i));
      if (bytes > max) {
        return line.substring(0, fits) + ELLIPSIS;
      }
    }
    return line;
  }

  /** Sanitises the first {@link #MAX_LINES} lines. */
  static List<String> sanitize(List<String> texts) {
    return texts.stream().limit(MAX_LINES).map(SafeText::sanitize).toList();
  }

  private static int bytes(int point) {
    if (point < 0x80) {
      return point == '"' || point == '\\' ? 2 : 1;
    }
    if (point < 0x800) {
      return 2;
    }
    return point < 0x10000 ? 3 : 4;
  }
}
