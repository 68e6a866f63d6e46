package io.eksphemeral.control;

import static io.eksphemeral.domain.State.READY;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Result;
import org.junit.jupiter.api.Test;

/** How far an end can be moved, to the minute. */
final class ProlongClusterTest {
  private final LifecycleHarness life = new LifecycleHarness(new Limits(60, 10, 10, 5));

  @Test
  void aReadyClusterReachesTheLimitAndNotAMinuteMore() {
    ClusterId id = life.created("dev");
    life.until(id, READY);

    refused(id, 31, "maximum lifetime of 60 minutes; it has 30 so far");
    assertThat(life.prolong(id, 30)).isInstanceOf(Result.Success.class);
    assertThat(life.cluster(id).lifetime()).isEqualTo(60);
    refused(id, 1, "maximum lifetime of 60 minutes; it has 60 so far");
    assertThat(life.prolong(id, -1)).isInstanceOf(Result.Success.class);
    assertThat(life.prolong(id, 1)).isInstanceOf(Result.Success.class);
  }

  @Test
  void soDoesOneThatIsNotReadyYetAndItKeepsAMinute() {
    ClusterId id = life.created("dev");

    refused(id, 31, "maximum lifetime of 60 minutes");
    assertThat(life.prolong(id, 30)).isInstanceOf(Result.Success.class);
    refused(id, -60, "leaves dev less than one minute");
    assertThat(life.prolong(id, -59)).isInstanceOf(Result.Success.class);
    assertThat(life.cluster(id).lifetime()).isEqualTo(1);
  }

  /** Past what the arithmetic has, too. */
  @Test
  void noNumberOfMinutesIsTooLargeToBeRefused() {
    ClusterId id = life.created("dev");
    refused(id, Integer.MAX_VALUE, "maximum lifetime of 60 minutes");
    life.until(id, READY);
    refused(id, Integer.MAX_VALUE, "maximum lifetime of 60 minutes");
    assertThat(life.prolong(id, Integer.MIN_VALUE)).isInstanceOf(Result.Success.class);
    assertThat(life.expires(id)).isEqualTo(life.clock.instant());
  }

  /** The operator has lowered the limit since. */
  @Test
  void oneThatIsPastTheLimitCanBeShortened() {
    LifecycleHarness lowered = new LifecycleHarness(new Limits(20, 10, 10, 5));
    ClusterId id = lowered.created("dev");
    lowered.until(id, READY);

    assertThat(lowered.prolong(id, 1)).isInstanceOf(Result.Rejected.class);
    assertThat(lowered.prolong(id, -5)).isInstanceOf(Result.Success.class);

    assertThat(lowered.cluster(id).lifetime()).isEqualTo(25);
  }

  private void refused(ClusterId id, int minutes, String why) {
    int before = life.cluster(id).lifetime();
    assertThat(life.prolong(id, minutes))
        .isInstanceOfSatisfying(
            Result.Rejected.class,
            refused -> assertThat(refused.rejection().error()).contains(why));
    assertThat(life.cluster(id).lifetime()).isEqualTo(before);
  }
}
