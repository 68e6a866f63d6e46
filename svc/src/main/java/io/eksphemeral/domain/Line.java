package io.eksphemeral.domain;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Words of others (of AWS, of eksctl, of who asked) as a line of ours. It goes into records, mails
 * and logs, and from there to terminals: so there is nothing in it that ends a line, moves a cursor
 * or turns the direction of what follows.
 */
final class Line {
  private static final Pattern TRICKS = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]+");

  private Line() {}

  static String plain(String text) {
    return TRICKS.matcher(text).replaceAll(" ");
  }

  static List<String> plain(List<String> texts) {
    return texts.stream().map(Line::plain).toList();
  }
}
