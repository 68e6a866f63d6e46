package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static io.eksphemeral.control.Samples.BOB;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Transition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Repeated calls make nothing grow without a bound (promise P13), and every change has an author
 * (promise P14).
 */
final class BoundsTest {
  private static final String NOTICE = "dev is about to be destroyed";
  private static final String EARLY = "dev will be destroyed at";
  private static final int MOST_BYTES = 16 * 1024;

  private final LifecycleHarness harness = new LifecycleHarness(new Limits(60, 10, 10, 5));

  /**
   * Changes the expiry back and forth and repeats the creation hundreds of times between sweeps.
   */
  private void harass(ClusterId id) {
    for (int i = 0; i < 100; i++) {
      harness.prolong(id, i % 2 == 0 ? 1 : -1, BOB);
      harness.create(id, Samples.spec("dev"));
      harness.clock.advance(Duration.ofMillis(50));
    }
  }

  private long notices() {
    return harness.mails().stream().filter(NOTICE::equals).count();
  }

  @Test
  void changingAnExpiryRepeatedlyDoesNotFloodAMailbox() {
    ClusterId id = harness.created("dev");
    harness.until(() -> notices() == 1, "the first notice");
    Instant begin = harness.clock.instant();

    while (harness.cluster(id).state() == State.READY) {
      harass(id);
      harness.pass(Duration.ofMinutes(1));
      long most =
          1 + Duration.between(begin, harness.clock.instant()).dividedBy(Duration.ofMinutes(5));
      assertThat(notices()).isLessThanOrEqualTo(most);
      assertThat(size(id)).isLessThan(MOST_BYTES);
    }

    assertThat(Duration.between(harness.ready(id), harness.clock.instant()))
        .as("the maximum lifetime, and one sweep each for the notice and the destruction")
        .isLessThan(Duration.ofMinutes(harness.limits.minutes() + 15));
    harness.untilAllGone();
    assertThat(size(id)).isLessThan(MOST_BYTES);
  }

  @Test
  void changingAnExpiryRepeatedlyMakesFewEarlyNotices() {
    LifecycleHarness harness = new LifecycleHarness(new Limits(600, 10, 10, 5));
    ClusterId id = harness.created(new SpecBuilder().name("dev").timeout(240).build());
    harness.until(id, State.READY);
    Instant begin = harness.clock.instant();
    long early = 0;

    for (int minute = 0; minute < 400 && harness.cluster(id).state() == State.READY; minute++) {
      // Somewhere within half an hour of the expiry, each time another.
      long left = Duration.between(harness.clock.instant(), harness.expires(id)).toMinutes();
      harness.prolong(id, (int) (15 + minute % 7 - left), BOB);
      harness.pass(Duration.ofMinutes(1));
      Duration passed = Duration.between(begin, harness.clock.instant());
      early = harness.mails().stream().filter(mail -> mail.startsWith(EARLY)).count();
      long last = harness.mails().stream().filter(NOTICE::equals).count();
      assertThat(early).isLessThanOrEqualTo(1 + passed.dividedBy(Duration.ofMinutes(30)));
      assertThat(early + last).isLessThanOrEqualTo(1 + passed.dividedBy(Duration.ofMinutes(5)));
    }

    assertThat(early).as("early notices").isGreaterThan(5);
    assertThat(harness.cluster(id).notifications()).hasSizeLessThan(15);
  }

  @Test
  void noRequestSendsANotification() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    List<String> before = harness.mails();
    harness.clock.advance(
        Duration.between(harness.clock.instant(), harness.expires(id).minusSeconds(60)));

    harness.create(id, Samples.spec("dev"));
    harness.prolong(id, 1);
    harness.create(id, Samples.spec("dev"));
    harness.destroy(id);

