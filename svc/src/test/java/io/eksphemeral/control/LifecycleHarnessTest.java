package io.eksphemeral.control;

import static io.eksphemeral.domain.State.CREATE_FAILED;
import static io.eksphemeral.domain.State.CREATING;
import static io.eksphemeral.domain.State.DESTROYING;
import static io.eksphemeral.domain.State.DESTROY_FAILED;
import static io.eksphemeral.domain.State.GONE;
import static io.eksphemeral.domain.State.READY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

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

/** The life of a cluster, as its owner sees it. */
final class LifecycleHarnessTest {
  private static final Duration SWEEP = Duration.ofMinutes(5);

  private final LifecycleHarness life = new LifecycleHarness();

  @Test
  void aClusterIsBuiltAnnouncedAndGoneWhenItsTimeIsUp() {
    ClusterId id = life.created("dev");
    assertThat(life.cluster(id).state()).isEqualTo(CREATING);

    life.until(id, READY);
    assertThat(life.mails()).containsExactly("dev is ready");
    Instant expires = life.expires(id);
    assertThat(expires).isEqualTo(life.ready(id).plus(Duration.ofMinutes(30)));

    life.until(id, DESTROYING);
    assertThat(life.mails()).containsExactly("dev is ready", "dev is about to be destroyed");
    assertThat(life.clock.instant()).isBetween(expires, expires.plus(SWEEP));

    life.untilAllGone();
    assertThat(life.mails())
        .containsExactly("dev is ready", "dev is about to be destroyed", "dev is gone");
    assertThat(life.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
  }

  @Test
  void whatIsBuiltIsInItsConfigAndDestroyingWritesNone() {
    ClusterId id = life.created("dev");
    assertThat(life.objects.text(StoreKeys.config(id)).orElseThrow())
        .contains("\"" + id + "\"", "\"dev\"", "\"STANDARD\"");

    life.objects.put(StoreKeys.config(id), "as it was");
    life.until(id, READY);
    life.destroy(id);
    life.untilAllGone();
    assertThat(life.objects.text(StoreKeys.config(id))).contains("as it was");
  }

  @Test
  void aCreationThatWasRefusedIsToldWhatIsTrueWhenItIsLaunched() {
    life.tasks.next(TaskKind.CREATE, Fate.REFUSED);
    ClusterId id = life.created("dev");
    assertThat(life.objects.text(StoreKeys.config(id)).orElseThrow()).contains("\"STANDARD\"");

    life.objects.put(
        StoreKeys.VERSIONS,
        "{\"offered\":[\"1.35\",\"1.36\"],\"extended\":[\"1.35\"],\"preferred\":\"1.36\"}");
    life.until(id, READY);
    assertThat(life.objects.text(StoreKeys.config(id)).orElseThrow()).contains("\"EXTENDED\"");
  }

  @Test
  void theNoticeComesOnceAndSomeMinutesBeforeTheEnd() {
    ClusterId id = life.created("dev");
    life.until(() -> life.mails().contains("dev is about to be destroyed"), "the notice");

    Instant expires = life.expires(id);
    assertThat(Duration.between(life.clock.instant(), expires))
        .isBetween(Duration.ofMinutes(1), Duration.ofMinutes(6));
    assertThat(life.mailer.delivered().getLast().body())
        .contains("./eksp-prolong.sh --local " + id + " 30");
    life.untilAllGone();
    assertThat(life.mails()).containsOnlyOnce("dev is about to be destroyed");
  }

  @Test
  void aProlongedClusterLivesForLongerAndIsAnnouncedAgain() {
    ClusterId id = life.created("dev");
    life.until(() -> life.mails().contains("dev is about to be destroyed"), "the notice");
    Instant first = life.expires(id);

    assertThat(life.prolong(id, 30)).isInstanceOf(Result.Success.class);

    Instant second = first.plus(Duration.ofMinutes(30));
    assertThat(life.expires(id)).isEqualTo(second);
    life.until(id, DESTROYING);
    assertThat(life.clock.instant()).isAfterOrEqualTo(second);
    assertThat(life.mails()).filteredOn("dev is about to be destroyed"::equals).hasSize(2);
    life.untilAllGone();
  }

  @Test
  void withoutASenderNothingIsTriedAndNothingWaits() {
    life.hasNoSender();
    ClusterId id = life.created("dev");
    life.until(id, READY);
    assertThat(life.cluster(id).notifications()).satisfiesExactly(this::hasNoSender);
    Instant expires = life.expires(id);

    life.until(id, DESTROYING);
    assertThat(life.clock.instant()).isBetween(expires, expires.plus(SWEEP));
    life.untilAllGone();
    assertThat(life.cluster(id).notifications()).hasSize(3).allSatisfy(this::hasNoSender);
    assertThat(life.mails()).isEmpty();
  }

  private void hasNoSender(Notification mailing) {
    assertThat(mailing.delivery()).isEqualTo(Delivery.NO_RECIPIENT);
    assertThat(mailing.why()).startsWith("no sender is configured");
    assertThat(mailing.last()).isEqualTo(mailing.tried());
  }

  @Test
  void whyAMailWasNotDeliveredIsOnRecordUntilItIs() {
    life.mailer.setDown(true);
    ClusterId id = life.created("dev");
    life.until(id, READY);
    assertThat(life.cluster(id).notifications())
        .extracting(Notification::delivery, Notification::why)
        .containsExactly(tuple(Delivery.FAILED, "alice@eksphemeral.io: the mail server is down"));

    life.mailer.setDown(false);
    life.pass(Duration.ofMinutes(10));
    assertThat(life.cluster(id).notifications())
        .extracting(Notification::delivery, Notification::why)
        .containsExactly(tuple(Delivery.SENT, null));
    assertThat(life.objects.text(StoreKeys.record(id)).orElseThrow()).doesNotContain("is down");
  }

  @Test
  void anOwnerWhoReceivesNoMailIsOnRecordAsSuch() {
    ClusterId id = life.created(new SpecBuilder().owner("nobody@example.com").build());
    life.until(id, READY);
    assertThat(life.cluster(id).notifications())
        .extracting(Notification::delivery, Notification::why)
        .containsExactly(
            tuple(Delivery.NO_RECIPIENT, "addresses under reserved domains receive no mail"));
  }

  @Test
  void aShortenedClusterIsStillAnnouncedBeforeItGoes() {
    ClusterId id = life.created("dev");
    life.until(id, READY);

    assertThat(life.prolong(id, -100)).isInstanceOf(Result.Success.class);

    assertThat(life.expires(id)).isEqualTo(life.clock.instant());
    life.until(id, DESTROYING);
    assertThat(life.mails()).contains("dev is about to be destroyed");
    life.untilAllGone();
  }

  @Test
  void aClusterCanBeProlongedWhileItIsBuilt() {
    ClusterId id = life.created("dev");
    assertThat(life.prolong(id, 10)).isInstanceOf(Result.Success.class);
    assertThat(life.prolong(id, -40)).isInstanceOf(Result.Rejected.class);

    life.until(id, READY);
    assertThat(Duration.between(life.ready(id), life.expires(id)))
        .isEqualTo(Duration.ofMinutes(40));
  }

  @Test
  void noClusterIsProlongedPastTheLimitOrWhenItIsEnding() {
    ClusterId id = life.created("dev");
    life.until(id, READY);

    assertThat(rejection(life.prolong(id, 1411)).kind()).isEqualTo(Rejection.Kind.LIMIT);
    assertThat(life.prolong(id, 1410)).isInstanceOf(Result.Success.class);
    assertThat(rejection(life.prolong(id, 1)).kind()).isEqualTo(Rejection.Kind.LIMIT);
    life.destroy(id);
    assertThat(rejection(life.prolong(id, -5)).error()).contains("too late", "destroying");
  }

  @Test
  void aClusterIsDestroyedWhenAsked() {
    ClusterId id = life.created("dev");
    life.until(id, READY);

    assertThat(life.destroy(id)).isInstanceOf(Result.Success.class);
    assertThat(life.destroy(id)).isInstanceOf(Result.Success.class);

    assertThat(life.cluster(id).state()).isEqualTo(DESTROYING);
    life.untilAllGone();
    assertThat(life.cluster(id).tasks()).hasSize(2);
    assertThat(life.mails()).containsExactly("dev is ready", "dev is gone");
  }

  @Test
  void aClusterIsDestroyedBeforeItsCreationHasBegun() {
    ClusterId id = life.created("dev");

    life.destroy(id);

    assertThat(life.cluster(id).tasks().getFirst().outcome()).isNotNull();
    life.untilAllGone();
    assertThat(life.states(id)).containsExactly(CREATING, DESTROYING, GONE);
    assertThat(life.mails()).containsExactly("dev is gone");
  }

  @Test
  void aClusterIsDestroyedInTheMiddleOfItsCreation() {
    ClusterId id = life.created("dev");
    life.pass(Duration.ofMinutes(3));

    life.destroy(id);

    assertThat(life.cluster(id).openTask().orElseThrow().kind()).isEqualTo(TaskKind.CREATE);
    life.untilAllGone();
    assertThat(life.states(id)).containsExactly(CREATING, DESTROYING, GONE);
  }

  @Test
  void aFailedCreationIsTornDownAtOnceAndItsOwnerTold() {
    life.tasks.next(TaskKind.CREATE, Fate.FAILS);
    ClusterId id = life.created("dev");

    life.untilAllGone();

    assertThat(life.states(id)).containsExactly(CREATING, CREATE_FAILED, DESTROYING, GONE);
    assertThat(life.mails()).containsExactly("dev could not be created", "dev is gone");
    assertThat(life.mailer.delivered().getFirst().body())
        .contains("it did not work", "the last line");
    assertThat(life.cluster(id).error()).isEqualTo("it did not work");
  }

  @Test
  void aCreationThatLeavesNoResultHasFailed() {
    life.tasks.next(TaskKind.CREATE, Fate.STILLBORN);
    ClusterId stillborn = life.created("stillborn");
    life.tasks.next(TaskKind.CREATE, Fate.DIES);
    ClusterId dead = life.created("dead");

    life.untilAllGone();

    assertThat(life.cluster(stillborn).error()).isEqualTo("CannotPullContainerError");
    assertThat(life.cluster(dead).error()).isEqualTo("exit code 137");
  }

  @Test
  void aCreationThatHangsIsStoppedAtItsDeadline() {
    life.tasks.next(TaskKind.CREATE, Fate.HANGS);
    ClusterId id = life.created("dev");

    long minutes = life.until(() -> life.cluster(id).since(CREATE_FAILED).isPresent(), "failure");

    assertThat(minutes).isBetween(45L, 52L);
    assertThat(life.cluster(id).error()).isEqualTo("the create task took longer than 45 minutes");
    life.untilAllGone();
  }

  /** ECS shows it as running meanwhile, and no longer as one that is meant to. */
  @Test
  void aTaskHasTimeToStopHoweverLateItIsTold() {
    life.tasks.next(TaskKind.CREATE, Fate.HANGS);
    ClusterId id = life.created("dev");
    life.pass(Duration.ofMinutes(5));
    life.clock.advance(Duration.ofHours(3)); // in which nobody looked
    life.sweep();

    life.sweep();

    assertThat(life.tasks.works(id)).isTrue();
    assertThat(life.cluster(id).state()).isEqualTo(CREATING);
    life.untilAllGone();
    assertThat(life.states(id)).containsExactly(CREATING, CREATE_FAILED, DESTROYING, GONE);
  }

  @Test
  void aTaskThatVanishedIsGivenUpAfterAnHourAndNeverBegins() {
    life.tasks.next(TaskKind.CREATE, Fate.VANISHES);
    ClusterId id = life.created("dev");

    life.untilAllGone();

    assertThat(life.states(id)).containsExactly(CREATING, CREATE_FAILED, DESTROYING, GONE);
  }

  @Test
  void aRefusedLaunchIsTriedAgain() {
    life.tasks.next(TaskKind.CREATE, Fate.REFUSED, Fate.REFUSED);
    ClusterId id = life.created("dev");
    assertThat(life.cluster(id).error()).isEqualTo("RESOURCE:MEMORY");

    life.until(id, READY);

    assertThat(life.cluster(id).error()).isNull();
  }

  @Test
  void aLaunchThatIsRefusedForTooLongHasFailed() {
    Fate[] refusals = new Fate[20];
    Arrays.fill(refusals, Fate.REFUSED);
    life.tasks.next(TaskKind.CREATE, refusals);
    ClusterId id = life.created("dev");

    life.untilAllGone();

    assertThat(life.cluster(id).error())
        .isEqualTo("the create task took longer than 45 minutes: RESOURCE:MEMORY");
  }

  @Test
  void failedDestructionsAreRetriedLessAndLessOftenUntilAbsenceIsProven() {
    life.tasks.next(
        TaskKind.DESTROY,
        Fate.FAILS,
        Fate.LEAVES_THINGS,
        Fate.DIES,
        Fate.STILLBORN,
        Fate.FAILS,
        Fate.FAILS);
    ClusterId id = life.created("dev");
    life.until(id, READY);
    life.destroy(id);

    List<Long> pauses = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      life.until(id, DESTROY_FAILED);
      pauses.add(life.until(id, DESTROYING));
    }
    life.untilAllGone();

    assertThat(pauses.get(0)).isBetween(5L, 10L);
    assertThat(pauses.get(1)).isBetween(10L, 15L);
    assertThat(pauses.get(2)).isBetween(20L, 25L);
    assertThat(pauses.get(3)).isBetween(40L, 45L);
    assertThat(pauses.get(4)).isBetween(60L, 65L);
    assertThat(pauses.get(5)).isBetween(60L, 65L);
    assertThat(life.cluster(id).failures()).isEqualTo(6);
  }

