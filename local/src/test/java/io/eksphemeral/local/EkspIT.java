package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.local.Terminal.Screens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code eksp}, on terminals and in pipes, with one control plane on this machine. */
class EkspIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir private static Path scratch;
  private static int port;
  private static String dev;
  private static String other;

  private static final Pattern COUNTDOWN =
      Pattern.compile("other-cluster +ready +([0-9]+)m([0-9]+)s");

  private final Path config = scratch.resolve("config/eksphemeral/config");
  private Scripts scripts;

  @BeforeAll
  static void up() throws Exception {
    port = Scripts.freePort();
    scripts().run("eksp-up.sh").exits(0);
    dev =
        scripts()
            .run("eksp-create.sh", "--name", "dev", "--timeout", "90", "--owner", "you@corp.io")
            .exits(0)
            .line();
    other =
        scripts()
            .run("eksp-create.sh", "--name", "other-cluster", "--timeout", "5")
            .exits(0)
            .line();
  }

  @AfterAll
  static void down() throws Exception {
    scripts().run("eksp-down.sh", "--abandon-clusters").exits(0);
  }

  @BeforeEach
  void scriptsOfItsOwn() throws IOException {
    scripts = scripts();
  }

  @AfterEach
  void removeSettings() throws IOException {
    Files.deleteIfExists(config);
  }

  private static Scripts scripts() throws IOException {
    return Scripts.local(scratch, port)
        .with("XDG_CONFIG_HOME", scratch.resolve("config").toString())
        .with("TERM", "xterm");
  }

  private Terminal terminal(int columns) {
    return new Terminal(scripts, columns);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "help", "--help", "-h"})
  void aloneItListsTheCommands(String argument) throws Exception {
    Scripts.Outcome help =
        (argument.isEmpty() ? scripts.run("eksp") : scripts.run("eksp", argument)).exits(0);

    try (Stream<Path> files = Files.list(Scripts.checkout())) {
      List<String> commands =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.matches("eksp-.*\\.sh"))
              .map(name -> name.substring(5, name.length() - 3))
              .toList();
      assertThat(commands).hasSizeGreaterThan(9);
      assertThat(commands)
          .allSatisfy(command ->
              assertThat(help.out()).containsPattern("(?m)^  " + command + " +[A-Z].*\\.$"));
    }
    assertThat(help.err()).isEmpty();
  }

  @Test
  void helpIsInTheWordsOfTheCaller() throws Exception {
    assertThat(scripts.run("eksp", "help", "prolong").exits(0).out())
        .contains("eksp prolong [--local]")
        .doesNotContain("./eksp-prolong.sh")
        .isEqualTo(scripts.run("eksp", "prolong", "--help").exits(0).out());
  }

  @ParameterizedTest
  @CsvSource({"lst, list", "craete, create", "stat, status", "uup, up"})
  void aCommandThatIsMistypedIsSuggested(String typed, String meant) throws Exception {
    scripts
        .run("eksp", typed)
        .exits(2)
        .prints("")
        .says("eksp: unknown command: " + typed, "did you mean: ", "eksp " + meant + "\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"xylophone", "../eksp-list", "LIST", "-x", "common.sh"})
  void anUnknownCommandIsRefused(String command) throws Exception {
    scripts.run("eksp", command).exits(2).prints("").says("unknown command", "eksp help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"table wide", "*", "", "table "})
  void aFormatIsOneWord(String format) throws Exception {
    scripts.run("eksp", "list", "-o", format).exits(2).prints("").says("invalid format");
  }

  @Test
  void argumentsThatAreTooLongOrNoWordsAreRefusedAtOnce() throws Exception {
    String text = "a".repeat(100_000);
    Scripts hurried = scripts.patient(Duration.ofSeconds(15));
    hurried.run("eksp", text).exits(2).prints("").says("unknown command");
    hurried.run("eksp", "status", text).exits(2).prints("").says("longer than any name");
    hurried.run("eksp", "list", "--help local").exits(2).prints("").says("unknown option");
  }

  @ParameterizedTest
  @CsvSource({"ls -o name, dev", "extend, too few arguments", "rm, too few arguments"})
  void aliases(String call, String answer) throws Exception {
    Scripts.Outcome outcome = scripts.run("eksp", call.split(" "));
    assertThat(outcome.out() + outcome.err()).contains(answer);
  }

  @Test
  void itIsFoundThroughAnyNumberOfLinksAndSaysHowItWasCalled() throws Exception {
    Path bin = Files.createDirectories(scratch.resolve("bin"));
    Path first = scratch.resolve("first");
    Files.deleteIfExists(first);
    Files.deleteIfExists(bin.resolve("eksp"));
    Files.createSymbolicLink(first, Scripts.checkout().resolve("eksp"));
    Files.createSymbolicLink(bin.resolve("eksp"), Path.of("../first"));
    scripts.with("PATH", bin + ":" + scripts.value("PATH"));

    scripts.run("bash", "-c", "eksp list -o name").exits(0).prints("dev\nother-cluster\n");
    scripts
        .run("bash", "-c", "eksp status missing")
        .exits(2)
        .says("eksp status: there is no cluster missing", "list clusters: eksp list\n");
  }

  @Test
  void inAPipeTheListIsJson() throws Exception {
    JsonNode records = JSON.readTree(scripts.run("eksp", "list").exits(0).line());
    assertThat(records.get(0).at("/status/id").asText()).isEqualTo(dev);
    assertThat(records).hasSize(2);
    scripts.run("eksp-list.sh").exits(0).prints("[\"%s\",\"%s\"]\n".formatted(dev, other));
    scripts.run("eksp", "list", "-o", "ids").exits(0).prints(dev + "\n" + other + "\n");
    scripts.run("eksp-list.sh", "--output=name").exits(0).prints("dev\nother-cluster\n");
  }

  @Test
  void theScriptOf2019PrintsJsonOnATerminal() throws Exception {
    assertThat(terminal(120).run("eksp-list.sh").end().lines())
        .containsExactly("[\"%s\",\"%s\"]".formatted(dev, other));
  }

  @Test
  void onATerminalTheListIsATable() throws Exception {
    Screens screens = terminal(100).run("eksp", "list");

    assertThat(screens.exit()).isZero();
    assertThat(screens.end().lines().getFirst())
        .isEqualTo("NAME           STATE  EXPIRES-IN  OWNER        VERSION  NODES  COST  ID");
    assertThat(screens.end().lines().get(1))
        .matches(
            "dev            ready  1h(2[0-9]|30)m       you@corp\\.io  1\\.35     1      -     "
                + dev.substring(0, 8)
                + "[0-9a-f-]*");
    assertThat(screens.end().lines().get(2)).matches("other-cluster  ready  \\S+ +-  .*");
    assertThat(screens.end().colour("ready")).isEqualTo("green");
    assertThat(screens.end().lines()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 40, 80, 220})
  void aTableNeverWraps(int columns) throws Exception {
    List<String> lines = terminal(columns).run("eksp", "list").end().lines();

    assertThat(lines).hasSize(3).allMatch(line -> line.length() <= columns);
    assertThat(lines.get(0)).contains("STATE");
    if (columns >= 40) {
      assertThat(lines.get(2)).startsWith("other-cluster  ready");
      assertThat(lines.get(0)).contains("EXPIRES-IN");
    }
    assertThat(lines.get(0).contains(" ID")).isEqualTo(columns >= 80);
  }

  @Test
  void withoutColourThereIsNone() throws Exception {
    scripts.with("NO_COLOR", "1");
    assertThat(terminal(100).run("eksp", "list").end().colour("ready")).isEmpty();
    scripts.without("NO_COLOR").with("TERM", "dumb");
    assertThat(terminal(100).run("eksp", "list").end().colour("ready")).isEmpty();
  }

  @Test
  void aShortenedIdFromTheTableIsTakenEverywhere() throws Exception {
    List<String> row = List.of(terminal(100).run("eksp", "list").end().lines().get(1).split(" +"));
    String shortened = row.getLast();

    assertThat(shortened.length()).isLessThan(36);
    assertThat(
            JSON.readTree(scripts.run("eksp", "status", shortened).exits(0).line())
                .path("name")
                .asText())
        .isEqualTo("dev");
    scripts.run("eksp", "prolong", shortened, "1").exits(0).says("dev expires");
  }

  @ParameterizedTest
  @CsvSource({"xml", "''", "tab", "json-ids"})
  void anUnknownFormatIsRefused(String format) throws Exception {
    scripts
        .run("eksp", "list", "-o", format)
        .exits(2)
        .prints("")
        .says("invalid format '" + format + "': expected table, wide, json, name, ids");
  }

  @Test
  void mineAreThoseIMadeOrOwn() throws Exception {
    scripts.run("eksp", "list", "--mine", "-o", "name").exits(0).prints("dev\nother-cluster\n");
    JsonNode mine = JSON.readTree(scripts.run("eksp", "list", "--mine").exits(0).line());
    assertThat(mine).hasSize(2);

    asAnotherUser();
    scripts.run("eksp", "list", "--mine", "-o", "name").exits(0).prints("");
    scripts.run("eksp", "list", "--mine").exits(0).prints("[]\n");
    scripts.run("eksp-list.sh", "--mine").exits(0).prints("[]\n");
    scripts.with("EKSPHEMERAL_OWNER", "you@corp.io");
    scripts.run("eksp", "list", "--mine", "-o", "name").exits(0).prints("dev\n");
    assertThat(JSON.readTree(scripts.run("eksp", "list", "--mine").line())).hasSize(1);
  }

  @Test
  void allIncludesThoseThatAreGone() throws Exception {
    String gone = scripts.run("eksp-create.sh", "--name", "gone-soon", "--no-wait").exits(0).line();
    scripts.run("eksp-destroy.sh", gone).exits(0);

    scripts.run("eksp", "list", "-o", "ids").exits(0).prints(dev + "\n" + other + "\n");
    assertThat(scripts.run("eksp", "list", "--all", "-o", "ids").exits(0).out())
        .startsWith(gone + "\n")
        .endsWith(dev + "\n" + other + "\n");
    Screens table = terminal(100).run("eksp", "list", "--all");
    assertThat(table.end().text()).containsPattern("gone-soon +gone +- ");
    JsonNode records = JSON.readTree(scripts.run("eksp", "list", "--all").exits(0).line());
    assertThat(records).hasSize(3);
  }

  @Test
  void watchingShowsWhatChangesAndLeavesTheLastTable() throws Exception {
    scripts.run("eksp-create.sh", "--name", "watched").exits(0);
    Screens screens =
        terminal(100)
            .once("ends this", "")
            .once("watched: ready -> ", "q")
            .run(
                "bash",
                "-c",
                "(sleep 6; \"$0-destroy.sh\" watched >/dev/null 2>&1) & \"$0\" list --watch",
                Scripts.checkout().resolve("eksp").toString());

    assertThat(screens.exit()).isZero();
    assertThat(screens.seen().getFirst().text())
        .containsPattern("watched +ready ")
        .containsPattern("dev +ready +1h(2\\d|30)m")
        .contains("q or Ctrl-C ends this");
    assertThat(screens.seen().get(1).text())
        .containsPattern("\\d\\d:\\d\\d:\\d\\d  watched: ready -> (destroying|gone)");
    assertThat(screens.end().text())
        .contains("dev ")
        .doesNotContain("ends this")
        .startsWith("NAME");
  }

  /** Through answers that say that nothing has changed, too. */
  @Test
  void theCountdownRunsBetweenAnswers() throws Exception {
    Screens screens =
        terminal(100).once("ends this", "").once("+12", "^C").run("eksp", "ls", "--watch");

    assertThat(screens.exit()).isEqualTo(130);
    assertThat(screens.seen().get(0).text()).containsPattern(COUNTDOWN);
    assertThat(screens.seen().get(1).text()).containsPattern(COUNTDOWN);
    assertThat(countdown(screens.seen().get(0).text()))
        .isGreaterThan(countdown(screens.seen().get(1).text()) + 9);
  }

  @Test
  void theTableFollowsTheTerminal() throws Exception {
    Screens screens =
        terminal(100)
            .once("ends this", "columns=45")
            .once("+2", "columns=100")
            .once("VERSION", "q")
            .run("eksp", "ls", "--watch");

    assertThat(screens.seen().get(0).text()).contains("VERSION");
    assertThat(screens.seen().get(1).text()).contains("EXPIRES-IN").doesNotContain("VERSION");
  }

  private static int countdown(String screen) {
    Matcher matcher = COUNTDOWN.matcher(screen);
    assertThat(matcher.find()).as(screen).isTrue();
    return Integer.parseInt(matcher.group(1)) * 60 + Integer.parseInt(matcher.group(2));
  }

  @Test
  void watchingNeedsATable() throws Exception {
    scripts
        .run("eksp", "list", "--watch", "-o", "json")
        .exits(2)
        .prints("")
        .says("--watch shows a table, not json");
  }

  @Test
  void inAPipeEachChangeIsALine() throws Exception {
    Scripts.Running watching = scripts.start("", "eksp", "list", "--watch");
    Scripts.until("a first table", () -> read(watching.out()).contains("other-cluster"));
    scripts.run("eksp-create.sh", "--name", "piped").exits(0);
    Scripts.until("its beginning", () -> read(watching.out()).contains("piped: "));
    scripts.run("eksp-destroy.sh", "piped").exits(0);
    Scripts.until("its end", () -> read(watching.out()).contains("-> gone"));
    watching.process().destroy();
    watching.process().waitFor();

    assertThat(read(watching.out())).contains("NAME ").doesNotContain("\033");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aStatusIsForPeopleOnATerminal() throws Exception {
    Screens screens = terminal(100).run("eksp", "status", "dev");

    assertThat(screens.exit()).isZero();
    assertThat(screens.end().text())
        .startsWith("dev is ready, since ")
        .containsPattern("expires +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC, in \\d+ minutes")
        .containsPattern("owner +you@corp\\.io")
        .contains(
            "What happened (UTC):", "creating", "requested by arn:aws:iam::000000000000:user/")
        .containsPattern("extend it: +.*eksp prolong dev 30m")
        .containsPattern("destroy it: +.*eksp destroy dev");
    JsonNode record = JSON.readTree(scripts.run("eksp", "status", "dev").exits(0).line());
    assertThat(record.at("/status/id").asText()).isEqualTo(dev);
    assertThat(scripts.run("eksp-status.sh", "-o", "text", other).exits(0).out())
        .contains("none: no notices are sent")
        .contains("/eksp-prolong.sh other-cluster 30m");
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 55})
  void onANarrowTerminalLinesEndBetweenWords(int columns) throws Exception {
    Path bin = Files.createDirectories(scratch.resolve("narrow"));
    if (!Files.exists(bin.resolve("eksp"))) {
      Files.createSymbolicLink(bin.resolve("eksp"), Scripts.checkout().resolve("eksp"));
    }
    scripts.with("PATH", bin + ":" + scripts.value("PATH"));

    Screens status = terminal(columns).run("bash", "-c", "eksp status dev");
    assertThat(words(status))
        .contains(
            dev,
            "arn:aws:iam::000000000000:user/" + System.getProperty("user.name"),
            "creating requested by arn:",
            "eksp prolong dev 30m",
            "eksp destroy dev");
    Screens created = terminal(columns).run("bash", "-c", "eksp create --dry-run");
    assertThat(words(created))
        .contains(
            "owner none: no notices are sent",
            "version 1.35",
            "nodes 1",
            "receives no mail, so no one is notified before the cluster expires");
  }

  /** What is shown, with a blank for each end of a line. */
  private static String words(Screens screens) {
    return String.join(" ", screens.end().lines()).replaceAll(" +", " ");
  }

  @Test
  void whatCanBeDoneAboutAnErrorIsAdvised() throws Exception {
    scripts
        .run("eksp", "create", "--name", "dev")
        .exits(2)
        .says("the name dev is taken", "eksp create --name NAME\n", "list clusters: ");
    scripts
        .run("eksp", "prolong", "dev", "9000")
        .exits(2)
        .says("would exceed the maximum lifetime", "eksp status dev\n")
        .doesNotSay("list clusters");
    scripts
        .run("eksp", "prolong", "nope", "5")
        .exits(2)
        .says("there is no cluster nope", "list clusters: ", "eksp list --all\n");
  }

  @Test
  void aDurationOrAMomentProlongs() throws Exception {
    String expires = record("dev").at("/status/expires").asText();
    Screens screens = terminal(100).run("eksp", "prolong", "dev", "1h30m");
    assertThat(screens.end().lines()).hasSize(1);
    assertThat(screens.end().lines().getFirst()).startsWith("dev expires ");
    assertThat(minutes(expires, record("dev").at("/status/expires").asText())).isEqualTo(90);

    scripts.run("eksp", "extend", "dev", "-90m").exits(0);
    assertThat(record("dev").at("/status/expires").asText()).isEqualTo(expires);

    String until = Instant.parse(expires).plusSeconds(600).toString();
    scripts.run("eksp", "prolong", "--until", until, "dev").exits(0).says("dev expires");
    assertThat(minutes(expires, record("dev").at("/status/expires").asText())).isEqualTo(10);
    scripts.run("eksp", "prolong", "--until", until, "dev").exits(0).says("already");
    scripts
        .run("eksp", "prolong", "--until", "2020-01-01T00:00Z", "dev")
        .exits(2)
        .says("invalid moment '2020-01-01T00:00Z': it is in the past", "destroy dev now: ");
    scripts.run("eksp", "prolong", "dev", "-10").exits(0);
  }

  private JsonNode record(String name) throws Exception {
    return JSON.readTree(scripts.run("eksp-list.sh", name).exits(0).line());
  }

  private static long minutes(String from, String to) {
    return Duration.between(Instant.parse(from), Instant.parse(to)).toMinutes();
  }

  @Test
  void severalAreDestroyedAtOnceOrNoneIfOneIsMissing() throws Exception {
    for (String name : List.of("one", "two")) {
      scripts.run("eksp-create.sh", "--name", name).exits(0);
    }

    scripts
        .run("eksp", "rm", "one", "nope", "two", "neither")
        .exits(2)
        .prints("")
        .says("there is no cluster nope neither; nothing is destroyed");
    assertThat(record("one").at("/status/state").asText()).isEqualTo("ready");

    Scripts.Outcome both = scripts.run("eksp", "rm", "one", "nope", "two", "--if-exists").exits(0);
    both.says("there is no cluster nope\n", "one is gone", "two is gone");
    assertThat(both.out().lines()).hasSize(2).allMatch(line -> line.contains("\"state\":\"gone\""));
    scripts.run("eksp", "rm", "one", "two", "--if-exists").exits(0).prints("");
    scripts.run("eksp-destroy.sh", "one").exits(2);
  }

  @Test
  void aClusterOfAnotherCallerIsAskedAbout() throws Exception {
    scripts.run("eksp-create.sh", "--name", "theirs").exits(0);
    asAnotherUser();

    Screens refused = terminal(100).once("destroy? [y/N]", "n\n").run("eksp", "destroy", "theirs");
    assertThat(refused.exit()).isEqualTo(1);
    assertThat(refused.end().text())
        .contains("theirs was created by arn:aws:iam::000000000000:user/", "nothing is destroyed");
    assertThat(record("theirs").at("/status/state").asText()).isEqualTo("ready");

    Screens agreed = terminal(100).once("destroy? [y/N]", "y\n").run("eksp", "destroy", "theirs");
    assertThat(agreed.exit()).isZero();
    assertThat(agreed.end().text()).contains("theirs is gone");

    scripts.run("eksp-create.sh", "--name", "theirs").exits(0);
    assertThat(terminal(100).run("eksp", "destroy", "-y", "theirs").end().lines())
        .containsExactly("theirs is gone");
    // In a pipe, and by the script of 2019, nothing is asked.
    scripts.run("eksp-create.sh", "--name", "theirs").exits(0);
    assertThat(terminal(100).run("eksp-destroy.sh", "theirs").exit()).isZero();
  }

  private void asAnotherUser() throws IOException {
    // id tells the commands who calls.
    Path id = Files.createDirectories(scratch.resolve("id-of-another")).resolve("id");
    Files.writeString(id, "#!/bin/sh\necho another.user\n");
    assertThat(id.toFile().setExecutable(true)).isTrue();
    scripts.with("PATH", id.getParent() + ":" + scripts.value("PATH"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"soon", "1.5h", "+30m", "0", "30s", "h", "99999999999"})
  void whatIsNoDurationIsRefused(String duration) throws Exception {
    String before = record("dev").path("status").toString();
    scripts
        .run("eksp", "prolong", "dev", duration)
        .exits(2)
        .prints("")
        .says("invalid minutes", "1h30m");
    scripts
        .run("eksp", "prolong", "--until", duration, "dev")
        .exits(2)
        .prints("")
        .says("invalid moment");
    assertThat(JSON.readTree(before).path("expires"))
        .isEqualTo(record("dev").at("/status/expires"));
  }

  @Test
  void theVersionNamesTheControlPlane() throws Exception {
    JsonNode version = JSON.readTree(scripts.run("eksp", "version").exits(0).line());
    assertThat(version.path("version").asText()).matches("[0-9]+\\.[0-9]+\\.[0-9]+.*");
    assertThat(version.path("endpoint").asText()).isEqualTo("http://127.0.0.1:" + port);
    assertThat(version.path("provider").asText()).startsWith("simulated");
    scripts.with("EKSPHEMERAL_HOME", scratch.resolve("none").toString());
    assertThat(scripts.run("eksp", "version", "-o", "text").exits(0).out())
        .containsPattern("endpoint +no control plane responds");
  }

  @Test
  void settingsComeFromTheEnvironmentElseFromAFile() throws Exception {
    Files.createDirectories(config.getParent());
    Files.writeString(
        config, "# mine\nowner = file@corp.io \n\nworkers=3\r\nendpoint=https://x.example\n");
    scripts.with("EKSPHEMERAL_WORKERS", "2");

    JsonNode settings = JSON.readTree(scripts.run("eksp", "config").exits(0).line());

    assertThat(settings.at("/owner/value").asText()).isEqualTo("file@corp.io");
    assertThat(settings.at("/owner/from").asText()).isEqualTo(config.toString());
    assertThat(settings.at("/workers/value").asText()).isEqualTo("2");
    assertThat(settings.at("/workers/from").asText()).isEqualTo("EKSPHEMERAL_WORKERS");
    // EKSPHEMERAL_LOCAL=1 decides.
    assertThat(settings.has("endpoint")).isFalse();
    scripts.run("eksp", "list", "-o", "name").exits(0);
    assertThat(terminal(120).run("eksp", "config").end().text())
        .containsPattern("owner +file@corp\\.io +.*/config\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "# owner: a@b.io;numworkers: 1 | me@corp.io | 1",
        "name: x # owner: a@b.io | me@corp.io | 3",
        "task: {subnets: [subnet-0123abcd]}; | me@corp.io | 3",
        "'owner' : nobody@example.com | nobody@example.com | 3",
        "---;{owner: a@b.io, # numworkers: 5; name: x} | a@b.io | 3"
      })
  void settingsCountForWhatYamlLeavesOpen(String yaml, String owner, int workers) throws Exception {
    scripts.with("EKSPHEMERAL_OWNER", "me@corp.io").with("EKSPHEMERAL_WORKERS", "3");

    JsonNode spec =
        JSON.readTree(
            scripts
                .runOn(yaml.replace(";", "\n"), "eksp", "create", "--dry-run", "-")
                .exits(0)
                .line());

    assertThat(spec.path("owner").asText()).isEqualTo(owner);
    assertThat(spec.path("numworkers").asInt()).isEqualTo(workers);
  }

  @ParameterizedTest
  @CsvSource({
    "lis, list",
    "list -o na, name",
    "list --wa, --watch",
    "status de, dev",
    "rm oth, other-cluster",
    "completion z, zsh",
    "create 2node-1, 2node-135-30.json"
  })
  void bashCompletes(String typed, String completion) throws Exception {
    String script =
        "eval \"$(\"$0\" completion bash)\"; COMP_WORDS=(\"$0\" %s); COMP_CWORD=%d; _eksp; printf '%%s\\n' \"${COMPREPLY[@]}\""
            .formatted(typed, typed.split(" ").length);
    assertThat(
            scripts
                .run("bash", "-c", script, Scripts.checkout().resolve("eksp").toString())
                .exits(0)
                .out()
                .lines())
        .contains(completion);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "list >&-",
        "list -o table >&-",
        "list -o table 2>&-",
        "list -o table | head -n 1",
        "list -o table <&-",
        "status dev -o text 2>&-",
        "status dev -o text >&-",
        "list --watch >&- 2>&- & sleep 2; kill $!"
      })
  void aClosedOutputIsNoFailure(String call) throws Exception {
    String eksp = Scripts.checkout().resolve("eksp").toString();
    Scripts.Outcome outcome = scripts.run("bash", "-c", "'" + eksp + "' " + call).exits(0);

    assertThat(outcome.err()).doesNotContain("Bad file descriptor", "write error");
  }

  @Test
  void anIdIsCompletedToo() throws Exception {
    assertThat(
            scripts
                .run("eksp", "completion", "candidates", "status", dev.substring(0, 10))
                .exits(0)
                .out())
        .contains(dev);
  }
}
