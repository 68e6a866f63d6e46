package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.eksphemeral.local.Terminal.Screens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
            .once("ready> ", "source <(eksp completion bash); echo load''ed\n")
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
  void anUnknownShellIsRefused() throws Exception {
    scripts
        .run("eksp", "completion", "tcsh")
        .exits(2)
        .prints("")
        .says("unknown shell 'tcsh': expected bash, zsh or fish");
  }
}