  @Test
  void leftOversAreNamedAndAreNoProof() {
    life.tasks.next(TaskKind.DESTROY, Fate.LEAVES_THINGS);
    ClusterId id = life.created("dev");
    life.destroy(id);
    life.until(id, DESTROY_FAILED);

    assertThat(life.cluster(id).leftovers()).containsExactly("volume vol-1");
    assertThat(life.cluster(id).error())
        .isEqualTo("the teardown left resources behind; leftovers: volume vol-1");
    life.untilAllGone();
    assertThat(life.cluster(id).leftovers()).isEmpty();
  }

  @Test
  void afterTheThirdFailureOwnerAndOperatorHearOfItAndAgainDaily() {
    Fate[] failures = new Fate[40];
    Arrays.fill(failures, Fate.FAILS);
    life.tasks.next(TaskKind.DESTROY, failures);
    ClusterId id = life.created("dev");
    life.destroy(id);
    String subject = "dev could not be destroyed and may still cost money";

    life.until(() -> life.mails().contains(subject), "somebody hears of it");
    assertThat(life.cluster(id).failures()).isEqualTo(3);
    assertThat(life.mailer.delivered())
        .filteredOn(mail -> mail.subject().endsWith(subject))
        .map(Mailer.Mail::to)
        .containsExactly("alice@eksphemeral.io", LifecycleHarness.OPERATOR);

    life.pass(Duration.ofHours(23));
    assertThat(life.mails()).filteredOn(subject::equals).hasSize(2);
    life.pass(Duration.ofHours(2));
    assertThat(life.mails()).filteredOn(subject::equals).hasSize(4);
    life.untilAllGone();
  }

