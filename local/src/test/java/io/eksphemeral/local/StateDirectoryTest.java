package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateDirectoryTest {
  @TempDir Path parent;

  @Test
  void whatIsAnnouncedIsFoundAndTakenBack() throws IOException {
    Path path = parent.resolve("new/home");
    try (StateDirectory home = StateDirectory.acquire(path).orElseThrow()) {
      home.publish(4711, "http://127.0.0.1:8470", "A=1\n");
      assertThat(path.resolve("control-plane.pid")).hasContent("4711");
      assertThat(path.resolve("control-plane.url")).hasContent("http://127.0.0.1:8470");
      assertThat(path.resolve("control-plane.settings")).hasContent("A=1\n");

      home.unpublish();
      assertThat(path.resolve("control-plane.pid")).doesNotExist();
      assertThat(path.resolve("control-plane.url")).doesNotExist();
      assertThat(path.resolve("control-plane.settings")).doesNotExist();
    }
  }

  /** Commands that see an address rely on it. */
  @Test
  void noAddressIsAnnouncedWithoutItsProcess() throws IOException {
    try (StateDirectory home = StateDirectory.acquire(parent).orElseThrow()) {
      Files.createDirectories(parent.resolve("control-plane.pid/in-the-way"));

      assertThatIOException().isThrownBy(() -> home.publish(4711, "http://127.0.0.1:1", ""));

      assertThat(parent.resolve("control-plane.url")).doesNotExist();
    }
  }

  @Test
  void whatAKilledProcessAnnouncedIsTakenBack() throws IOException {
    Files.writeString(parent.resolve("control-plane.url"), "http://127.0.0.1:1\n");
    try (StateDirectory home = StateDirectory.acquire(parent).orElseThrow()) {
      assertThat(home.files().read("control-plane.url")).isEmpty();
    }
  }

  @Test
  void aHomeThatWasRemovedIsNoticed() throws IOException {
    Path path = parent.resolve("home");
    Path elsewhere = parent.resolve("elsewhere");
    try (StateDirectory home = StateDirectory.acquire(path).orElseThrow()) {
      assertThat(home.isRemoved()).isFalse();
      Files.move(path, elsewhere);
      assertThat(home.isRemoved()).isTrue();
      try (StateDirectory other = StateDirectory.acquire(path).orElseThrow()) {
        assertThat(home.isRemoved()).isTrue();
        assertThat(other.isRemoved()).isFalse();
      }
      Files.move(path, parent.resolve("gone"));
      Files.createFile(path);
      assertThat(home.isRemoved()).isTrue();
    }
  }

  @Test
  void theLogIsBounded() throws IOException {
    Path log = parent.resolve("control-plane.log");
    try (StateDirectory home = StateDirectory.acquire(parent).orElseThrow();
        OutputStream out =
            Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      Files.setPosixFilePermissions(log, PosixFilePermissions.fromString("rw-------"));
      out.write(new byte[(int) StateDirectory.LONGEST_LOG]);
      home.rotateLog();
      assertThat(log).hasSize(StateDirectory.LONGEST_LOG);

      out.write('\n');
      home.rotateLog();
      out.write("next".getBytes(StandardCharsets.UTF_8));

      assertThat(log).hasContent("next");
      Path before = parent.resolve("control-plane.log.1");
      assertThat(before).hasSize(StateDirectory.LONGEST_LOG + 1);
      assertThat(Files.getPosixFilePermissions(before))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
  }

  @Test
  void aHomeThatWasGivenBackCanBeTakenAgain() throws IOException {
    StateDirectory.acquire(parent).orElseThrow().close();
    StateDirectory.acquire(parent).orElseThrow().close();
    assertThat(parent.resolve("lock")).exists();
    // Who may open it may lock it, too, and so keep everybody else out.
    assertThat(Files.getPosixFilePermissions(parent.resolve("lock")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }
}
