package io.eksphemeral.control;

import static io.eksphemeral.domain.State.CREATE_FAILED;
import static io.eksphemeral.domain.State.CREATING;
import static io.eksphemeral.domain.State.DESTROYING;
import static io.eksphemeral.domain.State.DESTROY_FAILED;
import static io.eksphemeral.domain.State.GONE;
import static io.eksphemeral.domain.State.READY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.eksphemeral.control.Mailer.Mail;
import io.eksphemeral.control.SimulatedTasks.Fate;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.TaskKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The life cycle of clusters. */
final class LifecycleHarnessTest {
  private static final Duration SWEEP = Duration.ofMinutes(5);

  private final LifecycleHarness harness = new LifecycleHarness();

  @Test
  void aClusterIsCreatedAnnouncedAndDestroyedAtItsExpiry() {
    ClusterId id = harness.created("dev");
    assertThat(harness.cluster(id).state()).isEqualTo(CREATING);

    harness.until(id, READY);
    assertThat(harness.mails()).containsExactly("dev is ready");
    Instant expires = harness.expires(id);
    assertThat(expires).isEqualTo(harness.ready(id).plus(Duration.ofMinutes(30)));

    harness.until(id, DESTROYING);
    assertThat(harness.mails()).containsExactly("dev is ready", "dev is about to be destroyed");
    assertThat(harness.clock.instant()).isBetween(expires, expires.plus(SWEEP));

    harness.untilAllGone();
    assertThat(harness.mails())
        .containsExactly("dev is ready", "dev is about to be destroyed", "dev is gone");
    assertThat(harness.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
  }

  @Test
  void onlyTheCreateTaskGetsAConfig() {
    ClusterId id = harness.created("dev");
    assertThat(harness.objects.text(StoreKeys.config(id)).orElseThrow())
        .contains("\"" + id + "\"", "\"dev\"", "\"STANDARD\"");

    harness.objects.put(StoreKeys.config(id), "as it was");
    harness.until(id, READY);
    harness.destroy(id);
    harness.untilAllGone();
    assertThat(harness.objects.text(StoreKeys.config(id))).contains("as it was");
  }

  @Test
  void aRetriedLaunchUsesTheCurrentVersions() {
    harness.tasks.next(TaskKind.CREATE, Fate.REFUSED);
    ClusterId id = harness.created("dev");
    assertThat(harness.objects.text(StoreKeys.config(id)).orElseThrow()).contains("\"STANDARD\"");

    harness.objects.put(
        StoreKeys.VERSIONS,
        "{\"offered\":[\"1.35\",\"1.36\"],\"extended\":[\"1.35\"],\"preferred\":\"1.36\"}");
    harness.until(id, READY);
    assertThat(harness.objects.text(StoreKeys.config(id)).orElseThrow()).contains("\"EXTENDED\"");
  }

  @Test
  void theNoticeIsSentOnceSomeMinutesBeforeTheExpiry() {
    ClusterId id = harness.created("dev");
    harness.until(() -> harness.mails().contains("dev is about to be destroyed"), "the notice");

    Instant expires = harness.expires(id);
    assertThat(Duration.between(harness.clock.instant(), expires))
        .isBetween(Duration.ofMinutes(1), Duration.ofMinutes(6));
    assertThat(harness.mailer.delivered().getLast().body())
        .contains("eksp prolong --local dev 30m");
    harness.untilAllGone();
    assertThat(harness.mails()).containsOnlyOnce("dev is about to be destroyed");
  }

  /** A lifetime in minutes, and how many are left at the latest when the early notice arrives. */
  @ParameterizedTest
  @CsvSource({"40, 10", "60, 15", "120, 30", "600, 30"})
  void theEarlyNoticeComesInTimeWheneverTheSweepRuns(int lifetime, int left) {
    for (int offset = 0; offset < 5; offset++) {
      LifecycleHarness harness = new LifecycleHarness(new Limits(1440, 10, 2, 2));
      harness.pass(Duration.ofMinutes(offset));
      ClusterId id = harness.created(new SpecBuilder().name("dev").timeout(lifetime).build());
      harness.until(() -> !early(harness).isEmpty(), "the early notice");

      Duration before = Duration.between(harness.clock.instant(), harness.expires(id));
      assertThat(before).isBetween(Duration.ofMinutes(left), Duration.ofMinutes(left + 6));
      Mail mail = harness.mailer.delivered().getLast();
      assertThat(mail.body())
          .contains("eksp prolong --local dev 30m", "Its lifetime of " + lifetime);

      harness.until(() -> harness.mails().contains("dev is about to be destroyed"), "the notice");
      assertThat(Duration.between(harness.clock.instant(), harness.expires(id)))
          .isBetween(Duration.ofMinutes(1), Duration.ofMinutes(6));
      harness.untilAllGone();
      assertThat(early(harness)).hasSize(1);
      assertThat(harness.mails()).containsOnlyOnce("dev is about to be destroyed");
    }
  }

  private static List<String> early(LifecycleHarness harness) {
    return harness.mails().stream().filter(mail -> mail.contains("will be destroyed at")).toList();
  }

  @Test
  void aProlongedClusterGetsAnotherEarlyNoticeHalfAnHourBeforeItsNewExpiry() {
    LifecycleHarness harness = new LifecycleHarness(new Limits(1440, 10, 2, 2));
    ClusterId id = harness.created(new SpecBuilder().name("dev").timeout(120).build());
    harness.until(() -> early(harness).size() == 1, "the early notice");
    harness.prolong(id, 10);
    harness.prolong(id, 10);
    harness.prolong(id, 100);

    harness.until(() -> early(harness).size() == 2, "the next one");

    assertThat(Duration.between(harness.clock.instant(), harness.expires(id)))
        .isBetween(Duration.ofMinutes(30), Duration.ofMinutes(36));
    harness.untilAllGone();
    assertThat(early(harness)).doesNotHaveDuplicates().hasSize(2);
  }

  @Test
  void anEarlyNoticeThatCannotBeSentDelaysNothing() {
    LifecycleHarness harness = new LifecycleHarness();
    harness.mailer.setDown(true);
    ClusterId id = harness.created(new SpecBuilder().name("dev").timeout(60).build());

    harness.until(id, DESTROYING);

    assertThat(harness.clock.instant())
        .isBetween(harness.expires(id), harness.expires(id).plus(SWEEP));
    assertThat(harness.cluster(id).notifications())
        .filteredOn(notification -> notification.topic() == Topic.EARLY_NOTICE)
        .singleElement()
        .satisfies(early -> {
          assertThat(early.delivery()).isEqualTo(Delivery.FAILED);
          assertThat(early.last()).isAfter(early.tried());
        });
  }

  @Test
  void aProlongedClusterLivesLongerAndGetsANewNotice() {
    ClusterId id = harness.created("dev");
    harness.until(() -> harness.mails().contains("dev is about to be destroyed"), "the notice");
    Instant first = harness.expires(id);

    assertThat(harness.prolong(id, 30)).isInstanceOf(Result.Success.class);

    Instant second = first.plus(Duration.ofMinutes(30));
    assertThat(harness.expires(id)).isEqualTo(second);
    harness.until(id, DESTROYING);
    assertThat(harness.clock.instant()).isAfterOrEqualTo(second);
    assertThat(harness.mails()).filteredOn("dev is about to be destroyed"::equals).hasSize(2);
    harness.untilAllGone();
  }

  @Test
  void withoutASenderNoMailIsTriedAndNothingWaits() {
    harness.hasNoSender();
    ClusterId id = harness.created("dev");
    harness.until(id, READY);
    assertThat(harness.cluster(id).notifications()).satisfiesExactly(this::hasNoSender);
    Instant expires = harness.expires(id);

    harness.until(id, DESTROYING);
    assertThat(harness.clock.instant()).isBetween(expires, expires.plus(SWEEP));
    harness.untilAllGone();
    assertThat(harness.cluster(id).notifications()).hasSize(3).allSatisfy(this::hasNoSender);
    assertThat(harness.mails()).isEmpty();
  }

  private void hasNoSender(Notification mailing) {
    assertThat(mailing.delivery()).isEqualTo(Delivery.NO_RECIPIENT);
    assertThat(mailing.why()).startsWith("no sender is configured");
    assertThat(mailing.last()).isEqualTo(mailing.tried());
  }

  @Test
  void aDeliveryErrorStaysOnRecordUntilTheMailIsSent() {
    harness.mailer.setDown(true);
    ClusterId id = harness.created("dev");
    harness.until(id, READY);
    assertThat(harness.cluster(id).notifications())
        .extracting(Notification::delivery, Notification::why)
        .containsExactly(tuple(Delivery.FAILED, "alice@eksphemeral.io: the mail server is down"));

    harness.mailer.setDown(false);
    harness.pass(Duration.ofMinutes(10));
    assertThat(harness.cluster(id).notifications())
        .extracting(Notification::delivery, Notification::why)
        .containsExactly(tuple(Delivery.SENT, null));
    assertThat(harness.objects.text(StoreKeys.record(id)).orElseThrow()).doesNotContain("is down");
  }

  @Test
  void aReservedOwnerIsRecordedAsHavingNoRecipient() {
    ClusterId id = harness.created(new SpecBuilder().owner("nobody@example.com").build());
    harness.until(id, READY);
    assertThat(harness.cluster(id).notifications())
        .extracting(Notification::delivery, Notification::why)
        .containsExactly(
            tuple(Delivery.NO_RECIPIENT, "addresses under reserved domains receive no mail"));
  }

  @Test
  void aShortenedClusterStillGetsANotice() {
    ClusterId id = harness.created("dev");
    harness.until(id, READY);

    assertThat(harness.prolong(id, -100)).isInstanceOf(Result.Success.class);

    assertThat(harness.expires(id)).isEqualTo(harness.clock.instant());
    harness.until(id, DESTROYING);
    assertThat(harness.mails()).contains("dev is about to be destroyed");
    harness.untilAllGone();
  }

  @Test
  void aClusterCanBeProlongedWhileItIsCreated() {
    ClusterId id = harness.created("dev");
    assertThat(harness.prolong(id, 10)).isInstanceOf(Result.Success.class);
    assertThat(harness.prolong(id, -40)).isInstanceOf(Result.Rejected.class);

    harness.until(id, READY);
    assertThat(Duration.between(harness.ready(id), harness.expires(id)))
        .isEqualTo(Duration.ofMinutes(40));
  }

  @Test
  void prolongingIsRejectedOverTheLimitAndDuringDestruction() {
    ClusterId id = harness.created("dev");
    harness.until(id, READY);

    assertThat(rejection(harness.prolong(id, 1411)).kind()).isEqualTo(Rejection.Kind.LIMIT);
    assertThat(harness.prolong(id, 1410)).isInstanceOf(Result.Success.class);
    assertThat(rejection(harness.prolong(id, 1)).kind()).isEqualTo(Rejection.Kind.LIMIT);
    harness.destroy(id);
    assertThat(rejection(harness.prolong(id, -5)).error()).contains("too late", "destroying");
  }

  @Test
  void aClusterIsDestroyedOnRequest() {
    ClusterId id = harness.created("dev");
    harness.until(id, READY);

    assertThat(harness.destroy(id)).isInstanceOf(Result.Success.class);
    assertThat(harness.destroy(id)).isInstanceOf(Result.Success.class);

    assertThat(harness.cluster(id).state()).isEqualTo(DESTROYING);
    harness.untilAllGone();
    assertThat(harness.cluster(id).tasks()).hasSize(2);
    assertThat(harness.mails()).containsExactly("dev is ready", "dev is gone");
  }

  @Test
  void aClusterCanBeDestroyedBeforeItsCreateTaskStarts() {
    ClusterId id = harness.created("dev");

    harness.destroy(id);

    assertThat(harness.cluster(id).tasks().getFirst().outcome()).isNotNull();
    harness.untilAllGone();
    assertThat(harness.states(id)).containsExactly(CREATING, DESTROYING, GONE);
    assertThat(harness.mails()).containsExactly("dev is gone");
  }

  @Test
  void aClusterCanBeDestroyedWhileItIsCreated() {
    ClusterId id = harness.created("dev");
    harness.pass(Duration.ofMinutes(3));

    harness.destroy(id);

    assertThat(harness.cluster(id).openTask().orElseThrow().kind()).isEqualTo(TaskKind.CREATE);
    harness.untilAllGone();
    assertThat(harness.states(id)).containsExactly(CREATING, DESTROYING, GONE);
  }

  @Test
  void aFailedCreationIsDestroyedAndItsOwnerNotified() {
    harness.tasks.next(TaskKind.CREATE, Fate.FAILS);
    ClusterId id = harness.created("dev");

    harness.untilAllGone();

    assertThat(harness.states(id)).containsExactly(CREATING, CREATE_FAILED, DESTROYING, GONE);
    assertThat(harness.mails()).containsExactly("dev could not be created", "dev is gone");
    assertThat(harness.mailer.delivered().getFirst().body()).contains("it failed", "the last line");
    assertThat(harness.cluster(id).error()).isEqualTo("it failed");
  }

  @Test
  void aCreateTaskWithoutAResultHasFailed() {
    harness.tasks.next(TaskKind.CREATE, Fate.STILLBORN);
    ClusterId stillborn = harness.created("stillborn");
    harness.tasks.next(TaskKind.CREATE, Fate.DIES);
    ClusterId dead = harness.created("dead");

    harness.untilAllGone();

    assertThat(harness.cluster(stillborn).error()).isEqualTo("CannotPullContainerError");
    assertThat(harness.cluster(dead).error()).isEqualTo("exit code 137");
  }

  @Test
  void aHangingCreateTaskIsStoppedAtItsDeadline() {
    harness.tasks.next(TaskKind.CREATE, Fate.HANGS);
    ClusterId id = harness.created("dev");

    long minutes =
        harness.until(() -> harness.cluster(id).since(CREATE_FAILED).isPresent(), "failure");

    assertThat(minutes).isBetween(45L, 52L);
    assertThat(harness.cluster(id).error())
        .isEqualTo("the create task took longer than 45 minutes");
    harness.untilAllGone();
  }

  /** Meanwhile ECS shows it as running, but no longer lists it. */
  @Test
  void aTaskHasTimeToStopAfterItWasTold() {
    harness.tasks.next(TaskKind.CREATE, Fate.HANGS);
    ClusterId id = harness.created("dev");
    harness.pass(Duration.ofMinutes(5));
    harness.clock.advance(Duration.ofHours(3)); // without a sweep
    harness.sweep();

    harness.sweep();

    assertThat(harness.tasks.works(id)).isTrue();
    assertThat(harness.cluster(id).state()).isEqualTo(CREATING);
    harness.untilAllGone();
    assertThat(harness.states(id)).containsExactly(CREATING, CREATE_FAILED, DESTROYING, GONE);
  }

  @Test
  void aMissingTaskIsGivenUpAfterAnHourAndNeverStarts() {
    harness.tasks.next(TaskKind.CREATE, Fate.VANISHES);
    ClusterId id = harness.created("dev");

    harness.untilAllGone();

    assertThat(harness.states(id)).containsExactly(CREATING, CREATE_FAILED, DESTROYING, GONE);
  }

  @Test
  void aRejectedLaunchIsRetried() {
    harness.tasks.next(TaskKind.CREATE, Fate.REFUSED, Fate.REFUSED);
    ClusterId id = harness.created("dev");
    assertThat(harness.cluster(id).error()).isEqualTo("RESOURCE:MEMORY");

    harness.until(id, READY);

    assertThat(harness.cluster(id).error()).isNull();
  }

  @Test
  void aLaunchThatIsRejectedForTooLongHasFailed() {
    Fate[] refusals = new Fate[20];
    Arrays.fill(refusals, Fate.REFUSED);
    harness.tasks.next(TaskKind.CREATE, refusals);
    ClusterId id = harness.created("dev");

    harness.untilAllGone();

    assertThat(harness.cluster(id).error())
        .isEqualTo("the create task took longer than 45 minutes: RESOURCE:MEMORY");
  }

  @Test
  void failedTeardownsAreRetriedWithBackoffUntilDeletionIsVerified() {
    harness.tasks.next(
        TaskKind.DESTROY,
        Fate.FAILS,
        Fate.LEAVES_THINGS,
        Fate.DIES,
        Fate.STILLBORN,
        Fate.FAILS,
        Fate.FAILS);
    ClusterId id = harness.created("dev");
    harness.until(id, READY);
    harness.destroy(id);

    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      harness.until(id, DESTROY_FAILED);
      pauses.add(harness.until(id, DESTROYING));
    }
    harness.untilAllGone();

    assertThat(pauses.get(0)).isBetween(5L, 10L);
    assertThat(pauses.get(1)).isBetween(10L, 15L);
    assertThat(pauses.get(2)).isBetween(20L, 25L);
    assertThat(pauses.get(3)).isBetween(40L, 45L);
    assertThat(pauses.get(4)).isBetween(60L, 65L);
    assertThat(pauses.get(5)).isBetween(60L, 65L);
    assertThat(harness.cluster(id).failures()).isEqualTo(6);
  }

