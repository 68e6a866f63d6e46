package io.eksphemeral.domain;

import java.time.Instant;

/** A line of a cluster's history: when it came to a state, and why. */
public record Transition(State to, Instant at, String why) {
  public Transition {
    why = Line.plain(why);
  }
}
