package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.START;
import static io.eksphemeral.control.Samples.admitted;
import static io.eksphemeral.control.Samples.newId;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract of {@link ClusterStore}, on each {@link ObjectStore}. */
public abstract class ClusterStoreContract {
  private static final int WRITERS = 8;
  private static final int ROUNDS = 20;

  /** The store under test, empty; the same one for the whole of a test. */
  protected abstract ClusterStore store();

  /** Writes a text under a key, past the store. */
  protected abstract void plant(String key, String text) throws Exception;

  /** The text under a key. */
  protected abstract String text(String key) throws Exception;

  @Test
  void anAddedRecordIsFound() {
    Cluster cluster = admitted("one");
    Stored.Live added = store().add(cluster).orElseThrow();

    assertThat(added.cluster()).isEqualTo(cluster);
    assertThat(store().find(cluster.id())).contains(added);
  }

  @Test
  void anUnknownIdIsNotFound() {
    assertThat(store().find(newId())).isEmpty();
    assertThat(store().archived(newId())).isEmpty();
    assertThat(store().ids()).isEmpty();
    assertThat(store().list()).isEmpty();
    assertThat(store().claims()).isEmpty();
    assertThat(store().claimedNames()).isEmpty();
    assertThat(store().versions()).isEmpty();
  }

  @Test
  void anIdIsAddedOnce() {
    Cluster cluster = admitted("one");
    Stored.Live first = store().add(cluster).orElseThrow();

    assertThat(store().add(cluster.launchRejected("other"))).isEmpty();
    assertThat(store().find(cluster.id())).contains(first);
  }

  @Test
  void onlyTheLatestVersionOfARecordIsReplaced() {
    Stored.Live read = store().add(admitted("one")).orElseThrow();
    Stored.Live written =
        store().replace(read, read.cluster().launchRejected("first")).orElseThrow();

    assertThat(store().replace(read, read.cluster().launchRejected("second"))).isEmpty();
    assertThat(store().find(read.id())).contains(written);
    assertThat(written.cluster().error()).isEqualTo("first");
    assertThat(store().replace(written, written.cluster().launchRejected("third"))).isPresent();
  }

  @Test
  void aRemovedRecordIsNeitherReplacedNorRemovedAgain() {
    Stored.Live read = store().add(admitted("one")).orElseThrow();

    assertThat(store().remove(read)).isTrue();
    assertThat(store().remove(read)).isFalse();
    assertThat(store().replace(read, read.cluster().launchRejected("late"))).isEmpty();
    assertThat(store().find(read.id())).isEmpty();
    assertThat(store().ids()).isEmpty();
  }

  @Test
  void anOutdatedVersionOfARecordIsNotRemoved() {
    Stored.Live read = store().add(admitted("one")).orElseThrow();
    Stored.Live written = store().replace(read, read.cluster().launchRejected("new")).orElseThrow();

    assertThat(store().remove(read)).isFalse();
    assertThat(store().find(read.id())).contains(written);
  }

  @Test
  void listingsAreOrderedById() {
    List<ClusterId> ids =
        IntStream.range(0, 5).mapToObj(i -> admitted("c" + i).id()).sorted().toList();
    for (ClusterId id : ids.reversed()) {
      assertThat(store().add(Cluster.requested(id, Samples.spec("n" + id), Samples.ALICE, START)))
          .isPresent();
    }

    assertThat(store().ids()).containsExactlyElementsOf(ids);
    assertThat(store().list()).map(Stored::id).containsExactlyElementsOf(ids);
  }

  @Test
  void oneOfManyConcurrentWritersOfARecordSucceeds() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Stored.Live read = store().add(admitted("round-" + round)).orElseThrow();
      List<Optional<Stored.Live>> results =
          atOnce(writer -> store().replace(read, read.cluster().launchRejected("by " + writer)));

