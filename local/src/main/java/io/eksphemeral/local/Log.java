package io.eksphemeral.local;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;

/** The log: a line for each event, with the time first, as the clock of this edition has it. */
final class Log {
  private final PrintStream out;
  private final InstantSource clock;

  Log(PrintStream out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
  }

  void line(String event) {
    out.println(clock.instant().truncatedTo(ChronoUnit.MILLIS) + " " + event.strip());
  }

  /** A failure that nobody expected, with its trace. */
  void failure(String event, Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    line(event + ": " + trace);
  }
}
