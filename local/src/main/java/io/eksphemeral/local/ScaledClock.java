package io.eksphemeral.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The clock of the control plane on one machine. It runs a number of times faster than real time,
 * continues after a restart, and never goes back, not even after a kill. When the system clock is
 * set back it continues from where it was, so that no cluster lives longer.
 *
 * <p>To that end a horizon a little ahead of the time is stored. No time past the horizon is given
 * out, and the next process starts at the horizon. At the speed of real time nothing is stored.
 */
final class ScaledClock implements InstantSource {
  /** The real time between calls of {@link #persist()} after which the clock stands still. */
  static final Duration LEAD = Duration.ofSeconds(1);

  private static final String FILE = "clock.json";
  private static final String HORIZON = "horizon";

  private final InstantSource real;
  private final int speed;
  private final AtomicFiles files;
  private final AtomicReference<Instant> last;
  private volatile Mapping mapping;
  private volatile Instant horizon;

  /** The real time of the last {@link #persist()}. */
  private Instant seen;

  /** Maps real time to this clock's time. */
  private record Mapping(Instant base, Instant realBase, int speed) {
    Instant at(Instant real) {
      return base.plus(Duration.between(realBase, real).multipliedBy(speed));
    }

    boolean isReal() {
      return speed == 1 && base.equals(realBase);
    }
  }

  private ScaledClock(
      InstantSource real, int speed, AtomicFiles files, Instant base, Instant realBase) {
    this.real = real;
    this.speed = speed;
    this.files = files;
    this.mapping = new Mapping(base, realBase, speed);
    this.seen = realBase;
    this.last = new AtomicReference<>(base);
    this.horizon = base;
  }

  /** Starts at the stored horizon or the real time, whichever is later. */
  static ScaledClock start(InstantSource real, int speed, AtomicFiles files) throws IOException {
    Instant now = real.instant();
    Instant base = files.read(FILE).flatMap(ScaledClock::horizon).filter(now::isBefore).orElse(now);
    ScaledClock clock = new ScaledClock(real, speed, files, base, now);
    clock.persist();
    return clock;
  }

  @Override
  public Instant instant() {
    Instant now = mapping.at(real.instant());
    Instant allowed = isReal() || now.isBefore(horizon) ? now : horizon;
    return last.accumulateAndGet(
        allowed.truncatedTo(ChronoUnit.MILLIS), (a, b) -> a.isAfter(b) ? a : b);
  }

  /** The real time that a duration of this clock takes. */
  Duration real(Duration duration) {
    return duration.dividedBy(speed);
  }

  /** Whether this is simply the real time. */
  boolean isReal() {
    return mapping.isReal();
  }

  /** Moves the horizon; must be called more often than every {@link #LEAD}. */
  synchronized void persist() throws IOException {
    Instant now = real.instant();
    if (now.plus(LEAD).isBefore(seen)) {
      Instant given = last.get();
      Instant before = mapping.at(seen);
      mapping = new Mapping(given.isAfter(before) ? given : before, now, speed);
    }
    seen = now;
    if (!isReal()) {
      Instant next = mapping.at(now).plus(LEAD.multipliedBy(speed));
      write(next);
      horizon = next;
    }
  }

  /** Stops the clock; the next process starts at its present time. */
  synchronized void stop() throws IOException {
    if (!isReal()) {
      horizon = instant();
      write(horizon);
    }
  }

  private void write(Instant time) throws IOException {
    files.write(FILE, JsonNodeFactory.instance.objectNode().put(HORIZON, time.toString()) + "\n");
  }

  private static Optional<Instant> horizon(String json) {
    try {
      return Optional.of(
          Instant.parse(JsonMapper.builder().build().readTree(json).path(HORIZON).asText()));
    } catch (JsonProcessingException | DateTimeException _) {
      return Optional.empty();
    }
  }
}