  @Test
  void leftoversAreNamedAndPreventVerification() {
    harness.tasks.next(TaskKind.DESTROY, Fate.LEAVES_THINGS);
    ClusterId id = harness.created("dev");
    harness.destroy(id);
    harness.until(id, DESTROY_FAILED);

    assertThat(harness.cluster(id).leftovers()).containsExactly("volume vol-1");
    assertThat(harness.cluster(id).error())
        .isEqualTo("the teardown left resources behind; leftovers: volume vol-1");
    harness.untilAllGone();
    assertThat(harness.cluster(id).leftovers()).isEmpty();
  }

  @Test
  void ownerAndOperatorAreNotifiedOfTheThirdFailureAndThenDaily() {
    Fate[] failures = new Fate[40];
    Arrays.fill(failures, Fate.FAILS);
    harness.tasks.next(TaskKind.DESTROY, failures);
    ClusterId id = harness.created("dev");
    harness.destroy(id);
    String subject = "dev could not be destroyed and may still cost money";

    harness.until(() -> harness.mails().contains(subject), "the notification");
    assertThat(harness.cluster(id).failures()).isEqualTo(3);
    assertThat(harness.mailer.delivered())
        .filteredOn(mail -> mail.subject().endsWith(subject))
        .map(Mailer.Mail::to)
        .containsExactly("alice@eksphemeral.io", LifecycleHarness.OPERATOR);

    harness.pass(Duration.ofHours(23));
    assertThat(harness.mails()).filteredOn(subject::equals).hasSize(2);
    harness.pass(Duration.ofHours(2));
    assertThat(harness.mails()).filteredOn(subject::equals).hasSize(4);
    harness.untilAllGone();
  }