  @Test
  void askingAgainSkipsTheWaitForTheNextAttempt() {
    life.tasks.next(TaskKind.DESTROY, Fate.FAILS);
    ClusterId id = life.created("dev");
    life.destroy(id);
    life.until(id, DESTROY_FAILED);

    life.destroy(id);

    assertThat(life.cluster(id).state()).isEqualTo(DESTROYING);
    life.untilAllGone();
  }

  @Test
  void aDestructionThatHangsIsStoppedAndTriedAgain() {
    life.tasks.next(TaskKind.DESTROY, Fate.HANGS);
    ClusterId id = life.created("dev");
    life.destroy(id);

    assertThat(life.until(id, DESTROY_FAILED)).isBetween(60L, 70L);
    life.untilAllGone();
    assertThat(life.states(id))
        .containsExactly(CREATING, DESTROYING, DESTROY_FAILED, DESTROYING, GONE);
  }

  @Test
  void aForeignClusterOfTheNameEndsTheCreationAndIsNotTouched() {
    life.tasks.addForeign("dev");
    ClusterId id = life.created("dev");

    life.untilAllGone();

    assertThat(life.tasks.owner("dev")).isEqualTo("foreign");
    assertThat(life.states(id)).containsExactly(CREATING, GONE);
    assertThat(life.cluster(id).error()).isEqualTo("there is a cluster dev that is not ours");
    assertThat(life.mailer.delivered().getLast().body()).contains("that is not ours");
  }

