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

/** A cluster whose record cannot be read is destroyed by its id (promises P1 and P3). */
final class RecoveryTest {
  private final LifecycleHarness life = new LifecycleHarness();
  private ClusterId id = Samples.newId();

  @BeforeEach
  void create() {
    id = life.created("dev");
  }

  private void spoil(String text) {
    life.objects.put(StoreKeys.record(id), text);
  }

  private String record() {
    return life.objects.text(StoreKeys.record(id)).orElseThrow();
  }

  private void destroyed() {
    assertThat(life.destroy(id)).isInstanceOf(Result.Success.class);
    life.untilAllGone();
    assertThat(life.cluster(id).state()).isEqualTo(State.GONE);
    assertThat(life.cluster(id).name()).isEqualTo("dev");
    assertThat(life.store.claimOn("dev")).isEmpty();
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
  void whateverStandsInItsPlaceAClusterIsDestroyedByItsId(String text) {
    life.until(id, State.READY);
    spoil(text);

    destroyed();
  }

  @Test
  void whatItStillSaysOfItsOwnerAndItsAuthorIsKept() {
    life.until(id, State.READY);
    spoil(record().substring(0, record().indexOf("\"tasks\"")));

    destroyed();

    Cluster gone = life.cluster(id);
    assertThat(gone.spec().owner()).isEqualTo("alice@eksphemeral.io");
    assertThat(gone.createdBy()).isEqualTo(ALICE);
    assertThat(gone.created()).isEqualTo(Samples.START);
    assertThat(gone.history().getFirst().why())
        .startsWith("the record could not be read: not JSON");
    assertThat(gone.history().get(1).by()).isEqualTo(ALICE);
    assertThat(life.mails()).contains("dev is gone");
  }

  @Test
  void oneThatIsTooLongIsDestroyedToo() {
    life.until(id, State.READY);
    spoil(
        record()
            .replace("\"log\"", "\"gol\"")
            .replaceFirst("}$", ",\"x\":\"" + "x".repeat(ClusterRecordCodec.LONGEST) + "\"}"));

    destroyed();
  }

  @Test
  void aCreationThatStillWorksIsStoppedFirst() {
    life.pass(Duration.ofMinutes(3));
    assertThat(life.tasks.works(id)).isTrue();
    spoil("{");

    destroyed();
  }

  @Test
  void aCreationThatHasNotBegunNeverDoes() {
    spoil("{");

    destroyed();
  }

  @Test
  void aDestructionThatStillWorksGoesOn() {
    life.until(id, State.READY);
    life.destroy(id);
    life.pass(Duration.ofMinutes(1));
    spoil("{");

    destroyed();

    assertThat(life.cluster(id).tasks()).hasSize(2);
  }

  @Test
  void attemptsAreCountedOnFromTheLatestThatIsKnown() {
    life.tasks.next(TaskKind.DESTROY, Fate.FAILS, Fate.FAILS, Fate.FAILS);
    life.until(id, State.READY);
    life.destroy(id);
    life.until(() -> life.cluster(id).failures() == 3, "the third failure");
    spoil("{");

    destroyed();

    assertThat(life.cluster(id).tasks().getLast().attempt()).isEqualTo(4);
  }

  @Test
  void aRecordThatIsLeftOfOneThatIsGoneIsRemoved() {
    life.destroy(id);
    life.untilAllGone();
    String archived = life.objects.text(StoreKeys.archive(id)).orElseThrow();
    spoil("{");

    destroyed();

    assertThat(life.objects.text(StoreKeys.archive(id))).contains(archived);
  }

  @Test
  void theNameOfAnotherIsNotTakenFromIt() {
    spoil("{");
    life.store.release(life.store.claimOn("dev").orElseThrow());
    ClusterId other = life.created("dev");
    spoil("{\"name\": \"dev\", ");

    assertThat(life.destroy(id)).isInstanceOf(Result.Success.class);
    life.until(() -> life.store.find(id).isEmpty(), "its end");

    assertThat(life.cluster(id).name()).isEqualTo(id.defaultName());
    assertThat(life.cluster(other).state()).isIn(State.CREATING, State.READY);
    life.untilAllGone();
  }

  @Test
  void itsNameAloneDoesNotDo() {
    spoil("{");

    assertThat(life.destroy("dev")).isInstanceOf(Result.Rejected.class);
    assertThat(record()).isEqualTo("{");
    assertThat(((Result.Rejected<?>) life.prolong(id, 5)).rejection().error())
        .contains("./eksp-destroy.sh " + id);
    destroyed();
  }

  @Test
  void oneThatNobodyDestroysIsReportedAndStays() {
    spoil("{");
    life.pass(Duration.ofHours(3));

    assertThat(record()).isEqualTo("{");
    assertThat(life.sweep().unreadable()).containsKey(id);
    destroyed();
  }

  /** An attempt whose fence is taken has worked; it is gone on with, and none before it again. */
  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "2, 2", "3, 3", "4, 4", "5, 5", "7, 7", "8, 8", "9, 9", "40, 40"})
  void theLatestAttemptThatHasBegunIsGoneOnWith(int taken, int attempt) {
    for (int i = 1; i <= taken; i++) {
      life.store.takeFence(new TaskKey(id, TaskKind.DESTROY, i), Fence.TAKEN, "task-" + i);
    }
    spoil("{");

    assertThat(life.destroy(id)).isInstanceOf(Result.Success.class);

    assertThat(life.cluster(id).tasks())
        .filteredOn(task -> task.kind() == TaskKind.DESTROY)
        .extracting(Task::attempt)
        .containsExactly(attempt);
  }

  @Test
  void whatItSaysOfATimeToComeIsNotBelieved() {
    spoil("{\"name\":\"dev\",\"status\":{\"created\":\"2036-11-22T10:00:00Z\",");
    life.destroy(id);
    assertThat(life.cluster(id).created()).isEqualTo(life.clock.instant());
  }

  /** Of several names that are claimed, its own is meant, whatever the record says. */
  @Test
  void theNameThatIsClaimedForItIsItsOwn() {
    life.created("another");
    spoil("{\"name\": \"other\", ");
    life.destroy(id);
    assertThat(life.cluster(id).name()).isEqualTo("dev");
  }

  /** S3 refuses to give it out: what stands there must not be replaced unseen. */
  @Test
  void oneThatIsNotGivenOutIsLeftAlone() {
    Recovery recovery = new Recovery(refusing(), life.clock);
    assertThat(recovery.recover(id.value(), ALICE)).isEmpty();
  }

  private ClusterStore refusing() {
    return Intercepted.of(
        ClusterStore.class,
        life.store,
        (method, _, call) ->
            switch (method.getName()) {
              case "find" -> Optional.of(new Stored.Unreadable(id, "AccessDenied"));
              case "recover" -> throw new AssertionError("written unseen");
              default -> call.invoke();
            });
  }

  @Test
  void ofWhatCannotBeReadTheBeginningIsKept() {
    int most = Stored.Unreadable.MAX_TEXT;
    assertThat(new Stored.Unreadable(id, "why", "1", "x".repeat(most)).text()).hasSize(most);
    assertThat(new Stored.Unreadable(id, "why", "1", "x".repeat(most + 1)).text()).hasSize(most);
  }
}
