package io.eksphemeral.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A line of a cluster's history: when it came to a state, or its expiry was changed in one, why,
 * and by whom (promise P14).
 *
 * @param to the state that it was in from then on
 * @param by the ARN of the caller, or {@link #CONTROL_PLANE}; null in records from before this was
 *     noted
 * @param minutes by how many its expiry was to be extended, or shortened where it is negative; 0
 *     where it came to a state
 * @param earlier how many changes of its expiry before this one are no longer kept
 */
public record Transition(
    State to, Instant at, String why, @Nullable String by, int minutes, int earlier) {
  /** Who changes what no caller asked for. */
  public static final String CONTROL_PLANE = "control-plane";

  public Transition {
    why = SafeText.plain(why);
    by = by == null ? null : SafeText.plain(by);
  }

  /** A line of which nobody knows whose doing it was. */
  public Transition(State to, Instant at, String why) {
    this(to, at, why, null, 0, 0);
  }

  /** It comes to a state. */
  static Transition to(State to, Instant at, String why, String by) {
    return new Transition(to, at, why, by, 0, 0);
  }

  /** Its expiry is changed by some minutes, which are not 0. */
  static Transition change(State in, Instant at, int minutes, String by) {
    String why =
        "%s by %d %s by %s"
            .formatted(
                minutes > 0 ? "extended" : "shortened",
                Math.abs((long) minutes),
                Math.abs((long) minutes) == 1 ? "minute" : "minutes",
                by);
    return new Transition(in, at, why, by, minutes, 0);
  }

  /** Whether it is a change of the expiry, and not of the state. */
  public boolean isChange() {
    return minutes != 0;
  }

  Transition after(int forgotten) {
    return new Transition(to, at, why, by, minutes, forgotten);
  }
}
