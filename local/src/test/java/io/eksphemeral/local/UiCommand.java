package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code eksp ui}, as a caller types it. */
final class UiCommand implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Scripts.Running running;
  private final String link;

  private UiCommand(Scripts.Running running) throws InterruptedException {
    this.running = running;
    Scripts.until(
        "the link of the page",
        PATIENCE,
        () -> read(running.out()).endsWith("\n") || !running.process().isAlive());
    this.link = read(running.out()).strip();
    assertThat(link).as(read(running.err())).startsWith("http://127.0.0.1:");
  }

  static UiCommand start(Scripts caller) throws IOException, InterruptedException {
    return new UiCommand(caller.start("", "eksp", "ui", "--no-open"));
  }

  /** Works once. */
  String link() {
    return link;
  }

  /** For the browser that has used the link. */
  String home() {
    return link.substring(0, link.indexOf('?'));
  }

  /** What it has written, and the arguments of its processes, which every user can read. */
  List<String> shown() {
    return Stream.concat(
            Stream.of(read(running.out()), read(running.err())),
            Stream.concat(Stream.of(running.process().toHandle()), running.process().descendants())
                .map(process -> process.info().commandLine())
                .flatMap(Optional::stream))
        .toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    running.process().toHandle().destroy();
    running.process().onExit().join();
  }
}
