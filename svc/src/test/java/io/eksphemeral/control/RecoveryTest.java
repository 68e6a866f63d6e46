package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.SimulatedTasks.Fate;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Destroying a cluster whose record cannot be read (promises P1 and P3). */
final class RecoveryTest {
  private final LifecycleHarness harness = new LifecycleHarness();
  private ClusterId id = Samples.newId();

  @BeforeEach
  void create() {
    id = harness.created("dev");
  }

  private void spoil(String text) {
    harness.objects.put(StoreKeys.record(id), text);
  }

  private String record() {
    return harness.objects.text(StoreKeys.record(id)).orElseThrow();
  }

  private void destroyed() {
    assertThat(harness.destroy(id)).isInstanceOf(Result.Success.class);
    harness.untilAllGone();
    assertThat(harness.cluster(id).state()).isEqualTo(State.GONE);
    assertThat(harness.cluster(id).name()).isEqualTo("dev");
    assertThat(harness.store.claimOn("dev")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "null",
        "{\"status\": {}}",
        "{\"status\": {\"format\": 2}}",
        "{\"name\": \"--prod\", \"status\": {\"format\": 1}}",
        "{\"name\": 1, \"owner\": [], \"numworkers\": -7, \"status\": {\"created\": 8}}"
      })
  void anUnreadableClusterCanBeDestroyedByItsId(String text) {
    harness.until(id, State.READY);
    spoil(text);

    destroyed();
  }

  @Test
  void readableFieldsAreKept() {
    harness.until(id, State.READY);
    spoil(record().substring(0, record().indexOf("\"tasks\"")));

    destroyed();

    Cluster gone = harness.cluster(id);
    assertThat(gone.spec().owner()).isEqualTo("alice@eksphemeral.io");
    assertThat(gone.createdBy()).isEqualTo(ALICE);
    assertThat(gone.created()).isEqualTo(Samples.START);
    assertThat(gone.history().getFirst().why())
        .startsWith("the record could not be read: not JSON");
    assertThat(gone.history().get(1).by()).isEqualTo(ALICE);
    assertThat(harness.mails()).contains("dev is gone");
  }

  @Test
  void aClusterWithATooLongRecordIsDestroyed() {
    harness.until(id, State.READY);
    spoil(
        record()
            .replace("\"log\"", "\"gol\"")
            .replaceFirst("}$", ",\"x\":\"" + "x".repeat(ClusterRecordCodec.LONGEST) + "\"}"));

    destroyed();
  }

  @Test
  void aRunningCreateTaskIsStoppedFirst() {
    harness.pass(Duration.ofMinutes(3));
    assertThat(harness.tasks.works(id)).isTrue();
    spoil("{");

    destroyed();
  }

  @Test
  void anUnstartedCreateTaskNeverStarts() {
    spoil("{");

    destroyed();
  }

  @Test
  void aRunningDestroyTaskContinues() {
    harness.until(id, State.READY);
    harness.destroy(id);
    harness.pass(Duration.ofMinutes(1));
    spoil("{");

    destroyed();

    assertThat(harness.cluster(id).tasks()).hasSize(2);
  }

  @Test
  void attemptsContinueFromTheLatestKnownOne() {
    harness.tasks.next(TaskKind.DESTROY, Fate.FAILS, Fate.FAILS, Fate.FAILS);
    harness.until(id, State.READY);
    harness.destroy(id);
    harness.until(() -> harness.cluster(id).failures() == 3, "the third failure");
    spoil("{");

    destroyed();

    assertThat(harness.cluster(id).tasks().getLast().attempt()).isEqualTo(4);
  }

  @Test
  void theRecordOfAClusterThatIsGoneIsRemoved() {
    harness.destroy(id);
    harness.untilAllGone();
    String archived = harness.objects.text(StoreKeys.archive(id)).orElseThrow();
    spoil("{");

    destroyed();

    assertThat(harness.objects.text(StoreKeys.archive(id))).contains(archived);
  }

  @Test
  void theNameOfAnotherClusterIsNotTaken() {
    spoil("{");
    harness.store.release(harness.store.claimOn("dev").orElseThrow());
    ClusterId other = harness.created("dev");
    spoil("{\"name\": \"dev\", ");

    assertThat(harness.destroy(id)).isInstanceOf(Result.Success.class);
    harness.until(() -> harness.store.find(id).isEmpty(), "its end");

    assertThat(harness.cluster(id).name()).isEqualTo(id.defaultName());
    assertThat(harness.cluster(other).state()).isIn(State.CREATING, State.READY);
    harness.untilAllGone();
  }

  @Test
  void recoveryNeedsTheId() {
    spoil("{");

    assertThat(harness.destroy("dev")).isInstanceOf(Result.Rejected.class);
    assertThat(record()).isEqualTo("{");
    assertThat(((Result.Rejected<?>) harness.prolong(id, 5)).rejection().error())
        .contains("eksp destroy " + id);
    destroyed();
  }

  @Test
  void anUnreadableRecordIsReportedAndStays() {
    spoil("{");
    harness.pass(Duration.ofHours(3));

    assertThat(record()).isEqualTo("{");
    assertThat(harness.sweep().unreadable()).containsKey(id);
    destroyed();
  }

  /**
   * An attempt whose fence is taken has started; it continues, and earlier ones are not repeated.
   */
  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "2, 2", "3, 3", "4, 4", "5, 5", "7, 7", "8, 8", "9, 9", "40, 40"})
  void theLatestStartedAttemptContinues(int taken, int attempt) {
    for (int i = 1; i <= taken; i++) {
      harness.store.takeFence(new TaskKey(id, TaskKind.DESTROY, i), Fence.TAKEN, "task-" + i);
    }
    spoil("{");

    assertThat(harness.destroy(id)).isInstanceOf(Result.Success.class);

    assertThat(harness.cluster(id).tasks())
        .filteredOn(task -> task.kind() == TaskKind.DESTROY)
        .extracting(Task::attempt)
        .containsExactly(attempt);
  }

  @Test
  void aCreationTimeInTheFutureIsIgnored() {
    spoil("{\"name\":\"dev\",\"status\":{\"created\":\"2036-11-22T10:00:00Z\",");
    harness.destroy(id);
    assertThat(harness.cluster(id).created()).isEqualTo(harness.clock.instant());
  }

  /** The name claimed for the id is used, whatever the record says. */
  @Test
  void theNameClaimedForTheIdIsUsed() {
    harness.created("another");
    spoil("{\"name\": \"other\", ");
    harness.destroy(id);
    assertThat(harness.cluster(id).name()).isEqualTo("dev");
  }

  /** S3 denies access to it, and it must not be replaced without having been read. */
  @Test
  void aRecordThatCannotBeFetchedIsNotTouched() {
    Recovery recovery = new Recovery(refusing(), harness.clock);
    assertThat(recovery.recover(id.value(), ALICE)).isEmpty();
  }

  private ClusterStore refusing() {
    return Intercepted.of(
        ClusterStore.class,
        harness.store,
        (method, _, call) ->
            switch (method.getName()) {
              case "find" -> Optional.of(new Stored.Unreadable(id, "AccessDenied"));
              case "recover" -> throw new AssertionError("written unseen");
              default -> call.invoke();
            });
  }

  @Test
  void theBeginningOfAnUnreadableRecordIsKept() {
    int most = Stored.Unreadable.MAX_TEXT;
    assertThat(new Stored.Unreadable(id, "why", "1", "x".repeat(most)).text()).hasSize(most);
    assertThat(new Stored.Unreadable(id, "why", "1", "x".repeat(most + 1)).text()).hasSize(most);
  }
}
