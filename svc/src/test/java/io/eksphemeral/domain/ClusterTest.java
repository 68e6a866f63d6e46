package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Changes of a cluster. */
final class ClusterTest {
  private static final Instant BEGIN = Instant.parse("2026-11-22T10:00:00Z");
  private static final Duration LIFETIME = Duration.ofMinutes(30);

  private final Cluster creating =
      Cluster.requested(
              new ClusterId("01930000-0000-7000-8000-000000000001"),
              new SpecBuilder().owner("a@b.io").build(),
              "arn",
              BEGIN)
          .admitted(BEGIN);
  private final Cluster ready = creating.becameReady(BEGIN, BEGIN);

  @ParameterizedTest
  @CsvSource({
    // minutes since ready, change in minutes, expiry in minutes after ready, total lifetime
    "0, 10, 40, 40",
    "29, 10, 40, 40",
    "30, 10, 40, 40",
    "35, 10, 45, 45",
    "0, -10, 20, 20",
    "0, -100, 0, 0",
    "10, -25, 10, 10",
    "30, -5, 30, 30",
    "35, -5, 30, 30",
    "500, -1, 30, 30",
  })
  void anExpiryChangesRelativeToItselfAndNeverIntoThePast(
      int sinceReady, int minutes, int endsAfter, int lifetime) {
    Cluster moved = ready.prolonged(minutes, "arn", at(sinceReady));

    assertThat(moved.expires()).isEqualTo(at(endsAfter));
    assertThat(moved.lifetime()).isEqualTo(lifetime);
  }

  @Test
  void shorteningAnExpiredClusterDoesNotKeepItAlive() {
    Cluster cluster = ready;
    for (int minute = 31; minute < 2000; minute++) {
      cluster = cluster.prolonged(-1, "arn", at(minute));
    }
    assertThat(cluster.expires()).isEqualTo(BEGIN.plus(LIFETIME));
  }

  @Test
  void prolongingBeforeReadyExtendsTheLifetime() {
    Cluster moved = creating.prolonged(15, "arn", at(1));
    assertThat(moved.lifetime()).isEqualTo(45);
    assertThat(moved.expires()).isNull();
    assertThat(moved.becameReady(at(10), at(11)).expires()).isEqualTo(at(55));
  }

  @ParameterizedTest
  @CsvSource({
    // minutes since the request: it is ready, then granted, its expiry; its lifetime
    "0, 0, 30, 30",
    "10, 0, 30, 20",
    "29, 0, 30, 1",
    "30, 0, 31, 1",
    "45, 0, 46, 1",
    "10, 15, 45, 35",
    "10, -10, 20, 10",
    "10, -25, 11, 1",
    "50, 15, 51, 1",
  })
  void aClusterExpiresWhenAskedHoweverLongItsCreationTook(
      int isReady, int granted, int expires, int lifetime) {
    Cluster asked =
        Cluster.requested(
                creating.id(), new SpecBuilder().timeout(30).until(at(30)).build(), "arn", BEGIN)
            .admitted(BEGIN);
    Cluster changed = granted == 0 ? asked : asked.prolonged(granted, "arn", at(1));

    Cluster cluster = changed.becameReady(at(isReady), at(isReady));

    assertThat(cluster.expires()).isEqualTo(at(expires));
    assertThat(cluster.lifetime()).isEqualTo(lifetime);
    assertThat(cluster.prolonged(10, "arn", at(isReady)).expires()).isEqualTo(at(expires + 10));
  }

  @Test
  void minutesLeftAreRoundedUp() {
    Instant end = Objects.requireNonNull(ready.expires());
    assertThat(ready.minutesLeft(BEGIN)).contains(30L);
    assertThat(ready.minutesLeft(BEGIN.plusMillis(1))).contains(30L);
    assertThat(ready.minutesLeft(end.minusMillis(1))).contains(1L);
    assertThat(ready.minutesLeft(end)).contains(0L);
    assertThat(ready.minutesLeft(end.plusSeconds(600))).contains(0L);
    assertThat(creating.minutesLeft(BEGIN)).isEmpty();
    assertThat(ready.destroying("requested", BEGIN).minutesLeft(BEGIN)).isEmpty();
  }

