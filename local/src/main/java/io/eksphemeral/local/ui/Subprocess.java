package io.eksphemeral.local.ui;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end. */
final class Subprocess {
  private static final int MOST_BYTES = 64 * 1024;

  private Subprocess() {}

  /** How it ended, and what it wrote. */
  record Result(int exit, String output, String errors) {
    /** The output may be secret. */
    @Override
    public String toString() {
      return "Result[exit=" + exit + "]";
    }
  }

  /** Starts a program with nothing on its stdin. */
  static ProcessBuilder builder(List<String> command) {
    return new ProcessBuilder(command).redirectInput(new File("/dev/null"));
  }

  /**
   * Runs a program.
   *
   * @throws IOException if it cannot be started, or has not ended by then
   */
  static Result run(List<String> command, Duration patience) throws IOException {
    Process process = builder(command).start();
    try {
      CompletableFuture<String> output = read(process.getInputStream());
      CompletableFuture<String> errors = read(process.getErrorStream());
      if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(
            "%s has not ended within %d s".formatted(command.getLast(), patience.toSeconds()));
      }
      return new Result(process.exitValue(), output.join(), errors.join());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (CompletionException e) {
      throw new IOException("its output cannot be read", e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static CompletableFuture<String> read(InputStream in) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (in) {
            return new String(in.readNBytes(MOST_BYTES), UTF_8);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        command -> Thread.ofVirtual().start(command));
  }
}
