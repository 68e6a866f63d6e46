package io.eksphemeral.domain;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Durations and moments as callers write them. */
final class Durations {
  private static final Pattern MINUTES = Pattern.compile("[0-9]{1,9}");
  private static final Pattern UNITS =
      Pattern.compile("(?=.)(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,9})m)?");

  private Durations() {}

  /** The minutes that a text such as {@code 90} or {@code 1h30m} means; empty if it is neither. */
  static OptionalLong minutes(String text) {
    if (MINUTES.matcher(text).matches()) {
      return OptionalLong.of(Long.parseLong(text));
    }
    Matcher units = UNITS.matcher(text);
    return units.matches()
        ? OptionalLong.of(
            (number(units.group(1)) * 24 + number(units.group(2))) * 60 + number(units.group(3)))
        : OptionalLong.empty();
  }

  private static long number(@Nullable String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }

  /** The moment that a text such as {@code 2026-11-30T18:00+01:00} means; empty if it is none. */
  static Optional<Instant> moment(String text) {
    try {
      return Optional.of(OffsetDateTime.parse(text).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  /** Rounded up. */
  static long minutesBetween(Instant from, Instant to) {
    return Math.ceilDiv(Duration.between(from, to).toMillis(), Duration.ofMinutes(1).toMillis());
  }
}
