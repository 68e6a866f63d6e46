package io.eksphemeral.local;

import static io.eksphemeral.control.Samples.START;
import static io.eksphemeral.control.Samples.admitted;
import static io.eksphemeral.control.Samples.newId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.eksphemeral.control.Claim;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ClusterStoreContract;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterBuilder;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Transition;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.io.FileObjectStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileClusterStoreTest extends ClusterStoreContract {
  /** When something counts as hanging. */
  private static final Duration A_WHILE = Duration.ofSeconds(20);

  @TempDir Path home;
  private Path bucket;
  private ClusterStore store;

  @BeforeEach
  void open() throws IOException {
    bucket = home.resolve("bucket");
    store = new ClusterStore(new FileObjectStore(AtomicFiles.open(bucket)), Runnable::run);
  }

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void plant(String key, String text) throws IOException {
    Path file = bucket.resolve(key);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  @Override
  protected String text(String key) throws IOException {
    return Files.readString(bucket.resolve(key));
  }

  @Test
  void aNewProcessContinuesFromTheFiles() throws IOException {
    Stored.Live written = store.add(admitted("one")).orElseThrow();
    store.claim(new Claim("one", written.id(), START));
    open();

    assertThat(store.list()).map(Stored::id).containsExactly(written.id());
    assertThat(store.claimOn("one")).isPresent();
  }

  @Test
  void unfinishedWritesOfAKilledProcessAreRemoved() throws IOException {
    Files.writeString(bucket.resolve(".tmp/17"), "{\"name\":\"ha");
    assertThat(store.list()).isEmpty();

    open();
    assertThat(bucket.resolve(".tmp")).isEmptyDirectory();
  }

  @Test
  void aWriteLeavesNoTemporary() throws IOException {
    Stored.Live read = store.add(admitted("one")).orElseThrow();
    store.replace(read, read.cluster().launchRejected("why"));
    // A folder that is not empty cannot be replaced, so this write fails half-way.
    TaskKey key = new TaskKey(read.id(), TaskKind.CREATE, 1);
    Files.createDirectories(bucket.resolve(StoreKeys.archive(read.id())).resolve("x"));
    assertThatThrownBy(() -> store.archive(read)).isInstanceOf(StoreException.class);

    assertThat(store.fence(key)).isEqualTo(Fence.OPEN);
    assertThat(bucket.resolve(".tmp")).isEmptyDirectory();
  }

  @Test
  void anythingUnderTheKeyOfARecordIsListed() throws IOException {
    Stored.Live fine = store.add(admitted("fine")).orElseThrow();
    ClusterId folder = newId();
    Files.createDirectories(bucket.resolve(StoreKeys.record(folder)).resolve("inner"));
    ClusterId broken = newId();
    Files.write(bucket.resolve(StoreKeys.record(broken)), new byte[] {'{', (byte) 0xff, '}'});
    ClusterId junk = newId();
    Files.write(bucket.resolve(StoreKeys.record(junk)), new byte[5_000_000]);
    ClusterId dangling = newId();
    Files.createSymbolicLink(bucket.resolve(StoreKeys.record(dangling)), bucket.resolve("nowhere"));

    assertThat(store.ids()).contains(fine.id(), folder, broken, junk);
    assertThat(store.list()).contains(fine);
    assertThat(unreadable(folder)).containsIgnoringCase("directory");
    assertThat(unreadable(broken)).isEqualTo("it is not UTF-8");
    assertThat(unreadable(junk)).contains("5000000 bytes");
    assertThat(store.find(dangling)).isEmpty();
  }

  /** Opening a pipe for reading blocks until another process writes to it. */
  @Test
  void aPipeDoesNotBlockReads() throws Exception {
    Stored.Live fine = store.add(admitted("fine")).orElseThrow();
    TaskKey task = new TaskKey(fine.id(), TaskKind.CREATE, 1);
    ClusterId pipe = newId();
    ClusterId link = newId();
    Files.createDirectories(bucket.resolve(StoreKeys.fence(task)).getParent());
    for (String key : List.of(StoreKeys.record(pipe), StoreKeys.fence(task))) {
      String path = bucket.resolve(key).toString();
      assertThat(new ProcessBuilder("mkfifo", path).inheritIO().start().waitFor()).isZero();
    }
    Files.createSymbolicLink(
        bucket.resolve(StoreKeys.record(link)), bucket.resolve(StoreKeys.record(pipe)));

    assertThat(apart(store::list)).succeedsWithin(A_WHILE).asInstanceOf(LIST).contains(fine);
    assertThat(unreadable(pipe)).isEqualTo("it is not a regular file");
    assertThat(unreadable(link)).isEqualTo("it is not a regular file");
    assertThat(apart(() -> store.fence(task)))
        .failsWithin(A_WHILE)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(StoreException.class);
  }

  /** On a thread of its own, which nothing waits for if it hangs. */
  private static <T> CompletableFuture<T> apart(Supplier<T> work) {
    return CompletableFuture.supplyAsync(work, task -> Thread.ofPlatform().daemon().start(task));
  }

  private String unreadable(ClusterId id) {
    List<Stored> listed = store.list().stream().filter(one -> one.id().equals(id)).toList();
    assertThat(listed).singleElement().isEqualTo(store.find(id).orElseThrow());
    return ((Stored.Unreadable) listed.getFirst()).why();
  }

  @Test
  void anUnreadableClaimDoesNotPreventTheListing() throws IOException {
    Claim claim = store.claim(new Claim("dev", newId(), START));
    plant(StoreKeys.claim("broken"), "{");
    Files.createDirectories(bucket.resolve(StoreKeys.claim("folder")).resolve("inner"));

    assertThat(store.claims()).containsExactly(claim);
  }

  @Test
  void anExistingFileIsNotOverwrittenByANewCluster() throws IOException {
    ClusterId id = newId();
    plant(StoreKeys.record(id), "broken");

    assertThat(store.add(admitted("one"))).isPresent();
    assertThat(
            store.add(
                Cluster.requested(id, io.eksphemeral.control.Samples.spec("x"), "alice", START)))
        .isEmpty();
    assertThat(text(StoreKeys.record(id))).isEqualTo("broken");
  }

  @Test
  void writingTheSameAgainIsANewVersion() {
    Stored.Live first = store.add(admitted("one")).orElseThrow();
    Stored.Live other = store.replace(first, first.cluster().launchRejected("x")).orElseThrow();
    Stored.Live same = store.replace(other, first.cluster()).orElseThrow();

    assertThat(same.json()).isEqualTo(first.json());
    assertThat(store.replace(first, first.cluster())).isEmpty();
    assertThat(store.remove(first)).isFalse();
    assertThat(store.find(first.id())).contains(same);
  }

  @Test
  void aChangeByHandIsSeenAtOnce() throws IOException {
    Stored.Live read = store.add(admitted("one")).orElseThrow();
    plant(StoreKeys.record(read.id()), read.json().replace("\"numworkers\":2", "\"numworkers\":3"));

    assertThat(((Stored.Live) store.find(read.id()).orElseThrow()).cluster().spec().numworkers())
        .isEqualTo(3);
    assertThat(store.replace(read, read.cluster())).isEmpty();
  }

  @Test
  void noNameEscapesTheFolder() {
    for (String name : List.of("../x", "..", ".tmp/1", "a/../../x", "/etc/passwd", "", "a\0b")) {
      assertThatThrownBy(() -> store.claim(new Claim(name, newId(), START)))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> store.claimOn(name))
          .as(name)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(home).isDirectoryNotContaining("glob:**/x");
  }

  @Test
  void onlyTheOwnerCanRead() throws IOException {
    Stored.Live live = store.add(admitted("one")).orElseThrow();
    store.claim(new Claim("one", live.id(), START));
    store.takeFence(new TaskKey(live.id(), TaskKind.CREATE, 1), Fence.TAKEN, "task-1");

    try (Stream<Path> all = Files.walk(bucket)) {
      assertThat(all)
          .hasSizeGreaterThan(6)
          .allSatisfy(path ->
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                  .matches("rw[x-]------"));
    }
  }

  @Test
  void theArchiveIsKeptForThirtyDays() throws IOException {
    Stored.Live gone = archive("one");
    Stored.Live unreadable = archive("two");
    plant(StoreKeys.archive(unreadable.id()), "broken");
    TaskKey key = new TaskKey(gone.id(), TaskKind.CREATE, 1);
    store.takeFence(key, Fence.TAKEN, "task-1");

    assertThat(store.expire(START.plus(Duration.ofDays(30)).minusMillis(1))).isEmpty();
    assertThat(store.archived(gone.id())).isPresent();
    assertThat(store.expire(START.plus(Duration.ofDays(30)))).containsExactly(gone.id());
    assertThat(store.archived(gone.id())).isEmpty();
    assertThat(bucket.resolve("tasks/" + gone.id())).doesNotExist();
    assertThat(store.archived(unreadable.id()).orElseThrow()).isInstanceOf(Stored.Unreadable.class);
  }

  private Stored.Live archive(String name) {
    Cluster cluster = admitted(name);
    List<Transition> history = new ArrayList<>(cluster.history());
    history.add(new Transition(State.GONE, START, "deletion verified"));
    Cluster gone = new ClusterBuilder(cluster).state(State.GONE).history(history).build();
    Stored.Live live = store.add(gone).orElseThrow();
    store.archive(live);
    assertThat(store.remove(live)).isTrue();
    return live;
  }
}
