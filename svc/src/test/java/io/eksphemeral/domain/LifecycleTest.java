package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The decisions of {@link Lifecycle} and {@link NotificationPolicy}. */
final class LifecycleTest {
  private static final Instant BEGIN = Instant.parse("2026-11-22T10:00:00Z");
  private static final Spec SPEC = new SpecBuilder().build();
  private static final Cluster REQUESTED =
      Cluster.requested(new ClusterId("01930000-0000-7000-8000-000000000001"), SPEC, "arn", BEGIN);
  private static final Cluster ADMITTED = REQUESTED.admitted(BEGIN);
  private static final Cluster CREATING = ADMITTED.launched("task-1", BEGIN);
  private static final Cluster READY =
      CREATING
          .becameReady(at("10m"), at("10m"))
          .notified(Topic.READY, at("10m"), Delivery.SENT, at("10m"));
  private static final Instant EXPIRES = Objects.requireNonNull(READY.expires());
  private static final Cluster TO_DESTROY = READY.destroying("requested", BEGIN);
  private static final Cluster DESTROYING = TO_DESTROY.launched("task-2", BEGIN);

  // Tasks without a result.

  /**
   * Rows: the task runner's status, the fence, whether a task of the cluster runs. Columns: the
   * time since the launch, right before and at each boundary.
   */
  private static final String CREATING_TABLE =
      """
      status     fence  running 45m-1ms       45m           60m-1ms       60m
      unlaunched open   no      launch        launch        launch        launch
      unlaunched open   yes     launch        launch        launch        launch
      unlaunched taken  no      launch        stopping      stopping      stopping
      unlaunched taken  yes     launch        stop          stop          stop
      unlaunched closed no      launch        create-failed create-failed create-failed
      unlaunched closed yes     launch        create-failed create-failed create-failed
      running    open   no      wait       close         close         close
      running    open   yes     wait       close         close         close
      running    taken  no      wait       stopping      stopping      stopping
      running    taken  yes     wait       stop          stop          stop
      running    closed no      wait       create-failed create-failed create-failed
      running    closed yes     wait       create-failed create-failed create-failed
      stopped    open   no      close         close         close         close
      stopped    open   yes     wait       close         close         close
      stopped    taken  no      create-failed create-failed create-failed create-failed
      stopped    taken  yes     wait       stop          stop          stop
      stopped    closed no      create-failed create-failed create-failed create-failed
      stopped    closed yes     wait       create-failed create-failed create-failed
      missing    open   no      wait       close         close         close
      missing    open   yes     wait       close         close         close
      missing    taken  no      wait       wait       wait       create-failed
      missing    taken  yes     wait       stop          stop          stop
      missing    closed no      wait       create-failed create-failed create-failed
      missing    closed yes     wait       create-failed create-failed create-failed
      """;

  private static final String DESTROYING_TABLE =
      """
      status     fence  running 0m             60m-1ms        60m
      unlaunched open   no      launch         launch         launch
      unlaunched open   yes     launch         launch         launch
      unlaunched taken  no      launch         launch         stopping
      unlaunched taken  yes     launch         launch         stop
      unlaunched closed no      launch         launch         destroy-failed
      unlaunched closed yes     launch         launch         destroy-failed
      running    open   no      wait        wait        close
      running    open   yes     wait        wait        close
      running    taken  no      wait        wait        stopping
      running    taken  yes     wait        wait        stop
      running    closed no      wait        wait        destroy-failed
      running    closed yes     wait        wait        destroy-failed
      stopped    open   no      close          close          close
      stopped    open   yes     wait        wait        close
      stopped    taken  no      destroy-failed destroy-failed destroy-failed
      stopped    taken  yes     wait        wait        stop
      stopped    closed no      destroy-failed destroy-failed destroy-failed
      stopped    closed yes     wait        wait        destroy-failed
      missing    open   no      wait        wait        close
      missing    open   yes     wait        wait        close
      missing    taken  no      wait        wait        destroy-failed
      missing    taken  yes     wait        wait        stop
      missing    closed no      wait        wait        destroy-failed
      missing    closed yes     wait        wait        destroy-failed
      """;

  /** The cluster is destroyed during its creation: first the create task must end. */
  private static final String CREATE_TASK_OF_DESTROYED_TABLE =
      """
      status     fence  running 0m        60m-1ms   60m
      unlaunched open   no      close     close     close
      unlaunched open   yes     close     close     close
      unlaunched taken  no      stopping  stopping  stopping
      unlaunched taken  yes     stop      stop      stop
      unlaunched closed no      task-ended task-ended task-ended
      unlaunched closed yes     task-ended task-ended task-ended
      running    open   no      close     close     close
      running    open   yes     close     close     close
      running    taken  no      stopping  stopping  stopping
      running    taken  yes     stop      stop      stop
      running    closed no      task-ended task-ended task-ended
      running    closed yes     task-ended task-ended task-ended
      stopped    open   no      close     close     close
      stopped    open   yes     close     close     close
      stopped    taken  no      task-ended task-ended task-ended
      stopped    taken  yes     stop      stop      stop
      stopped    closed no      task-ended task-ended task-ended
      stopped    closed yes     task-ended task-ended task-ended
      missing    open   no      close     close     close
      missing    open   yes     close     close     close
      missing    taken  no      wait   wait   task-ended
      missing    taken  yes     stop      stop      stop
      missing    closed no      task-ended task-ended task-ended
      missing    closed yes     task-ended task-ended task-ended
      """;

