package io.eksphemeral.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.ObjectStore.Entry;
import io.eksphemeral.control.ObjectStore.StoredObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The contract of {@link ObjectStore}, for each implementation. */
public abstract class ObjectStoreContract {
  private static final int WRITERS = 8;
  private static final int ROUNDS = 10;
  private static final String KEY = "names/dev";
  private static final String TEXT = "{\"id\":\"1\"}";

  /** The store under test, empty; the same one for the whole of a test. */
  protected abstract ObjectStore objects();

  /** Writes bytes under a key, past the store. */
  protected abstract void plant(String key, byte[] bytes) throws Exception;

  @Test
  void aMissingObjectIsNotFound() {
    assertThat(objects().get(KEY)).isEmpty();
    assertThat(objects().list("")).isEmpty();
    assertThat(objects().list("names/")).isEmpty();
    assertThat(objects().replaceIf(KEY, "\"1\"", TEXT)).isEmpty();
    assertThat(objects().deleteIf(KEY, "\"1\"")).isFalse();
  }

  @Test
  void aTextIsReadAsItWasWritten() {
    for (String text : List.of(TEXT, "", "{}", "[1]]", "{\"write\":1}", "plain ü\n", "{\"a")) {
      objects().put("put", text);
      String version = objects().putIfAbsent("tasks/t" + text.length(), text).orElseThrow();
      assertThat(objects().get("put").flatMap(StoredObject::asText)).contains(text);
      assertThat(objects().get("tasks/t" + text.length()))
          .contains(new StoredObject.Text(version, text));
    }
  }

  @Test
  void putReplacesWhateverIsThere() {
    objects().put(KEY, "first, and longer");
    objects().put(KEY, "second");

    assertThat(objects().get(KEY).flatMap(StoredObject::asText)).contains("second");
  }

  @Test
  void anObjectIsCreatedOnce() {
    String version = objects().putIfAbsent(KEY, TEXT).orElseThrow();

    assertThat(objects().putIfAbsent(KEY, "{\"id\":\"2\"}")).isEmpty();
    assertThat(objects().get(KEY)).contains(new StoredObject.Text(version, TEXT));
  }

  @Test
  void onlyTheCurrentVersionIsReplacedOrDeleted() {
    String first = objects().putIfAbsent(KEY, TEXT).orElseThrow();
    String second = objects().replaceIf(KEY, first, "{\"id\":\"2\"}").orElseThrow();

    assertThat(objects().replaceIf(KEY, first, "{\"id\":\"3\"}")).isEmpty();
    assertThat(objects().deleteIf(KEY, first)).isFalse();
    assertThat(objects().get(KEY)).contains(new StoredObject.Text(second, "{\"id\":\"2\"}"));
    assertThat(objects().deleteIf(KEY, second)).isTrue();
    assertThat(objects().deleteIf(KEY, second)).isFalse();
    assertThat(objects().replaceIf(KEY, second, TEXT)).isEmpty();
    assertThat(objects().get(KEY)).isEmpty();
  }

  @Test
  void aVersionNeverComesBack() {
    String first = objects().putIfAbsent(KEY, TEXT).orElseThrow();
    String second = objects().replaceIf(KEY, first, "{\"id\":\"2\"}").orElseThrow();
    String third = objects().replaceIf(KEY, second, TEXT).orElseThrow();
    assertThat(objects().deleteIf(KEY, third)).isTrue();
    String fourth = objects().putIfAbsent(KEY, TEXT).orElseThrow();

    assertThat(List.of(first, second, third, fourth)).doesNotHaveDuplicates();
    assertThat(objects().replaceIf(KEY, first, "{\"id\":\"3\"}")).isEmpty();
    assertThat(objects().deleteIf(KEY, third)).isFalse();
  }

