package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class SleeperTest {
  @Test
  void sleepingTakesTheGivenTime() {
    long begun = System.nanoTime();
    Sleeper.system().sleep(Duration.ofMillis(50));
    assertThat(Duration.ofNanos(System.nanoTime() - begun))
        .isGreaterThanOrEqualTo(Duration.ofMillis(50));
  }

  @Test
  void anInterruptionEndsTheSleepAndStaysSet() throws InterruptedException {
    Thread waiting =
        Thread.ofVirtual()
            .unstarted(() -> {
              Sleeper.system().sleep(Duration.ofMinutes(5));
              assertThat(Thread.interrupted()).isTrue();
            });
    Throwable[] failure = new Throwable[1];
    waiting.setUncaughtExceptionHandler((_, e) -> failure[0] = e);
    waiting.start();
    waiting.interrupt();
    assertThat(waiting.join(Duration.ofSeconds(30))).isTrue();
    assertThat(failure[0]).isNull();
  }
}