  record Row(Cluster cluster, TaskObservation observed, Instant now, String expected, String what) {
    @Override
    public String toString() {
      return what;
    }
  }

  static Stream<Row> rowsOfCreating() {
    return rows(CREATING_TABLE, ADMITTED, CREATING);
  }

  static Stream<Row> rowsOfDestroying() {
    return rows(DESTROYING_TABLE, TO_DESTROY, DESTROYING);
  }

  static Stream<Row> rowsOfTheCreateTaskOfOneThatIsDestroyed() {
    return rows(
        CREATE_TASK_OF_DESTROYED_TABLE,
        ADMITTED.destroying("requested", BEGIN),
        CREATING.destroying("requested", BEGIN));
  }

  @ParameterizedTest
  @MethodSource({"rowsOfCreating", "rowsOfDestroying", "rowsOfTheCreateTaskOfOneThatIsDestroyed"})
  void aTaskWithoutAResultIsDecidedByStatusFenceAndTime(Row row) {
    assertThat(decision(row.cluster(), row.observed(), row.now())).isEqualTo(row.expected());
  }

  private static Stream<Row> rows(String table, Cluster unlaunched, Cluster launched) {
    List<List<String>> lines =
        table.lines().map(line -> List.of(line.strip().split(" +"))).toList();
    assertThat(lines).as("a line for each combination").hasSize(1 + 4 * 3 * 2);
    List<String> head = lines.getFirst();
    return lines.stream()
        .skip(1)
        .flatMap(line ->
            IntStream.range(3, line.size())
                .mapToObj(column -> {
                  String view = line.get(0);
                  TaskObservation observed =
                      new TaskObservation(
                          status(view),
                          Fence.valueOf(line.get(1).toUpperCase(Locale.ROOT)),
                          line.get(2).equals("yes") ? List.of("task-r") : List.of());
                  return new Row(
                      view.equals("unlaunched") ? unlaunched : launched,
                      observed,
                      at(head.get(column)),
                      line.get(column),
                      String.join(" ", line.subList(0, 3)) + " at " + head.get(column));
                }));
  }

  @Test
  void aClusterIsAdmittedBeforeAnythingElse() {
    assertThat(decision(REQUESTED, TaskObservation.NONE, at("100h"))).isEqualTo("admit");
  }

  @Test
  void theMissingTimeoutStartsAtTheLaunch() {
    Cluster late = ADMITTED.launched("task-1", at("20m"));
    TaskObservation missing = new TaskObservation(new TaskStatus.Missing(), Fence.TAKEN, List.of());

    assertThat(decision(late, missing, at("65m-1ms"))).isEqualTo("wait");
    assertThat(decision(late, missing, at("80m-1ms"))).isEqualTo("wait");
    assertThat(decision(late, missing, at("80m"))).isEqualTo("create-failed");
  }

  /** Planned at 0m, launched at 20m. */
  @ParameterizedTest
  @CsvSource({"45m, wait", "65m-1ms, wait", "65m, stop"})
  void theCreateDeadlineStartsAtTheLaunch(String now, String expected) {
    Cluster late = ADMITTED.launched("task-1", at("20m"));
    assertThat(decision(late, observed(new TaskStatus.Running()), at(now))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"60m, wait", "80m-1ms, wait", "80m, stop"})
  void theDestroyDeadlineStartsAtTheLaunch(String now, String expected) {
    Cluster late = TO_DESTROY.launched("task-2", at("20m"));
    assertThat(decision(late, observed(new TaskStatus.Running()), at(now))).isEqualTo(expected);
  }

  /** It was told to stop at 3h, and is no longer listed. */
  @ParameterizedTest
  @CsvSource({
    "running, 4h-1ms, wait",
    "running, 4h, create-failed",
    "stopped, 3h, create-failed",
    "missing, 3h, create-failed"
  })
  void theStopTimeoutStartsWhenTheTaskWasToldToStop(String view, String now, String expected) {
    TaskObservation observed = new TaskObservation(status(view), Fence.TAKEN, List.of());
    assertThat(decision(CREATING.stopping(at("3h")), observed, at(now))).isEqualTo(expected);
  }

  /** A task that took its fence was launched, but a crash kept that from being recorded. */
  @ParameterizedTest
  @CsvSource({
    "unlaunched, 4h-1ms, wait",
    "unlaunched, 4h, create-failed",
    "missing, 4h-1ms, wait",
    "missing, 4h, create-failed"
  })
  void theWaitForAnUnrecordedTaskStartsWhenItIsToEnd(String view, String now, String expected) {
    TaskObservation observed = new TaskObservation(status(view), Fence.TAKEN, List.of());
    assertThat(decision(ADMITTED, observed, at("3h"))).isEqualTo("stopping");
    assertThat(decision(ADMITTED.stopping(at("3h")), observed, at(now))).isEqualTo(expected);
  }

