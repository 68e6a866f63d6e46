package io.eksphemeral.local.kind;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Runs programs with an environment that is fixed. Interrupting the thread ends the program. */
record Command(Map<String, String> environment) {
  /** The exit code of a program that cannot be started, as in a shell. */
  static final int NOT_FOUND = 127;

  private static final int TIMED_OUT = 124;

  /** Of what a program prints, so much is kept, in bytes. */
  private static final int LONGEST = 1 << 20;

  Command {
    environment = Map.copyOf(environment);
  }

  /** What a program printed, and its exit code. */
  record Output(int code, String out, String err) {
    boolean isSuccess() {
      return code == 0;
    }

    /** Its first line of output that is not empty, in one of the two streams. */
    String reason() {
      return (err + "\n" + out)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .findFirst()
          .orElse("exit code " + code);
    }
  }

  /**
   * Runs a program to its end.
   *
   * @param limit after which it is ended, with an exit code that is not 0
   */
  Output run(Duration limit, String input, List<String> command) throws InterruptedException {
    Process process;
    try {
      process = start(command, false);
    } catch (IOException e) {
      return new Output(NOT_FOUND, "", command.getFirst() + " is not installed");
    }
    try {
      CompletableFuture<String> out = read(process.getInputStream());
      CompletableFuture<String> err = read(process.getErrorStream());
      write(process, input);
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        String words = String.join(" ", command.subList(0, Math.min(2, command.size())));
        return new Output(
            TIMED_OUT, "", "%s did not answer within %d s".formatted(words, limit.toSeconds()));
      }
      return new Output(process.exitValue(), out.join(), err.join());
    } finally {
      end(process.toHandle());
    }
  }

  /** Starts a program. */
  Process start(List<String> command, boolean mergeOutputs) throws IOException {
    List<String> words = new ArrayList<>(command);
    words.set(0, resolve(command.getFirst()));
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(mergeOutputs);
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** The path of a program; the JVM would look for it on its own PATH. */
  private String resolve(String program) throws IOException {
    for (String folder : environment.getOrDefault("PATH", "").split(":", -1)) {
      Path file = Path.of(folder.isEmpty() ? "." : folder, program);
      if (Files.isExecutable(file) && Files.isRegularFile(file)) {
        return file.toString();
      }
    }
    throw new IOException(program + " is not on the PATH");
  }

  /** Ends a process and those that it started, and waits until they have ended. */
  static void end(ProcessHandle process) {
    if (!process.isAlive()) {
      return;
    }
    List<ProcessHandle> below = process.descendants().toList();
    process.destroyForcibly();
    below.forEach(ProcessHandle::destroyForcibly);
    process.onExit().orTimeout(5, TimeUnit.SECONDS).exceptionally(_ -> process).join();
  }

  private static void write(Process process, String input) {
    try (OutputStream in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException _) {
      // It does not read, or has ended; its exit code says more.
    }
  }

  private static CompletableFuture<String> read(InputStream stream) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          byte[] bytes = new byte[0];
          try (stream) {
            bytes = stream.readNBytes(LONGEST);
            stream.transferTo(OutputStream.nullOutputStream());
          } catch (IOException _) {
            // The program was ended.
          } finally {
            text.complete(new String(bytes, StandardCharsets.UTF_8));
          }
        });
    return text;
  }
}
