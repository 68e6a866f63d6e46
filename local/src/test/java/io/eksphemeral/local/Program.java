package io.eksphemeral.local;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** The control plane as a program of its own, as scripts start it. */
final class Program implements AutoCloseable {
  // Signals go through the handle: those of a Process also close what could still be read.

  private static final String LISTENING = "listening on ";

  private final Process process;
  private final List<String> output = new CopyOnWriteArrayList<>();
  private final Thread reader;
  private volatile Optional<URI> address = Optional.empty();

  private Program(Process process) {
    this.process = process;
    this.reader = Thread.ofVirtual().unstarted(this::read);
  }

  /** Starts it, and returns at once. */
  static Program launch(Path home, Map<String, String> environment, String... options)
      throws IOException {
    return launch(List.of(), LocalControlPlane.class, home, environment, options);
  }

  /**
   * The same by a program that runs others.
   *
   * @param by its command, to which that of this program is added
   * @param main what begins it
   */
  static Program launch(
      List<String> by, Class<?> main, Path home, Map<String, String> environment, String... options)
      throws IOException {
    List<String> command = new ArrayList<>(by);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            main.getName(),
            "--home",
            home.toString()));
    command.addAll(List.of(options));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("EKSPHEMERAL_"));
    builder.environment().putAll(environment);
    Program program = new Program(builder.start());
    program.reader.start();
    return program;
  }

  private void read() {
    try (BufferedReader lines = process.inputReader()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        output.add(line);
        if (line.startsWith(LISTENING)) {
          synchronized (this) {
            address =
                Optional.of(URI.create(line.substring(LISTENING.length(), line.indexOf(','))));
            notifyAll();
          }
        }
      }
    } catch (IOException e) {
      output.add("its output ended: " + e);
    } finally {
      synchronized (this) {
        notifyAll();
      }
    }
  }

  /** Where it listens, once it does. */
  synchronized URI address() throws InterruptedException {
    while (address.isEmpty() && reader.isAlive()) {
      // Woken by the line or by the end of the output; the time is for the moment between.
      wait(100);
    }
    return address.orElseThrow(() -> new IllegalStateException("it never listened: " + output));
  }

  /** Everything it has printed. */
  List<String> output() {
    return output;
  }

  boolean runs() {
    return process.isAlive();
  }

  long pid() {
    return process.pid();
  }

  /** Waits for its end, and for all that it printed. Returns its exit code. */
  int exitCode() throws InterruptedException {
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("it does not end: " + output);
    }
    reader.join();
    return process.exitValue();
  }

  /** Ends it with a SIGTERM. */
  int terminate() throws InterruptedException {
    process.toHandle().destroy();
    return exitCode();
  }

  /** Ends it with a SIGKILL. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    exitCode();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