  @Test
  void aTaskThatWasNeverLaunchedHasNoDeadline() {
    TaskObservation open = new TaskObservation(new TaskStatus.Unlaunched(), Fence.OPEN, List.of());
    assertThat(decision(ADMITTED, open, at("100h"))).isEqualTo("launch");
    assertThat(decision(ADMITTED.launchRejected("no room"), open, at("45m"))).isEqualTo("close");
    assertThat(decision(TO_DESTROY, open, at("100h"))).isEqualTo("launch");
    assertThat(decision(TO_DESTROY.launchRejected("no room"), open, at("60m"))).isEqualTo("close");
  }

  @Test
  void theRunningTaskIsStopped() {
    TaskObservation observed =
        new TaskObservation(new TaskStatus.Running(), Fence.TAKEN, List.of("task-r", "task-s"));
    assertThat(Lifecycle.decide(CREATING, observed, at("45m")))
        .isEqualTo(new Decision.Stop("task-r", "the create task took longer than 45 minutes"));
  }

  @Test
  void theErrorAtTheDeadlineNamesTheLaunchError() {
    TaskObservation closed =
        new TaskObservation(new TaskStatus.Unlaunched(), Fence.CLOSED, List.of());
    assertThat(changed(ADMITTED.launchRejected("RESOURCE:MEMORY"), closed, at("45m")).error())
        .isEqualTo("the create task took longer than 45 minutes: RESOURCE:MEMORY");
    assertThat(changed(ADMITTED, closed, at("45m")).error())
        .isEqualTo("the create task took longer than 45 minutes");

    assertThat(changed(TO_DESTROY.launchRejected("RESOURCE:MEMORY"), closed, at("60m")).error())
        .isEqualTo("the destroy task took longer than 60 minutes: RESOURCE:MEMORY");
    assertThat(changed(TO_DESTROY, closed, at("60m")).error())
        .isEqualTo("the destroy task took longer than 60 minutes");
  }

  // Results.

