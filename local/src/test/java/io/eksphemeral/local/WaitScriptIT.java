package io.eksphemeral.local;

import static io.eksphemeral.local.StubApi.ID;
import static io.eksphemeral.local.StubApi.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Waiting for a cluster, and the phases that are shown meanwhile. */
class WaitScriptIT {
  private static final String READY =
      ",\"created\":\"2026-11-30T09:50:00Z\",\"ready\":\"2026-11-30T10:00:02.5Z\","
          + "\"expires\":\"2026-11-30T10:30:02.5Z\",\"minutesleft\":30";

  private final StubApi api = new StubApi();
  private final Scripts scripts;

  WaitScriptIT(@TempDir Path scratch) throws IOException {
    scripts = Scripts.in(scratch).with("EKSPHEMERAL_URL", api.url());
  }

  @AfterEach
  void close() {
    api.close();
  }

  // --- what is rejected ---

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev --for destroyed",
        "dev --for",
        "dev --timeout 0",
        "dev --timeout -5",
        "dev --timeout 0s",
        "dev --timeout 5x",
        "dev other",
        "dev --no-wait"
      })
  void wrongUsageSendsNothing(String arguments) throws Exception {
    scripts.run("eksp-wait.sh", arguments.split(" ")).exits(2).prints("");

    assertThat(api.requests()).isEmpty();
  }

  @Test
  void aClusterThatIsNotFoundIsNotWaitedFor() throws Exception {
    api.responds(404, "{\"error\":\"not found: no cluster is named dev\"}");

    scripts.run("eksp-wait.sh", "dev").exits(2).prints("").says("no cluster is named dev");
    scripts
        .run("eksp-wait.sh", "--for", "gone", "dev")
        .exits(2)
        .prints("")
        .says("no cluster is named dev", "gone ones too: ");
  }

  // --- until it is ready ---

  @Test
  void aClusterThatFailedEndsTheWaitingAtOnceAndWithTheReason() throws Exception {
    api.responds(
        200,
        record(
            "create-failed",
            ",\"log\":[\"last words\"],\"history\":[{\"state\":\"create-failed\",\"why\":\"no capacity\"}]"));

    scripts
        .run("eksp-wait.sh", "dev")
        .exits(1)
        .prints("")
        .says(
            """
            eksp-wait.sh: dev was not created: no capacity
              | last words
              anything that was created is being cleaned up automatically
            """);
    assertThat(api.lines()).containsExactly("GET /status/dev");
  }

  @ParameterizedTest
  @ValueSource(strings = {"destroying", "destroy-failed", "gone"})
  void aClusterThatIsBeingDestroyedWillNotBeReady(String state) throws Exception {
    api.responds(
        200,
        record(state, READY + ",\"history\":[{\"state\":\"destroying\",\"why\":\"expired\"}]"));

    scripts
        .run("eksp-wait.sh", "--for", "ready", "dev")
        .exits(1)
        .prints("")
        .says("dev is " + state + ": expired\n", "show it: ");
    assertThat(api.lines()).hasSize(1);
  }

  @Test
  void aClusterThatIsCreatedMeanwhileIsReportedAsByCreate() throws Exception {
    api.responds(200, record("creating", ""))
        .responds(200, record("creating", ""))
        .responds(200, record("ready", READY));

    scripts
        .run("eksp-wait.sh", "dev")
        .exits(0)
        .prints(ID + "\n")
        .says(
            "dev: creating\ndev is ready (EKS)\n  expires:    2026-11-30 10:30 UTC, in 30 minutes\n",
            "eksp-prolong.sh " + ID + " 30\n",
            "eksp-destroy.sh " + ID + "\n");
    assertThat(api.lines())
        .containsExactly("GET /status/dev", "GET /status/" + ID, "GET /status/" + ID);
  }

  @Test
  void theTimeToWaitEnds() throws Exception {
    api.responds(200, record("creating", phases("accepted 09:59:00", "nodes 09:59:30")));

    scripts
        .run("eksp-wait.sh", "--timeout", "2s", "dev")
        .exits(1)
        .prints("")
        .says(
            "eksp-wait.sh: dev is still creating after 2 s (nodes)\n  come back:  ",
            "/eksp-wait.sh --timeout 2s dev\n",
            "/eksp-list.sh " + ID + "\n");
  }

  // --- until it is gone ---

  @Test
  void aClusterThatIsGoneAlreadyIsFoundByItsName() throws Exception {
    api.responds(404, "{\"error\":\"not found: no cluster is named dev\"}")
        .responds(200, "[" + record("gone", "") + "]");

    scripts.run("eksp-wait.sh", "--for=gone", "dev").exits(0).prints("").says("dev is gone\n");
  }

  @Test
  void aClusterThatIsKnownToBeGoneIsASuccessWithoutData() throws Exception {
    api.responds(200, record("gone", ",\"cost\":0.5"));

    scripts
        .run("eksp-wait.sh", "--for=gone", ID)
        .exits(0)
        .prints("")
        .says("dev is gone; it cost at most 0.50 USD\n");
  }

  @Test
  void anAttemptToDestroyThatFailsMeanwhileEndsTheWaiting() throws Exception {
    String failed = "{\"state\":\"destroy-failed\",\"why\":\"a VPC is left\"}";
    api.responds(200, record("destroying", ",\"history\":[" + failed + "]"))
        .responds(200, record("destroying", ",\"history\":[" + failed + "]"))
        .responds(200, record("destroy-failed", ",\"history\":[" + failed + "," + failed + "]"));

    scripts
        .run("eksp-wait.sh", "--for", "gone", "dev")
        .exits(1)
        .prints("")
        .says("dev could not be destroyed: a VPC is left\n  the control plane retries");
  }

  @Test
  void whatExpiresIsWaitedForToo() throws Exception {
    String soon = READY.replace("\"minutesleft\":30", "\"minutesleft\":0");
    api.responds(200, record("ready", soon))
        .responds(200, record("destroying", READY))
        .responds(200, record("gone", READY));

    scripts
        .run("eksp-wait.sh", "--for", "gone", "dev")
        .exits(0)
        .prints("")
        .says("dev: ready\ndev: destroying\ndev is gone\n");
  }

  // --- phases ---

  @Test
  void elsewhereThanOnATerminalEachPhaseThatHasEndedIsALine() throws Exception {
    api.respondsAt("2026-11-30T09:50:02Z", 200, record("creating", phases("accepted 09:50:00")))
        .respondsAt(
            "2026-11-30T09:59:40Z",
            200,
            record(
                "creating",
                phases("accepted 09:50:00.900", "task-started 09:50:02", "control-plane 09:50:50")))
        .responds(200, record("ready", READY));

    Scripts.Outcome waited = scripts.run("eksp-wait.sh", "dev").exits(0).prints(ID + "\n");

    assertThat(waited.err())
        .startsWith(
            """
            dev: accepted, 2 s (usually 40 s)
            dev: accepted, 2 s
            dev: task started, 48 s
            dev: control plane, 530 s (usually 40 s)
            dev: control plane, 9 min 12 s
            dev: ready, 10 min 2 s
            dev is ready (EKS)
            """
                .replace("530 s", "8 min 50 s"))
        .doesNotContain("\r", "\033");
  }

  @Test
  void aClockThatRunsFasterDoesNotChangeTheTimes() throws Exception {
    api.speed("60")
        .respondsAt(
            "2026-11-30T09:56:00Z",
            200,
            record("creating", phases("accepted 09:50:00", "nodes 09:54:00")))
        .responds(200, record("ready", READY));

    scripts
        .run("eksp-wait.sh", "dev")
        .exits(0)
        .says(
            "dev: accepted, 4 s\ndev: nodes, 2 s (usually 40 s)\ndev: nodes, 6 s\ndev: ready, 10 s\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "x", "99999999999"})
  void noTimeIsNegativeWhateverTheControlPlaneSays(String speed) throws Exception {
    api.speed(speed)
        .respondsAt(
            "2026-11-30T08:00:00Z",
            200,
            record("creating", phases("accepted 09:50:00", "nodes 09:49:00", "checks 25:99:00")))
        .responds(200, record("ready", READY.replace("T10:00", "T07:00")));

    Scripts.Outcome waited = scripts.run("eksp-wait.sh", "dev").exits(0).prints(ID + "\n");

    waited.says(
        "dev: accepted, 0 s\ndev: nodes (usually 40 s)\ndev: nodes, 0 s\ndev: ready, 0 s\n");
  }

  @ParameterizedTest
  @CsvSource({"C.UTF-8, xterm, '', ✓", "C, xterm, '', *", "C.UTF-8, xterm, 1, ✓"})
  void onATerminalEachPhaseIsALineWithAMark(
      String locale, String terminal, String noColour, String mark) throws Exception {
    twoPhases();
    scripts.with("LC_ALL", locale).with("TERM", terminal).with("NO_COLOR", noColour);

    String shown = onATerminal(80, "eksp-wait.sh dev");

    String coloured = noColour.isEmpty() ? "\033[32m" + mark + "\033[0m" : mark;
    String cut = locale.equals("C") ? "..." : "t …";
    assertThat(shown)
        .contains(coloured + " accepted               2 s\r\n")
        .contains("| a phase that is, 9 min 50 s (usually 40 s)")
        .contains("\r\033[K" + coloured + " a phase tha" + cut + "  10 min 0 s\r\n")
        .contains(coloured + " ready after 10 min 2 s\r\n");
  }

  @ParameterizedTest
  @CsvSource({"TERM, dumb", "CI, true"})
  void nothingIsRedrawnWhereThatCannotBeSeen(String variable, String value) throws Exception {
    twoPhases();
    scripts.with("TERM", "xterm").with(variable, value);

    assertThat(onATerminal(80, "eksp-wait.sh dev"))
        .contains("dev: accepted, 2 s\r\n", "dev: ready, 10 min 2 s\r\n")
        .doesNotContain("\033", "✓");
  }

  @ParameterizedTest
  @CsvSource({
    "40, a-cluster-with-a-very-long-name-indeed, ' a-cluster-with-a-very-…: creating, 0 s'",
    "60, a-cluster-with-a-very-long-name-indeed, ' a-cluster-with-a-very-long-name-indeed: creating, 0 s'",
    "80, a-cluster-with-a-very-long-name-indeed, ' a-cluster-with-a-very-long-name-indeed: creating, 0 s (usually 15 min)'",
    "14, dev, ' dev: cr, 0 s'"
  })
  void inANarrowTerminalANameIsCutAndNoTime(int columns, String name, String line)
      throws Exception {
    api.responds(
        200, record("creating", ",\"usually\":900").replace("\"dev\"", "\"" + name + "\""));
    scripts.with("TERM", "xterm");

    Terminal.Screens screens =
        new Terminal(scripts, columns).once(" s", "").once("+1", "^C").run("eksp-wait.sh", name);

    String first = screens.seen().getFirst().lines().getFirst().substring(1);
    assertThat(first.replaceFirst("\\d s", "0 s")).as("whatever second it is").isEqualTo(line);
    assertThat(screens.exit()).isEqualTo(130);
    assertThat(String.join(" ", screens.end().lines()).replaceAll(" +", " "))
        .contains("is still being created");
  }

  @Test
  void theIdIsSaidAsSoonAsTheClusterIsAcceptedAndAnInterruptSaysHowToComeBack() throws Exception {
    api.responds(202, record("creating", phases("accepted 09:59:30")));

    Scripts.Running creating = scripts.start("", "eksp-create.sh");
    creating.untilItSays("dev: accepted");
    new ProcessBuilder("kill", "-TERM", Long.toString(creating.process().pid())).start().waitFor();

    creating
        .outcome()
        .exits(130)
        .prints("")
        .says(
            "dev is accepted: " + ID + "\n",
            "is still being created in the background\n  come back:  ",
            "/eksp-wait.sh dev\n",
            "/eksp-destroy.sh ");
  }

  private void twoPhases() {
    api.respondsAt(
            "2026-11-30T09:59:52Z",
            200,
            record("creating", phases("accepted 09:50:00", "a-phase-that-is 09:50:02")))
        .responds(200, record("ready", READY));
  }

  private static String phases(String... phases) {
    List<String> all =
        List.of(phases).stream()
            .map(phase -> phase.split(" "))
            .map(phase ->
                "{\"phase\":\"%s\",\"at\":\"2026-11-30T%sZ\",\"usually\":40}"
                    .formatted(phase[0], phase[1]))
            .toList();
    return ",\"phase\":\"x\",\"phases\":" + all;
  }

  private String onATerminal(int columns, String command) throws Exception {
    String path = Scripts.checkout().resolve(command).toString();
    return scripts.run("script", "-qec", "stty cols " + columns + "; " + path, "/dev/null").out();
  }
}