  @Test
  void destroyingAgainSkipsTheBackoff() {
    harness.tasks.next(TaskKind.DESTROY, Fate.FAILS);
    ClusterId id = harness.created("dev");
    harness.destroy(id);
    harness.until(id, DESTROY_FAILED);

    harness.destroy(id);

    assertThat(harness.cluster(id).state()).isEqualTo(DESTROYING);
    harness.untilAllGone();
  }

  @Test
  void aHangingDestroyTaskIsStoppedAndRetried() {
    harness.tasks.next(TaskKind.DESTROY, Fate.HANGS);
    ClusterId id = harness.created("dev");
    harness.destroy(id);

    assertThat(harness.until(id, DESTROY_FAILED)).isBetween(60L, 70L);
    harness.untilAllGone();
    assertThat(harness.states(id))
        .containsExactly(CREATING, DESTROYING, DESTROY_FAILED, DESTROYING, GONE);
  }

  @Test
  void aForeignClusterOfTheSameNameEndsTheCreationUntouched() {
    harness.tasks.addForeign("dev");
    ClusterId id = harness.created("dev");

    harness.untilAllGone();

    assertThat(harness.tasks.owner("dev")).isEqualTo("foreign");
    assertThat(harness.states(id)).containsExactly(CREATING, GONE);
    assertThat(harness.cluster(id).error()).isEqualTo("a foreign cluster has the name dev");
    assertThat(harness.mailer.delivered().getLast().body()).contains("a foreign cluster");
  }