  @Test
  void aListingHasTheObjectsOfOneFolderInOrderWithTheirVersions() {
    String b = objects().putIfAbsent("b.json", TEXT).orElseThrow();
    String a = objects().putIfAbsent("a.json", TEXT).orElseThrow();
    String dev = objects().putIfAbsent("names/dev", TEXT).orElseThrow();
    objects().put("names/deep/er", TEXT);

    assertThat(objects().list("").stream().filter(entry -> entry.key().endsWith(".json")))
        .containsExactly(new Entry("a.json", a), new Entry("b.json", b));
    assertThat(objects().list("names/")).contains(new Entry("names/dev", dev));
    assertThat(objects().list("names/").stream().map(Entry::key)).doesNotContain("names/deep/er");
    assertThat(objects().list("tasks/")).isEmpty();
  }

  @Test
  void aListingCanBeLimitedToKeysWithAPrefix() {
    objects().put("ab.json", TEXT);
    objects().put("abc.json", TEXT);
    objects().put("b.json", TEXT);
    objects().put("gone/ab.json", TEXT);
    objects().put("gone/b.json", TEXT);

    assertThat(objects().list("ab")).extracting(Entry::key).containsExactly("ab.json", "abc.json");
    assertThat(objects().list("abc.json")).extracting(Entry::key).containsExactly("abc.json");
    assertThat(objects().list("gone/a")).extracting(Entry::key).containsExactly("gone/ab.json");
    assertThat(objects().list("c")).isEmpty();
    assertThat(objects().list("none/a")).isEmpty();
  }

  @Test
  void aChangePastTheStoreIsANewVersion() throws Exception {
    String version = objects().putIfAbsent(KEY, TEXT).orElseThrow();
    plant(KEY, "{\"id\":\"by hand\"}".getBytes(UTF_8));

    assertThat(objects().list("names/")).isNotEmpty().doesNotContain(new Entry(KEY, version));
    assertThat(objects().replaceIf(KEY, version, TEXT)).isEmpty();
    assertThat(objects().deleteIf(KEY, version)).isFalse();
  }

  @Test
  void anObjectThatIsNoTextIsUnreadableAndCanBeReplaced() throws Exception {
    plant("broken", new byte[] {'{', (byte) 0xff, '}'});
    plant("long", "x".repeat(ObjectStore.MAX_BYTES + 1).getBytes(UTF_8));
    plant("longest", "x".repeat(ObjectStore.MAX_BYTES).getBytes(UTF_8));

    assertThat(objects().get("longest")).containsInstanceOf(StoredObject.Text.class);
    for (String key : List.of("broken", "long")) {
      var unreadable = (StoredObject.Unreadable) objects().get(key).orElseThrow();
      assertThat(unreadable.asText()).isEmpty();
      assertThat(unreadable.text()).isNotEmpty().hasSizeLessThan(ObjectStore.MAX_BYTES);
      assertThat(objects().list("")).contains(new Entry(key, unreadable.version()));
      assertThat(objects().replaceIf(key, unreadable.version(), TEXT)).isPresent();
      assertThat(objects().get(key).flatMap(StoredObject::asText)).contains(TEXT);
    }
  }

  @Test
  void ofConcurrentWritersExactlyOneSucceeds() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
      for (int round = 0; round < ROUNDS; round++) {
        String key = "round-" + round;
        String created = winner(threads, writer -> objects().putIfAbsent(key, text(writer)));
        String replaced =
            winner(threads, writer -> objects().replaceIf(key, created, text(writer)));
        winner(
            threads,
            _ -> objects().deleteIf(key, replaced) ? Optional.of("deleted") : Optional.empty());
      }
    }
  }

  private static String text(int writer) {
    return "{\"writer\":\"%d\"}".formatted(writer);
  }

  private interface Write {
    Optional<String> by(int writer);
  }

  /** The only answer of all writers, who write at the same moment. */
  private static String winner(ExecutorService threads, Write write) throws Exception {
    CyclicBarrier start = new CyclicBarrier(WRITERS);
    List<Future<Optional<String>>> writes =
        IntStream.range(0, WRITERS)
            .mapToObj(writer ->
                threads.submit(() -> {
                  start.await();
                  return write.by(writer);
                }))
            .toList();
    List<String> won = new ArrayList<>();
    for (Future<Optional<String>> one : writes) {
      one.get().ifPresent(won::add);
    }
    assertThat(won).hasSize(1);
    return won.getFirst();
  }
}
