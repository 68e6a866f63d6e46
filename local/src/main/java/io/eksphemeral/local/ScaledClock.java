package io.eksphemeral.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The time that the local edition lives in: it runs some times as fast as the real one, goes on
 * where it was after a restart, and never goes back, not even over a kill. When the real one is set
 * back it goes on from where it was, so that nothing lives for longer by that.
 *
 * <p>For that, what is kept is not the time but a horizon a little ahead of it, past which no time
 * is given out; a process that finds a horizon begins there. Where the time is simply the real one
 * nothing is kept, and there is no horizon.
 */
final class ScaledClock implements InstantSource {
  /** How much real time may pass between calls of {@link #keep()} before the clock stands still. */
  static final Duration LEAD = Duration.ofSeconds(1);

  private static final String KEPT = "clock.json";
  private static final String HORIZON = "horizon";

  private final InstantSource real;
  private final int speed;
  private final AtomicFiles files;
  private final AtomicReference<Instant> last;
  private volatile Course course;
  private volatile Instant horizon;

  /** The real time as {@link #keep()} saw it last. */
  private Instant seen;

  /**
   * Which of its times a real one is: both began at these, and this one is so many times as fast.
   */
  private record Course(Instant base, Instant realBase, int speed) {
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
    this.course = new Course(base, realBase, speed);
    this.seen = realBase;
    this.last = new AtomicReference<>(base);
    this.horizon = base;
  }

  /** The clock of a home, at the later of where it was and the real time. */
  static ScaledClock start(InstantSource real, int speed, AtomicFiles files) throws IOException {
    Instant now = real.instant();
    Instant base = files.read(KEPT).flatMap(ScaledClock::horizon).filter(now::isBefore).orElse(now);
    ScaledClock clock = new ScaledClock(real, speed, files, base, now);
    clock.keep();
    return clock;
  }

  @Override
  public Instant instant() {
    Instant now = course.at(real.instant());
    Instant allowed = isReal() || now.isBefore(horizon) ? now : horizon;
    return last.accumulateAndGet(
        allowed.truncatedTo(ChronoUnit.MILLIS), (a, b) -> a.isAfter(b) ? a : b);
  }

  /** How much real time it takes until this clock has gone on by so much. */
  Duration real(Duration duration) {
    return duration.dividedBy(speed);
  }

  /** Whether it is nothing but the real clock, which needs no keeping. */
  boolean isReal() {
    return course.isReal();
  }

  /** Moves the horizon on. To be called more often than every {@link #LEAD}. */
  synchronized void keep() throws IOException {
    Instant now = real.instant();
    if (now.plus(LEAD).isBefore(seen)) {
      Instant given = last.get();
      Instant before = course.at(seen);
      course = new Course(given.isAfter(before) ? given : before, now, speed);
    }
    seen = now;
    if (!isReal()) {
      Instant next = course.at(now).plus(LEAD.multipliedBy(speed));
      write(next);
      horizon = next;
    }
  }

  /** Stops where it is now, so that the next process begins just there. */
  synchronized void stop() throws IOException {
    if (!isReal()) {
      horizon = instant();
      write(horizon);
    }
  }

  private void write(Instant time) throws IOException {
    files.write(KEPT, JsonNodeFactory.instance.objectNode().put(HORIZON, time.toString()) + "\n");
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
