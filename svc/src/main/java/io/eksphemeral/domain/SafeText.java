package io.eksphemeral.domain;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Words of others (of AWS, of eksctl, of who asked) as a line of ours. It goes into records, mails
 * and logs, and from there to terminals: so there is nothing in it that ends a line, moves a cursor
 * or turns the direction of what follows. And it has a length, so that no record outgrows what can
 * be read back (promise P13).
 */
final class SafeText {
  /** The longest line, in bytes as JSON in UTF-8. */
  static final int LONGEST = 500;

  /** How many lines a list has at the most. */
  static final int MOST_LINES = 50;

  private static final Pattern CONTROL_CHARACTERS = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]+");
  private static final char ELLIPSIS = '\u2026';

  private SafeText() {}

  static String plain(String text) {
    return plain(text, LONGEST);
  }

  /** A line of at most so many bytes, with an ellipsis where more was cut off. */
  static String plain(String text, int longest) {
    // What is far too long is cut before it is looked at: no character takes less than a byte.
    String some = text.length() <= 2 * longest ? text : text.substring(0, 2 * longest);
    String line = CONTROL_CHARACTERS.matcher(some).replaceAll(" ");
    int bytes = 0;
    int fits = 0; // up to here there is still room for an ellipsis
    for (int i = 0; i < line.length(); i += Character.charCount(line.codePointAt(i))) {
      if (bytes + bytes(ELLIPSIS) <= longest) {
        fits = i;
      }
      bytes += bytes(line.codePointAt(i));
      if (bytes > longest) {
        return line.substring(0, fits) + ELLIPSIS;
      }
    }
    return line;
  }

  /** The first lines, each {@link #plain}. */
  static List<String> plain(List<String> texts) {
    return texts.stream().limit(MOST_LINES).map(SafeText::plain).toList();
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
