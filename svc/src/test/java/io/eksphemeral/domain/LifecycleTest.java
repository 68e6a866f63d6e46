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

/** The rules of a cluster's life, as tables. */
final class LifecycleTest {
  private static final Instant BEGIN = Instant.parse("2026-11-22T10:00:00Z");
  private static final Spec SPEC = new SpecBuilder().build();
  private static final Cluster ASKED =
      Cluster.requested(new ClusterId("01930000-0000-7000-8000-000000000001"), SPEC, "arn", BEGIN);
  private static final Cluster ADMITTED = ASKED.admitted(BEGIN);
  private static final Cluster CREATING = ADMITTED.launched("task-1", BEGIN);
  private static final Cluster READY =
      CREATING
          .becameReady(at("10m"), at("10m"))
          .notified(Topic.READY, at("10m"), Delivery.SENT, at("10m"));
  private static final Instant EXPIRES = Objects.requireNonNull(READY.expires());
  private static final Cluster TO_DESTROY = READY.destroying("asked", BEGIN);
  private static final Cluster DESTROYING = TO_DESTROY.launched("task-2", BEGIN);

  // What to do for a task without a result.

  /**
   * Rows: the task runner's view, the fence, whether a task of the cluster runs. Columns: the time
   * since the task was launched, right before and at each boundary.
   */
  private static final String CREATING_TABLE =
      """
      view       fence  running 45m-1ms       45m           60m-1ms       60m
      unlaunched open   no      launch        launch        launch        launch
      unlaunched open   yes     launch        launch        launch        launch
      unlaunched taken  no      launch        stopping      stopping      stopping
      unlaunched taken  yes     launch        stop          stop          stop
      unlaunched closed no      launch        create-failed create-failed create-failed
      unlaunched closed yes     launch        create-failed create-failed create-failed
      running    open   no      nothing       close         close         close
      running    open   yes     nothing       close         close         close
      running    taken  no      nothing       stopping      stopping      stopping
      running    taken  yes     nothing       stop          stop          stop
      running    closed no      nothing       create-failed create-failed create-failed
      running    closed yes     nothing       create-failed create-failed create-failed
      stopped    open   no      close         close         close         close
      stopped    open   yes     nothing       close         close         close
      stopped    taken  no      create-failed create-failed create-failed create-failed
      stopped    taken  yes     nothing       stop          stop          stop
      stopped    closed no      create-failed create-failed create-failed create-failed
      stopped    closed yes     nothing       create-failed create-failed create-failed
      missing    open   no      nothing       close         close         close
      missing    open   yes     nothing       close         close         close
      missing    taken  no      nothing       nothing       nothing       create-failed
      missing    taken  yes     nothing       stop          stop          stop
      missing    closed no      nothing       create-failed create-failed create-failed
      missing    closed yes     nothing       create-failed create-failed create-failed
      """;

  private static final String DESTROYING_TABLE =
      """
      view       fence  running 0m             60m-1ms        60m
      unlaunched open   no      launch         launch         launch
      unlaunched open   yes     launch         launch         launch
      unlaunched taken  no      launch         launch         stopping
      unlaunched taken  yes     launch         launch         stop
      unlaunched closed no      launch         launch         destroy-failed
      unlaunched closed yes     launch         launch         destroy-failed
      running    open   no      nothing        nothing        close
      running    open   yes     nothing        nothing        close
      running    taken  no      nothing        nothing        stopping
      running    taken  yes     nothing        nothing        stop
      running    closed no      nothing        nothing        destroy-failed
      running    closed yes     nothing        nothing        destroy-failed
      stopped    open   no      close          close          close
      stopped    open   yes     nothing        nothing        close
      stopped    taken  no      destroy-failed destroy-failed destroy-failed
      stopped    taken  yes     nothing        nothing        stop
      stopped    closed no      destroy-failed destroy-failed destroy-failed
      stopped    closed yes     nothing        nothing        destroy-failed
      missing    open   no      nothing        nothing        close
      missing    open   yes     nothing        nothing        close
      missing    taken  no      nothing        nothing        destroy-failed
      missing    taken  yes     nothing        nothing        stop
      missing    closed no      nothing        nothing        destroy-failed
      missing    closed yes     nothing        nothing        destroy-failed
      """;