  @Test
  void aForeignClusterOfTheSameNameSurvivesATeardown() {
    harness.tasks.addForeign("dev");
    ClusterId id = harness.created("dev");
    harness.pass(Duration.ofMinutes(3));
    harness.destroy(id);

    harness.untilAllGone();

    assertThat(harness.tasks.owner("dev")).isEqualTo("foreign");
  }

  @Test
  void withoutAMailServerEverythingContinuesAndTheNoticeIsTried() {
    harness.mailer.setDown(true);
    ClusterId id = harness.created("dev");
    harness.untilAllGone();

    assertThat(harness.mails()).isEmpty();
    assertThat(harness.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
    assertThat(harness.cluster(id).notification(Topic.NOTICE, harness.expires(id))).isPresent();
  }

  @Test
  void aFailedMailIsSentOnceTheServerIsBack() {
    harness.mailer.setDown(true);
    ClusterId id = harness.created("dev");
    harness.until(id, READY);
    harness.mailer.setDown(false);

    harness.pass(Duration.ofMinutes(10));

    assertThat(harness.mails()).containsExactly("dev is ready");
  }

  @Test
  void ifEverySenderCrashesTheClusterIsStillDestroyed() {
    ClusterId id = harness.created("dev");
    harness.mailer.whileSending(() -> {
      throw new CrashInjector.Crash("the mail server hangs");
    });

    for (int minutes = 0; minutes < 180; minutes++) {
      harness.crashesIn(() -> harness.pass(Duration.ofMinutes(1)));
    }

    assertThat(harness.mails()).isEmpty();
    assertThat(harness.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
    harness.untilAllGone();
  }

  @Test
  void anExceptionOfTheMailerIsAFailedMail() {
    harness.mailer.whileSending(() -> {
      throw new IllegalStateException("a bug in a library");
    });
    ClusterId id = harness.created("dev");

    harness.untilAllGone();

    assertThat(harness.cluster(id).notifications())
        .isNotEmpty()
        .allMatch(mailing -> mailing.delivery() == Notification.Delivery.FAILED);
  }

  @Test
  void concurrentSweepsSendAMailOnce() {
    harness.mailer.whileSending(harness::sweep);
    harness.created("dev");

    harness.untilAllGone();

    assertThat(harness.mails())
        .containsExactly("dev is ready", "dev is about to be destroyed", "dev is gone");
  }

  @Test
  void aDeliveryIsRecordedEvenIfTheExpiryChangesMeanwhile() {
    ClusterId id = harness.created("dev");
    harness.mailer.whileSending(() -> harness.prolong(id, 1));
    harness.until(id, READY);
    harness.mailer.whileSending(() -> {});
    harness.pass(Duration.ofMinutes(20));

    assertThat(harness.mails()).containsExactly("dev is ready");
  }

  @Test
  void aReservedOwnerGetsNoMailAndTheClusterLivesNormally() {
    ClusterId id =
        harness.created(new SpecBuilder().timeout(20).owner("nobody@example.com").build());
    harness.untilAllGone();

    assertThat(harness.mails()).isEmpty();
    assertThat(harness.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
  }

  @Test
  void withoutTaskEventsTheSweepAloneSuffices() {
    harness.receivesNoEvents();
    ClusterId id = harness.created("dev");

    harness.untilAllGone();

    assertThat(harness.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
  }

  @Test
  void aNameStaysTakenUntilItsClusterIsGone() {
    ClusterId first = harness.created("dev");
    assertThat(rejection(harness.create(Samples.newId(), Samples.spec("dev"))).error())
        .contains(first.value());
    harness.destroy(first);
    harness.untilAllGone();

    harness.created("dev");
  }

  @Test
  void aClusterThatIsGoneIsFoundByItsIdAndReturnedOnRepeat() {
    ClusterId id = harness.created("dev");
    harness.destroy(id);
    harness.untilAllGone();

    Result<Stored.Live> again = harness.create(id, Samples.spec("dev"));

    assertThat(again).isInstanceOf(Result.Success.class);
    assertThat(((Result.Success<Stored.Live>) again).value().cluster().state()).isEqualTo(GONE);
    assertThat(harness.store.ids()).isEmpty();
  }

  @Test
  void theSameIdReturnsTheSameClusterAndOnlyToItsCaller() {
    ClusterId id = harness.created("dev");

    Result<Stored.Live> again = harness.create(id, Samples.spec("dev"));

    assertThat(again).isInstanceOf(Result.Success.class);
    assertThat(harness.store.ids()).containsExactly(id);
    assertThat(rejection(harness.create(id, Samples.spec("other"))).kind())
        .isEqualTo(Rejection.Kind.ID_TAKEN);
    assertThat(rejection(harness.create(id, Samples.spec("dev"), Samples.BOB)).kind())
        .isEqualTo(Rejection.Kind.ID_TAKEN);
    harness.until(id, READY);
    harness.untilAllGone();
  }

  @Test
  void aRejectedRequestLeavesNothingBehind() {
    LifecycleHarness small = new LifecycleHarness(new Limits(1440, 10, 2, 1));
    small.created("one");
    Rejection mine = rejection(small.create(Samples.newId(), Samples.spec("two")));
    assertThat(mine.error()).contains("has reached the maximum number of clusters per caller (1)");
    assertThat(small.create(Samples.newId(), Samples.spec("two"), Samples.BOB))
        .isInstanceOf(Result.Success.class);
    Rejection all = rejection(small.create(Samples.newId(), Samples.spec("three"), "arn:carol"));
    assertThat(all.kind()).isEqualTo(Rejection.Kind.LIMIT);
    assertThat(all.error()).contains("maximum number of clusters is reached (2)");

    assertThat(small.store.ids()).hasSize(2);
    assertThat(small.store.claims()).map(Claim::name).containsExactlyInAnyOrder("one", "two");
    small.untilAllGone();
  }

  @Test
  void aSecondNameForOneIdIsFreedAndFindsNoCluster() {
    ClusterId id = Samples.newId();
    harness.store.claim(new Claim("first", id, harness.clock.instant()));
    harness.create(id, Samples.spec("second"));

    assertThat(harness.find("first")).isInstanceOf(Result.Rejected.class);
    assertThat(harness.find("second")).isInstanceOf(Result.Success.class);
    harness.pass(Duration.ofMinutes(15));
    assertThat(harness.store.claims()).map(Claim::name).containsExactly("second");
  }

  @Test
  void aClusterWhoseNameWasFreedClaimsItAgain() {
    ClusterId id = Samples.newId();
    Cluster unnamed =
        Cluster.requested(id, Samples.spec("dev"), Samples.ALICE, harness.clock.instant());
    assertThat(harness.store.add(unnamed)).isPresent();

    harness.until(id, READY);

    assertThat(harness.store.claimOn("dev").orElseThrow().holder()).isEqualTo(id);
  }

  @Test
  void aClusterWhoseNameWasTakenMeanwhileIsNotCreated() {
    ClusterId holder = harness.created("dev");
    ClusterId late = Samples.newId();
    Cluster unnamed =
        Cluster.requested(late, Samples.spec("dev"), Samples.ALICE, harness.clock.instant());
    LifecycleHarness other = new LifecycleHarness();
    assertThat(other.store.claim(new Claim("dev", holder, other.clock.instant()))).isNotNull();
    assertThat(other.store.add(unnamed)).isPresent();

    other.sweep();

    assertThat(other.store.ids()).isEmpty();
    assertThat(other.store.claimOn("dev").orElseThrow().holder()).isEqualTo(holder);
  }

  @Test
  void aClaimWithoutARecordIsReleasedAfterTenMinutes() {
    harness.store.claim(new Claim("dev", Samples.newId(), harness.clock.instant()));
    harness.pass(Duration.ofMinutes(9));
    assertThat(harness.store.claims()).hasSize(1);

    harness.pass(Duration.ofMinutes(6));

    assertThat(harness.store.claims()).isEmpty();
  }

  @Test
  void unreadableRecordsAreReportedAndNotTouched() {
    ClusterId broken = Samples.newId();
    ClusterId old = Samples.newId();
    harness.objects.put(StoreKeys.record(broken), "{");
    harness.objects.put(StoreKeys.record(old), "{\"name\":\"default-eksp\"}");
    ClusterId id = harness.created("dev");

    SweepReport report = harness.sweep();
    harness.until(() -> harness.find(id).map(Cluster::state).equals(Optional.of(GONE)), "end");

    assertThat(report.unreadable()).containsOnlyKeys(broken);
    assertThat(report.legacy()).containsExactly(old);
    assertThat(harness.objects.text(StoreKeys.record(broken))).contains("{");
    assertThat(harness.objects.text(StoreKeys.record(old))).contains("{\"name\":\"default-eksp\"}");
  }

  private static Rejection rejection(Result<Stored.Live> answer) {
    assertThat(answer).isInstanceOf(Result.Rejected.class);
    return ((Result.Rejected<Stored.Live>) answer).rejection();
  }
}