      List<Stored.Live> winners = results.stream().flatMap(Optional::stream).toList();
      assertThat(winners).as("winners of round %d", round).hasSize(1);
      assertThat(store().find(read.id())).contains(winners.getFirst());
    }
  }

  @Test
  void oneOfManyConcurrentAddsOfAnIdSucceeds() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Cluster cluster = admitted("round-" + round);
      List<Optional<Stored.Live>> results =
          atOnce(writer -> store().add(cluster.launchRejected("by " + writer)));

      List<Stored.Live> winners = results.stream().flatMap(Optional::stream).toList();
      assertThat(winners).as("winners of round %d", round).hasSize(1);
      assertThat(store().find(cluster.id())).contains(winners.getFirst());
    }
  }

  @Test
  void oneOfManyConcurrentClaimsOfANameSucceeds() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      String name = "round-" + round;
      List<Claim> claims = atOnce(writer -> store().claim(new Claim(name, newId(), START)));

      assertThat(claims).as("claims of round %d", round).containsOnly(claims.getFirst());
      assertThat(store().claimOn(name)).contains(claims.getFirst());
    }
  }

  @Test
  void oneOfManyConcurrentTakersOfAFenceSucceeds() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      TaskKey key = new TaskKey(newId(), TaskKind.CREATE, 1);
      List<Boolean> taken = atOnce(writer -> store().takeFence(key, Fence.TAKEN, "task-" + writer));

      assertThat(taken).as("takers of round %d", round).containsOnlyOnce(true);
    }
  }

  @Test
  void aNameIsClaimedByOneClusterAtATime() {
    Claim first = new Claim("dev", newId(), START);
    Claim second = new Claim("dev", newId(), START);

    assertThat(store().claim(first)).isEqualTo(first);
    assertThat(store().claim(second)).isEqualTo(first);
    assertThat(store().claimOn("dev")).contains(first);
    assertThat(store().claimOn("dev-prod")).isEmpty();
    assertThat(store().claims()).containsExactly(first);
    assertThat(store().claimedNames()).containsExactly("dev");
    assertThat(store().claims(Set.of("dev"))).containsExactly(first);
    assertThat(store().claims(Set.of("dev-prod"))).isEmpty();
  }

  @Test
  void claimingAgainReplacesTheEarlierClaim() {
    Claim first = new Claim("dev", newId(), START);
    Claim again = new Claim("dev", first.holder(), START.plusSeconds(5));
    store().claim(first);

    assertThat(store().claim(again)).isEqualTo(again);
    assertThat(store().release(first)).isFalse();
    assertThat(store().claimOn("dev")).contains(again);
  }

  @Test
  void aFreedNameCanBeClaimedAgain() {
    Claim first = new Claim("dev", newId(), START);
    Claim second = new Claim("dev", newId(), START);
    store().claim(first);

    assertThat(store().release(second)).isFalse();
    assertThat(store().release(first)).isTrue();
    assertThat(store().release(first)).isFalse();
    assertThat(store().claim(second)).isEqualTo(second);
  }

  @Test
  void aFenceIsOpenUntilItIsTaken() {
    TaskKey key = new TaskKey(newId(), TaskKind.CREATE, 1);
    assertThat(store().fence(key)).isEqualTo(Fence.OPEN);

    assertThat(store().takeFence(key, Fence.TAKEN, "task-1")).isTrue();
    assertThat(store().fence(key)).isEqualTo(Fence.TAKEN);
    assertThat(store().takeFence(key, Fence.TAKEN, "task-2")).isFalse();
    assertThat(store().takeFence(key, Fence.CLOSED, "control-plane")).isFalse();
    assertThat(store().fence(key)).isEqualTo(Fence.TAKEN);
  }

  @Test
  void theHolderOfAFenceMayTakeItAgain() {
    TaskKey key = new TaskKey(newId(), TaskKind.DESTROY, 2);
    store().takeFence(key, Fence.CLOSED, "control-plane");

    assertThat(store().takeFence(key, Fence.CLOSED, "control-plane")).isTrue();
    assertThat(store().takeFence(key, Fence.TAKEN, "task-1")).isFalse();
    assertThat(store().fence(key)).isEqualTo(Fence.CLOSED);
  }

  @Test
  void eachAttemptHasItsOwnFenceAndResult() {
    ClusterId id = newId();
    TaskKey first = new TaskKey(id, TaskKind.DESTROY, 1);
    TaskKey second = new TaskKey(id, TaskKind.DESTROY, 2);
    TaskKey creation = new TaskKey(id, TaskKind.CREATE, 1);
    store().takeFence(first, Fence.TAKEN, "task-1");
    store().putResult(first, result("left"));

    assertThat(store().fence(second)).isEqualTo(Fence.OPEN);
    assertThat(store().fence(creation)).isEqualTo(Fence.OPEN);
    assertThat(store().result(second)).isEmpty();
    assertThat(store().result(creation)).isEmpty();
    assertThat(store().result(first)).contains(result("left"));
  }

  @Test
  void aLaterResultReplacesAnEarlierOne() {
    TaskKey key = new TaskKey(newId(), TaskKind.DESTROY, 1);
    store().putResult(key, result("first"));
    store().putResult(key, result("second"));

    assertThat(store().result(key)).contains(result("second"));
  }

  @Test
  void aLaterConfigReplacesAnEarlierOne() throws Exception {
    ClusterId id = newId();
    store().putConfig(id, "{\"kind\": \"first, and longer\"}\n");
    store().putConfig(id, "{\"kind\": \"ClusterConfig\"}\n");

    assertThat(text(StoreKeys.config(id))).isEqualTo("{\"kind\": \"ClusterConfig\"}\n");
    assertThat(store().fence(new TaskKey(id, TaskKind.CREATE, 1))).isEqualTo(Fence.OPEN);
  }

  @Test
  void fencesResultsClaimsAndTheArchiveAreNotListed() {
    Cluster cluster = admitted("one");
    Stored.Live live = store().add(cluster).orElseThrow();
    store().claim(new Claim("one", cluster.id(), START));
    store().putConfig(cluster.id(), "{}");
    store().takeFence(new TaskKey(cluster.id(), TaskKind.CREATE, 1), Fence.TAKEN, "task-1");
    store().putResult(new TaskKey(cluster.id(), TaskKind.CREATE, 1), result("x"));
    store().archive(live);

    assertThat(store().ids()).containsExactly(cluster.id());
    assertThat(store().list()).containsExactly(live);
  }

  @Test
  void theArchiveKeepsRemovedRecords() {
    Stored.Live live = store().add(admitted("one")).orElseThrow();
    store().archive(live);
    store().archive(live);
    store().remove(live);

    assertThat(store().find(live.id())).isEmpty();
    Stored archived = store().archived(live.id()).orElseThrow();
    assertThat(archived)
        .isInstanceOfSatisfying(
            Stored.Live.class, found -> assertThat(found.cluster()).isEqualTo(live.cluster()));
  }

  @Test
  void aRecordOf2019IsListedUnchanged() throws Exception {
    ClusterId id = newId();
    String bare = "{\"name\":\"default-eksp\",\"numworkers\":1}";
    plant(StoreKeys.record(id), bare);

    assertThat(store().find(id)).contains(new Stored.Legacy(id, bare));
    assertThat(store().list()).containsExactly(new Stored.Legacy(id, bare));
    assertThat(store().ids()).containsExactly(id);
  }

  @Test
  void aBrokenRecordDoesNotPreventTheListing() throws Exception {
    Stored.Live live = store().add(admitted("one")).orElseThrow();
    for (String broken :
        List.of("", "{", "[]", "{\"status\":{\"format\":2}}", "{\"status\":{\"id\":\"x\"}}")) {
      ClusterId id = newId();
      plant(StoreKeys.record(id), broken);

      assertThat(store().find(id).orElseThrow()).isInstanceOf(Stored.Unreadable.class);
      assertThat(store().list())
          .contains(live)
          .anySatisfy(stored -> assertThat(stored.id()).isEqualTo(id));
    }
  }

  @Test
  void onlyTheLatestVersionOfABrokenRecordIsReplaced() throws Exception {
    Cluster cluster = admitted("one");
    plant(StoreKeys.record(cluster.id()), "{");
    Stored.Unreadable read = unreadable(cluster.id());
    plant(StoreKeys.record(cluster.id()), "[]");
    assertThat(store().recover(read, cluster)).isEmpty();
    assertThat(text(StoreKeys.record(cluster.id()))).isEqualTo("[]");

    Stored.Live recovered = store().recover(unreadable(cluster.id()), cluster).orElseThrow();

    assertThat(recovered.cluster()).isEqualTo(cluster);
    assertThat(store().find(cluster.id())).contains(recovered);
    assertThat(store().recover(read, cluster)).isEmpty();
  }

  /** Its beginning is kept, since it may say who owns the cluster. */
  @Test
  void aRecordThatIsTooLongIsUnreadableAndCanBeReplaced() throws Exception {
    Cluster cluster = admitted("one");
    String begin = "{\"name\":\"one\",\"junk\":\"";
    plant(StoreKeys.record(cluster.id()), begin + "x".repeat(ClusterRecordCodec.LONGEST) + "\"}");

    Stored.Unreadable read = unreadable(cluster.id());
    assertThat(read.text()).startsWith(begin).hasSizeLessThan(ClusterRecordCodec.LONGEST / 2);
    assertThat(store().list()).containsExactly(read);
    assertThat(store().recover(read, cluster)).isPresent();
    assertThat(store().list()).hasOnlyElementsOfType(Stored.Live.class);
  }

  @Test
  void theLongestRecordCanBeReadBackAndALongerOneIsNotWritten() throws Exception {
    Stored.Live read = store().add(admitted("one")).orElseThrow();
    String junk = "\"junk\":\"" + "x".repeat(ClusterRecordCodec.LONGEST - 20_000) + "\",";
    plant(StoreKeys.record(read.id()), "{" + junk + read.json().substring(1));
    Stored.Live full = (Stored.Live) store().find(read.id()).orElseThrow();

    Stored.Live kept = store().replace(full, full.cluster().launchRejected("no")).orElseThrow();
    assertThat(text(StoreKeys.record(read.id()))).contains("xxx");
    assertThat(store().find(read.id())).contains(kept);

    plant(
        StoreKeys.record(read.id()),
        "{" + junk.replace("\",", "x".repeat(19_300) + "\",") + read.json().substring(1));
    Stored.Live brimful = (Stored.Live) store().find(read.id()).orElseThrow();
    Cluster longer = brimful.cluster().launchRejected("no".repeat(200)).stopping(START);
    assertThat(store().replace(brimful, longer)).isPresent();
    assertThat(((Stored.Live) store().find(read.id()).orElseThrow()).cluster()).isEqualTo(longer);
    assertThat(text(StoreKeys.record(read.id()))).doesNotContain("xxx");
  }

  private Stored.Unreadable unreadable(ClusterId id) {
    return (Stored.Unreadable) store().find(id).orElseThrow();
  }

  @Test
  void otherFilesAreNotListed() throws Exception {
    plant("notes.json", "{}");
    plant("README", "hello");

    assertThat(store().ids()).isEmpty();
    assertThat(store().list()).isEmpty();
  }

  @Test
  void unknownFieldsSurviveARewrite() throws Exception {
    Cluster cluster = admitted("one");
    Stored.Live added = store().add(cluster).orElseThrow();
    String json = text(StoreKeys.record(cluster.id()));
    plant(
        StoreKeys.record(cluster.id()),
        json.replace("\"status\":{", "\"colour\":\"blue\",\"status\":{\"mood\":[1,{\"x\":2}],"));
    Stored.Live read = (Stored.Live) store().find(cluster.id()).orElseThrow();
    assertThat(read.version()).isNotEqualTo(added.version());

    assertThat(store().replace(read, read.cluster().launchRejected("why"))).isPresent();

    assertThat(text(StoreKeys.record(cluster.id())))
        .contains("\"colour\":\"blue\"", "\"mood\":[1,{\"x\":2}]", "\"error\":\"why\"");
  }

  @Test
  void theListOfVersionsIsRead() throws Exception {
    plant(StoreKeys.VERSIONS, "{\"offered\":[\"1.34\",\"1.35\"],\"preferred\":\"1.35\"}");

    assertThat(store().versions().orElseThrow().offered()).containsExactly("1.34", "1.35");
    assertThat(store().versions().orElseThrow().preferred()).isEqualTo("1.35");
  }

  private static TaskResult result(String message) {
    return new TaskResult(
        Outcome.FAILED, START, message, List.of("volume vol-1"), List.of("line 1", "line \"2\""));
  }

  /** Calls in eight threads at the same moment. */
  private static <T> List<T> atOnce(Function<Integer, T> what) throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
      List<Future<T>> futures = new ArrayList<>();
      for (int i = 0; i < WRITERS; i++) {
        int writer = i;
        Callable<T> call =
            () -> {
              go.await();
              return what.apply(writer);
            };
        futures.add(threads.submit(call));
      }
      go.countDown();
      List<T> results = new ArrayList<>();
      for (Future<T> future : futures) {
        results.add(future.get());
      }
      return results;
    }
  }
}