  /** Being destroyed while its creation was under way: first that task has to be over. */
  private static final String CREATE_TASK_OF_DESTROYED_TABLE =
      """
      view       fence  running 0m        60m-1ms   60m
      unlaunched open   no      close     close     close
      unlaunched open   yes     close     close     close
      unlaunched taken  no      stopping  stopping  stopping
      unlaunched taken  yes     stop      stop      stop
      unlaunched closed no      task-over task-over task-over
      unlaunched closed yes     task-over task-over task-over
      running    open   no      close     close     close
      running    open   yes     close     close     close
      running    taken  no      stopping  stopping  stopping
      running    taken  yes     stop      stop      stop
      running    closed no      task-over task-over task-over
      running    closed yes     task-over task-over task-over
      stopped    open   no      close     close     close
      stopped    open   yes     close     close     close
      stopped    taken  no      task-over task-over task-over
      stopped    taken  yes     stop      stop      stop
      stopped    closed no      task-over task-over task-over
      stopped    closed yes     task-over task-over task-over
      missing    open   no      close     close     close
      missing    open   yes     close     close     close
      missing    taken  no      nothing   nothing   task-over
      missing    taken  yes     stop      stop      stop
      missing    closed no      task-over task-over task-over
      missing    closed yes     task-over task-over task-over
      """;

