package io.eksphemeral.local;

import static io.eksphemeral.local.StubApi.ID;
import static io.eksphemeral.local.StubApi.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file by which a cluster is used: written, and removed when the cluster is gone. */
class KubeconfigScriptIT {
  private static final String OTHER = "01890a5d-ac96-774b-bcce-000000000000";
  private static final String READY = ",\"ready\":\"2026-11-30T10:00:00Z\"";

  private final Path scratch;
  private final StubApi api = new StubApi();
  private final Scripts scripts;
  private final Path file;

  KubeconfigScriptIT(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    scripts = Scripts.in(scratch).with("EKSPHEMERAL_URL", api.url());
    file = Path.of(scripts.value("HOME"), ".kube/eksphemeral/dev");
  }

  /** As a provider on this machine leaves it. */
  @BeforeEach
  void provide() throws IOException {
    Path provided = scripts.home().resolve("kubeconfig");
    Files.createDirectories(provided);
    Files.setPosixFilePermissions(scripts.home(), PosixFilePermissions.fromString("rwx------"));
    Files.writeString(provided.resolve(ID), "kind: Config\n");
  }

  @AfterEach
  void close() {
    api.close();
  }

  // --- what is not written ---

  @Test
  void aSimulatedClusterHasNone() throws Exception {
    Files.delete(scripts.home().resolve("kubeconfig").resolve(ID));
    api.responds(200, record("ready", READY));

    scripts
        .run("eksp-kubeconfig.sh", "dev")
        .exits(1)
        .prints("")
        .says("there is no cluster to connect to");
    assertThat(folder()).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({
    "creating, dev is not ready yet",
    "create-failed, dev is create-failed: no capacity",
    "destroying, dev is destroying: no capacity",
    "gone, dev is gone: no capacity"
  })
  void aClusterThatIsNotReadyHasNone(String state, String reason) throws Exception {
    api.responds(200, record(state, ",\"history\":[{\"state\":\"x\",\"why\":\"no capacity\"}]"));

    scripts.run("eksp-kubeconfig.sh", "dev").exits(1).prints("").says(reason);
    assertThat(file).doesNotExist();
  }

  @Test
  void aFileThatSomethingElseWroteStays() throws Exception {
    api.responds(200, record("ready", READY));
    Files.createDirectories(folder());
    Files.writeString(file, "mine\n");

    scripts.run("eksp-kubeconfig.sh", "dev").exits(1).prints("").says("did not write it");
    assertThat(file).hasContent("mine\n");
  }

  @Test
  void linksAreNotFollowed() throws Exception {
    api.responds(200, record("ready", READY));
    Path target = Files.writeString(scratch.resolve("target"), comment(ID, api.url()) + "mine\n");
    Files.createDirectories(folder());
    Files.createSymbolicLink(file, target);
    scripts.run("eksp-kubeconfig.sh", "dev").exits(1).prints("");
    assertThat(target).hasContent(comment(ID, api.url()) + "mine\n");
    Files.delete(file);
    Files.delete(folder());
    Path elsewhere = Files.createDirectory(scratch.resolve("folder"));
    Files.createSymbolicLink(folder(), elsewhere);

    scripts.run("eksp-kubeconfig.sh", "dev").exits(1).prints("").says("is not a folder");

    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void withoutAHomeThereIsNoPlaceForIt() throws Exception {
    api.responds(200, record("ready", READY));

    scripts.without("HOME").run("eksp-kubeconfig.sh", "dev").exits(1).prints("");
  }

  @Test
  void onThisMachineNothingIsMerged() throws Exception {
    api.responds(200, record("ready", READY));

    scripts
        .run("eksp-kubeconfig.sh", "--merge", "dev")
        .exits(1)
        .prints("")
        .says("only clusters on AWS can be merged", "export KUBECONFIG=~/.kube/eksphemeral/dev");
  }

  // --- what is written ---

  @Test
  void itIsAFileForTheOwnerAloneThatSaysWhoseItIs() throws Exception {
    api.responds(200, record("ready", READY));
    Files.createDirectories(folder());
    Files.writeString(file, comment(OTHER, "http://elsewhere") + "old\n");

    scripts.run("eksp-kubeconfig.sh", "dev").exits(0).prints(file + "\n");

    assertThat(file).hasContent(comment(ID, api.url()) + "kind: Config\n");
    assertThat(permissions(file)).isEqualTo("rw-------");
    assertThat(permissions(folder())).isEqualTo("rwx------");
    try (var files = Files.list(folder())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void waitingEndsWithHowToUseTheCluster() throws Exception {
    api.responds(200, record("ready", READY));

    scripts
        .run("eksp-wait.sh", "dev")
        .exits(0)
        .prints(ID + "\n")
        .says("  use it:     export KUBECONFIG=~/.kube/eksphemeral/dev\n");
    assertThat(file).exists();
  }

  // --- what is removed ---

  @ParameterizedTest
  @ValueSource(strings = {"eksp-list.sh", "eksp-list.sh -o json"})
  void itGoesWithTheClusterThatIsNotListedAnyMore(String list) throws Exception {
    write(file, ID, api.url());
    Path listed = write(file.resolveSibling("listed"), OTHER, api.url());
    Path foreign = write(file.resolveSibling("foreign"), ID, "http://127.0.0.1:1");
    Path plain =
        Files.writeString(file.resolveSibling("plain"), "kind: Config\n" + comment(ID, api.url()));
    Path link = Files.createSymbolicLink(file.resolveSibling("link"), foreign);
    api.responds(200, "[\"" + OTHER + "\"]");

    run(list).exits(0);

    assertThat(file).doesNotExist();
    assertThat(List.of(listed, foreign, plain, link)).allMatch(Files::exists);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"eksp-list.sh", "eksp-status.sh", "eksp-destroy.sh", "eksp-wait.sh --for gone"})
  void itGoesWithTheClusterWhoseRecordSaysSo(String command) throws Exception {
    write(file, ID, api.url());
    Path other = write(file.resolveSibling("other"), OTHER, api.url());
    api.responds(200, record("gone", READY));

    run(command + " " + ID).exits(0);

    assertThat(file).doesNotExist();
    assertThat(other).exists();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eksp-kubeconfig.sh dev",
        "eksp-exec.sh dev -- true",
        "eksp-shell.sh dev",
        "eksp-list.sh dev",
        "eksp-status.sh dev",
        "eksp-wait.sh dev",
        "eksp-wait.sh --for gone dev",
        "eksp-logs.sh dev"
      })
  void itGoesWithTheLatestClusterOfThatNameIfNoneIsThere(String command) throws Exception {
    write(file, ID, api.url());
    Path other = write(file.resolveSibling("other"), OTHER, api.url());
    String older = record("gone", READY).replace(ID, OTHER);
    api.responds(404, "{\"error\":\"there is no cluster dev\"}")
        .responds(200, "[" + older + "," + record("gone", READY) + "]");

    run(command);

    assertThat(file).doesNotExist();
    assertThat(other).exists();
    assertThat(api.lines()).containsExactly("GET /status/dev", "GET /clusters/gone");
  }

  @Test
  void aFailureToListThoseThatAreGoneIsNotTakenForThereBeingNone() throws Exception {
    write(file, ID, api.url());
    api.responds(404, "{\"error\":\"there is no cluster dev\"}")
        .responds(500, "{\"error\":\"out of order\"}");

    scripts.run("eksp-status.sh", "dev").exits(1).prints("").says("out of order");

    assertThat(file).exists();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200 | <html>sign in</html>",
        "200 | {\"message\": \"ok\"}",
        "500 | []",
        "404 | {\"error\":\"not found\"}"
      })
  void noOtherResponseRemovesIt(int status, String body) throws Exception {
    write(file, ID, api.url());
    api.responds(status, body);

    scripts.run("eksp-list.sh");
    scripts.run("eksp-list.sh", "dev");
    scripts.run("eksp-list.sh", ID);

    assertThat(file).exists();
  }

  @Test
  void aClusterThatIsThereKeepsIt() throws Exception {
    write(file, ID, api.url());
    api.responds(200, record("ready", READY));

    scripts.run("eksp-list.sh", "dev").exits(0);
    scripts.run("eksp-list.sh", "-o", "json", "dev").exits(0);

    assertThat(file).exists();
  }

  private Path folder() {
    return file.resolveSibling("");
  }

  private Scripts.Outcome run(String command) throws Exception {
    List<String> words = List.of(command.split(" "));
    return scripts.run(words.getFirst(), words.subList(1, words.size()).toArray(String[]::new));
  }

  private static Path write(Path file, String id, String origin) throws IOException {
    Files.createDirectories(file.resolveSibling(""));
    return Files.writeString(file, comment(id, origin) + "kind: Config\n");
  }

  private static String comment(String id, String origin) {
    return "# EKSphemeral cluster %s of %s\n".formatted(id, origin);
  }

  private static String permissions(Path file) throws IOException {
    return PosixFilePermissions.toString(
        Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS));
  }
}
