package io.eksphemeral.domain;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a cluster's history: a change of its state or of its expiry, with its author (promise
 * P14).
 *
 * @param to the state from then on
 * @param by the ARN of the caller, or {@link #CONTROL_PLANE}; null in records of older versions
 * @param minutes the requested extension of its life, negative if shortened; 0 for a change of
 *     state
 * @param earlier the number of older expiry changes that are no longer kept
 */
public record Transition(
    State to, Instant at, String why, @Nullable String by, int minutes, int earlier) {
  /** The author of changes that no caller requested. */
  public static final String CONTROL_PLANE = "control-plane";

  public Transition {
    why = SafeText.sanitize(why);
    by = by == null ? null : SafeText.sanitize(by);
  }

  /** A change of state by an unknown author. */
  public Transition(State to, Instant at, String why) {
    this(to, at, why, null, 0, 0);
  }

  /** A change of state. */
  static Transition to(State to, Instant at, String why, String by) {
    return new Transition(to, at, why, by, 0, 0);
  }

  /**
   * A change of the expiry.
   *
   * @param minutes not 0
   */
  static Transition expiryChange(State in, Instant at, int minutes, String by) {
    String why =
        "%s by %d %s by %s"
            .formatted(
                minutes > 0 ? "extended" : "shortened",
                Math.abs((long) minutes),
                Math.abs((long) minutes) == 1 ? "minute" : "minutes",
                by);
    return new Transition(in, at, why, by, minutes, 0);
  }

  /** Whether it is a change of the expiry rather than of the state. */
  public boolean isExpiryChange() {
    return minutes != 0;
  }

  Transition withEarlier(int earlier) {
    return new Transition(to, at, why, by, minutes, earlier);
  }
}
