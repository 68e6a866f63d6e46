package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/**
 * An AWS account on this machine, see {@code svc/src/test/account}, and a user of it who may do
 * everything. Without what it consists of the tests are skipped, and say so; under CI they fail.
 */
final class EmulatedAws implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String MISSING =
      "no AWS account to test in: svc/src/test/install.sh emulator task installs one, with python3 and"
          + " nothing else";

  private final Path scratch;
  private final Process process;
  private final BufferedReader answers;
  private final BufferedWriter commands;
  private final JsonNode about;
  private final Map<String, String> user = new TreeMap<>();

  /**
   * Starts an account, with nothing in it but what every account has.
   *
   * @param scratch a folder of its own, which is there afterwards, too: {@code log} has what it
   *     said
   */
  EmulatedAws(Path scratch) throws IOException {
    this.scratch = scratch;
    Path root = Scripts.checkout();
    if (!isInstalled(root)) {
      if (Boolean.parseBoolean(System.getenv("CI"))) {
        throw new AssertionError(MISSING);
      }
      throw new TestAbortedException(MISSING);
    }
    ProcessBuilder builder =
        new ProcessBuilder(
                root.resolve(".emulator/bin/python").toString(),
                root.resolve("svc/src/test/account/account.py").toString(),
                Files.createDirectories(scratch.resolve("account")).toString())
            .redirectError(scratch.resolve("log").toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    process = builder.start(); // it ends with its standard input, at the latest when this JVM does
    answers = process.inputReader();
    commands = process.outputWriter();
    about = answer();
    about
        .path("environment")
        .properties()
        .forEach(variable -> user.put(variable.getKey(), variable.getValue().asText()));
  }

  private static boolean isInstalled(Path root) throws IOException {
    for (List<String> folders :
        List.of(List.of(".emulator", "emulator"), List.of(".task-emulator", "task"))) {
      Path pins = root.resolve(folders.getFirst()).resolve("requirements.txt");
      Path sources = root.resolve("svc/src/test").resolve(folders.getLast());
      if (!Files.exists(pins) || Files.mismatch(pins, sources.resolve("requirements.txt")) != -1) {
        return false;
      }
    }
    return true;
  }

  private JsonNode answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the account ended: " + Files.readString(scratch.resolve("log")));
    }
    return JSON.readTree(line);
  }

  /** Has something happen in the account that nobody does by its API, see account.py. */
  JsonNode ask(String command, Object... arguments) throws IOException {
    ObjectNode request = JSON.createObjectNode().put("do", command);
    request.set("with", JSON.valueToTree(arguments));
    commands.write(request + "\n");
    commands.flush();
    JsonNode answer = answer();
    if (answer.has("error")) {
      throw new IOException(command + ": " + answer.path("error").asText());
    }
    return answer.path("is");
  }

  /** What there is of clusters, and what they leave behind: a kind and an id each. */
  Set<String> inventory() throws IOException {
    Set<String> all = new TreeSet<>();
    ask("inventory").forEach(one -> all.add(one.asText()));
    return all;
  }

  /** The commands in the root, for the user of the account. */
  Scripts scripts() throws IOException {
    return as(Scripts.in(scratch));
  }

  /** Selects the user that calls the account. */
  private Scripts as(Scripts anybody) {
    user.forEach(anybody::with);
    return anybody
        .with("PATH", about.path("path").asText() + ":" + System.getenv("PATH"))
        .patient(Duration.ofMinutes(5));
  }

  /** Calls the aws CLI, and expects it to work. */
  JsonNode aws(String... arguments) throws IOException, InterruptedException {
    return JSON.readTree(call(arguments).exits(0).out());
  }

  /** Calls the aws CLI. */
  Scripts.Outcome call(String... arguments) throws IOException, InterruptedException {
    return cli().run("aws", arguments);
  }

  /** The aws CLI, for the user of the account. */
  Scripts cli() throws IOException {
    return as(Scripts.in(Path.of(about.path("path").asText()), scratch));
  }

  /** Where all of its services are. */
  String endpoint() {
    return about.path("environment").path("AWS_ENDPOINT_URL").asText();
  }

  /** What its user has in the environment. */
  String variable(String name) {
    return about.path("environment").path(name).asText();
  }

  /** All programs that it runs: functions, containers, and what these have started. */
  Stream<ProcessHandle> programs() {
    return process.descendants();
  }

  @Override
  public void close() throws IOException {
    commands.close();
    try {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("the account ends").isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.destroyForcibly();
    }
  }
}
