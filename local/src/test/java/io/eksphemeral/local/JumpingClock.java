package io.eksphemeral.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;

/**
 * The control plane as a program whose clock on the wall goes ahead of this machine's, or behind
 * it, by what stands in a file, and jumps when that changes.
 */
final class JumpingClock {
  static final String FILE = "JUMPING_CLOCK";

  private JumpingClock() {}

  public static void main(String[] arguments) {
    Path file = Path.of(System.getenv(FILE));
    LocalControlPlane.run(arguments, () -> InstantSource.system().instant().plus(ahead(file)));
  }

  private static Duration ahead(Path file) {
    try {
      return Duration.parse(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Has all clocks that go by a file be ahead by so much. */
  static void set(Path file, Duration ahead) throws IOException {
    Path next =
        Files.writeString(file.resolveSibling(file.getFileName() + ".next"), ahead.toString());
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
