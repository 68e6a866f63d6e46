package io.eksphemeral.local;

import static io.eksphemeral.local.StubApi.ID;
import static io.eksphemeral.local.StubApi.record;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands and shells that use a cluster. */
class ShellScriptIT {
  private static final String READY =
      ",\"ready\":\"2026-11-30T10:00:00Z\",\"expires\":\"2026-11-30T10:45:30Z\",\"minutesleft\":45";

  private final StubApi api = new StubApi();
  private final Scripts scripts;
  private final Path home;
  private final Path kubeconfig;

  ShellScriptIT(@TempDir Path scratch) throws IOException {
    scripts = Scripts.in(scratch).with("EKSPHEMERAL_URL", api.url());
    home = Path.of(scripts.value("HOME"));
    kubeconfig = home.resolve(".kube/eksphemeral/dev");
    api.responds(200, record("ready", READY));
  }

  @BeforeEach
  void provide() throws IOException {
    Path provided = Files.createDirectories(scripts.home().resolve("kubeconfig"));
    Files.setPosixFilePermissions(scripts.home(), PosixFilePermissions.fromString("rwx------"));
    Files.writeString(provided.resolve(ID), "kind: Config\n");
  }

  @AfterEach
  void close() throws IOException {
    api.close();
    try (Stream<Path> left = Files.list(Path.of(scripts.value("TMPDIR")))) {
      assertThat(left).noneMatch(file -> file.getFileName().toString().startsWith("eksphemeral"));
    }
  }