  /** An hour past every deadline, whatever else is observed. */
  @ParameterizedTest
  @CsvSource({"READY, ready", "FOREIGN, gone", "FAILED, create-failed", "ABSENT, create-failed"})
  void aCreateResultOutranksEverythingElse(Outcome outcome, String expected) {
    for (Fence fence : Fence.values()) {
      TaskObservation observed = new TaskObservation(reported(outcome), fence, List.of("task-r"));
      assertThat(decision(CREATING, observed, at("100h"))).isEqualTo(expected);
      assertThat(decision(ADMITTED, observed, at("1m"))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "READY, destroy-failed",
    "FOREIGN, destroy-failed",
    "FAILED, destroy-failed",
    "ABSENT, gone"
  })
  void aDestroyResultOutranksEverythingElse(Outcome outcome, String expected) {
    for (Fence fence : Fence.values()) {
      TaskObservation observed = new TaskObservation(reported(outcome), fence, List.of("task-r"));
      assertThat(decision(DESTROYING, observed, at("100h"))).isEqualTo(expected);
      assertThat(decision(TO_DESTROY, observed, at("1m"))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource(Outcome.class)
  void aClusterBeingDestroyedIgnoresItsCreateResult(Outcome outcome) {
    Cluster cluster = CREATING.destroying("requested", BEGIN);
    assertThat(decision(cluster, observed(reported(outcome)), at("1m"))).isEqualTo("task-ended");
  }

  @Test
  void leftoversPreventTheVerificationOfADeletion() {
    TaskResult result =
        new TaskResult(Outcome.ABSENT, at("5m"), "done", List.of("volume vol-1"), List.of());

    Cluster failed = changed(DESTROYING, observed(new TaskStatus.Reported(result)), at("6m"));

    assertThat(failed.state()).isEqualTo(State.DESTROY_FAILED);
    assertThat(failed.leftovers()).containsExactly("volume vol-1");
    assertThat(failed.error())
        .isEqualTo("the teardown left resources behind; leftovers: volume vol-1");
  }

  @Test
  void aFailedCreationKeepsItsErrorAndLog() {
    TaskResult result =
        new TaskResult(Outcome.FAILED, at("5m"), "no quota", List.of(), List.of("a", "b"));

    Cluster failed = changed(CREATING, observed(new TaskStatus.Reported(result)), at("6m"));

    assertThat(failed.error()).isEqualTo("no quota");
    assertThat(failed.log()).containsExactly("a", "b");
    assertThat(decision(failed, TaskObservation.NONE, at("6m"))).isEqualTo("destroying");
  }

  /** The task's clock, the control plane's, and the resulting time of ready. */
  @ParameterizedTest
  @CsvSource({"10m, 12m, 10m", "12m, 12m, 12m", "5h, 12m, 12m", "-5h, 12m, 0m", "0m, 12m, 0m"})
  void aWrongClockInATaskDoesNotChangeTheExpiry(String said, String now, String ready) {
    TaskResult result = new TaskResult(Outcome.READY, at(said), "it is up", List.of(), List.of());

    Cluster cluster = changed(CREATING, observed(new TaskStatus.Reported(result)), at(now));

    assertThat(cluster.ready()).isEqualTo(at(ready));
    assertThat(cluster.expires()).isEqualTo(at(ready).plus(Duration.ofMinutes(30)));
    assertThat(cluster.since(State.READY)).contains(at(now));
  }

  // Expiry and notice.

  /** Ready at 10m, expires at 40m. */
  @ParameterizedTest
  @CsvSource({
    "10m, wait",
    "34m-1ms, wait",
    "34m, notify notice",
    "40m, notify notice",
    "100h, notify notice",
  })
  void aNoticeIsDueFromSixMinutesBeforeTheExpiry(String now, String expected) {
    assertThat(decision(READY, TaskObservation.NONE, at(now))).isEqualTo(expected);
  }

  /** When the notice was tried, the time, and the decision. */
  @ParameterizedTest
  @CsvSource({
    "35m, 40m-1ms, wait",
    "35m, 40m, destroying",
    "39m, 40m-1ms, wait",
    "39m, 40m, destroying",
    "40m-1ms, 40m, wait",
    "40m-1ms, 41m-1ms, destroying",
    "50m, 51m-1ms, wait",
    "50m, 51m, destroying"
  })
  void noClusterIsDestroyedLessThanAMinuteAfterItsNotice(
      String tried, String now, String expected) {
    for (Delivery delivery : List.of(Delivery.SENT, Delivery.NO_RECIPIENT)) {
      Cluster noticed = READY.notified(Topic.NOTICE, EXPIRES, delivery, at(tried));
      assertThat(decision(noticed, TaskObservation.NONE, at(now))).isEqualTo(expected);
    }
  }

  /** When a sender began and crashed, the time, and the decision. */
  @ParameterizedTest
  @CsvSource({
    "35m, 40m-1ms, wait",
    "35m, 40m, notify notice",
    "35m, 100h, notify notice",
    "52m, 57m-1ms, wait",
    "52m, 57m, notify notice"
  })
  void anUnfinishedNoticeIsTakenOver(String begun, String now, String expected) {
    Cluster sending = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at(begun));
    assertThat(afterNotice(sending, at(now))).isEqualTo(expected);
  }

  /** When it was begun first and last, and the decision five minutes later. */
  @ParameterizedTest
  @CsvSource({
    "35m, 50m-1ms, notify notice",
    "35m, 50m, ready",
    "52m, 62m-1ms, notify notice",
    "52m, 62m, ready"
  })
  void aNoticeThatIsNeverFinishedEventuallyCountsAsTried(
      String first, String last, String expected) {
    Cluster sending =
        READY
            .notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at(first))
            .notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at(last));
    assertThat(afterNotice(sending, at(last).plus(Duration.ofMinutes(5)))).isEqualTo(expected);
  }

  @Test
  void aNoticeThatCountsAsTriedRecordsTheReason() {
    Cluster sending = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("35m"));
    Cluster tried = sending.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("50m"));

    Notification notice = changed(tried, TaskObservation.NONE, at("55m")).notice().orElseThrow();

