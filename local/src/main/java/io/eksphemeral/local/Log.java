package io.eksphemeral.local;

import static java.util.stream.Collectors.joining;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/**
 * The log: a line for each event, with the time first, as the clock of this edition has it. A trace
 * follows below, each line with a tab. Nothing that is quoted makes a line of its own, or does
 * anything to the terminal of who reads it.
 */
final class Log {
  private static final Pattern TRICKS = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

  private final PrintStream out;
  private final InstantSource clock;

  Log(PrintStream out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
  }

  void line(String event) {
    out.println(clock.instant().truncatedTo(ChronoUnit.MILLIS) + " " + shown(event.strip()));
  }

  /** A failure that nobody expected, with its trace. */
  void failure(String event, Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    String below =
        trace.toString().lines().map(line -> "\n\t" + shown(line.strip())).collect(joining());
    out.println(clock.instant().truncatedTo(ChronoUnit.MILLIS) + " " + shown(event) + ":" + below);
  }

  private static String shown(String text) {
    return TRICKS
        .matcher(text)
        .replaceAll(trick -> "\\\\u%04x".formatted(trick.group().codePointAt(0)));
  }
}
