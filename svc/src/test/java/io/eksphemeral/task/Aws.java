package io.eksphemeral.task;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.TaskObjectCodec;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskResult;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.opentest4j.TestAbortedException;

/**
 * AWS for the task scripts: an emulator with everything that they meet, started once for all tests
 * of a thread and ended with the JVM, and a folder with all the programs that they may call, the
 * real aws CLI among them. Without it the tests are skipped, and say so; under CI they fail.
 */
final class Aws {
  static final String BUCKET = "clusters";

  /** All that a script finds on its PATH, beside aws. */
  private static final List<String> TOOLS =
      List.of(
          "bash", "cat", "chmod", "cp", "cut", "date", "dirname", "grep", "head", "jq", "mktemp",
          "mv", "rm", "sed", "sleep", "sort", "tail", "tr");

  private static final Path SOURCES = Path.of("src", "test", "task");
  private static final Path INSTALLED = Path.of("..", ".task-emulator").toAbsolutePath();
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final int SECONDS_TO_END = 300;

  private final Path scratch;
  private final String address;
  private final BufferedReader answers;
  private final BufferedWriter commands;

  /** How a script ended, and what it wrote. */
  record Outcome(int exit, String output) {}

  /** What a cluster is made of, as the emulator calls it. */
  record Made(JsonNode parts) {
    String part(String name) {
      return parts.path(name).asText();
    }
  }

  /** One for each thread, since tests run side by side. */
  private static final ThreadLocal<Aws> STARTED = ThreadLocal.withInitial(Aws::start);

  private Aws(Path scratch, String address, BufferedReader answers, BufferedWriter commands) {
    this.scratch = scratch;
    this.address = address;
    this.answers = answers;
    this.commands = commands;
  }

  /** An account with nothing in it but an empty bucket. */
  static Aws empty() throws IOException {
    Path pins = INSTALLED.resolve("requirements.txt");
    if (!Files.exists(pins) || Files.mismatch(pins, SOURCES.resolve("requirements.txt")) != -1) {
      String missing =
          "no emulator to test the task scripts against: svc/src/test/install.sh task installs one,"
              + " with python3 and nothing else";
      if (Boolean.parseBoolean(System.getenv("CI"))) {
        throw new AssertionError(missing);
      }
      throw new TestAbortedException(missing);
    }
    Aws aws = STARTED.get();
    aws.ask("reset", BUCKET);
    return aws;
  }