  @Test
  void destroyAttemptsAreNumberedByEarlierFailures() {
    Cluster second =
        ready
            .destroying("requested", at(1))
            .destroyFailed("no", List.of("volume vol-1"), at(2))
            .destroying("attempt 2", at(3));
    assertThat(second.failures()).isEqualTo(1);
    assertThat(second.openTask().orElseThrow().attempt()).isEqualTo(2);
    assertThat(second.key(second.openTask().orElseThrow()).label()).isEqualTo("destroy-2");
    assertThat(second.reason(State.DESTROYING)).contains("attempt 2");
    assertThat(second.since(State.DESTROYING)).contains(at(3));
  }

  @Test
  void theFirstAndTheLatestDestroyAttemptsAreKept() {
    Cluster cluster = ready;
    for (int attempt = 1; attempt <= 100; attempt++) {
      cluster =
          cluster
              .destroying("attempt " + attempt, at(attempt))
              .destroyFailed("no " + attempt, List.of(), at(attempt))
              .notified(Topic.DESTROY_FAILED, at(attempt), Delivery.SENT, at(attempt));
    }

    assertThat(cluster.failures()).isEqualTo(100);
    assertThat(cluster.tasks().stream().filter(task -> task.kind() == TaskKind.DESTROY))
        .extracting(Task::attempt)
        .hasSize(Retention.MAX_ATTEMPTS)
        .startsWith(1, 82)
        .endsWith(99, 100);
    assertThat(cluster.history())
        .extracting(Transition::why)
        .hasSize(2 + 2 * Retention.MAX_ATTEMPTS)
        .containsSubsequence("attempt 1", "no 1", "attempt 82", "no 82", "attempt 100", "no 100");
    assertThat(cluster.notifications())
        .extracting(Notification::about)
        .hasSize(Retention.MAX_ATTEMPTS)
        .contains(at(1), at(100));
    assertThat(cluster.destroying("again", at(101)).openTask().orElseThrow().attempt())
        .isEqualTo(101);
    assertThat(cluster.destroying("again", at(101)).deletionVerified("proven", at(102)).failures())
        .isEqualTo(100);
  }

  @Test
  void onlyTheDailyNotificationsAreDropped() {
    Cluster cluster = ready;
    for (int minute = 0; minute < 2 * Retention.MAX_ATTEMPTS; minute++) {
      cluster = cluster.notified(Topic.DESTROY_FAILED, at(minute), Delivery.SENT, at(minute));
      if (minute < 3) {
        cluster = cluster.notified(Topic.READY, at(minute), Delivery.SENT, at(minute));
      }
    }
    assertThat(cluster.notifications())
        .filteredOn(mailing -> mailing.topic() == Topic.READY)
        .extracting(Notification::about)
        .containsExactly(at(0), at(1), at(2));
  }

  /** The error is still of interest during the teardown. */
  @Test
  void theErrorOfAFailedCreationStaysDuringItsTeardown() {
    Cluster failed =
        creating
            .creationFailed("no quota", List.of("the last line"), at(5))
            .destroying("its creation failed", at(5));

    assertThat(failed.launchRejected("no room").error()).isEqualTo("no quota");
    assertThat(failed.launched("task-2", at(6)).error()).isEqualTo("no quota");
    assertThat(failed.launched("task-2", at(6)).log()).containsExactly("the last line");
  }

  @Test
  void aLaunchErrorIsClearedByASuccessfulLaunch() {
    Cluster refused = creating.launchRejected("no room");
    assertThat(refused.error()).isEqualTo("no room");
    assertThat(refused.launched("task-1", at(6)).error()).isNull();
  }

