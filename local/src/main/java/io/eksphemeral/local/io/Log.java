package io.eksphemeral.local.io;

import static java.util.stream.Collectors.joining;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/**
 * The log: a line for each event, with its time by the scaled clock. A stack trace follows in lines
 * that begin with a tab. Control characters are escaped, so that no quoted text can forge a line or
 * control a terminal.
 */
public final class Log {
  private static final Pattern CONTROL_CHARACTERS = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

  private final PrintStream out;
  private final InstantSource clock;

  public Log(PrintStream out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
  }

  public void line(String event) {
    out.println(clock.instant().truncatedTo(ChronoUnit.MILLIS) + " " + escaped(event.strip()));
  }

  /** An unexpected failure, with its stack trace. */
  public void failure(String event, Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    String below =
        trace.toString().lines().map(line -> "\n\t" + escaped(line.strip())).collect(joining());
    out.println(
        clock.instant().truncatedTo(ChronoUnit.MILLIS) + " " + escaped(event) + ":" + below);
  }

  private static String escaped(String text) {
    return CONTROL_CHARACTERS
        .matcher(text)
        .replaceAll(found -> "\\\\u%04x".formatted(found.group().codePointAt(0)));
  }
}