  // --- a command ---

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eksp-exec.sh dev",
        "eksp-exec.sh dev --",
        "eksp-exec.sh dev true",
        "eksp-exec.sh -- true",
        "eksp-exec.sh --local=1 dev -- true",
        "eksp-shell.sh",
        "eksp-shell.sh dev true",
        "eksp-shell.sh --rcfile x dev"
      })
  void wrongUsageRunsAndSendsNothing(String command) throws Exception {
    run(command).exits(2).prints("");

    assertThat(api.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"eksp-exec.sh", "eksp-shell.sh"})
  void nothingRunsWithoutACluster(String command) throws Exception {
    StubApi other = new StubApi().responds(200, record("creating", ""));
    scripts.with("EKSPHEMERAL_URL", other.url());
    run(command + " dev -- echo hello").exits(1).prints("").says("dev is not ready yet");
    other.close();

    scripts.with("EKSPHEMERAL_URL", api.url());
    Files.delete(scripts.home().resolve("kubeconfig").resolve(ID));
    run(command + " dev -- echo hello").exits(1).prints("").says("no cluster to connect to");
  }

  @ParameterizedTest
  @ValueSource(strings = {"eksp-exec.sh", "eksp-shell.sh"})
  void aCommandHasTheKubeconfigAndItsExitCodeIsReturned(String command) throws Exception {
    scripts
        .run(command, "dev", "--", "sh", "-c", "echo \"$KUBECONFIG $1\"; exit 7", "x", "--help")
        .exits(7)
        .prints(kubeconfig + " --help\n");
    assertThat(kubeconfig).content().endsWith("\nkind: Config\n");
    run(command + " dev -- no-such-command").exits(127).prints("").says("no-such-command");
  }

  @Test
  void nothingElseOfItsEnvironmentDiffers() throws Exception {
    scripts
        .with("AWS_DEFAULT_OUTPUT", "text")
        .with("CDPATH", "/tmp")
        .with("EKSPHEMERAL_FRONT", "eksp");
    String before = scripts.run("env").exits(0).out();

    String after = run("eksp-exec.sh dev -- env").exits(0).out();

    List<String> own = List.of("_=", "SHLVL=", "PWD=", "OLDPWD=", "EKSPHEMERAL_FRONT=");
    assertThat(lines(after, own))
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(lines(before, own).stream(), Stream.of("KUBECONFIG=" + kubeconfig))
                .toList());
    assertThat(after).doesNotContain("EKSPHEMERAL_FRONT");
    assertThat(run("eksp-exec.sh dev -- bash -c umask").out())
        .isEqualTo(scripts.run("bash", "-c", "umask").out());
    // 141: SIGPIPE is not ignored.
    scripts
        .run("bash", "-c", path("eksp-exec.sh") + " dev -- yes | true; exit ${PIPESTATUS[0]}")
        .exits(141);
  }

  private static List<String> lines(String text, List<String> without) {
    return text.lines().filter(line -> without.stream().noneMatch(line::startsWith)).toList();
  }

  @Test
  void aKubeconfigThatIsThereIsUsedAsItIs() throws Exception {
    Files.createDirectories(kubeconfig.resolveSibling(""));
    String mine = "# EKSphemeral cluster %s of %s\nmine\n".formatted(ID, api.url());
    Files.writeString(kubeconfig, mine);

    run("eksp-exec.sh dev -- true").exits(0);

    assertThat(kubeconfig).hasContent(mine);
  }

  // --- a shell ---

  @ParameterizedTest
  @CsvSource({
    "bash, .bashrc, 'PS1=\"mine> \"; KUBECONFIG=x'",
    "zsh, .zshrc, 'PROMPT=\"mine> \"; KUBECONFIG=x'",
    "zsh, .zshenv, 'PROMPT=\"mine> \"; KUBECONFIG=x'",
    "fish, .config/fish/config.fish, 'function fish_prompt; echo \"mine> \"; end; set -x KUBECONFIG x'"
  })
  void aPromptSaysWhichClusterItIs(String shell, String file, String settings) throws Exception {
    assumeThat(Files.exists(Path.of("/usr/bin", shell))).isTrue();
    Files.createDirectories(home.resolve(file).resolveSibling(""));
    Files.writeString(home.resolve(file), settings + "\n");
    // Without it a first fish reads all manual pages in the background, for minutes.
    Files.createDirectories(home.resolve(".local/share/fish/generated_completions"));

    Scripts.Outcome session = session(shell, "echo is-$KUBECONFIG-\rexit 3\r");

    assertThat(session.exit()).isEqualTo(3);
    assertThat(session.out())
        .contains("KUBECONFIG is set for dev, which expires at ", "; exit returns\r\n")
        .contains("is-" + kubeconfig + "-\r\n")
        .containsPattern("\\(dev until [^)]*:\\d\\d\\) mine> ");
  }

  @ParameterizedTest
  @CsvSource({
    "bash, .bashrc, 'PROMPT_COMMAND=\"PS1=\\\"again> \\\"\"'",
    "zsh, .zshrc, 'precmd() { PROMPT=\"again> \" }'"
  })
  void aPromptThatIsDrawnAnewSaysSoToo(String shell, String file, String settings)
      throws Exception {
    assumeThat(Files.exists(Path.of("/usr/bin", shell))).isTrue();
    Files.writeString(home.resolve(file), settings + "\n");

    assertThat(session(shell, "true\rexit 3\r").out())
        .containsPattern("(?s)\\(dev until [^)]*:\\d\\d\\) again> .*\\(dev until .*again> ");
  }

  @Test
  void anotherShellHasTheVariable() throws Exception {
    Scripts.Outcome session = session("sh", "echo is-$KUBECONFIG-\rexit 3\r");

    assertThat(session.exit()).isEqualTo(3);
    assertThat(session.out()).contains("is-" + kubeconfig + "-\r\n");
  }

  @Test
  void zshFindsItsOwnFolderAgain() throws Exception {
    assumeThat(Files.exists(Path.of("/usr/bin/zsh"))).isTrue();
    Path own = Files.createDirectory(home.resolve("zsh"));
    Files.writeString(own.resolve(".zshrc"), "PROMPT='own> '\n");
    scripts.with("ZDOTDIR", own.toString());

    assertThat(session("zsh", "echo is-$ZDOTDIR-\rexit\r").out())
        .contains("is-" + own + "-\r\n", ") own> ");
  }

  @Test
  void withoutATerminalTheShellReadsItsCommands() throws Exception {
    scripts
        .with("SHELL", "/bin/bash")
        .runOn("echo $KUBECONFIG\nexit 4\n", "eksp-shell.sh", "dev")
        .exits(4)
        .prints(kubeconfig + "\n");
  }

  private Scripts.Outcome session(String shell, String typed) throws Exception {
    scripts.with("SHELL", Scripts.onPath(shell).toString()).with("TERM", "xterm");
    return scripts.runOn(
        typed,
        "script",
        "-qec",
        "stty cols 200; exec " + path("eksp-shell.sh") + " dev",
        "/dev/null");
  }

  private static String path(String command) {
    return Scripts.checkout().resolve(command).toString();
  }

  private Scripts.Outcome run(String command) throws Exception {
    List<String> words = List.of(command.split(" "));
    return scripts.run(words.getFirst(), words.subList(1, words.size()).toArray(String[]::new));
  }
}