  record Row(Cluster cluster, TaskObservation known, Instant now, String expected, String what) {
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
        ADMITTED.destroying("asked", BEGIN),
        CREATING.destroying("asked", BEGIN));
  }

  @ParameterizedTest
  @MethodSource({"rowsOfCreating", "rowsOfDestroying", "rowsOfTheCreateTaskOfOneThatIsDestroyed"})
  void aTaskWithoutAResultIsJudgedByViewFenceAndTime(Row row) {
    assertThat(said(row.cluster(), row.known(), row.now())).isEqualTo(row.expected());
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
                  TaskObservation known =
                      new TaskObservation(
                          view(view),
                          Fence.valueOf(line.get(1).toUpperCase(Locale.ROOT)),
                          line.get(2).equals("yes") ? List.of("task-r") : List.of());
                  return new Row(
                      view.equals("unlaunched") ? unlaunched : launched,
                      known,
                      at(head.get(column)),
                      line.get(column),
                      String.join(" ", line.subList(0, 3)) + " at " + head.get(column));
                }));
  }

  @Test
  void aClusterIsAdmittedBeforeAnythingElse() {
    assertThat(said(ASKED, TaskObservation.NONE, at("100h"))).isEqualTo("admit");
  }

  @Test
  void theHourUntilATaskIsGivenUpCountsFromItsLaunchAndNotFromItsPlan() {
    Cluster late = ADMITTED.launched("task-1", at("20m"));
    TaskObservation missing = new TaskObservation(new TaskStatus.Missing(), Fence.TAKEN, List.of());

    assertThat(said(late, missing, at("65m-1ms"))).isEqualTo("nothing");
    assertThat(said(late, missing, at("80m-1ms"))).isEqualTo("nothing");
    assertThat(said(late, missing, at("80m"))).isEqualTo("create-failed");
  }

  /** Planned at 0m, launched at 20m. */
  @ParameterizedTest
  @CsvSource({"45m, nothing", "65m-1ms, nothing", "65m, stop"})
  void theDeadlineOfACreationCountsFromItsLaunchAndNotFromItsPlan(String now, String expected) {
    Cluster late = ADMITTED.launched("task-1", at("20m"));
    assertThat(said(late, sighting(new TaskStatus.Running()), at(now))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"60m, nothing", "80m-1ms, nothing", "80m, stop"})
  void soDoesTheDeadlineOfADestruction(String now, String expected) {
    Cluster late = TO_DESTROY.launched("task-2", at("20m"));
    assertThat(said(late, sighting(new TaskStatus.Running()), at(now))).isEqualTo(expected);
  }

  /** Once it was told to stop, at 3h, and is not among those that are meant to run. */
  @ParameterizedTest
  @CsvSource({
    "running, 4h-1ms, nothing",
    "running, 4h, create-failed",
    "stopped, 3h, create-failed",
    "missing, 3h, create-failed"
  })
  void anHourIsATasksToStopFromWhenItWasToldHoweverLateThatWas(
      String view, String now, String expected) {
    TaskObservation known = new TaskObservation(view(view), Fence.TAKEN, List.of());
    assertThat(said(CREATING.stopping(at("3h")), known, at(now))).isEqualTo(expected);
  }

  /** One that took its fence must have been launched; by a call that told nobody when. */
  @ParameterizedTest
  @CsvSource({
    "unlaunched, 4h-1ms, nothing",
    "unlaunched, 4h, create-failed",
    "missing, 4h-1ms, nothing",
    "missing, 4h, create-failed"
  })
  void aTaskWhoseLaunchWasNeverNotedIsWaitedForFromWhenItIsToEnd(
      String view, String now, String expected) {
    TaskObservation known = new TaskObservation(view(view), Fence.TAKEN, List.of());
    assertThat(said(ADMITTED, known, at("3h"))).isEqualTo("stopping");
    assertThat(said(ADMITTED.stopping(at("3h")), known, at(now))).isEqualTo(expected);
  }

  @Test
  void aTaskThatNobodyTriedToLaunchHasNotTakenTooLong() {
    TaskObservation open = new TaskObservation(new TaskStatus.Unlaunched(), Fence.OPEN, List.of());
    assertThat(said(ADMITTED, open, at("100h"))).isEqualTo("launch");
    assertThat(said(ADMITTED.launchRejected("no room"), open, at("45m"))).isEqualTo("close");
    assertThat(said(TO_DESTROY, open, at("100h"))).isEqualTo("launch");
    assertThat(said(TO_DESTROY.launchRejected("no room"), open, at("60m"))).isEqualTo("close");
  }

  @Test
  void theTaskThatRunsIsTheOneThatIsStopped() {
    TaskObservation known =
        new TaskObservation(new TaskStatus.Running(), Fence.TAKEN, List.of("task-r", "task-s"));
    assertThat(Lifecycle.decide(CREATING, known, at("45m")))
        .isEqualTo(new Decision.Stop("task-r", "the create task took longer than 45 minutes"));
  }

  @Test
  void whatKeptATaskFromBeingLaunchedIsSaidWhenItsTimeIsUp() {
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

  /** An hour past every deadline, whatever else is known. */
  @ParameterizedTest
  @CsvSource({"READY, ready", "FOREIGN, gone", "FAILED, create-failed", "ABSENT, create-failed"})
  void theResultOfACreationOutranksEverything(Outcome outcome, String expected) {
    for (Fence fence : Fence.values()) {
      TaskObservation known = new TaskObservation(reported(outcome), fence, List.of("task-r"));
      assertThat(said(CREATING, known, at("100h"))).isEqualTo(expected);
      assertThat(said(ADMITTED, known, at("1m"))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "READY, destroy-failed",
    "FOREIGN, destroy-failed",
    "FAILED, destroy-failed",
    "ABSENT, gone"
  })
  void theResultOfADestructionOutranksEverything(Outcome outcome, String expected) {
    for (Fence fence : Fence.values()) {
      TaskObservation known = new TaskObservation(reported(outcome), fence, List.of("task-r"));
      assertThat(said(DESTROYING, known, at("100h"))).isEqualTo(expected);
      assertThat(said(TO_DESTROY, known, at("1m"))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource(Outcome.class)
  void whateverTheCreationOfOneThatIsDestroyedCameToItIsDestroyed(Outcome outcome) {
    Cluster cluster = CREATING.destroying("asked", BEGIN);
    assertThat(said(cluster, sighting(reported(outcome)), at("1m"))).isEqualTo("task-over");
  }

  @Test
  void leftOversAreNoProofOfAbsence() {
    TaskResult result =
        new TaskResult(Outcome.ABSENT, at("5m"), "done", List.of("volume vol-1"), List.of());

    Cluster failed = changed(DESTROYING, sighting(new TaskStatus.Reported(result)), at("6m"));

    assertThat(failed.state()).isEqualTo(State.DESTROY_FAILED);
    assertThat(failed.leftovers()).containsExactly("volume vol-1");
    assertThat(failed.error())
        .isEqualTo("the teardown left resources behind; leftovers: volume vol-1");
  }

  @Test
  void aFailedCreationKeepsWhyAndTheLastLinesOfTheLog() {
    TaskResult result =
        new TaskResult(Outcome.FAILED, at("5m"), "no quota", List.of(), List.of("a", "b"));

    Cluster failed = changed(CREATING, sighting(new TaskStatus.Reported(result)), at("6m"));

    assertThat(failed.error()).isEqualTo("no quota");
    assertThat(failed.log()).containsExactly("a", "b");
    assertThat(said(failed, TaskObservation.NONE, at("6m"))).isEqualTo("destroying");
  }

  /** What the task's clock says, what ours says, what is taken for the moment it became ready. */
  @ParameterizedTest
  @CsvSource({"10m, 12m, 10m", "12m, 12m, 12m", "5h, 12m, 12m", "-5h, 12m, 0m", "0m, 12m, 0m"})
  void aTasksClockThatIsHoursOffMovesNoEnd(String said, String now, String ready) {
    TaskResult result = new TaskResult(Outcome.READY, at(said), "it is up", List.of(), List.of());

    Cluster cluster = changed(CREATING, sighting(new TaskStatus.Reported(result)), at(now));

    assertThat(cluster.ready()).isEqualTo(at(ready));
    assertThat(cluster.expires()).isEqualTo(at(ready).plus(Duration.ofMinutes(30)));
    assertThat(cluster.since(State.READY)).contains(at(now));
  }

  // The end.

  /** Ready at 10m, expires at 40m. */
  @ParameterizedTest
  @CsvSource({
    "10m, nothing",
    "34m-1ms, nothing",
    "34m, tell notice",
    "40m, tell notice",
    "100h, tell notice",
  })
  void aNoticeIsDueSixMinutesBeforeTheEndAndHoweverLateItIs(String now, String expected) {
    assertThat(said(READY, TaskObservation.NONE, at(now))).isEqualTo(expected);
  }

  /** When the notice was tried, the time, and what to do. */
  @ParameterizedTest
  @CsvSource({
    "35m, 40m-1ms, nothing",
    "35m, 40m, destroying",
    "39m, 40m-1ms, nothing",
    "39m, 40m, destroying",
    "40m-1ms, 40m, nothing",
    "40m-1ms, 41m-1ms, destroying",
    "50m, 51m-1ms, nothing",
    "50m, 51m, destroying"
  })
  void noClusterGoesForExpiryLessThanAMinuteAfterItsNotice(
      String tried, String now, String expected) {
    for (Delivery delivery : List.of(Delivery.SENT, Delivery.NO_RECIPIENT)) {
      Cluster warned = READY.notified(Topic.NOTICE, EXPIRES, delivery, at(tried));
      assertThat(said(warned, TaskObservation.NONE, at(now))).isEqualTo(expected);
    }
  }

  /** When somebody began to send the notice and did not come back, the time, and what to do. */
  @ParameterizedTest
  @CsvSource({
    "35m, 40m-1ms, nothing",
    "35m, 40m, tell notice",
    "35m, 100h, tell notice",
    "52m, 57m-1ms, nothing",
    "52m, 57m, tell notice"
  })
  void aNoticeThatNobodyFinishedIsTakenOver(String begun, String now, String expected) {
    Cluster sending = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at(begun));
    assertThat(noticed(sending, at(now))).isEqualTo(expected);
  }

  /** When it was begun first and last, and what to do five minutes later. */
  @ParameterizedTest
  @CsvSource({
    "35m, 50m-1ms, tell notice",
    "35m, 50m, ready",
    "52m, 62m-1ms, tell notice",
    "52m, 62m, ready"
  })
  void aNoticeThatNobodyEverFinishesAtLastCountsAsTried(
      String first, String last, String expected) {
    Cluster sending =
        READY
            .notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at(first))
            .notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at(last));
    assertThat(noticed(sending, at(last).plus(Duration.ofMinutes(5)))).isEqualTo(expected);
  }

  @Test
  void aNoticeThatCountsAsTriedSaysWhatKeptIt() {
    Cluster sending = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("35m"));
    Cluster tried = sending.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("50m"));

    Notification notice = changed(tried, TaskObservation.NONE, at("55m")).notice().orElseThrow();

    assertThat(notice.delivery()).isEqualTo(Delivery.FAILED);
    assertThat(notice.why()).isEqualTo("every attempt to send it crashed");
  }

  @Test
  void noOtherMailHoldsUpANotice() {
    Cluster justTold = NEWLY_READY.notified(Topic.READY, at("10m"), Delivery.SENT, at("34m"));
    assertThat(said(justTold, TaskObservation.NONE, at("34m"))).isEqualTo("tell notice");
  }

  private static String noticed(Cluster sending, Instant now) {
    return Lifecycle.decide(sending, TaskObservation.NONE, now)
            instanceof Decision.UpdateRecord(Cluster changed)
        ? changed.state().text()
        : said(sending, TaskObservation.NONE, now);
  }

  @Test
  void theMinuteCountsFromTheLastTry() {
    Cluster warned =
        READY
            .notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("34m"))
            .notified(Topic.NOTICE, EXPIRES, Delivery.FAILED, at("40m"));
    assertThat(said(warned, TaskObservation.NONE, at("41m-1ms"))).isEqualTo("nothing");
    assertThat(said(warned, TaskObservation.NONE, at("41m"))).isEqualTo("destroying");
  }

  @Test
  void aMovedEndMakesANewNoticeDue() {
    Cluster warned = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster prolonged = warned.prolonged(10, "arn", at("36m"));

    assertThat(said(prolonged, TaskObservation.NONE, at("44m-1ms"))).isEqualTo("nothing");
    assertThat(said(prolonged, TaskObservation.NONE, at("44m"))).isEqualTo("tell notice");
    assertThat(said(prolonged, TaskObservation.NONE, at("100h"))).isEqualTo("tell notice");
  }

  /** When the expiry was moved there and back after a notice at 35m, and what to do when. */
  @ParameterizedTest
  @CsvSource({
    "36m, 37m, 39m, nothing",
    "36m, 37m, 40m-1ms, nothing",
    "36m, 37m, 40m, tell notice",
    "36m, 37m, 100h, tell notice",
    "41m, 42m, 42m, tell notice"
  })
  void anEndThatWasMovedBackToWhereItWasNeedsANoticeAllTheSame(
      String there, String back, String now, String expected) {
    Cluster warned = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster moved = warned.prolonged(30, "arn", at(there)).prolonged(-30, "arn", at(back));

    assertThat(said(moved, TaskObservation.NONE, at(now))).isEqualTo(expected);
  }

  @Test
  void aMinuteIsLeftAfterTheNoticeOfAnEndThatWasMovedBack() {
    Cluster warned = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster moved = warned.prolonged(30, "arn", at("36m")).prolonged(-30, "arn", at("37m"));
    Cluster again = moved.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("40m"));

    assertThat(again.notice())
        .hasValueSatisfying(notice -> assertThat(notice.tried()).isEqualTo(at("40m")));
    Cluster sent = again.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("41m"));
    assertThat(said(sent, TaskObservation.NONE, at("42m-1ms"))).isEqualTo("nothing");
    assertThat(said(sent, TaskObservation.NONE, at("42m"))).isEqualTo("destroying");
  }

  @Test
  void aNoticeThatWasOnItsWayWhenTheEndWasMovedThereAndBackSaysNothingOfIt() {
    Cluster sending = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENDING, at("35m"));
    Cluster moved = sending.prolonged(30, "arn", at("36m")).prolonged(-30, "arn", at("37m"));
    Cluster sent = moved.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("38m"));

    assertThat(sent.notice()).isEmpty();
    assertThat(said(sent, TaskObservation.NONE, at("43m-1ms"))).isEqualTo("nothing");
    assertThat(said(sent, TaskObservation.NONE, at("43m"))).isEqualTo("tell notice");
  }

  @Test
  void twoNoticesAreFiveMinutesApartWhateverTheySpeakOf() {
    Cluster warned = READY.notified(Topic.NOTICE, EXPIRES, Delivery.SENT, at("35m"));
    Cluster moved = warned.prolonged(1, "arn", at("36m"));

    assertThat(said(moved, TaskObservation.NONE, at("40m-1ms"))).isEqualTo("nothing");
    assertThat(said(moved, TaskObservation.NONE, at("40m"))).isEqualTo("tell notice");
  }

  @Test
  void aReadyClusterWithoutAnEndIsAnErrorAndNotImmortal() {
    Cluster endless = new ClusterBuilder(READY).expires(null).notifications(List.of()).build();
    assertThatIllegalStateException()
        .isThrownBy(() -> Lifecycle.decide(endless, TaskObservation.NONE, at("1m")))
        .withMessageContaining("never expires");
  }

  @Test
  void aFailedCreationIsTornDownAtOnce() {
    Cluster failed = CREATING.creationFailed("no", List.of(), at("5m"));
    assertThat(said(failed, TaskObservation.NONE, at("5m"))).isEqualTo("destroying");
  }

  // Trying again.

  @ParameterizedTest
  @CsvSource({"1, 5", "2, 10", "3, 20", "4, 40", "5, 60", "6, 60", "7, 60", "1000000, 60"})
  void destroyingIsTriedAgainLessAndLessOften(int failures, long minutes) {
    assertThat(Lifecycle.retryAfter(failures)).isEqualTo(Duration.ofMinutes(minutes));
  }

  @ParameterizedTest
  @CsvSource({"1, 5m", "2, 10m", "3, 20m", "4, 40m", "5, 60m", "6, 60m"})
  void theNextAttemptWaitsForItsTurn(int failures, String pause) {
    Cluster failed =
        failed(failures, BEGIN).notified(Topic.DESTROY_FAILED, BEGIN, Delivery.SENT, BEGIN);

    assertThat(said(failed, TaskObservation.NONE, at(pause).minusMillis(1))).isEqualTo("nothing");
    assertThat(said(failed, TaskObservation.NONE, at(pause))).isEqualTo("destroying");
    Cluster next = changed(failed, TaskObservation.NONE, at(pause));
    assertThat(next.openTask().orElseThrow().attempt()).isEqualTo(failures + 1);
    assertThat(next.reason(State.DESTROYING)).contains("attempt " + (failures + 1));
  }

  // Mails.

  record Due(String what, Cluster cluster, String now, String expected) {
    @Override
    public String toString() {
      return what + " at " + now;
    }
  }

  private static final Cluster NEWLY_READY = CREATING.becameReady(at("10m"), at("10m"));
  private static final Cluster NEWS_FAILED =
      NEWLY_READY.notified(Topic.READY, at("10m"), Delivery.FAILED, at("10m"));
  private static final Cluster NEWS_BEGUN =
      NEWLY_READY
          .prolonged(600, "arn", at("10m"))
          .notified(Topic.READY, at("10m"), Delivery.SENDING, at("10m"));
  private static final Cluster NEWS_FAILED_LATELY =
      NEWS_FAILED
          .prolonged(600, "arn", at("11m"))
          .notified(Topic.READY, at("10m"), Delivery.FAILED, at("65m"));
  private static final Cluster NOTICE_FAILED =
      READY.notified(Topic.NOTICE, EXPIRES, Delivery.FAILED, at("34m"));
  private static final Cluster TEARING_DOWN =
      CREATING
          .creationFailed("no", List.of(), at("5m"))
          .destroying("its creation failed", at("5m"))
          .launched("task-2", at("5m"));
  private static final Cluster GONE = DESTROYING.deletionVerified("proven", at("20m"));
  private static final Cluster GONE_BEGUN =
      GONE.notified(Topic.GONE, at("20m"), Delivery.SENDING, at("20m"));
  private static final Cluster GONE_TRIED_FOR_AN_HOUR =
      GONE_BEGUN.notified(Topic.GONE, at("20m"), Delivery.SENDING, at("80m"));
  private static final Cluster THRICE = failed(3, BEGIN);
  private static final Cluster TOLD =
      THRICE.notified(Topic.DESTROY_FAILED, BEGIN, Delivery.SENT, BEGIN);

  static final List<Due> DUES =
      List.of(
          new Due("the news that it is ready", NEWLY_READY, "10m", "tell ready"),
          new Due(
              "news that reached nobody",
              NEWLY_READY.notified(Topic.READY, at("10m"), Delivery.NO_RECIPIENT, at("10m")),
              "15m",
              "nothing"),
          new Due("news that failed", NEWS_FAILED, "14m-1ms", "nothing"),
          new Due("news that failed", NEWS_FAILED, "14m", "tell ready"),
          new Due("news that failed for long", NEWS_FAILED_LATELY, "69m-1ms", "nothing"),
          new Due("news that failed for long", NEWS_FAILED_LATELY, "69m", "tell ready"),
          new Due("news that failed for long", NEWS_FAILED_LATELY, "9h", "tell ready"),
          new Due(
              "news that was tried for an hour",
              NEWS_FAILED_LATELY.notified(Topic.READY, at("10m"), Delivery.FAILED, at("70m")),
              "9h",
              "nothing"),
          new Due("news that nobody finished", NEWS_BEGUN, "14m-1ms", "nothing"),
          new Due("news that nobody finished", NEWS_BEGUN, "9h", "tell ready"),
          new Due("a notice that failed", NOTICE_FAILED, "39m-1ms", "nothing"),
          new Due("a notice that failed", NOTICE_FAILED, "39m", "tell notice"),
          new Due("a notice that failed, and the end", NOTICE_FAILED, "40m", "destroying"),
          new Due("a failed creation", TEARING_DOWN, "6m", "tell create-failed"),
          new Due(
              "a failed creation, told",
              TEARING_DOWN.notified(Topic.CREATE_FAILED, at("5m"), Delivery.SENT, at("6m")),
              "60m",
              "nothing"),
          new Due(
              "a failed creation, mail failed",
              TEARING_DOWN.notified(Topic.CREATE_FAILED, at("5m"), Delivery.FAILED, at("6m")),
              "10m",
              "tell create-failed"),
          new Due("a second failure", failed(2, BEGIN), "1m", "nothing"),
          new Due("a third failure", THRICE, "1m", "tell destroy-failed"),
          new Due("a third failure, told", TOLD, "20m-1ms", "nothing"),
          new Due("a failure in the next attempt, told", again(TOLD), "24h-1ms", "nothing"),
          new Due(
              "a failure in the next attempt, a day later",
              again(TOLD),
              "24h",
              "tell destroy-failed"),
          new Due(
              "a failure, mail failed",
              THRICE.notified(Topic.DESTROY_FAILED, BEGIN, Delivery.FAILED, BEGIN),
              "4m-1ms",
              "nothing"),
          new Due(
              "a failure, mail failed",
              THRICE.notified(Topic.DESTROY_FAILED, BEGIN, Delivery.FAILED, BEGIN),
              "4m",
              "tell destroy-failed"),
          new Due("its end", GONE, "20m", "tell gone"),
          new Due("its end, of which nobody could tell for days", GONE, "100h", "tell gone"),
          new Due("its end, which nobody finished telling", GONE_BEGUN, "24m-1ms", "nothing"),
          new Due("its end, which nobody finished telling", GONE_BEGUN, "100h", "tell gone"),
          new Due(
              "its end, at which all died for an hour",
              GONE_TRIED_FOR_AN_HOUR,
              "84m-1ms",
              "nothing"),
          new Due("its end, at which all died for an hour", GONE_TRIED_FOR_AN_HOUR, "84m", "end"),
          new Due(
              "its end, told",
              GONE.notified(Topic.GONE, at("20m"), Delivery.SENT, at("20m")),
              "20m",
              "end"),
          new Due(
              "its end, told to nobody",
              GONE.notified(Topic.GONE, at("20m"), Delivery.NO_RECIPIENT, at("20m")),
              "20m",
              "end"),
          new Due(
              "its end, which no mail holds up",
              GONE.notified(Topic.GONE, at("20m"), Delivery.FAILED, at("20m")),
              "20m",
              "end"),
          new Due(
              "its end, which no mail holds up, though who noted that died",
              GONE.notified(Topic.GONE, at("20m"), Delivery.FAILED, at("20m")),
              "24m",
              "end"),
          new Due(
              "a foreign name",
              CREATING.neverCreated("it is not ours", at("5m")),
              "5m",
              "tell gone"));

  @ParameterizedTest
  @FieldSource("DUES")
  void aMailIsDueOnceAndAgainForAWhileIfItFailed(Due due) {
    TaskStatus running = new TaskStatus.Running();
    assertThat(said(due.cluster(), sighting(running), at(due.now()))).isEqualTo(due.expected());
  }

  @Test
  void theFirstTryOfTheDailyMailIsAboutThatMomentAndEachLaterOneAboutItsOwn() {
    assertThat(Lifecycle.decide(THRICE, TaskObservation.NONE, at("1m")))
        .isEqualTo(new Decision.Notify(Topic.DESTROY_FAILED, at("1m")));
    assertThat(Lifecycle.decide(again(TOLD), sighting(new TaskStatus.Running()), at("1470m")))
        .isEqualTo(new Decision.Notify(Topic.DESTROY_FAILED, at("1470m")));
  }

  /** A cluster whose n-th attempt to destroy failed at a moment. */
  private static Cluster failed(int failures, Instant when) {
    Cluster cluster = READY;
    for (int i = 0; i < failures; i++) {
      cluster = cluster.destroying("again", when).destroyFailed("no", List.of(), when);
    }
    return cluster;
  }

  /** With the next attempt under way since just before a day had passed. */
  private static Cluster again(Cluster failed) {
    return failed.destroying("again", at("24h-1ms")).launched("task-3", at("24h-1ms"));
  }

  private static Cluster changed(Cluster cluster, TaskObservation known, Instant now) {
    return ((Decision.UpdateRecord) Lifecycle.decide(cluster, known, now)).changed();
  }

  /** A decision in a word or two. */
  private static String said(Cluster cluster, TaskObservation known, Instant now) {
    return switch (Lifecycle.decide(cluster, known, now)) {
      case Decision.Wait _ -> "nothing";
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
        yield changed.state() == cluster.state() ? "task-over" : changed.state().text();
      }
      case Decision.Notify(Topic topic, Instant about) -> {
        assertThat(topic != Topic.NOTICE || about.equals(cluster.expires())).isTrue();
        yield "tell " + topic.text();
      }
      case Decision.Stop(String handle, String _) -> {
        assertThat(handle).isEqualTo("task-r");
        yield "stop";
      }
      case Decision.CloseFence(Task task) -> {
        assertThat(task).isEqualTo(cluster.openTask().orElseThrow());
        yield "close";
      }
      case Decision.Archive _ -> "end";
    };
  }

  private static TaskObservation sighting(TaskStatus view) {
    return new TaskObservation(view, Fence.TAKEN, List.of("task-r"));
  }

  private static TaskStatus view(String word) {
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

  /** A moment after the beginning: {@code 45m}, {@code 24h}, or a millisecond before it. */
  private static Instant at(String text) {
    boolean before = text.endsWith("-1ms");
    String amount = before ? text.substring(0, text.length() - 4) : text;
    long count = Long.parseLong(amount.substring(0, amount.length() - 1));
    Duration since = amount.endsWith("h") ? Duration.ofHours(count) : Duration.ofMinutes(count);
    return BEGIN.plus(since).minusMillis(before ? 1 : 0);
  }
}
