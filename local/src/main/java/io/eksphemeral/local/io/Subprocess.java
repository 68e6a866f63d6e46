package io.eksphemeral.local.io;

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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs programs. Interrupting the thread ends the program.
 *
 * @param environment what programs get, and where their {@code PATH} is
 * @param mostBytes how much a program may print on each of its outputs
 */
public record Subprocess(Map<String, String> environment, int mostBytes) {
  /** The exit code of a program that cannot be started, as in a shell. */
  public static final int NOT_FOUND = 127;

  // No program has these.
  private static final int TIMED_OUT = -1;
  private static final int TOO_LONG = -2;

  public Subprocess {
    environment = Map.copyOf(environment);
  }

  /**
   * How a program ended, and all that it printed.
   *
   * @param code its exit code; below 0 if it did not end by itself, and {@code err} says why
   */
  public record Output(int code, String out, String err) {
    public boolean isSuccess() {
      return code == 0;
    }

    /** Whether it ended by itself. */
    public boolean hasEnded() {
      return code >= 0;
    }

    /** Its first line of output that is not empty, in one of the two streams. */
    public String reason() {
      return (err + "\n" + out)
          .lines()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .findFirst()
          .orElse("exit code " + code);
    }

    /** The output may be secret. */
    @Override
    public String toString() {
      return "Output[code=" + code + "]";
    }
  }

  /**
   * Runs a program to its end. One that prints too much is ended: no output is cut, so what is not
   * in it was not printed.
   *
   * @param limit after which it is ended
   */
  public Output run(Duration limit, String input, List<String> command)
      throws InterruptedException {
    Process process;
    try {
      process = builder(command).start();
    } catch (IOException _) {
      return new Output(NOT_FOUND, "", command.getFirst() + " is not installed");
    }
    try {
      CompletableFuture<String> out = read(process, process.getInputStream());
      CompletableFuture<String> err = read(process, process.getErrorStream());
      write(process, input);
      // What it started may hold its outputs open.
      CompletableFuture<Output> ended =
          process
              .onExit()
              .thenCombine(out, (_, text) -> text)
              .thenCombine(err, (text, error) -> new Output(process.exitValue(), text, error));
      return ended.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      return failed(TIMED_OUT, command, "did not answer within %d s".formatted(limit.toSeconds()));
    } catch (ExecutionException _) {
      return failed(TOO_LONG, command, "printed more than %d bytes".formatted(mostBytes));
    } finally {
      end(process.toHandle());
    }
  }

  private static Output failed(int code, List<String> command, String what) {
    String words = String.join(" ", command.subList(0, Math.min(2, command.size())));
    return new Output(code, "", words + " " + what);
  }

  /** Prepares a program to be started. */
  public ProcessBuilder builder(List<String> command) throws IOException {
    List<String> words = new ArrayList<>(command);
    words.set(0, resolve(command.getFirst()));
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().clear();
    builder.environment().putAll(environment);
    return builder;
  }

  /** The path of a program; the JVM would look for it on its own PATH. */
  private String resolve(String program) throws IOException {
    if (program.contains("/")) {
      return program;
    }
    for (String folder : environment.getOrDefault("PATH", "").split(":", -1)) {
      Path file = Path.of(folder.isEmpty() ? "." : folder, program);
      if (Files.isExecutable(file) && Files.isRegularFile(file)) {
        return file.toString();
      }
    }
    throw new IOException(program + " is not on the PATH");
  }

  /** Ends a process and those that it started, and waits until they have ended. */
  public static void end(ProcessHandle process) {
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

  private CompletableFuture<String> read(Process process, InputStream stream) {
    CompletableFuture<String> text = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          byte[] bytes = new byte[0];
          try (stream) {
            bytes = stream.readNBytes(mostBytes + 1);
          } catch (IOException _) {
            // The program was ended.
          }
          if (bytes.length > mostBytes) {
            process.destroyForcibly();
            text.completeExceptionally(new IOException("too long"));
          } else {
            text.complete(new String(bytes, StandardCharsets.UTF_8));
          }
        });
    return text;
  }
}
