package io.eksphemeral.local;

import static io.eksphemeral.local.StubApi.ID;
import static io.eksphemeral.local.StubApi.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From options, settings and a file to the spec that is sent. */
class SpecScriptIT {
  private static final String SPEC =
      "\"name\":\"dev\",\"numworkers\":1,\"kubeversion\":\"1.35\",\"timeout\":20,\"owner\":\"a@b.io\"";

  private final StubApi api = new StubApi();
  private final Scripts scripts;

  SpecScriptIT(@TempDir Path scratch) throws IOException {
    scripts = Scripts.in(scratch).with("EKSPHEMERAL_URL", api.url());
  }

  @AfterEach
  void close() {
    api.close();
  }

  // --- when it expires ---

  @ParameterizedTest
  @ValueSource(
      strings = {
        "25:00",
        "18",
        "tomorrow",
        "2026-02-30T10:00Z",
        "2026-11-30",
        "2026-11-30T18:00CET",
        "''",
        "2026-11-30T18:00Z --timeout 5"
      })
  void aMomentThatIsNoneIsRejectedBeforeAnythingIsSent(String arguments) throws Exception {
    String[] all = ("--until " + arguments.replace("''", " ")).split(" ");

    scripts.run("eksp-create.sh", all.length == 1 ? new String[] {"--until="} : all).exits(2);

    assertThat(api.requests()).isEmpty();
  }

  /** In 2026 the clocks in Berlin are changed on 29 March and on 25 October. */
  @ParameterizedTest
  @CsvSource({
    "UTC, 2026-11-30T18:00Z, 2026-11-30T18:00:00Z",
    "Asia/Kathmandu, 2026-11-30T18:00:30+01:00, 2026-11-30T17:00:30Z",
    "Asia/Kathmandu, 2026-11-30 18:00, 2026-11-30T12:15:00Z",
    "America/St_Johns, 2026-11-30T18:00:00.5-0330, 2026-11-30T21:30:00Z",
    "Europe/Berlin, 2026-03-29T03:30, 2026-03-29T01:30:00Z",
    "Europe/Berlin, 2026-07-01T18:00, 2026-07-01T16:00:00Z"
  })
  void aMomentIsSentInUtcInsteadOfATimeout(String zone, String moment, String sent)
      throws Exception {
    api.responds(400, "{\"error\":\"no\"}");

    scripts
        .with("TZ", zone)
        .runOn("{\"timeout\":5}", "eksp-create.sh", "--until", moment, "-")
        .exits(2);

    assertThat(api.requests().getLast().body()).isEqualTo("{\"until\":\"" + sent + "\"}\n");
  }

  @Test
  void aTimeOfDayIsTheNextOne() throws Exception {
    api.responds(400, "{\"error\":\"no\"}");

    scripts.with("TZ", "Asia/Kathmandu").runOn("{}", "eksp-create.sh", "--until=05:45", "-");

    String until = api.requests().getLast().body().replaceAll(".*\"until\":\"|\"}\n", "");
    assertThat(until).endsWith("T00:00:00Z");
    assertThat(java.time.Instant.parse(until))
        .isBetween(java.time.Instant.now(), java.time.Instant.now().plusSeconds(24 * 3600));
  }

  @ParameterizedTest
  @CsvSource({"30m, 30", "2h, 120", "1h30m, 90", "1d, 1440", "5x, \"5x\"", "1m1h, \"1m1h\""})
  void aDurationIsSentInMinutesInsteadOfAMoment(String timeout, String sent) throws Exception {
    api.responds(400, "{\"error\":\"no\"}");

    scripts.runOn(
        "{\"until\":\"2026-11-30T18:00:00Z\"}", "eksp-create.sh", "--timeout", timeout, "-");

    assertThat(api.requests().getLast().body()).isEqualTo("{\"timeout\":" + sent + "}\n");
  }

  @Test
  void addonsAreLeftOutOneOrMore() throws Exception {
    api.responds(400, "{\"error\":\"no\"}");
    scripts.runOn("{}", "eksp-create.sh", "--without", "metrics-server", "-");
    scripts.runOn(
        "{\"without\":[]}", "eksp-create.sh", "--without=metrics-server,aws-ebs-csi-driver", "-");

    assertThat(api.requests())
        .extracting(StubApi.Request::body)
        .containsExactly(
            "{\"without\":[\"metrics-server\"]}\n",
            "{\"without\":[\"metrics-server\",\"aws-ebs-csi-driver\"]}\n");
  }