  private static Aws start() {
    try {
      Path scratch = Files.createTempDirectory("task");
      Path python = INSTALLED.resolve("bin").resolve("python");
      Path cli = scratch.resolve("cli");
      Process process =
          new ProcessBuilder(
                  python.toString(), SOURCES.resolve("emulator.py").toString(), cli.toString())
              .redirectError(scratch.resolve("emulator.log").toFile())
              .start();
      // It ends with its standard input, at the latest when this JVM does.
      BufferedReader answers = process.inputReader();
      String address = answers.readLine();
      if (address == null) {
        throw new IOException(Files.readString(scratch.resolve("emulator.log")));
      }
      Path bin = Files.createDirectory(scratch.resolve("bin"));
      for (String tool : TOOLS) {
        Files.createSymbolicLink(bin.resolve(tool), find(tool));
      }
      Path aws =
          Files.writeString(
              bin.resolve("aws"),
              "#!/bin/sh\nexec '%s' -ISs '%s' '%s' \"$@\"\n"
                  .formatted(python, SOURCES.resolve("aws.py").toAbsolutePath(), cli));
      Files.setPosixFilePermissions(aws, PosixFilePermissions.fromString("rwxr-xr-x"));
      return new Aws(scratch, address, answers, process.outputWriter());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path find(String tool) throws IOException {
    Optional<Path> found =
        Pattern.compile(":")
            .splitAsStream(System.getenv("PATH"))
            .map(folder -> Path.of(folder, tool))
            .filter(Files::isExecutable)
            .findFirst();
    return found.orElseThrow(() -> new IOException(tool + " is missing"));
  }

  /** Has the emulator do something, see emulator.py. */
  JsonNode ask(String command, Object... arguments) throws IOException {
    return ask(command, Map.of(), arguments);
  }

  JsonNode ask(String command, Map<String, ?> options, Object... arguments) throws IOException {
    ObjectNode request = MAPPER.createObjectNode();
    request.put("do", command);
    request.set("with", MAPPER.valueToTree(arguments));
    request.set("and", MAPPER.valueToTree(options));
    commands.write(request + "\n");
    commands.flush();
    String line = answers.readLine();
    if (line == null) {
      throw new IOException(Files.readString(scratch.resolve("emulator.log")));
    }
    JsonNode answer = MAPPER.readTree(line);
    if (answer.has("error")) {
      throw new IOException(command + ": " + answer.path("error").asText());
    }
    return answer.path("is");
  }

  /** Our cluster, as eksctl creates it. */
  Made cluster(String name, String id) throws IOException {
    return new Made(ask("cluster", name, id));
  }

  /** A foreign cluster. */
  Made foreignCluster(String name) throws IOException {
    return new Made(ask("cluster", name));
  }

  /** Leaves something behind that no stack knows of; gives its id. */
  String leftOver(String kind, String name, Made cluster) throws IOException {
    return ask(
            "left_over",
            Map.of("issuer", cluster.part("issuer")),
            kind,
            name,
            cluster.part("vpc"),
            cluster.parts().path("subnets"))
        .asText();
  }

  /** Everything there is, a line each. */
  Set<String> inventory() throws IOException {
    Set<String> all = new TreeSet<>();
    ask("inventory").forEach(one -> all.add(one.asText()));
    return all;
  }

  Optional<String> object(String key) throws IOException {
    JsonNode text = ask("get", BUCKET, key);
    return text.isNull() ? Optional.empty() : Optional.of(text.asText());
  }

  /** The result of a task, read as the control plane reads it. */
  TaskResult result(String id, String label) throws IOException {
    String text = object("tasks/%s/%s.result".formatted(id, label)).orElseThrow();
    return TaskObjectCodec.result(text)
        .orElseThrow(() -> new AssertionError("unreadable: " + text));
  }

  /** The phases that the first create task of a cluster reported. */
  List<Phase> phases(String id) throws IOException {
    return object("tasks/%s/create-1.progress".formatted(id)).stream()
        .flatMap(text -> TaskObjectCodec.progress(text).orElseThrow().stream())
        .map(Phase.Begun::phase)
        .toList();
  }

  /** Runs a script of svc/task to its end; the environment is what is given and nothing else. */
  Outcome run(String script, String id, String name, int attempt, Map<String, String> more)
      throws IOException, InterruptedException {
    Path calls = Files.writeString(scratch.resolve("calls"), "");
    Path changes = Files.writeString(scratch.resolve("changes"), "");
    Path output = scratch.resolve("output");
    Map<String, String> environment =
        new HashMap<>(
            Map.of(
                "PATH",
                scratch.resolve("bin").toString(),
                "HOME",
                scratch.toString(),
                "TMPDIR",
                scratch.toString(),
                "AWS_REGION",
                "us-east-2",
                "AWS_DEFAULT_REGION",
                "us-east-2",
                "AWS_ENDPOINT_URL",
                address,
                "AWS_ACCESS_KEY_ID",
                "test",
                "AWS_SECRET_ACCESS_KEY",
                "test"));
    environment.putAll(
        Map.of(
            "EKSPHEMERAL_BUCKET",
            BUCKET,
            "EKSPHEMERAL_ID",
            id,
            "EKSPHEMERAL_NAME",
            name,
            "EKSPHEMERAL_ATTEMPT",
            Integer.toString(attempt),
            "EKSPHEMERAL_HANDLE",
            "task-" + attempt,
            "EKSPHEMERAL_PAUSE",
            "0",
            "EKSPHEMERAL_PATIENCE",
            "6",
            "EKSPHEMERAL_CALLS",
            calls.toString(),
            "EKSPHEMERAL_CHANGES",
            changes.toString()));
    environment.putAll(more);
    List<String> command =
        new ArrayList<>(List.of(find("setsid").toString(), "--wait")); // so that it can be killed
    command.add(Path.of("task", script).toAbsolutePath().toString());
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    Process process = builder.start();
    if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("does not end: " + Files.readString(output));
    }
    return new Outcome(process.exitValue(), Files.readString(output));
  }

  /** What the last script called of the aws CLI, a line each: {@code ec2 describe-vpcs}. */
  List<String> calls() throws IOException {
    return Files.readAllLines(scratch.resolve("calls"));
  }

  /** What the last script changed, a line each: {@code ec2 delete-volume}. */
  List<String> changes() throws IOException {
    return Files.readAllLines(scratch.resolve("changes"));
  }

  Path scratch() {
    return scratch;
  }
}
