package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eksphemeral.local.Terminal.Screens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Completion in the real shells, whose Tab key is pressed. */
class CompletionIT {
  @TempDir private Path scratch;
  private Scripts scripts;

  @BeforeEach
  void linkOnThePath() throws IOException {
    Path bin = Files.createDirectory(scratch.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("eksp"), Scripts.checkout().resolve("eksp"));
    scripts = Scripts.in(scratch);
    scripts
        .with("PATH", bin + ":" + scripts.value("PATH"))
        .with("EKSPHEMERAL_LOCAL", "1")
        .with("PS1", "ready> ");
  }

  /** CI must have each shell. */
  private static void require(String shell) {
    boolean isThere =
        Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, shell)));
    assumeTrue(isThere || Boolean.parseBoolean(System.getenv("CI")), "install " + shell);
  }

  @Test
  void bash() throws Exception {
    assertCompletes(
        new Terminal(scripts, 80)
            .once("ready> ", "eval \"$(eksp completion bash)\"; echo load''ed\n")
            .once("loaded", "")
            .once("ready> ", "eksp pro\t")
            .once("eksp prolong ", "--unt\t")
            .once("--until", "^C")
            .once("^C", "exit\n")
            .run("bash", "--norc", "-i"));
  }

  @Test
  void zsh() throws Exception {
    require("zsh");
    scripts.with("PROMPT", "ready> ");
    assertCompletes(
        new Terminal(scripts, 80)
            .once(
                "ready> ",
                "autoload -U compinit; compinit -D; source <(eksp completion zsh); echo load''ed\n")
            .once("loaded", "")
            .once("ready> ", "eksp pro\t")
            .once("eksp prolong ", "--unt\t")
            .once("--until", "^C")
            .once("+1", "exit\n")
            .run("zsh", "-f", "-i"));
  }

  private static void assertCompletes(Screens screens) {
    assertThat(screens.seen().getLast().text()).containsPattern("eksp prolong +--until");
  }

  @Test
  void fish() throws Exception {
    require("fish");
    assertThat(
            scripts
                .run(
                    "fish",
                    "--no-config",
                    "-c",
                    "eksp completion fish | source; complete -C 'eksp pro'; complete -C 'eksp prolong --unt'")
                .exits(0)
                .out()
                .lines()
                .map(line -> line.replaceFirst("\t.*", "")))
        .contains("prolong", "--until");
  }

  @Test
  void clustersAreListedOnce() throws Exception {
    try (StubApi api = new StubApi()) {
      scripts.without("EKSPHEMERAL_LOCAL").with("EKSPHEMERAL_URL", api.url());
      api.responds(200, "0a1b-x\t0a-dev\tready\nffff-y\tother\tready\n0a$(id)\t0a;id\tready\n");

      assertThat(candidates("status", "0a")).containsExactlyInAnyOrder("0a-dev", "0a1b-x");
      assertThat(api.lines()).containsExactly("GET /clusters");
      assertThat(candidates("status", "")).containsExactlyInAnyOrder("0a-dev", "other");
    }
  }

  @ParameterizedTest
  @CsvSource({"500, {}", "403, {}", "200, <html>no</html>", "200, []", "404, ''"})
  void whatIsNoListOfClustersCompletesNothing(int status, String body) throws Exception {
    try (StubApi api = new StubApi()) {
      scripts.without("EKSPHEMERAL_LOCAL").with("EKSPHEMERAL_URL", api.url());
      api.responds(status, body);

      assertThat(candidates("status", "")).isEmpty();
      assertThat(api.lines()).hasSize(1);
    }
  }

  @Test
  void withoutAControlPlaneThereAreNoClusters() throws Exception {
    assertThat(candidates("status", "")).isEmpty();
    scripts.without("EKSPHEMERAL_LOCAL").with("EKSPHEMERAL_URL", "http://127.0.0.1:1");
    assertThat(candidates("status", "")).isEmpty();
  }

  /** Neither is it waited for, nor does it stay. */
  @Test
  void whatDoesNotAnswerIsEnded() throws Exception {
    Path pids = scratch.resolve("pids");
    Path aws = scratch.resolve("bin/aws");
    Files.writeString(aws, "#!/bin/bash\necho $$ >>'%s'\nexec sleep 1000\n".formatted(pids));
    assertThat(aws.toFile().setExecutable(true)).isTrue();
    scripts.without("EKSPHEMERAL_LOCAL");

    assertThat(candidates("status", "")).isEmpty();

    for (String pid : Files.readAllLines(pids)) {
      Scripts.until(
          "that it has ended",
          () -> ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty());
    }
    assertThat(Path.of(scripts.value("TMPDIR"))).isEmptyDirectory();
  }

  private List<String> candidates(String... words) throws Exception {
    List<String> call = new ArrayList<>(List.of("completion", "candidates"));
    call.addAll(List.of(words));
    Scripts.Outcome outcome = scripts.run("eksp", call.toArray(String[]::new)).exits(0);
    assertThat(outcome.err()).isEmpty();
    return outcome.out().lines().toList();
  }

  @Test
  void anUnknownShellIsRefused() throws Exception {
    scripts
        .run("eksp", "completion", "tcsh")
        .exits(2)
        .prints("")
        .says("unknown shell 'tcsh': expected bash, zsh or fish");
  }
}