    assertThat(notice.delivery()).isEqualTo(Delivery.FAILED);
    assertThat(notice.why()).isEqualTo("every attempt to send it crashed");
  }

  @Test
  void otherNotificationsDoNotDelayANotice() {
    Cluster justTold = NEWLY_READY.notified(Topic.READY, at("10m"), Delivery.SENT, at("34m"));
    assertThat(decision(justTold, TaskObservation.NONE, at("34m"))).isEqualTo("notify notice");
  }

  private static String afterNotice(Cluster sending, Instant now) {
    return Lifecycle.decide(sending, TaskObservation.NONE, now)
            instanceof Decision.UpdateRecord(Cluster changed)
        ? changed.state().text()
        : decision(sending, TaskObservation.NONE, now);
  }

  @Test
  void theMinuteAfterANoticeStartsAtTheLastTry() {
    Cluster noticed =
        READY
            .notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("34m"))
            .notified(Topic.NOTICE, EXPIRES, Delivery.FAILED, at("40m"));
    assertThat(decision(noticed, TaskObservation.NONE, at("41m-1ms"))).isEqualTo("wait");
    assertThat(decision(noticed, TaskObservation.NONE, at("41m"))).isEqualTo("destroying");
  }

  @Test
  void aChangedExpiryNeedsANewNotice() {
    Cluster noticed = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster prolonged = noticed.prolonged(10, "arn", at("36m"));

    assertThat(decision(prolonged, TaskObservation.NONE, at("44m-1ms"))).isEqualTo("wait");
    assertThat(decision(prolonged, TaskObservation.NONE, at("44m"))).isEqualTo("notify notice");
    assertThat(decision(prolonged, TaskObservation.NONE, at("100h"))).isEqualTo("notify notice");
  }

  /** When the expiry was changed there and back after a notice at 35m, the time, the decision. */
  @ParameterizedTest
  @CsvSource({
    "36m, 37m, 39m, wait",
    "36m, 37m, 40m-1ms, wait",
    "36m, 37m, 40m, notify notice",
    "36m, 37m, 100h, notify notice",
    "41m, 42m, 42m, notify notice"
  })
  void anExpiryThatWasChangedBackNeedsANewNotice(
      String there, String back, String now, String expected) {
    Cluster noticed = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster changed = noticed.prolonged(30, "arn", at(there)).prolonged(-30, "arn", at(back));

    assertThat(decision(changed, TaskObservation.NONE, at(now))).isEqualTo(expected);
  }

  @Test
  void aMinuteFollowsTheNoticeOfAnExpiryThatWasChangedBack() {
    Cluster noticed = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster changed = noticed.prolonged(30, "arn", at("36m")).prolonged(-30, "arn", at("37m"));
    Cluster again = changed.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("40m"));

    assertThat(again.notice())
        .hasValueSatisfying(notice -> assertThat(notice.tried()).isEqualTo(at("40m")));
    Cluster sent = again.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("41m"));
    assertThat(decision(sent, TaskObservation.NONE, at("42m-1ms"))).isEqualTo("wait");
    assertThat(decision(sent, TaskObservation.NONE, at("42m"))).isEqualTo("destroying");
  }

  @Test
  void aNoticeSentWhileTheExpiryChangedThereAndBackDoesNotCount() {
    Cluster sending = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("35m"));
    Cluster changed = sending.prolonged(30, "arn", at("36m")).prolonged(-30, "arn", at("37m"));
    Cluster sent = changed.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("38m"));

    assertThat(sent.notice()).isEmpty();
    assertThat(decision(sent, TaskObservation.NONE, at("43m-1ms"))).isEqualTo("wait");
    assertThat(decision(sent, TaskObservation.NONE, at("43m"))).isEqualTo("notify notice");
  }

  @Test
  void noticesAreAtLeastFiveMinutesApart() {
    Cluster noticed = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster changed = noticed.prolonged(1, "arn", at("36m"));

    assertThat(decision(changed, TaskObservation.NONE, at("40m-1ms"))).isEqualTo("wait");
    assertThat(decision(changed, TaskObservation.NONE, at("40m"))).isEqualTo("notify notice");
  }

  /**
   * A lifetime in minutes, counted from 10m, and the first and last moment of its early notice: six
   * minutes before half an hour or a quarter of the life is left, and 11 before the expiry.
   */
  @ParameterizedTest
  @CsvSource({
    "40, 34m, 39m",
    "60, 49m, 59m",
    "120, 94m, 119m",
    "240, 214m, 239m",
    "4320, 4294m, 4319m",
  })
  void anEarlyNoticeIsDueWhenAQuarterOfTheLifeIsLeft(int lifetime, String first, String last) {
    Cluster cluster = living(lifetime);
    assertThat(decision(cluster, TaskObservation.NONE, at(first + "-1ms"))).isEqualTo("wait");
    assertThat(decision(cluster, TaskObservation.NONE, at(first))).isEqualTo("notify early-notice");
    assertThat(decision(cluster, TaskObservation.NONE, at(last + "-1ms")))
        .isEqualTo("notify early-notice");
    assertThat(decision(cluster, TaskObservation.NONE, at(last))).isEqualTo("wait");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 20, 39})
  void shortLivesHaveNoEarlyNotice(int lifetime) {
    Cluster cluster = living(lifetime);
    for (int minute = 0; minute < lifetime - 6; minute++) {
      Instant now = at("10m").plus(Duration.ofMinutes(minute));
      assertThat(decision(cluster, TaskObservation.NONE, now)).isEqualTo("wait");
    }
  }

  /** A cluster that became ready at 10m. */
  private static Cluster living(int lifetime) {
    return lifetime == 30 ? READY : READY.prolonged(lifetime - 30, "arn", at("10m"));
  }

  @Test
  void anEarlyNoticeIsSentOnceAndTheLastOneStillComes() {
    Cluster early = earlyAt("50m", Delivery.SENT);
    assertThat(decision(early, TaskObservation.NONE, at("55m"))).isEqualTo("wait");
    assertThat(decision(early, TaskObservation.NONE, at("64m-1ms"))).isEqualTo("wait");
    assertThat(decision(early, TaskObservation.NONE, at("64m"))).isEqualTo("notify notice");
    assertThat(decision(early, TaskObservation.NONE, at("70m"))).isEqualTo("notify notice");
  }

  /** A cluster that lives from 10m to 70m, whose early notice was tried. */
  private static Cluster earlyAt(String tried, Delivery delivery) {
    Cluster cluster = living(60);
    return cluster.notified(
        Topic.EARLY_NOTICE, Objects.requireNonNull(cluster.expires()), delivery, at(tried));
  }

  @ParameterizedTest
  @EnumSource(names = {"FAILED", "SENDING"})
  void anEarlyNoticeThatFailedIsRetriedWhileItIsEarly(Delivery delivery) {
    assertThat(decision(earlyAt("50m", delivery), TaskObservation.NONE, at("55m-1ms")))
        .isEqualTo("wait");
    assertThat(decision(earlyAt("50m", delivery), TaskObservation.NONE, at("55m")))
        .isEqualTo("notify early-notice");
    assertThat(decision(earlyAt("50m", delivery), TaskObservation.NONE, at("59m")))
        .isEqualTo("wait");
  }

  /** When an early notice was tried, when the expiry at 70m was moved, by how much, the time. */
  @ParameterizedTest
  @CsvSource({
    "50m, 51m, 10, 57m, wait", // otherwise due from 56m30s to 69m
    "50m, 51m, 10, 69m-1ms, wait",
    "50m, 51m, 30, 80m-1ms, wait", // otherwise due from 71m30s to 89m
    "50m, 51m, 30, 80m, notify early-notice",
    "50m, 51m, 240, 274m-1ms, wait",
    "50m, 51m, 240, 274m, notify early-notice",
    "50m, 51m, -5, 53m, wait",
    "50m, 51m, -5, 59m, notify notice",
  })
  void ownersAreNotToldEarlyTwiceInHalfAnHour(
      String tried, String changed, int minutes, String now, String expected) {
    for (Delivery delivery : List.of(Delivery.SENT, Delivery.NO_RECIPIENT)) {
      Cluster moved = earlyAt(tried, delivery).prolonged(minutes, "arn", at(changed));
      assertThat(decision(moved, TaskObservation.NONE, at(now))).isEqualTo(expected);
    }
  }

  @Test
  void anEarlyNoticeThatFailedDoesNotKeepTheNextOneFromBeingSent() {
    Cluster moved = earlyAt("50m", Delivery.FAILED).prolonged(10, "arn", at("51m"));
    assertThat(decision(moved, TaskObservation.NONE, at("57m"))).isEqualTo("notify early-notice");
  }

  @Test
  void theOwnerOfALongLifeThatWasShortenedIsToldEarly() {
    Cluster shortened = living(600).prolonged(-480, "arn", at("100m"));
    assertThat(decision(shortened, TaskObservation.NONE, at("101m")))
        .isEqualTo("notify early-notice");
  }

  @Test
  void anEarlyNoticeCountsAmongTheNoticesThatAreMinutesApart() {
    Cluster early = earlyAt("58m", Delivery.SENT).prolonged(-9, "arn", at("59m"));
    assertThat(decision(early, TaskObservation.NONE, at("63m-1ms"))).isEqualTo("wait");
    assertThat(decision(early, TaskObservation.NONE, at("63m"))).isEqualTo("notify notice");
  }

  @Test
  void aReadyClusterWithoutAnExpiryIsAnError() {
    Cluster endless = new ClusterBuilder(READY).expires(null).notifications(List.of()).build();
    assertThatIllegalStateException()
        .isThrownBy(() -> Lifecycle.decide(endless, TaskObservation.NONE, at("1m")))
        .withMessageContaining("never expires");
  }

  @Test
  void aFailedCreationIsDestroyedImmediately() {
    Cluster failed = CREATING.creationFailed("no", List.of(), at("5m"));
    assertThat(decision(failed, TaskObservation.NONE, at("5m"))).isEqualTo("destroying");
  }

  // Retries.

  @ParameterizedTest
  @CsvSource({"1, 5", "2, 10", "3, 20", "4, 40", "5, 60", "6, 60", "7, 60", "1000000, 60"})
  void destroyRetriesBackOff(int failures, long minutes) {
    assertThat(Lifecycle.retryAfter(failures)).isEqualTo(Duration.ofMinutes(minutes));
  }

  @ParameterizedTest
  @CsvSource({"1, 5m", "2, 10m", "3, 20m", "4, 40m", "5, 60m", "6, 60m"})
  void theNextDestroyAttemptWaitsForItsBackoff(int failures, String pause) {
    Cluster failed =
        failed(failures, BEGIN).notified(Topic.DESTROY_FAILED, BEGIN, Delivery.SENT, BEGIN);

    assertThat(decision(failed, TaskObservation.NONE, at(pause).minusMillis(1))).isEqualTo("wait");
    assertThat(decision(failed, TaskObservation.NONE, at(pause))).isEqualTo("destroying");
    Cluster next = changed(failed, TaskObservation.NONE, at(pause));
    assertThat(next.openTask().orElseThrow().attempt()).isEqualTo(failures + 1);
    assertThat(next.reason(State.DESTROYING)).contains("attempt " + (failures + 1));
  }

  // Notifications.

  record Due(String what, Cluster cluster, String now, String expected) {
    @Override
    public String toString() {
      return what + " at " + now;
    }
  }

  private static final Cluster NEWLY_READY = CREATING.becameReady(at("10m"), at("10m"));
  private static final Cluster READY_MAIL_FAILED =
      NEWLY_READY.notified(Topic.READY, at("10m"), Delivery.FAILED, at("10m"));
  private static final Cluster READY_MAIL_BEGUN =
      NEWLY_READY
          .prolonged(600, "arn", at("10m"))
          .notified(Topic.READY, at("10m"), Delivery.SENDING, at("10m"));
  private static final Cluster READY_MAIL_FAILED_LATELY =
      READY_MAIL_FAILED
          .prolonged(600, "arn", at("11m"))
          .notified(Topic.READY, at("10m"), Delivery.FAILED, at("65m"));
  private static final Cluster NOTICE_FAILED =
      READY.notified(Topic.NOTICE, EXPIRES, Delivery.FAILED, at("34m"));
  private static final Cluster TEARDOWN =
      CREATING
          .creationFailed("no", List.of(), at("5m"))
          .destroying("its creation failed", at("5m"))
          .launched("task-2", at("5m"));
  private static final Cluster GONE = DESTROYING.deletionVerified("proven", at("20m"));
  private static final Cluster GONE_MAIL_BEGUN =
      GONE.notified(Topic.GONE, at("20m"), Delivery.SENDING, at("20m"));
  private static final Cluster GONE_MAIL_TRIED_FOR_AN_HOUR =
      GONE_MAIL_BEGUN.notified(Topic.GONE, at("20m"), Delivery.SENDING, at("80m"));
  private static final Cluster FAILED_THRICE = failed(3, BEGIN);
  private static final Cluster NOTIFIED =
      FAILED_THRICE.notified(Topic.DESTROY_FAILED, BEGIN, Delivery.SENT, BEGIN);

  static final List<Due> DUES =
      List.of(
          new Due("the ready mail", NEWLY_READY, "10m", "notify ready"),
          new Due(
              "a ready mail without recipient",
              NEWLY_READY.notified(Topic.READY, at("10m"), Delivery.NO_RECIPIENT, at("10m")),
              "15m",
              "wait"),
          new Due("a ready mail that failed", READY_MAIL_FAILED, "14m-1ms", "wait"),
          new Due("a ready mail that failed", READY_MAIL_FAILED, "14m", "notify ready"),
          new Due("a ready mail that failed for long", READY_MAIL_FAILED_LATELY, "69m-1ms", "wait"),
          new Due(
              "a ready mail that failed for long", READY_MAIL_FAILED_LATELY, "69m", "notify ready"),
          new Due(
              "a ready mail that failed for long", READY_MAIL_FAILED_LATELY, "9h", "notify ready"),
          new Due(
              "a ready mail tried for an hour",
              READY_MAIL_FAILED_LATELY.notified(Topic.READY, at("10m"), Delivery.FAILED, at("70m")),
              "9h",
              "wait"),
          new Due("an unfinished ready mail", READY_MAIL_BEGUN, "14m-1ms", "wait"),
          new Due("an unfinished ready mail", READY_MAIL_BEGUN, "9h", "notify ready"),
          new Due("a notice that failed", NOTICE_FAILED, "39m-1ms", "wait"),
          new Due("a notice that failed", NOTICE_FAILED, "39m", "notify notice"),
          new Due("a notice that failed, at the expiry", NOTICE_FAILED, "40m", "destroying"),
          new Due("a failed creation", TEARDOWN, "6m", "notify create-failed"),
          new Due(
              "a failed creation, notified",
              TEARDOWN.notified(Topic.CREATE_FAILED, at("5m"), Delivery.SENT, at("6m")),
              "60m",
              "wait"),
          new Due(
              "a failed creation, mail failed",
              TEARDOWN.notified(Topic.CREATE_FAILED, at("5m"), Delivery.FAILED, at("6m")),
              "10m",
              "notify create-failed"),
          new Due("a second failure", failed(2, BEGIN), "1m", "wait"),
          new Due("a third failure", FAILED_THRICE, "1m", "notify destroy-failed"),
          new Due("a third failure, notified", NOTIFIED, "20m-1ms", "wait"),
          new Due("a failure in the next attempt, notified", again(NOTIFIED), "24h-1ms", "wait"),
          new Due(
              "a failure in the next attempt, a day later",
              again(NOTIFIED),
              "24h",
              "notify destroy-failed"),
          new Due(
              "a failure, mail failed",
              FAILED_THRICE.notified(Topic.DESTROY_FAILED, BEGIN, Delivery.FAILED, BEGIN),
              "4m-1ms",
              "wait"),
          new Due(
              "a failure, mail failed",
              FAILED_THRICE.notified(Topic.DESTROY_FAILED, BEGIN, Delivery.FAILED, BEGIN),
              "4m",
              "notify destroy-failed"),
          new Due("the gone mail", GONE, "20m", "notify gone"),
          new Due("the gone mail, after days without a sweep", GONE, "100h", "notify gone"),
          new Due("an unfinished gone mail", GONE_MAIL_BEGUN, "24m-1ms", "wait"),
          new Due("an unfinished gone mail", GONE_MAIL_BEGUN, "100h", "notify gone"),
          new Due(
              "a gone mail whose senders crashed for an hour",
              GONE_MAIL_TRIED_FOR_AN_HOUR,
              "84m-1ms",
              "wait"),
          new Due(
              "a gone mail whose senders crashed for an hour",
              GONE_MAIL_TRIED_FOR_AN_HOUR,
              "84m",
              "archive"),
          new Due(
              "a gone mail that was sent",
              GONE.notified(Topic.GONE, at("20m"), Delivery.SENT, at("20m")),
              "20m",
              "archive"),
          new Due(
              "a gone mail without recipient",
              GONE.notified(Topic.GONE, at("20m"), Delivery.NO_RECIPIENT, at("20m")),
              "20m",
              "archive"),
          new Due(
              "a gone mail that failed",
              GONE.notified(Topic.GONE, at("20m"), Delivery.FAILED, at("20m")),
              "20m",
              "archive"),
          new Due(
              "a gone mail that failed, four minutes later",
              GONE.notified(Topic.GONE, at("20m"), Delivery.FAILED, at("20m")),
              "24m",
              "archive"),
          new Due(
              "a cluster whose name is taken by a foreign one",
              CREATING.neverCreated("a foreign cluster", at("5m")),
              "5m",
              "notify gone"));

  @ParameterizedTest
  @FieldSource("DUES")
  void aNotificationIsDueOnceAndRetriedForAWhileIfItFailed(Due due) {
    TaskStatus running = new TaskStatus.Running();
    assertThat(decision(due.cluster(), observed(running), at(due.now()))).isEqualTo(due.expected());
  }

  @Test
  void eachDailyNotificationIsAboutItsOwnMoment() {
    assertThat(Lifecycle.decide(FAILED_THRICE, TaskObservation.NONE, at("1m")))
        .isEqualTo(new Decision.Notify(Topic.DESTROY_FAILED, at("1m")));
    assertThat(Lifecycle.decide(again(NOTIFIED), observed(new TaskStatus.Running()), at("1470m")))
        .isEqualTo(new Decision.Notify(Topic.DESTROY_FAILED, at("1470m")));
  }

  /** A cluster whose n-th destroy attempt failed at a time. */
  private static Cluster failed(int failures, Instant when) {
    Cluster cluster = READY;
    for (int i = 0; i < failures; i++) {
      cluster = cluster.destroying("again", when).destroyFailed("no", List.of(), when);
    }
    return cluster;
  }

  /** The next attempt runs since just before a day had passed. */
  private static Cluster again(Cluster failed) {
    return failed.destroying("again", at("24h-1ms")).launched("task-3", at("24h-1ms"));
  }

  private static Cluster changed(Cluster cluster, TaskObservation observed, Instant now) {
    return ((Decision.UpdateRecord) Lifecycle.decide(cluster, observed, now)).changed();
  }

  /** The decision in one or two words. */
  private static String decision(Cluster cluster, TaskObservation observed, Instant now) {
    return switch (Lifecycle.decide(cluster, observed, now)) {
      case Decision.Wait _ -> "wait";
      case Decision.Admit _ -> "admit";
      case Decision.Launch(Task task) -> {
        assertThat(task).isEqualTo(cluster.openTask().orElseThrow());
        yield "launch";
      }
      case Decision.UpdateRecord(Cluster changed) -> {
        assertThat(changed.openTask()).isNotEqualTo(cluster.openTask());
        if (changed.openTask().filter(task -> now.equals(task.stopping())).isPresent()) {
          assertThat(changed.state()).isEqualTo(cluster.state());
          yield "stopping";
        }
        yield changed.state() == cluster.state() ? "task-ended" : changed.state().text();
      }
      case Decision.Notify(Topic topic, Instant about) -> {
        assertThat(topic != Topic.NOTICE || about.equals(cluster.expires())).isTrue();
        yield "notify " + topic.text();
      }
      case Decision.Stop(String handle, String _) -> {
        assertThat(handle).isEqualTo("task-r");
        yield "stop";
      }
      case Decision.CloseFence(Task task) -> {
        assertThat(task).isEqualTo(cluster.openTask().orElseThrow());
        yield "close";
      }
      case Decision.Archive _ -> "archive";
    };
  }

  private static TaskObservation observed(TaskStatus status) {
    return new TaskObservation(status, Fence.TAKEN, List.of("task-r"));
  }

  private static TaskStatus status(String word) {
    return switch (word) {
      case "unlaunched" -> new TaskStatus.Unlaunched();
      case "running" -> new TaskStatus.Running();
      case "stopped" -> new TaskStatus.Stopped("exit code 1");
      case "missing" -> new TaskStatus.Missing();
      default -> throw new IllegalArgumentException(word);
    };
  }

  private static TaskStatus reported(Outcome outcome) {
    return new TaskStatus.Reported(
        new TaskResult(outcome, at("5m"), outcome.text(), List.of(), List.of()));
  }

  /** A time after the beginning: {@code 45m}, {@code 24h}, or a millisecond before that. */
  private static Instant at(String text) {
    boolean before = text.endsWith("-1ms");
    String amount = before ? text.substring(0, text.length() - 4) : text;
    long count = Long.parseLong(amount.substring(0, amount.length() - 1));
    Duration since = amount.endsWith("h") ? Duration.ofHours(count) : Duration.ofMinutes(count);
    return BEGIN.plus(since).minusMillis(before ? 1 : 0);
  }
}
