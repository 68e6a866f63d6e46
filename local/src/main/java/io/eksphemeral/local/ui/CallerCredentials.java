package io.eksphemeral.local.ui;

import io.eksphemeral.local.io.Subprocess.Output;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * The caller's current credentials, from the same script that the commands sign with. They come
 * through a pipe, stay in this process, and are fetched again before they expire.
 */
final class CallerCredentials {
  private static final Duration BEFORE_EXPIRY = Duration.ofMinutes(2);

  /** However often the page asks, the script runs no more often than this. */
  private static final Duration BETWEEN_FETCHES = Duration.ofSeconds(4);

  private final LibraryScript script;
  private final InstantSource clock;
  private Outcome latest = new Outcome.Unavailable("not fetched yet");
  private Instant fetched = Instant.EPOCH;

  /**
   * @param script prints credentials, a line each
   */
  CallerCredentials(LibraryScript script, InstantSource clock) {
    this.script = script;
    this.clock = clock;
  }

  /**
   * Keys of AWS.
   *
   * @param token empty for long-term keys
   * @param expires when that is known
   */
  record Keys(String id, String secret, String token, Optional<Instant> expires) {
    /** Without the keys, so that no log has them. */
    @Override
    public String toString() {
      return "Keys[expires=" + expires + "]";
    }
  }

  /** What came of fetching them. */
  sealed interface Outcome {
    record Available(Keys keys) implements Outcome {}

    /**
     * There are none.
     *
     * @param reason a sentence, and lines with what helps
     */
    record Unavailable(String reason) implements Outcome {}
  }

  /** Those to sign with now. */
  synchronized Outcome current() {
    Instant now = clock.instant();
    boolean isUsable =
        switch (latest) {
          case Outcome.Available(Keys keys) ->
              keys.expires()
                  .map(end -> now.isBefore(isRecent(now) ? end : end.minus(BEFORE_EXPIRY)))
                  .orElse(true);
          case Outcome.Unavailable _ -> isRecent(now);
        };
    return isUsable ? latest : renew(now);
  }

  /** Those to use after AWS has rejected some; the same if there are no newer ones. */
  synchronized Outcome after(Keys rejected) {
    Instant now = clock.instant();
    boolean isRenewed = !(latest instanceof Outcome.Available(Keys keys)) || !keys.equals(rejected);
    return isRenewed || isRecent(now) ? current() : renew(now);
  }

  private boolean isRecent(Instant now) {
    return now.isBefore(fetched.plus(BETWEEN_FETCHES));
  }

  private Outcome renew(Instant now) {
    Outcome before = latest;
    latest = fetch();
    fetched = now;
    // Until they have expired, the old ones may still work.
    if (latest instanceof Outcome.Unavailable
        && before instanceof Outcome.Available(Keys keys)
        && keys.expires().filter(now::isBefore).isPresent()) {
      latest = before;
    }
    return latest;
  }

  private Outcome fetch() {
    Output output = script.run();
    List<String> lines = output.out().lines().toList();
    if (!output.isSuccess() || lines.size() < 2) {
      return output.hasEnded()
          ? new Outcome.Unavailable(script.message(output))
          : unavailable(output.err());
    }
    try {
      return new Outcome.Available(keys(lines));
    } catch (NumberFormatException e) {
      return unavailable(String.valueOf(e.getMessage()));
    }
  }

  private static Outcome unavailable(String why) {
    return new Outcome.Unavailable("the credentials cannot be fetched: " + why);
  }

  private static Keys keys(List<String> lines) {
    return new Keys(lines.get(0), lines.get(1), line(lines, 2), expires(line(lines, 3)));
  }

  private static String line(List<String> lines, int index) {
    return index < lines.size() ? lines.get(index) : "";
  }

  private static Optional<Instant> expires(String seconds) {
    return seconds.isEmpty()
        ? Optional.empty()
        : Optional.of(Instant.ofEpochSecond(Long.parseLong(seconds)));
  }
}
