package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.ManualClock;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ScaledClockTest {
  private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");

  @TempDir Path home;
  private final ManualClock real = new ManualClock(START);
  private AtomicFiles files;

  @BeforeEach
  void open() throws IOException {
    files = AtomicFiles.open(home);
  }

  private ScaledClock start(int speed) throws IOException {
    return ScaledClock.start(real, speed, files);
  }

  private void pass(Duration time, ScaledClock clock) throws IOException {
    Duration step = Duration.ofMillis(500);
    for (Duration left = time; left.isPositive(); left = left.minus(step)) {
      real.advance(step);
      clock.persist();
    }
  }

  @Test
  void atSpeedOneItIsTheRealClockAndKeepsNothing() throws IOException {
    ScaledClock clock = start(1);
    real.advance(Duration.ofHours(5));

    assertThat(clock.instant()).isEqualTo(real.instant());
    assertThat(clock.isReal()).isTrue();
    clock.stop();
    assertThat(home.resolve("clock.json")).doesNotExist();
  }

  @Test
  void itRunsSoManyTimesAsFast() throws IOException {
    ScaledClock clock = start(60);
    pass(Duration.ofSeconds(10), clock);

    assertThat(clock.instant()).isEqualTo(START.plus(Duration.ofMinutes(10)));
    assertThat(clock.real(Duration.ofMinutes(5))).isEqualTo(Duration.ofSeconds(5));
  }

  @Test
  void afterAStopItGoesOnWhereItWas() throws IOException {
    ScaledClock clock = start(60);
    pass(Duration.ofSeconds(10), clock);
    clock.stop();
    Instant last = clock.instant();
    real.advance(Duration.ofSeconds(3));

    ScaledClock next = start(60);
    assertThat(next.instant()).isEqualTo(last);
    pass(Duration.ofSeconds(1), next);
    assertThat(next.instant()).isEqualTo(last.plusSeconds(60));
  }

  @Test
  void aSlowerClockGoesOnAheadOfTheRealOne() throws IOException {
    ScaledClock fast = start(60);
    pass(Duration.ofSeconds(10), fast);
    fast.stop();
    Instant last = fast.instant();

    ScaledClock slow = start(1);
    assertThat(slow.isReal()).isFalse();
    pass(Duration.ofSeconds(2), slow);
    assertThat(slow.instant()).isEqualTo(last.plusSeconds(2));
  }

  @Test
  void onceTheRealClockIsPastItIsTheRealOneAgain() throws IOException {
    ScaledClock fast = start(60);
    pass(Duration.ofSeconds(10), fast);
    fast.stop();
    real.advance(Duration.ofHours(1));

    ScaledClock slow = start(1);
    assertThat(slow.isReal()).isTrue();
    assertThat(slow.instant()).isEqualTo(real.instant());
  }

  @Test
  void itNeverGoesBackOverAKill() throws IOException {
    ScaledClock killed = start(600);
    for (int kill = 0; kill < 20; kill++) {
      // However long after the last time that it was kept, it was never past what was kept.
      real.advance(Duration.ofMillis(170L * kill));
      Instant last = killed.instant();

      killed = start(600);
      assertThat(killed.instant()).isAfterOrEqualTo(last);
      assertThat(Duration.between(last, killed.instant()))
          .isLessThanOrEqualTo(ScaledClock.LEAD.multipliedBy(600));
    }
  }

  @Test
  void itStandsStillWhileItsTimeCannotBeKept() throws IOException {
    ScaledClock clock = start(60);
    real.advance(Duration.ofMinutes(3));
    assertThat(clock.instant()).isEqualTo(START.plus(ScaledClock.LEAD.multipliedBy(60)));

    clock.persist();
    assertThat(clock.instant()).isEqualTo(START.plus(Duration.ofHours(3)));
  }

  @Test
  void itNeverGoesBackWithTheRealClock() throws IOException {
    ScaledClock clock = start(1);
    real.advance(Duration.ofMinutes(1));
    Instant last = clock.instant();
    real.advance(Duration.ofMinutes(-30));

    assertThat(clock.instant()).isEqualTo(last);
  }

  @Test
  void afterTheRealClockWentBackItGoesOnFromWhereItWas() throws IOException {
    for (int speed : new int[] {1, 60}) {
      ScaledClock clock = start(speed);
      pass(Duration.ofSeconds(10), clock);
      Instant last = clock.instant();
      real.advance(Duration.ofHours(-5));
      clock.persist();
      pass(Duration.ofSeconds(10), clock);

      assertThat(clock.instant()).isEqualTo(last.plusSeconds(10L * speed));
      clock.stop();
    }
  }

  @Test
  void aStepBackOfMomentsIsWaitedFor() throws IOException {
    ScaledClock clock = start(1);
    pass(Duration.ofSeconds(10), clock);
    real.advance(Duration.ofMillis(-500));
    pass(Duration.ofSeconds(1), clock);

    assertThat(clock.instant()).isEqualTo(START.plusMillis(10_500));
    assertThat(clock.isReal()).isTrue();
  }

  @Test
  void aFileThatCannotBeReadIsNoTime() throws IOException {
    for (String broken : new String[] {"", "{", "{\"horizon\":\"soon\"}"}) {
      Files.writeString(home.resolve("clock.json"), broken);
      assertThat(start(1).instant()).isEqualTo(START);
    }
  }
}