  @Test
  void nodesAreChosenByOptionsThatReplaceTheFieldsOfTheSpec() throws Exception {
    api.responds(400, "{\"error\":\"no\"}");
    scripts.runOn(
        "{}",
        "eksp-create.sh",
        "--nodes",
        "3",
        "--type",
        "m7g.large,t4g.large",
        "--on-demand",
        "-");
    scripts.runOn(
        "{\"nodes\":{\"types\":[\"t3.large\",\"t3a.large\"],\"disk\":30,\"arch\":\"x86_64\"}}",
        "eksp-create.sh",
        "--arch=arm64",
        "--disk=40",
        "--spot",
        "-");
    scripts.runOn("{}", "eksp-create.sh", "--workers", "2", "--disk", "big", "-");

    assertThat(api.requests())
        .extracting(StubApi.Request::body)
        .containsExactly(
            "{\"nodes\":{\"types\":[\"m7g.large\",\"t4g.large\"],\"capacitytype\":\"on-demand\"},\"numworkers\":3}\n",
            "{\"nodes\":{\"types\":[\"t3.large\",\"t3a.large\"],\"disk\":40,\"arch\":\"arm64\",\"capacitytype\":\"spot\"}}\n",
            "{\"nodes\":{\"disk\":\"big\"},\"numworkers\":2}\n");
    scripts
        .runOn("{}", "eksp-create.sh", "--spot", "--on-demand", "-")
        .exits(2)
        .says("--spot and --on-demand cannot be used together");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"access\":[\"a\",\"b\"],\"task\":{\"subnets\":[],\"securitygroup\":\"x\"}}; ",
        "{\"nodes\":{\"disk\":30},\"nodes\":{\"arch\":\"arm64\"}}; nodes",
        "{\"nodes\":{\"disk\":30,\"disk\":40}}; nodes.disk",
        "{\"access\":[],\"access\":[\"a\"]}; access",
        "{\"timeout\":5,\"timeout\":6}; timeout"
      })
  void onlyAFieldThatIsThereTwiceIsADuplicate(String spec, @Nullable String field)
      throws Exception {
    api.responds(400, "{\"error\":\"no\"}");
    Scripts.Outcome outcome = scripts.runOn(spec, "eksp-create.sh", "--name", "dev", "-").exits(2);
    if (field == null) {
      assertThat(api.requests()).hasSize(1);
    } else {
      assertThat(api.requests()).isEmpty();
      outcome.says("duplicate field " + field);
    }
  }

  // --- settings ---

  @Test
  void settingsCountWhereNeitherAnOptionNorANamedSpecSaysOtherwise() throws Exception {
    api.responds(400, "{\"error\":\"no\"}");
    scripts
        .with("EKSPHEMERAL_OWNER", "me@here.io")
        .with("EKSPHEMERAL_WORKERS", "3")
        .with("EKSPHEMERAL_VERSION", "1.34");

    scripts.run("eksp-create.sh");
    scripts.run("eksp-create.sh", "--workers", "4", "--owner", "you@here.io");
    scripts.runOn("{\"owner\":\"it@here.io\",\"numworkers\":1}", "eksp-create.sh", "-");
    scripts.run("eksp-create.sh", "default-cc");

    assertThat(api.requests())
        .extracting(StubApi.Request::body)
        .containsExactly(
            "{\"numworkers\":3,\"timeout\":20,\"owner\":\"me@here.io\",\"kubeversion\":\"1.34\"}\n",
            "{\"numworkers\":4,\"timeout\":20,\"owner\":\"you@here.io\",\"kubeversion\":\"1.34\"}\n",
            "{\"owner\":\"it@here.io\",\"numworkers\":1,\"kubeversion\":\"1.34\"}\n",
            "{\"numworkers\":1,\"timeout\":20,\"owner\":\"nobody@example.com\",\"kubeversion\":\"1.34\"}\n");
  }

  @Test
  void theFileOfSettingsCounts() throws Exception {
    api.responds(400, "{\"error\":\"no\"}");
    Path config = Path.of(scripts.value("HOME"), ".config/eksphemeral/config");
    Files.createDirectories(config.getParent());
    Files.writeString(config, "owner = me@here.io\n");

    scripts.runOn("{}", "eksp-create.sh", "-");

    assertThat(api.requests().getLast().body()).isEqualTo("{\"owner\":\"me@here.io\"}\n");
  }

  @ParameterizedTest
  @CsvSource({
    "nobody@example.com, true",
    "x@sub.Example.ORG, true",
    "x@y.test, true",
    "x@example.com.io, false",
    "x@myexample.com, false"
  })
  void anOwnerWhoReceivesNoMailIsWarnedOf(String owner, boolean isWarned) throws Exception {
    api.responds(
        202,
        record("creating", "").replace("\"status\"", "\"owner\":\"" + owner + "\",\"status\""));

    Scripts.Outcome created = scripts.run("eksp-create.sh", "--no-wait").exits(0).prints(ID + "\n");

    String warning = "the owner " + owner + " receives no mail";
    if (isWarned) {
      created.says(warning, "set one:    --owner");
    } else {
      created.doesNotSay(warning);
    }
  }

  // --- YAML ---

  @Test
  void problemsOfYamlAreThoseThatTheServiceFinds() throws Exception {
    api.responds(
        400, "{\"error\":\"invalid spec:\",\"problems\":[\"\\\"nam\\\" is not a field\"]}");

    scripts
        .runOn("nam: dev\n", "eksp-create.sh", "-")
        .exits(2)
        .prints("")
        .says("eksp-create.sh: invalid spec:\n  - \"nam\" is not a field\n");
    assertThat(api.lines()).containsExactly("POST /estimate");
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 415})
  void aServiceThatKnowsNoYamlGetsNone(int status) throws Exception {
    api.responds(status, "{\"error\":\"no\"}");

    scripts
        .runOn("name: dev\n", "eksp-create.sh", "-")
        .exits(2)
        .prints("")
        .says("the spec is YAML, which this control plane does not accept", "eksp-up.sh");
  }

  @Test
  void anAnswerThatIsNoSpecIsNotSentBack() throws Exception {
    api.responds(200, "<html>");

    scripts.runOn("name: dev\n", "eksp-create.sh", "-").exits(1).says("is not a spec: <html>");
    assertThat(api.lines()).containsExactly("POST /estimate");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name: dev\nnumworkers: 1\n",
        "# mine\n\n---\n'name': dev\nnumworkers : 1\n",
        "\ufeff%YAML 1.2\n---\n{\"numworkers\": 1}\n",
        "numworkers: 1 # owner: it@here.io\n",
        "\"numworkers\" : 1\n",
        "name: dev\r\nnumworkers: 1\r\n"
      })
  void yamlIsTurnedIntoJsonByTheService(String yaml) throws Exception {
    api.given("name numworkers")
        .responds(
            200,
            "{"
                + SPEC
                + ",\"until\":\"2026-11-30T18:00:00Z\",\"cost\":{\"usual\":1},\"refused\":[],\"ignored\":[\"x\"]}")
        .responds(202, record("creating", ""));

    scripts
        .with("EKSPHEMERAL_WORKERS", "7")
        .with("EKSPHEMERAL_OWNER", "me@here.io")
        .runOn(yaml, "eksp-create.sh", "--no-wait", "--version=1.34", "-")
        .exits(0)
        .prints(ID + "\n");

    assertThat(api.lines()).containsExactly("POST /estimate", "POST /create");
    assertThat(api.requests().getFirst())
        .isEqualTo(
            new StubApi.Request("POST /estimate", "application/yaml", yaml.replace("\ufeff", "")));
    assertThat(api.requests().getLast().type()).isEqualTo("application/json");
    assertThat(api.requests().getLast().body())
        .isEqualTo(
            "{\"name\":\"dev\",\"numworkers\":1,\"kubeversion\":\"1.34\",\"owner\":\"me@here.io\","
                + "\"until\":\"2026-11-30T18:00:00Z\"}\n");
  }

  // --- a dry run ---

  @ParameterizedTest
  @ValueSource(strings = {"-o json", "--dry-run -o xml", "--dry-run -o", "-o text"})
  void aFormatIsForADryRun(String arguments) throws Exception {
    scripts.run("eksp-create.sh", arguments.split(" ")).exits(2).prints("");

    assertThat(api.requests()).isEmpty();
  }

  @Test
  void aDryRunThatWouldBeRejectedExitsWith2() throws Exception {
    api.responds(200, "{" + SPEC + ",\"refused\":[\"the name dev is taken\"]}");

    scripts
        .run("eksp-create.sh", "--dry-run")
        .exits(2)
        .prints("{" + SPEC + ",\"refused\":[\"the name dev is taken\"]}\n")
        .says("nothing was created");
    scripts
        .run("eksp-create.sh", "--dry-run", "-o", "text")
        .exits(2)
        .prints(
            """
              name         dev
              expires      20 minutes after it is ready
              owner        a@b.io
              version      1.35
              nodes        1

            it would be rejected:
              - the name dev is taken
            """);
    assertThat(api.lines()).containsExactly("POST /estimate", "POST /estimate");
  }

  @Test
  void aDryRunOfAnInvalidSpecListsItsProblems() throws Exception {
    api.responds(400, "{\"error\":\"invalid spec:\",\"problems\":[\"a\",\"b\"]}");

    scripts.run("eksp-create.sh", "--dry-run").exits(2).prints("").says("  - a\n  - b\n");
  }

  @Test
  void aServiceThatIsTooOldForADryRunIsNamed() throws Exception {
    api.responds(404, "{\"error\":\"no such path\"}");

    scripts.run("eksp-create.sh", "--dry-run").exits(1).prints("").says("too old", "eksp-up.sh");
  }

  @Test
  void aDryRunShowsWhatIsKnownAndCreatesNothing() throws Exception {
    api.responds(
        200,
        """
        {%s,"until":"2026-11-30T18:00:00Z","access":["arn:aws:iam::1:role/a\\u001b[2J"],
         "cost":{"usual":0.2,"most":1.05,"hourly":0.1,"assumes":"one spot node"},"refused":[]}
        """
            .formatted(SPEC));

    scripts
        .run("eksp-create.sh", "--dry-run", "-o", "text")
        .exits(0)
        .prints(
            """
              name         dev
              expires      2026-11-30 18:00 UTC, in 20 minutes
              owner        a@b.io
              version      1.35
              nodes        1
              access       arn:aws:iam::1:role/a [2J
              cost         about 0.20 USD, at most 1.05 USD; an hour more is 0.10 USD
                           one spot node
            """);
    assertThat(api.lines()).containsExactly("POST /estimate");
  }
}