  /** Escape sequences, line ends and bidirectional marks. */
  @Test
  void externalTextIsReducedToOneLine() {
    String hostile = "a\u001b[2Jb\r\nc\u202ed";
    String plain = "a [2Jb c d";
    Cluster failed = creating.creationFailed(hostile, List.of("x", hostile), at(1));
    assertThat(failed.error()).isEqualTo(plain);
    assertThat(failed.reason(State.CREATE_FAILED)).contains(plain);
    assertThat(failed.log()).containsExactly("x", plain);

    Cluster left = failed.destroying(hostile, at(2)).destroyFailed("no", List.of(hostile), at(3));
    assertThat(left.leftovers()).containsExactly(plain);
    assertThat(left.error()).isEqualTo("no; leftovers: " + plain);
    assertThat(left.reason(State.DESTROYING)).contains(plain);

    assertThat(creating.launchRejected(hostile).tasks().getFirst().refused()).isEqualTo(plain);
    assertThat(creating.taskEnded(hostile, at(1)).tasks().getFirst().outcome()).isEqualTo(plain);
  }

  @Test
  void aClusterIsTerminatingUnlessItIsCreatingOrReady() {
    assertThat(creating.isTerminating()).isFalse();
    assertThat(ready.isTerminating()).isFalse();
    assertThat(creating.creationFailed("no", List.of(), at(1)).isTerminating()).isTrue();
    Cluster destroying = ready.destroying("requested", at(1));
    assertThat(destroying.isTerminating()).isTrue();
    assertThat(destroying.destroyFailed("no", List.of(), at(2)).isTerminating()).isTrue();
    assertThat(destroying.deletionVerified("proven", at(2)).isTerminating()).isTrue();
    assertThat(destroying.name()).isEqualTo("dev");
  }

  @Test
  void theErrorNamesTheLeftovers() {
    Cluster destroying = ready.destroying("requested", at(1));
    assertThat(destroying.destroyFailed("no", List.of(), at(2)).error()).isEqualTo("no");
    assertThat(destroying.destroyFailed("no", List.of("vpc v", "eni e"), at(2)).error())
        .isEqualTo("no; leftovers: vpc v, eni e");
  }

  @Test
  void anUnchangedExpiryIsNotRecordedAsAChange() {
    assertThat(ready.prolonged(-5, "arn", at(31))).isSameAs(ready);
    Cluster ended = ready.prolonged(-100, "arn", at(10));
    assertThat(ended.prolonged(-1, "arn", at(10))).isSameAs(ended);
    assertThat(ended.expiryChanges()).hasSize(1);
  }

  /** Every change of the expiry outdates its notice, even if it is changed back. */
  @Test
  void aNoticeOfAChangedExpiryStartsOver() {
    Instant expires = at(30);
    Cluster told =
        ready
            .notified(Topic.NOTICE, expires, Delivery.SENT, at(24))
            .notified(Topic.READY, BEGIN, Delivery.SENT, at(24));
    assertThat(told.notice()).isPresent();

    Cluster back = told.prolonged(5, "arn", at(25)).prolonged(-5, "arn", at(26));
    assertThat(back.expires()).isEqualTo(expires);
    assertThat(back.notice()).isEmpty();

    Cluster anew = back.notified(Topic.NOTICE, expires, Delivery.SENDING, at(27));
    assertThat(anew.notice().orElseThrow().tried()).isEqualTo(at(27));
    assertThat(anew.notifications())
        .extracting(Notification::topic)
        .containsExactly(Topic.READY, Topic.NOTICE);

    Cluster sent = anew.notified(Topic.NOTICE, expires, Delivery.SENT, at(28));
    assertThat(sent.notice().orElseThrow().tried()).isEqualTo(at(27));
    assertThat(sent.notice().orElseThrow().last()).isEqualTo(at(28));

    // A sender from before the change finishes late.
    Cluster late = back.notified(Topic.NOTICE, expires, Delivery.FAILED, at(27));
    assertThat(late.notice()).isEmpty();
    assertThat(late.notifications())
        .extracting(Notification::topic)
        .containsExactly(Topic.NOTICE, Topic.READY);
  }

