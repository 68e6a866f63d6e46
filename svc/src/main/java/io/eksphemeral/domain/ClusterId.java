package io.eksphemeral.domain;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Which cluster: a UUID in its canonical lower-case form.
 *
 * <p>Ids that are made here are version 7 (RFC 9562), so that sorting them as text sorts clusters
 * by the time they were asked for. A caller who chooses an id may take any version.
 */
public record ClusterId(String value) implements Comparable<ClusterId> {
  private static final Pattern CANONICAL =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  public ClusterId {
    if (!CANONICAL.matcher(value).matches()) {
      throw new IllegalArgumentException("not a cluster id: " + value);
    }
  }

  /** The id that a text stands for, in either case; empty if it is none. */
  public static Optional<ClusterId> parse(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return CANONICAL.matcher(lower).matches()
        ? Optional.of(new ClusterId(lower))
        : Optional.empty();
  }

  /** A new id of version 7: 48 bits of milliseconds, then 74 random ones. */
  public static ClusterId make(Instant now, RandomGenerator random) {
    long high = (now.toEpochMilli() << 16) | 0x7000L | (random.nextLong() & 0x0fffL);
    long low = (random.nextLong() & 0x3fffffffffffffffL) | 0x8000000000000000L;
    return new ClusterId(new UUID(high, low).toString());
  }

  /** The name of a cluster whose asker gave none: always the same one for the same id. */
  public String madeUpName() {
    return "default-eksp-" + value.substring(value.length() - 8);
  }

  @Override
  public int compareTo(ClusterId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
