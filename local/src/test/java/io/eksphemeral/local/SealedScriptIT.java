package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the commands refuse by themselves, on a machine that has no more than they need. */
class SealedScriptIT {
  private final Path scratch;
  private final Path tools;
  private final Scripts scripts;

  SealedScriptIT(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    tools = Scripts.tools(scratch);
    scripts = Scripts.in(scratch).with("PATH", tools.toString());
  }

  @ParameterizedTest
  @FieldSource("io.eksphemeral.local.Scripts#ALL")
  void helpIsTheCommentAtTheTop(String command) throws Exception {
    String comment =
        Files.readAllLines(Scripts.checkout().resolve(command)).stream()
            .skip(1)
            .takeWhile(line -> line.startsWith("#"))
            .map(line -> line.replaceFirst("^# ?", "") + "\n")
            .collect(Collectors.joining());
    Files.delete(tools.resolve("jq"));

    Scripts.Outcome help = scripts.run(command, "--help").exits(0).prints(comment);

    assertThat(help.err()).isEmpty();
    assertThat(comment).contains("./" + command, "--local");
  }

  @ParameterizedTest
  @CsvSource({"jq, eksp-list.sh", "curl, eksp-list.sh", "jq, eksp-up.sh", "curl, eksp-create.sh"})
  void aMissingToolIsNamedBeforeAnythingIsDone(String tool, String command) throws Exception {
    Files.delete(tools.resolve(tool));

    scripts
        .run(command, "--local")
        .exits(1)
        .prints("")
        .says(command + ": " + tool + " is missing", "install " + tool);

    assertThat(scripts.home()).doesNotExist();
  }

  @Test
  void aMissingJdkIsNamed() throws Exception {
    Path copy = copyWithoutThePlacesWhereJdksAre();

    Scripts.in(copy, scratch)
        .with("PATH", tools.toString())
        .without("JAVA_HOME")
        .run("eksp-create.sh", "--local")
        .exits(1)
        .prints("")
        .says("a JDK of version 25 or newer is missing", "install one");
  }

  @Test
  void anOldJdkIsNotEnough() throws Exception {
    Path copy = copyWithoutThePlacesWhereJdksAre();
    Path old = Files.createDirectories(scratch.resolve("jdk-17/bin"));
    Files.createSymbolicLink(old.resolve("javac"), Scripts.onPath("env"));
    Files.writeString(old.resolveSibling("release"), "JAVA_VERSION=\"17.0.9\"\n");

    Scripts.in(copy, scratch)
        .with("PATH", tools.toString())
        .with("JAVA_HOME", scratch.resolve("jdk-17").toString())
        .run("eksp-up.sh", "--local")
        .exits(1)
        .says("a JDK of version 25 or newer is missing");
  }

