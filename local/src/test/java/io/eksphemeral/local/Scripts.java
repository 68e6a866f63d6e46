package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Runs the commands in the root as programs, in an environment that holds what a test puts in. */
final class Scripts {
  /** Every command of the front end. */
  static final List<String> ALL =
      List.of(
          "eksp-up.sh",
          "eksp-create.sh",
          "eksp-wait.sh",
          "eksp-kubeconfig.sh",
          "eksp-shell.sh",
          "eksp-exec.sh",
          "eksp-list.sh",
          "eksp-status.sh",
          "eksp-logs.sh",
          "eksp-ui.sh",
          "eksp-prolong.sh",
          "eksp-destroy.sh",
          "eksp-down.sh",
          "eksp-config.sh",
          "eksp-completion.sh",
          "eksp-version.sh");

  /** All that the commands call, whatever they do. */
  private static final List<String> TOOLS =
      List.of(
          ("basename bash cat chmod curl cut date dirname env find head jq ln mkdir mktemp mv nohup od ps "
                  + "readlink rm sed sleep sort tail touch tr uname uniq wc")
              .split(" "));

  private final Path root;
  private final Path scratch;
  private Path folder;
  private Duration patience = Duration.ofMinutes(3);
  private final Map<String, String> environment = new LinkedHashMap<>();

  private Scripts(Path root, Path scratch) {
    this.root = root;
    this.folder = root;
    this.scratch = scratch;
  }

  /**
   * The commands of this checkout, with nothing in the environment but the PATH, a HOME that is
   * empty, and this JDK.
   *
   * @param scratch a folder of the test's own
   */
  static Scripts in(Path scratch) throws IOException {
    return in(checkout(), scratch);
  }

  /** The commands with a control plane on this machine, whose clusters take a second. */
  static Scripts local(Path scratch, int port) throws IOException {
    return in(scratch)
        .with("EKSPHEMERAL_PORT", Integer.toString(port))
        .with("EKSPHEMERAL_LOCAL", "1")
        .with("EKSPHEMERAL_SIMULATE_SECONDS", "1");
  }