  @Test
  void aForeignClusterOfTheNameSurvivesADestructionToo() {
    life.tasks.addForeign("dev");
    ClusterId id = life.created("dev");
    life.pass(Duration.ofMinutes(3));
    life.destroy(id);

    life.untilAllGone();

    assertThat(life.tasks.owner("dev")).isEqualTo("foreign");
  }

  @Test
  void withTheMailServerDownEverythingGoesOnAndTheNoticeWasTried() {
    life.mailer.setDown(true);
    ClusterId id = life.created("dev");
    life.untilAllGone();

    assertThat(life.mails()).isEmpty();
    assertThat(life.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
    assertThat(life.cluster(id).notification(Topic.NOTICE, life.expires(id))).isPresent();
  }

  @Test
  void aMailThatFailedGoesOutOnceTheServerIsBack() {
    life.mailer.setDown(true);
    ClusterId id = life.created("dev");
    life.until(id, READY);
    life.mailer.setDown(false);

    life.pass(Duration.ofMinutes(10));

    assertThat(life.mails()).containsExactly("dev is ready");
  }

  @Test
  void aMailServerAtWhichEveryProcessDiesKeepsNoClusterAlive() {
    ClusterId id = life.created("dev");
    life.mailer.whileSending(() -> {
      throw new CrashInjector.Crash("the mail server hangs");
    });

    for (int minutes = 0; minutes < 180; minutes++) {
      life.diesIn(() -> life.pass(Duration.ofMinutes(1)));
    }

    assertThat(life.mails()).isEmpty();
    assertThat(life.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
    life.untilAllGone();
  }

  @Test
  void aMailerThatThrowsIsAMailThatFailed() {
    life.mailer.whileSending(() -> {
      throw new IllegalStateException("a bug in a library");
    });
    ClusterId id = life.created("dev");

    life.untilAllGone();

    assertThat(life.cluster(id).notifications())
        .isNotEmpty()
        .allMatch(mailing -> mailing.delivery() == Notification.Delivery.FAILED);
  }

  @Test
  void aMailGoesOutOnceHoweverManySweepsAreAtIt() {
    life.mailer.whileSending(life::sweep);
    life.created("dev");

    life.untilAllGone();

    assertThat(life.mails())
        .containsExactly("dev is ready", "dev is about to be destroyed", "dev is gone");
  }

  @Test
  void aMailIsNotedEvenIfTheEndIsMovedWhileItIsSent() {
    ClusterId id = life.created("dev");
    life.mailer.whileSending(() -> life.prolong(id, 1));
    life.until(id, READY);
    life.mailer.whileSending(() -> {});
    life.pass(Duration.ofMinutes(20));

    assertThat(life.mails()).containsExactly("dev is ready");
  }

  @Test
  void nobodyIsNotMailedAndTheClusterLivesAllTheSame() {
    ClusterId id = life.created(new SpecBuilder().timeout(20).owner("nobody@example.com").build());
    life.untilAllGone();

    assertThat(life.mails()).isEmpty();
    assertThat(life.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
  }

  @Test
  void withoutNewsOfTasksTheSweepAloneDoesIt() {
    life.hearsNoNews();
    ClusterId id = life.created("dev");

    life.untilAllGone();

    assertThat(life.states(id)).containsExactly(CREATING, READY, DESTROYING, GONE);
  }

  @Test
  void aNameIsTakenUntilItsClusterIsGone() {
    ClusterId first = life.created("dev");
    assertThat(rejection(life.create(Samples.newId(), Samples.spec("dev"))).error())
        .contains(first.value());
    life.destroy(first);
    life.untilAllGone();

    life.created("dev");
  }

  @Test
  void aFinishedClusterIsFoundByItsIdAndItsKeyGivesItAgain() {
    ClusterId id = life.created("dev");
    life.destroy(id);
    life.untilAllGone();

    Result<Stored.Live> again = life.create(id, Samples.spec("dev"));

    assertThat(again).isInstanceOf(Result.Success.class);
    assertThat(((Result.Success<Stored.Live>) again).value().cluster().state()).isEqualTo(GONE);
    assertThat(life.store.ids()).isEmpty();
  }

  @Test
  void theSameKeyGivesTheSameClusterAndOnlyToWhoAskedForIt() {
    ClusterId id = life.created("dev");

    Result<Stored.Live> again = life.create(id, Samples.spec("dev"));

    assertThat(again).isInstanceOf(Result.Success.class);
    assertThat(life.store.ids()).containsExactly(id);
    assertThat(rejection(life.create(id, Samples.spec("other"))).kind())
        .isEqualTo(Rejection.Kind.ID_TAKEN);
    assertThat(rejection(life.create(id, Samples.spec("dev"), Samples.BOB)).kind())
        .isEqualTo(Rejection.Kind.ID_TAKEN);
    life.until(id, READY);
    life.untilAllGone();
  }

  @Test
  void pastALimitNothingStays() {
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
  void aSecondNameOfAnIdIsFreedAndStandsForNoClusterMeanwhile() {
    ClusterId id = Samples.newId();
    life.store.claim(new Claim("first", id, life.clock.instant()));
    life.create(id, Samples.spec("second"));

    assertThat(life.find("first")).isInstanceOf(Result.Rejected.class);
    assertThat(life.find("second")).isInstanceOf(Result.Success.class);
    life.pass(Duration.ofMinutes(15));
    assertThat(life.store.claims()).map(Claim::name).containsExactly("second");
  }

  @Test
  void aClusterWhoseNameWasFreedClaimsItAgainBeforeItIsBuilt() {
    ClusterId id = Samples.newId();
    Cluster unnamed =
        Cluster.requested(id, Samples.spec("dev"), Samples.ALICE, life.clock.instant());
    assertThat(life.store.add(unnamed)).isPresent();

    life.until(id, READY);

    assertThat(life.store.claimOn("dev").orElseThrow().holder()).isEqualTo(id);
  }

  @Test
  void aClusterWhoseNameIsAnothersByNowIsNotBuilt() {
    ClusterId holder = life.created("dev");
    ClusterId late = Samples.newId();
    Cluster unnamed =
        Cluster.requested(late, Samples.spec("dev"), Samples.ALICE, life.clock.instant());
    LifecycleHarness other = new LifecycleHarness();
    assertThat(other.store.claim(new Claim("dev", holder, other.clock.instant()))).isNotNull();
    assertThat(other.store.add(unnamed)).isPresent();

    other.sweep();

    assertThat(other.store.ids()).isEmpty();
    assertThat(other.store.claimOn("dev").orElseThrow().holder()).isEqualTo(holder);
  }

  @Test
  void aNameThatIsClaimedForNothingIsFreedAfterTenMinutes() {
    life.store.claim(new Claim("dev", Samples.newId(), life.clock.instant()));
    life.pass(Duration.ofMinutes(9));
    assertThat(life.store.claims()).hasSize(1);

    life.pass(Duration.ofMinutes(6));

    assertThat(life.store.claims()).isEmpty();
  }

  @Test
  void recordsThatCannotBeReadAreReportedAndLeftAlone() {
    ClusterId broken = Samples.newId();
    ClusterId old = Samples.newId();
    life.objects.put(StoreKeys.record(broken), "{");
    life.objects.put(StoreKeys.record(old), "{\"name\":\"default-eksp\"}");
    ClusterId id = life.created("dev");

    SweepReport report = life.sweep();
    life.until(() -> life.find(id).map(Cluster::state).equals(Optional.of(GONE)), "end");

    assertThat(report.unreadable()).containsOnlyKeys(broken);
    assertThat(report.legacy()).containsExactly(old);
    assertThat(life.objects.text(StoreKeys.record(broken))).contains("{");
    assertThat(life.objects.text(StoreKeys.record(old))).contains("{\"name\":\"default-eksp\"}");
  }

  private static Rejection rejection(Result<Stored.Live> answer) {
    assertThat(answer).isInstanceOf(Result.Rejected.class);
    return ((Result.Rejected<Stored.Live>) answer).rejection();
  }
}
