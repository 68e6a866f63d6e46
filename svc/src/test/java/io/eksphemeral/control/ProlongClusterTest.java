package io.eksphemeral.control;

import static io.eksphemeral.domain.State.READY;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Result;
import org.junit.jupiter.api.Test;

/** The limits of prolonging, to the minute. */
final class ProlongClusterTest {
  private final LifecycleHarness harness = new LifecycleHarness(new Limits(60, 10, 10, 5));

  @Test
  void aReadyClusterCanReachTheLimitExactly() {
    ClusterId id = harness.created("dev");
    harness.until(id, READY);

    refused(id, 31, "maximum lifetime of 60 minutes; it has 30 so far");
    assertThat(harness.prolong(id, 30)).isInstanceOf(Result.Success.class);
    assertThat(harness.cluster(id).lifetime()).isEqualTo(60);
    refused(id, 1, "maximum lifetime of 60 minutes; it has 60 so far");
    assertThat(harness.prolong(id, -1)).isInstanceOf(Result.Success.class);
    assertThat(harness.prolong(id, 1)).isInstanceOf(Result.Success.class);
  }

  @Test
  void aClusterThatIsNotReadyCanReachTheLimitAndKeepsAMinute() {
    ClusterId id = harness.created("dev");

    refused(id, 31, "maximum lifetime of 60 minutes");
    assertThat(harness.prolong(id, 30)).isInstanceOf(Result.Success.class);
    refused(id, -60, "leaves dev less than one minute");
    assertThat(harness.prolong(id, -59)).isInstanceOf(Result.Success.class);
    assertThat(harness.cluster(id).lifetime()).isEqualTo(1);
  }

  /** Including numbers that overflow the arithmetic. */
  @Test
  void anyNumberOfMinutesOverTheLimitIsRejected() {
    ClusterId id = harness.created("dev");
    refused(id, Integer.MAX_VALUE, "maximum lifetime of 60 minutes");
    harness.until(id, READY);
    refused(id, Integer.MAX_VALUE, "maximum lifetime of 60 minutes");
    assertThat(harness.prolong(id, Integer.MIN_VALUE)).isInstanceOf(Result.Success.class);
    assertThat(harness.expires(id)).isEqualTo(harness.clock.instant());
  }

  /** The operator lowered the limit meanwhile. */
  @Test
  void aClusterOverTheLimitCanBeShortened() {
    LifecycleHarness lowered = new LifecycleHarness(new Limits(20, 10, 10, 5));
    ClusterId id = lowered.created("dev");
    lowered.until(id, READY);

    assertThat(lowered.prolong(id, 1)).isInstanceOf(Result.Rejected.class);
    assertThat(lowered.prolong(id, -5)).isInstanceOf(Result.Success.class);

    assertThat(lowered.cluster(id).lifetime()).isEqualTo(25);
  }

  private void refused(ClusterId id, int minutes, String why) {
    int before = harness.cluster(id).lifetime();
    assertThat(harness.prolong(id, minutes))
        .isInstanceOfSatisfying(
            Result.Rejected.class,
            refused -> assertThat(refused.rejection().error()).contains(why));
    assertThat(harness.cluster(id).lifetime()).isEqualTo(before);
  }
}