  @Test
  void anUnreadableClusterIsRecoveredForDestruction() {
    Spec spec = ready.spec();
    Cluster recovered =
        Cluster.recovered(ready.id(), spec, "unknown", at(1), 3, "not JSON", "bob", at(40));

    assertThat(recovered.state()).isEqualTo(State.DESTROYING);
    assertThat(recovered.lifetime()).isEqualTo(spec.timeout());
    assertThat(recovered.created()).isEqualTo(at(1));
    assertThat(recovered.tasks())
        .containsExactly(
            Task.plan(TaskKind.CREATE, 1, at(1)), Task.plan(TaskKind.DESTROY, 3, at(40)));
    assertThat(recovered.error()).isEqualTo("the record could not be read: not JSON");
    assertThat(recovered.reason(State.DESTROYING)).contains("requested by bob");
    assertThat(recovered.history().getLast().by()).isEqualTo("bob");
    assertThat(
            Cluster.recovered(ready.id(), spec, "unknown", at(1), 0, "not JSON", "bob", at(40))
                .tasks()
                .getLast()
                .attempt())
        .isEqualTo(1);
  }

  @Test
  void theCallerWhoDestroysIsOnRecord() {
    Cluster asked = ready.destroyRequested("bob", at(1));
    assertThat(asked.reason(State.DESTROYING)).contains("requested by bob");
    assertThat(asked.history().getLast().by()).isEqualTo("bob");
    assertThat(ready.destroying("again", at(1)).history().getLast().by())
        .isEqualTo(Transition.CONTROL_PLANE);
  }

  /** Callers can change an expiry as often as they like. */
  @Test
  void theLatestExpiryChangesAreKeptAndOlderOnesCounted() {
    Cluster cluster = ready;
    for (int change = 1; change <= 50; change++) {
      cluster = cluster.prolonged(change % 2 == 1 ? 10 : -10, "caller-" + change, at(1));
    }
    assertThat(cluster.expiryChanges()).hasSize(Retention.MAX_EXPIRY_CHANGES);
    assertThat(cluster.expiryChanges().getFirst().by()).isEqualTo("caller-31");
    assertThat(cluster.expiryChanges().getFirst().earlier()).isEqualTo(30);
    assertThat(cluster.expiryChanges().getLast().by()).isEqualTo("caller-50");
    assertThat(cluster.expiryChanges().getLast().earlier()).isZero();
    assertThat(cluster.history())
        .filteredOn(step -> !step.isExpiryChange())
        .extracting(Transition::to)
        .containsExactly(State.CREATING, State.READY);
    assertThat(cluster.since(State.READY)).contains(BEGIN);
  }

  @Test
  void theLatestNoticesAreKept() {
    Cluster cluster = ready;
    for (int minute = 1; minute <= 20; minute++) {
      cluster = cluster.notified(Topic.NOTICE, at(100 + minute), Delivery.SENT, at(minute));
    }
    assertThat(cluster.notifications())
        .extracting(Notification::about)
        .containsExactly(at(116), at(117), at(118), at(119), at(120));
  }

  @ParameterizedTest
  @CsvSource({
    "1, extended by 1 minute by alice",
    "2, extended by 2 minutes by alice",
    "-1, shortened by 1 minute by alice",
    "-2, shortened by 2 minutes by alice"
  })
  void anExpiryChangeRecordsMinutesAndCaller(int minutes, String why) {
    assertThat(ready.prolonged(minutes, "alice", at(3)).expiryChanges())
        .containsExactly(new Transition(State.READY, at(3), why, "alice", minutes, 0));
  }

  private static Instant at(int minute) {
    return BEGIN.plus(Duration.ofMinutes(minute));
  }
}
