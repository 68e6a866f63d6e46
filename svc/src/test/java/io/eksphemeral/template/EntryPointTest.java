package io.eksphemeral.template;

import static io.eksphemeral.template.Template.properties;
import static io.eksphemeral.template.Template.stream;
import static io.eksphemeral.template.Template.texts;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The entry point of the containers that run our scripts, run as a program: with what RunTask can
 * override, which is environment and command, and with scripts that were tampered with.
 */
final class EntryPointTest {
  private static final String RAN = "it ran, with ";

  private final Path bucket;
  private final Path tools;
  private final Path scratch;
  private final Map<String, String> environment = new TreeMap<>();

  EntryPointTest(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    bucket = Files.createDirectory(scratch.resolve("bucket"));
    tools = Files.createDirectory(scratch.resolve("tools"));
  }

  @BeforeEach
  void install() throws Exception {
    for (String tool :
        List.of("bash", "cat", "cp", "cut", "env", "mktemp", "sha256sum", "sort", "timeout")) {
      Files.createSymbolicLink(tools.resolve(tool), onPath(tool));
    }
    // In place of the aws CLI: downloads, and writes down how it was called and what it was told.
    program(
        tools.resolve("aws"),
        """
        #!/bin/sh
        echo "$*" >>"%1$s/calls"
        env | sort >"%1$s/told"
        exec cp "%2$s"/* .
        """
            .formatted(scratch, bucket));
    for (String script : List.of("prepare.sh", "report-nodes.sh", "report.sh", "teardown.sh")) {
      Files.writeString(
          bucket.resolve(script), ". ./common.sh\necho \"%s$0 $*\"\nenv | sort\n".formatted(RAN));
    }
    Files.writeString(bucket.resolve("common.sh"), "cat() { :; }\n");
    environment.put("PATH", tools.toString());
    environment.put("TMPDIR", scratch.toString());
    environment.put("EKSPHEMERAL_ID", "an-id");
    environment.put("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/x");
    environment.put("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/x");
  }

  private static Path onPath(String tool) {
    return Stream.of("/usr/bin", "/bin", "/usr/local/bin")
        .map(folder -> Path.of(folder, tool))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow();
  }

  private static void program(Path file, String text) throws IOException {
    assertThat(Files.writeString(file, text).toFile().setExecutable(true)).isTrue();
  }

  /** As the install calculates it, see hash_of_scripts in lib/install.sh. */
  private String hash() throws Exception {
    return output(
            new ProcessBuilder(
                "bash",
                "-c",
                "cd \"$1\" && LC_ALL=C && sha256sum -- * | sha256sum | cut -c 1-64",
                "-",
                bucket.toString()))
        .strip();
  }

  private static String output(ProcessBuilder builder) throws Exception {
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? output : "exit %d%n%s".formatted(process.exitValue(), output);
  }

  /** Runs a container of a task, and gives what it wrote. */
  private String run(String task, String container, String hash, String... command)
      throws Exception {
    JsonNode definition =
        stream(properties(task).path("ContainerDefinitions"))
            .filter(one -> one.path("Name").asText().equals(container))
            .findFirst()
            .orElseThrow();
    List<String> words = new ArrayList<>();
    for (JsonNode word : definition.path("EntryPoint")) {
      words.add(
          word.path("Fn::Sub")
              .asText(word.asText())
              .replace("${AWS::Region}", "eu-west-9")
              .replace("${ServiceBucket}", "code")
              .replace("${ClusterBucket}", "records")
              .replace("${TaskScripts}", "task/" + hash));
    }
    words.addAll(command.length == 0 ? texts(definition.path("Command")) : List.of(command));
    ProcessBuilder builder = new ProcessBuilder(words).directory(scratch.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return output(builder);
  }

  @ParameterizedTest
  @CsvSource({
    "CreateTask, prepare",
    "CreateTask, report-nodes",
    "CreateTask, report",
    "DestroyTask, teardown"
  })
  void aContainerRunsItsScriptWithWhatItIsTold(String task, String container) throws Exception {
    assertThat(run(task, container, hash()))
        .startsWith(RAN + "./" + container + ".sh ")
        .contains(
            "EKSPHEMERAL_ID=an-id\n",
            "EKSPHEMERAL_BUCKET=records\n",
            "AWS_REGION=eu-west-9\n",
            "AWS_DEFAULT_REGION=eu-west-9\n",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials/x\n",
            "ECS_CONTAINER_METADATA_URI_V4=http://169.254.170.2/v4/x\n");
    assertThat(scratch.resolve("calls"))
        .content()
        .startsWith("s3 cp --only-show-errors --recursive s3://code/task/" + hash() + "/ .");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-c", "echo evil", "/bin/bash", "report.sh", "; echo evil"})
  void aCommandDoesNothing(String word) throws Exception {
    assertThat(run("CreateTask", "prepare", hash(), word, "echo evil"))
        .startsWith(RAN + "./prepare.sh \n")
        .doesNotContain("evil");
  }

  @Test
  void noVariableRunsAnythingOrLeadsElsewhere() throws Exception {
    Path evil = Files.writeString(scratch.resolve("evil.sh"), "echo evil\n");
    environment.putAll(
        Map.of(
            "BASH_ENV", evil.toString(),
            "ENV", evil.toString(),
            "BASH_FUNC_aws%%", "() { echo evil; }",
            "BASH_FUNC_env%%", "() { echo evil; }",
            "SHELLOPTS", "xtrace",
            "PS4", "$(echo evil >&2)",
            "EKSPHEMERAL_SCRIPTS", "s3://evil/",
            "EKSPHEMERAL_BUCKET", "evil",
            "AWS_REGION", "evil",
            "AWS_DEFAULT_REGION", "evil"));
    environment.putAll(
        Map.of(
            "AWS_ENDPOINT_URL", "http://evil",
            "AWS_ENDPOINT_URL_S3", "http://evil",
            "AWS_CONFIG_FILE", "/proc/self/evil",
            "AWS_PROFILE", "evil",
            "AWS_ACCESS_KEY_ID", "evil",
            "HTTPS_PROXY", "http://evil",
            "AWS_CA_BUNDLE", "/evil",
            "PYTHONPATH", "/evil",
            "LD_PRELOAD", ""));

    String output = run("CreateTask", "prepare", hash());

    // Of that one nothing is read.
    assertThat(output.replace("EKSPHEMERAL_SCRIPTS=s3://evil/\n", ""))
        .startsWith(RAN + "./prepare.sh")
        .doesNotContain("evil");
    assertThat(scratch.resolve("calls")).content().doesNotContain("evil");
    assertThat(scratch.resolve("told"))
        .content()
        .doesNotContain("AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "PROXY", "AWS_PROFILE", "BASH_FUNC");
  }

  @ParameterizedTest
  @ValueSource(strings = {"prepare.sh", "common.sh", "more.sh"})
  void scriptsThatSomebodyChangedAreNotRun(String changed) throws Exception {
    String installed = hash();
    Files.writeString(bucket.resolve(changed), "echo evil\n");

    assertThat(run("CreateTask", "prepare", installed))
        .startsWith("exit 1")
        .contains("were changed after the installation; eksp-up.sh restores them")
        .doesNotContain(RAN, "evil");
  }

  @Test
  void scriptsOfWhichOneIsMissingAreNotRun() throws Exception {
    String installed = hash();
    Files.delete(bucket.resolve("common.sh"));

    assertThat(run("CreateTask", "prepare", installed)).startsWith("exit 1").doesNotContain(RAN);
  }
}
