package io.eksphemeral.domain;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * The id of a cluster: a UUID in its canonical lower-case form.
 *
 * <p>Generated ids are of version 7 (RFC 9562), so that their alphabetical order is the order of
 * creation. A caller may choose an id of any version.
 */
public record ClusterId(String value) implements Comparable<ClusterId> {
  private static final Pattern CANONICAL =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private static final String SAMPLE = "00000000-0000-0000-0000-000000000000";

  /** Generated ids that were made within a minute have as much in common. */
  private static final int MIN_PREFIX_LENGTH = 8;

  public ClusterId {
    if (!CANONICAL.matcher(value).matches()) {
      throw new IllegalArgumentException("not a cluster id: " + value);
    }
  }

  /** Parses an id, in upper or lower case; empty if the text is not one. */
  public static Optional<ClusterId> parse(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return CANONICAL.matcher(lower).matches()
        ? Optional.of(new ClusterId(lower))
        : Optional.empty();
  }

  /**
   * The beginning of an id, in lower case; empty if the text is too short for one, or no id begins
   * with it.
   */
  public static Optional<String> parsePrefix(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return lower.length() >= MIN_PREFIX_LENGTH
            && lower.length() < SAMPLE.length()
            && CANONICAL.matcher(lower + SAMPLE.substring(lower.length())).matches()
        ? Optional.of(lower)
        : Optional.empty();
  }

  /** A new id of version 7: 48 bits of milliseconds, then 74 random bits. */
  public static ClusterId generate(Instant now, RandomGenerator random) {
    long high = (now.toEpochMilli() << 16) | 0x7000L | (random.nextLong() & 0x0fffL);
    long low = (random.nextLong() & 0x3fffffffffffffffL) | 0x8000000000000000L;
    return new ClusterId(new UUID(high, low).toString());
  }

  /** The name of a cluster whose spec has none; it depends only on the id. */
  public String defaultName() {
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
