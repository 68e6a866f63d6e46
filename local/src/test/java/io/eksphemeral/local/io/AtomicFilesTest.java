package io.eksphemeral.local.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is left after a power failure, at any moment, on a disk that keeps only what it must. */
final class AtomicFilesTest {
  private static final String NOTHING = "nothing";
  private static final String TORN = "torn";

  @TempDir Path parent;

  /** The contents of each file, and the entries of each folder, as they were forced last. */
  private final Map<Object, String> contents = new HashMap<>();

  private final Map<Object, Map<String, Object>> entries = new HashMap<>();

  /** What was, or could have been, found under the key whenever something was forced. */
  private final List<String> seen = new ArrayList<>();

  private final String key = "names/dev";

  private AtomicFiles open() throws IOException {
    return AtomicFiles.open(parent.resolve("new/bucket"), this::force);
  }

  private void force(Path path, FileChannel channel) throws IOException {
    // Before: what was done up to now may have reached the disk by itself, in any order.
    look();
    if (Files.isDirectory(path)) {
      entries.put(key(path), listed(path));
    } else {
      assertThat(channel.size()).isEqualTo(Files.size(path));
      contents.put(key(path), Files.readString(path));
    }
    look();
  }

  private void look() throws IOException {
    seen.add(after(false));
    seen.add(after(true));
  }

  /**
   * What is under the key after a power failure now.
   *
   * @param lucky whether the entries of folders had reached the disk unforced
   */
  private String after(boolean lucky) throws IOException {
    Path path = parent;
    for (Path name : Path.of("new/bucket").resolve(key)) {
      if (!Files.exists(path)) {
        return NOTHING;
      }
      Map<String, Object> there =
          lucky ? listed(path) : entries.getOrDefault(key(path), Map.<String, Object>of());
      @Nullable Object found = there.get(name.toString());
      if (found == null) {
        return NOTHING;
      }
      path = path.resolve(name);
      if (path.endsWith(key)) {
        return contents.getOrDefault(found, TORN);
      }
    }
    throw new IllegalStateException(key);
  }

  private static Map<String, Object> listed(Path folder) throws IOException {
    Map<String, Object> listed = new HashMap<>();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          listed.put(String.valueOf(file.getFileName()), key(file));
        }
      }
    }
    return listed;
  }

  private static Object key(Path path) throws IOException {
    return Objects.requireNonNull(
        Files.readAttributes(path, BasicFileAttributes.class).fileKey(), "no file key");
  }

  @Test
  void onceWrittenATextIsThereAfterAPowerFailure() throws IOException {
    open().write(key, "first");

    assertThat(after(false)).isEqualTo("first");
    assertThat(seen).containsOnly(NOTHING, "first");
  }

  @Test
  void aTextIsReplacedAsAWholeOrNotAtAll() throws IOException {
    AtomicFiles folder = open();
    folder.write(key, "first");
    seen.clear();

    folder.write(key, "second");

    assertThat(after(false)).isEqualTo("second");
    assertThat(seen).containsOnly("first", "second");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "/x", "../x", "..", ".", ".tmp/1", "a/../../x", "a/.x", "a//b", "a/", "a\nb"})
  void noKeyLeadsOutOfItOrToWhatIsItsOwn(String other) throws IOException {
    AtomicFiles folder = open();

    assertThatIllegalArgumentException().isThrownBy(() -> folder.write(other, "x"));
    assertThatIllegalArgumentException().isThrownBy(() -> folder.read(other));
    assertThatIllegalArgumentException().isThrownBy(() -> folder.remove(other));
  }

  @Test
  void onceRemovedItIsGoneAfterAPowerFailure() throws IOException {
    AtomicFiles folder = open();
    folder.write(key, "first");

    folder.remove(key);

    assertThat(after(false)).isEqualTo(NOTHING);
  }
}
