package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static io.eksphemeral.control.Samples.BOB;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Transition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * No caller makes anything grow past a bound, however often they repeat a call (promise P13), and
 * each change has its author (promise P14).
 */
final class BoundsTest {
  private static final String NOTICE = "dev is about to be destroyed";
  private static final int MOST_BYTES = 16 * 1024;

  private final LifecycleHarness life = new LifecycleHarness(new Limits(60, 10, 10, 5));

  /** Alternates the expiry and repeats the creation, hundreds of times, between two sweeps. */
  private void harass(ClusterId id) {
    for (int i = 0; i < 100; i++) {
      life.prolong(id, i % 2 == 0 ? 1 : -1, BOB);
      life.create(id, Samples.spec("dev"));
      life.clock.advance(Duration.ofMillis(50));
    }
  }

  private long notices() {
    return life.mails().stream().filter(NOTICE::equals).count();
  }

  @Test
  void whoMovesAnExpiryBackAndForthBombsNoMailbox() {
    ClusterId id = life.created("dev");
    life.until(() -> notices() == 1, "the first notice");
    Instant begin = life.clock.instant();

    while (life.cluster(id).state() == State.READY) {
      harass(id);
      life.pass(Duration.ofMinutes(1));
      long most =
          1 + Duration.between(begin, life.clock.instant()).dividedBy(Duration.ofMinutes(5));
      assertThat(notices()).isLessThanOrEqualTo(most);
      assertThat(size(id)).isLessThan(MOST_BYTES);
    }

    assertThat(Duration.between(life.ready(id), life.clock.instant()))
        .as("the longest life-time, and a sweep each for the notice and the end")
        .isLessThan(Duration.ofMinutes(life.limits.minutes() + 15));
    life.untilAllGone();
    assertThat(size(id)).isLessThan(MOST_BYTES);
  }

  @Test
  void noCallOfACallerSendsAMail() {
    ClusterId id = life.created("dev");
    life.until(id, State.READY);
    List<String> before = life.mails();
    life.clock.advance(Duration.between(life.clock.instant(), life.expires(id).minusSeconds(60)));

    life.create(id, Samples.spec("dev"));
    life.prolong(id, 1);
    life.create(id, Samples.spec("dev"));
    life.destroy(id);

    assertThat(life.mails()).isEqualTo(before);
  }

  @Test
  void repeatedCallsWriteNoMoreThanTheFirst() {
    ClusterId id = life.created("dev");
    life.until(id, State.READY);
    life.prolong(id, -1000);
    String shortened = life.objects.text(StoreKeys.record(id)).orElseThrow();
    for (int i = 0; i < 300; i++) {
      life.prolong(id, -1000);
      life.create(id, Samples.spec("dev"));
    }
    assertThat(life.objects.text(StoreKeys.record(id))).contains(shortened);

    life.destroy(id);
    String ending = life.objects.text(StoreKeys.record(id)).orElseThrow();
    for (int i = 0; i < 300; i++) {
      life.destroy(id);
      life.prolong(id, 5);
    }
    assertThat(life.objects.text(StoreKeys.record(id))).contains(ending);
    assertThat(life.tasks.running(id)).hasSize(1);
    life.untilAllGone();
  }

  @Test
  void anExpiryThatWasExtendedAndShortenedAgainGetsANoticeOfItsOwn() {
    ClusterId id = life.created("dev");
    life.until(() -> notices() == 1, "the notice");
    life.prolong(id, 30);
    life.pass(Duration.ofMinutes(10));

    life.prolong(id, -30, BOB);

    Instant shortened = life.clock.instant();
    life.until(id, State.DESTROYING);
    assertThat(notices()).isEqualTo(2);
    assertThat(Duration.between(shortened, life.clock.instant()))
        .isLessThanOrEqualTo(Duration.ofMinutes(10));
    assertThat(life.mailer.delivered().getLast().body())
        .contains("shortened by 30 minutes by " + BOB);
  }

  @Test
  void eachChangeHasItsAuthor() {
    ClusterId id = life.created("dev");
    life.prolong(id, 30, BOB);
    life.until(id, State.READY);
    life.prolong(id, -59, BOB);
    life.until(id, State.DESTROYING);
    life.untilAllGone();

    assertThat(life.cluster(id).history())
        .extracting(Transition::to, Transition::by, Transition::minutes, Transition::why)
        .containsExactly(
            step(State.CREATING, ALICE, 0, "requested by " + ALICE),
            step(State.CREATING, BOB, 30, "extended by 30 minutes by " + BOB),
            step(State.READY, "control-plane", 0, "created"),
            step(State.READY, BOB, -59, "shortened by 59 minutes by " + BOB),
            step(State.DESTROYING, "control-plane", 0, "expired"),
            step(State.GONE, "control-plane", 0, "deletion verified"));
    assertThat(life.cluster(id).history()).extracting(Transition::at).isSorted();
  }

  private static org.assertj.core.groups.Tuple step(State to, String by, int minutes, String why) {
    return org.assertj.core.groups.Tuple.tuple(to, by, minutes, why);
  }

  @Test
  void whoDestroysIsInTheHistory() {
    ClusterId id = life.created("dev");
    life.destroy(id);

    Transition last = life.cluster(id).history().getLast();
    assertThat(last.by()).isEqualTo(ALICE);
    assertThat(last.why()).isEqualTo("requested by " + ALICE);
  }

  @Test
  void theLatestChangesAreKeptAndTheOthersCounted() {
    ClusterId id = life.created("dev");
    life.until(id, State.READY);
    for (int i = 0; i < 100; i++) {
      life.prolong(id, i % 2 == 0 ? 1 : -1, i < 99 ? ALICE : BOB);
    }

    List<Transition> changes = life.cluster(id).expiryChanges();
    assertThat(changes).hasSizeLessThan(30);
    assertThat(changes.getFirst().earlier()).isEqualTo(100 - changes.size());
    assertThat(changes.getLast().by()).isEqualTo(BOB);
    assertThat(life.cluster(id).history().getFirst().by()).isEqualTo(ALICE);
    assertThat(life.cluster(id).lifetime()).isEqualTo(30);
  }

  @Test
  void aChangeThatChangesNothingIsNoChange() {
    Cluster ready = ready();
    Cluster now = ready.prolonged(-100, BOB, Samples.START.plusSeconds(60));

    assertThat(now.expiryChanges()).hasSize(1);
    assertThat(now.prolonged(-1, BOB, Samples.START.plusSeconds(90))).isEqualTo(now);
  }

  private Cluster ready() {
    ClusterId id = life.created("dev");
    life.until(id, State.READY);
    return life.cluster(id);
  }

  private int size(ClusterId id) {
    return life.objects
        .text(StoreKeys.record(id))
        .or(() -> life.objects.text(StoreKeys.archive(id)))
        .orElseThrow()
        .getBytes(StandardCharsets.UTF_8)
        .length;
  }
}