    assertThat(harness.mails()).isEqualTo(before);
  }

  @Test
  void repeatedCallsWriteNoMoreThanTheFirst() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    harness.prolong(id, -1000);
    String shortened = harness.objects.text(StoreKeys.record(id)).orElseThrow();
    for (int i = 0; i < 300; i++) {
      harness.prolong(id, -1000);
      harness.create(id, Samples.spec("dev"));
    }
    assertThat(harness.objects.text(StoreKeys.record(id))).contains(shortened);

    harness.destroy(id);
    String ending = harness.objects.text(StoreKeys.record(id)).orElseThrow();
    for (int i = 0; i < 300; i++) {
      harness.destroy(id);
      harness.prolong(id, 5);
    }
    assertThat(harness.objects.text(StoreKeys.record(id))).contains(ending);
    assertThat(harness.tasks.running(id)).hasSize(1);
    harness.untilAllGone();
  }

  @Test
  void anExpiryThatWasExtendedAndShortenedGetsANewNotice() {
    ClusterId id = harness.created("dev");
    harness.until(() -> notices() == 1, "the notice");
    harness.prolong(id, 30);
    harness.pass(Duration.ofMinutes(10));

    harness.prolong(id, -30, BOB);

    Instant shortened = harness.clock.instant();
    harness.until(id, State.DESTROYING);
    assertThat(notices()).isEqualTo(2);
    assertThat(Duration.between(shortened, harness.clock.instant()))
        .isLessThanOrEqualTo(Duration.ofMinutes(10));
    assertThat(harness.mailer.delivered().getLast().body())
        .contains("shortened by 30 minutes by " + BOB);
  }

  @Test
  void everyChangeHasAnAuthor() {
    ClusterId id = harness.created("dev");
    harness.prolong(id, 30, BOB);
    harness.until(id, State.READY);
    harness.prolong(id, -59, BOB);
    harness.until(id, State.DESTROYING);
    harness.untilAllGone();

    assertThat(harness.cluster(id).history())
        .extracting(Transition::to, Transition::by, Transition::minutes, Transition::why)
        .containsExactly(
            step(State.CREATING, ALICE, 0, "requested by " + ALICE),
            step(State.CREATING, BOB, 30, "extended by 30 minutes by " + BOB),
            step(State.READY, "control-plane", 0, "created"),
            step(State.READY, BOB, -59, "shortened by 59 minutes by " + BOB),
            step(State.DESTROYING, "control-plane", 0, "expired"),
            step(State.GONE, "control-plane", 0, "deletion verified"));
    assertThat(harness.cluster(id).history()).extracting(Transition::at).isSorted();
  }

  private static org.assertj.core.groups.Tuple step(State to, String by, int minutes, String why) {
    return org.assertj.core.groups.Tuple.tuple(to, by, minutes, why);
  }

  @Test
  void theCallerWhoDestroysIsInTheHistory() {
    ClusterId id = harness.created("dev");
    harness.destroy(id);

    Transition last = harness.cluster(id).history().getLast();
    assertThat(last.by()).isEqualTo(ALICE);
    assertThat(last.why()).isEqualTo("requested by " + ALICE);
  }

  @Test
  void theLatestChangesAreKeptAndOlderOnesCounted() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    for (int i = 0; i < 100; i++) {
      harness.prolong(id, i % 2 == 0 ? 1 : -1, i < 99 ? ALICE : BOB);
    }

    List<Transition> changes = harness.cluster(id).expiryChanges();
    assertThat(changes).hasSizeLessThan(30);
    assertThat(changes.getFirst().earlier()).isEqualTo(100 - changes.size());
    assertThat(changes.getLast().by()).isEqualTo(BOB);
    assertThat(harness.cluster(id).history().getFirst().by()).isEqualTo(ALICE);
    assertThat(harness.cluster(id).lifetime()).isEqualTo(30);
  }

  @Test
  void anExpiryChangeWithoutEffectIsNotRecorded() {
    Cluster ready = ready();
    Cluster now = ready.prolonged(-100, BOB, Samples.START.plusSeconds(60));

    assertThat(now.expiryChanges()).hasSize(1);
    assertThat(now.prolonged(-1, BOB, Samples.START.plusSeconds(90))).isEqualTo(now);
  }

  private Cluster ready() {
    ClusterId id = harness.created("dev");
    harness.until(id, State.READY);
    return harness.cluster(id);
  }

  private int size(ClusterId id) {
    return harness
        .objects
        .text(StoreKeys.record(id))
        .or(() -> harness.objects.text(StoreKeys.archive(id)))
        .orElseThrow()
        .getBytes(StandardCharsets.UTF_8)
        .length;
  }
}