  /** A port at which nothing listens. */
  static int freePort() throws IOException {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return free.getLocalPort();
    }
  }

  /** The commands of another folder. */
  static Scripts in(Path root, Path scratch) throws IOException {
    // The build that runs this test has just packaged it: no script is to build it again.
    Path jar = checkout().resolve("local/target/eksphemeral-local.jar");
    if (Files.exists(jar)) {
      Files.setLastModifiedTime(jar, FileTime.from(Instant.now()));
    }
    return new Scripts(root, scratch)
        .with("PATH", System.getenv().getOrDefault("PATH", "/usr/bin:/bin"))
        .with("HOME", Files.createDirectories(scratch.resolve("nobodys-home")).toString())
        .with("TMPDIR", Files.createDirectories(scratch.resolve("tmp")).toString())
        .with("LC_ALL", "C.UTF-8")
        .with("JAVA_HOME", System.getProperty("java.home"))
        .with("EKSPHEMERAL_HOME", scratch.resolve("my home").toString());
  }

  /** A folder with all that the commands call, for a PATH that leads to nothing else. */
  static Path tools(Path scratch) throws IOException {
    Path tools = Files.createDirectory(scratch.resolve("tools"));
    for (String tool : TOOLS) {
      Files.createSymbolicLink(tools.resolve(tool), onPath(tool));
    }
    return tools;
  }

  /** Where this machine has a tool. */
  static Path onPath(String tool) {
    return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(":"))
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new AssertionError(tool + " is needed on the PATH"));
  }

  /** Where the commands are that are tested. */
  static Path checkout() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("eksp-create.sh"))) {
      folder = Objects.requireNonNull(folder.getParent(), "no eksp-create.sh anywhere up");
    }
    return folder;
  }

  Scripts with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** What the commands find in a variable. */
  String value(String variable) {
    return Objects.requireNonNull(environment.get(variable), variable);
  }

  /** Where commands are called from, if not where they are. */
  Scripts from(Path where) {
    folder = where;
    return this;
  }

  /** How long a command may take, if not three minutes. */
  Scripts patient(Duration longest) {
    patience = longest;
    return this;
  }

  Scripts without(String variable) {
    environment.remove(variable);
    return this;
  }

  /** Where the local edition keeps what it knows. */
  Path home() {
    return scratch.resolve("my home");
  }

  /** Runs a command to its end, with nothing on stdin. */
  Outcome run(String script, String... arguments) throws IOException, InterruptedException {
    return runOn("", script, arguments);
  }

  /** Runs a command to its end. */
  Outcome runOn(String stdin, String script, String... arguments)
      throws IOException, InterruptedException {
    return start(stdin, script, arguments).outcome();
  }

  /** Starts a command. What it writes goes to files, which no process that it leaves holds up. */
  Running start(String stdin, String script, String... arguments) throws IOException {
    boolean isOurs = script.contains("/") || ALL.contains(script) || script.equals("eksp");
    List<String> command =
        new ArrayList<>(List.of(isOurs ? root.resolve(script).toString() : script));
    command.addAll(List.of(arguments));
    Path in = Files.writeString(Files.createTempFile(scratch, "stdin", ""), stdin);
    Path out = Files.createTempFile(scratch, "stdout", "");
    Path err = Files.createTempFile(scratch, "stderr", "");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return new Running(builder.start(), String.join(" ", command), out, err, patience);
  }

  /** Waits until something is so, and fails when it does not come to be. */
  static void until(String what, BooleanSupplier isSo) throws InterruptedException {
    until(what, Duration.ofSeconds(60), isSo);
  }

  /** The same, within some time. */
  static void until(String what, Duration patience, BooleanSupplier isSo)
      throws InterruptedException {
    Instant deadline = Instant.now().plus(patience);
    while (!isSo.getAsBoolean()) {
      assertThat(Instant.now()).as(what).isBefore(deadline);
      Thread.sleep(20);
    }
  }

  /** A command that may still run. */
  record Running(Process process, String command, Path out, Path err, Duration patience) {
    Outcome outcome() throws IOException, InterruptedException {
      if (!process.waitFor(patience.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("does not end: " + soFar(-1));
      }
      return soFar(process.exitValue());
    }

    void untilItSays(String words) throws InterruptedException {
      until(
          "that '%s' says '%s'".formatted(command, words),
          () -> soFarUnchecked().err().contains(words) || !process.isAlive());
      assertThat(soFarUnchecked().err()).as(command).contains(words);
    }

    private Outcome soFarUnchecked() {
      try {
        return soFar(-1);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private Outcome soFar(int exit) throws IOException {
      return new Outcome(command, exit, Files.readString(out), Files.readString(err));
    }
  }

  /** How a command ended, and what it wrote. */
  record Outcome(String command, int exit, String out, String err) {
    Outcome exits(int code) {
      assertThat(exit).as("exit code of %s", this).isEqualTo(code);
      return this;
    }

    /** It has these words for people. */
    Outcome says(String... words) {
      assertThat(err).as("stderr of %s", this).contains(words);
      return this;
    }

    Outcome doesNotSay(String words) {
      assertThat(err).as("stderr of %s", this).doesNotContain(words);
      return this;
    }

    /** This, and nothing else, is its data. */
    Outcome prints(String data) {
      assertThat(out).as("stdout of %s", this).isEqualTo(data);
      return this;
    }

    /** Its data, which is one line. */
    String line() {
      assertThat(out).as("stdout of %s", this).matches("[^\n]+\n");
      return out.strip();
    }

    @Override
    public String toString() {
      return "%s%n-- exit %d%n-- stdout%n%s%n-- stderr%n%s".formatted(command, exit, out, err);
    }
  }
}