  @ParameterizedTest
  @FieldSource("io.eksphemeral.local.Scripts#ALL")
  void anUnknownOptionIsWrongUse(String command) throws Exception {
    scripts
        .run(command, "--local", "--sped", "3")
        .exits(2)
        .prints("")
        .says(command + ": unknown option: --sped", command + " --help");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eksp-up.sh one",
        "eksp-down.sh one",
        "eksp-list.sh one two",
        "eksp-logs.sh one two",
        "eksp-create.sh default-cc.json sg-1 three",
        "eksp-status.sh one two",
        "eksp-prolong.sh one 2 three"
      })
  void tooManyArgumentsAreWrongUse(String call) throws Exception {
    List<String> words = List.of(call.split(" "));
    String last = words.getLast();

    run(words).exits(2).prints("").says("too many arguments: '" + last + "'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"eksp-destroy.sh", "eksp-logs.sh", "eksp-prolong.sh", "eksp-prolong.sh one"})
  void tooFewArgumentsAreWrongUse(String call) throws Exception {
    run(List.of(call.split(" "))).exits(2).prints("").says("too few arguments", "--help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"eksp-list.sh", "eksp-logs.sh", "eksp-destroy.sh"})
  void anEmptyIdIsNotTheListOfAll(String command) throws Exception {
    scripts.run(command, "--local", "").exits(2).prints("").says("an argument is empty");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "3601", "99999999999999999999", "2.5", "fast", "", "1 2"})
  void aSpeedIsAWholeNumber(String speed) throws Exception {
    scripts
        .run("eksp-up.sh", "--local", "--speed", speed)
        .exits(2)
        .says("--speed takes a whole number from 1 to 3600, not '" + speed + "'");
  }

  @Test
  void anOptionNeedsItsValue() throws Exception {
    scripts.run("eksp-create.sh", "--local", "--name").exits(2).says("--name needs a value");
    scripts.run("eksp-create.sh", "--local=yes").exits(2).says("unknown option: --local=yes");
  }

  @Test
  void clustersAreDestroyedOrAbandonedNotBoth() throws Exception {
    scripts
        .run("eksp-down.sh", "--local", "--destroy-clusters", "--abandon-clusters")
        .exits(2)
        .says("cannot be combined");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"eksp-list.sh", "eksp-logs.sh x", "eksp-destroy.sh x", "eksp-prolong.sh x 5"})
  void aControlPlaneThatIsNotUpIsSaidWithTheCommandThatStartsIt(String call) throws Exception {
    run(List.of(call.split(" ")))
        .exits(1)
        .prints("")
        .says("the control plane is not running", "start it: ", "eksp-up.sh --local");
  }

  @Test
  void aControlPlaneThatIsNotUpNeedNotBeStopped() throws Exception {
    scripts.run("eksp-down.sh", "--local").exits(0).prints("").says("is not running");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eksp-up.sh",
        "eksp-create.sh 2node-111-30.json sg-1",
        "eksp-list.sh",
        "eksp-logs.sh x",
        "eksp-prolong.sh x 5",
        "eksp-destroy.sh x",
        "eksp-down.sh"
      })
  void withoutTheAwsCliItSaysSoAndThatThereIsAnotherEdition(String call) throws Exception {
    List<String> words = List.of(call.split(" "));
    String toType = call.replaceFirst("\\.sh", ".sh --local");

    scripts
        .run(words.getFirst(), words.subList(1, words.size()).toArray(String[]::new))
        .exits(1)
        .prints("")
        .says("aws is missing: install version 2", "getting-started-install", "/" + toType + "\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "true", "True", "YES", "y", "on"})
  void aVariableThatSaysYesMeansYes(String yes) throws Exception {
    scripts
        .with("EKSPHEMERAL_LOCAL", yes)
        .run("eksp-list.sh")
        .exits(1)
        .says("the control plane is not running");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "false", "FALSE", "No", "n", "off"})
  void aVariableThatSaysNoMeansNo(String no) throws Exception {
    scripts.with("EKSPHEMERAL_LOCAL", no);

    scripts.run("eksp-list.sh").exits(1).says("aws is missing");
    scripts.run("eksp-list.sh", "--local").exits(1).says("the control plane is not running");
  }

  @ParameterizedTest
  @ValueSource(strings = {"maybe", "2", "-1", "/home", "1 "})
  void aVariableThatSaysNeitherIsRefused(String word) throws Exception {
    for (String command : Scripts.ALL) {
      scripts
          .with("EKSPHEMERAL_LOCAL", word)
          .run(command)
          .exits(2)
          .prints("")
          .says("invalid EKSPHEMERAL_LOCAL '" + word + "': expected 1 or 0");
    }
  }

  @Test
  void whatIsToBeCopiedCanBe() throws Exception {
    scripts.run("eksp-list.sh", "a b;$c'").exits(1).says("/eksp-list.sh --local a\\ b\\;\\$c\\'\n");
  }

  @Test
  void aSpecThatIsNotThereIsSaidWithThoseThatAre() throws Exception {
    scripts
        .run("eksp-create.sh", "--local", "2node-111-31.json")
        .exits(2)
        .prints("")
        .says("spec '2node-111-31.json' not found", "2node-111-30.json", "default-cc.json");
    assertThat(scripts.home()).doesNotExist();
  }

  @Test
  void aFolderIsNoSpec() throws Exception {
    scripts.run("eksp-create.sh", "--local", "./svc").exits(2).says("'./svc' is a directory");
  }

  @Test
  void aSpecThatMayNotBeReadIsSaid() throws Exception {
    Path spec = Files.writeString(scratch.resolve("secret.json"), "{}");
    assertThat(spec.toFile().setReadable(false)).isTrue();
    assumeThat(Files.isReadable(spec)).as("root reads everything: run this as a user").isFalse();

    scripts.run("eksp-create.sh", "--local", spec.toString()).exits(2).says("is not readable");
  }

  @Test
  void aFieldThatIsThereTwiceIsNotOverruledAway() throws Exception {
    String twice = "{\"owner\": \"a@b.io\", \"timeout\": 3, \"owner\": \"c@d.io\"}";
    scripts
        .runOn(twice, "eksp-create.sh", "--local", "--timeout", "5", "-")
        .exits(2)
        .says("duplicate field owner");
  }

  @Test
  void whatIsNoObjectCannotBeOverruled() throws Exception {
    for (String spec : List.of("[1]", "", "{} {}", "{", "\"text\"")) {
      scripts
          .runOn(spec, "eksp-create.sh", "--local", "--timeout", "5", "-")
          .exits(2)
          .prints("")
          .says("the spec is not one JSON object");
    }
  }

  /** A copy of the commands to which the places where JDKs are installed are unknown. */
  private Path copyWithoutThePlacesWhereJdksAre() throws IOException {
    Path copy = Files.createDirectories(scratch.resolve("copy"));
    for (String part : List.of("lib", "svc/task")) {
      Files.createDirectories(copy.resolve(part));
    }
    try (var library = Files.list(Scripts.checkout().resolve("lib"))) {
      for (Path file : library.toList()) {
        Files.copy(file, copy.resolve("lib").resolve(file.getFileName()));
      }
    }
    for (String command : Scripts.ALL) {
      Files.copy(Scripts.checkout().resolve(command), copy.resolve(command));
    }
    Path keys = Path.of("svc/task/keys.sh");
    Files.copy(Scripts.checkout().resolve(keys), copy.resolve(keys));
    Files.writeString(copy.resolve("svc/default-cc.json"), "{}");
    Path local = copy.resolve("lib/build.sh");
    String known = Files.readString(local);
    String unknown = known.replaceAll("/usr/lib(exec)?/|/Library/", "/nowhere/");
    assertThat(unknown).isNotEqualTo(known);
    Files.writeString(local, unknown);
    return copy;
  }

  private Scripts.Outcome run(List<String> words) throws Exception {
    List<String> arguments = new ArrayList<>(words.subList(1, words.size()));
    arguments.addFirst("--local");
    return scripts.run(words.getFirst(), arguments.toArray(String[]::new));
  }
}
