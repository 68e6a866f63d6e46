package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The commands do the same whatever the shell, the environment and the folder are from which they
 * are called.
 */
class SurroundingsScriptIT {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";
  private static final String RECORD =
      """
      {"name":"dev","status":{"id":"%s","state":"ready","provider":"EKS",\
      "ready":"2026-11-22T15:06:07Z","expires":"2026-11-22T15:36:07Z","minutesleft":30}}\
      """
          .formatted(ID);

  private final Path scratch;
  private final HttpServer server;
  private final List<String> bodies = new CopyOnWriteArrayList<>();
  private final Scripts scripts;

  SurroundingsScriptIT(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    scripts =
        Scripts.in(scratch)
            .with("EKSPHEMERAL_URL", "http://127.0.0.1:" + server.getAddress().getPort());
  }

  @AfterEach
  void stop() throws IOException {
    server.stop(0);
    assertThat(Path.of(scripts.value("TMPDIR"))).as("scratch folders").isEmptyDirectory();
  }

  private void answer(HttpExchange exchange) throws IOException {
    bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    boolean isList = exchange.getRequestURI().getPath().equals("/status");
    byte[] body = (isList ? "[]" : RECORD).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  // --- where it is called from ---

  @Test
  void itIsFoundThroughLinksToLinks() throws Exception {
    Path bin = Files.createDirectories(scratch.resolve("a bin"));
    Path deep = Files.createDirectories(scratch.resolve("opt/deep"));
    Files.createSymbolicLink(deep.resolve("list"), Scripts.checkout().resolve("eksp-list.sh"));
    Files.createSymbolicLink(bin.resolve("second"), Path.of("../opt/deep/list"));
    Files.createSymbolicLink(bin.resolve("first"), Path.of("second"));
    // What comes after a link to a folder is looked for in that folder, .. too.
    Files.createSymbolicLink(scratch.resolve("short"), deep);
    Files.createSymbolicLink(bin.resolve("last"), Path.of("../short/../../a bin/first"));

    for (String link : List.of("first", "second", "last")) {
      scripts.run(bin.resolve(link).toString()).exits(0).prints("[]\n");
    }
    scripts.from(bin).run("bash", "-c", "PATH=.:$PATH; last").exits(0).prints("[]\n");
  }

  @Test
  void theShippedDefaultIsTakenAndNotWhatLiesAround() throws Exception {
    Files.writeString(scratch.resolve("default-cc.json"), "{\"name\": \"stray\"}");
    Files.createDirectories(scratch.resolve("svc"));
    Files.writeString(scratch.resolve("svc/default-cc.json"), "{\"name\": \"stray\"}");

    scripts.from(scratch).run("eksp-create.sh", "--no-wait").exits(0);

    assertThat(bodies)
        .containsExactly(Files.readString(Scripts.checkout().resolve("svc/default-cc.json")));
  }

  @Test
  void aSpecIsTakenFromWhereOneIs() throws Exception {
    Files.writeString(scratch.resolve("2node-111-30.json"), "{\"name\": \"mine\"}");

    scripts.from(scratch).run("eksp-create.sh", "--no-wait", "2node-111-30.json").exits(0);

    assertThat(bodies).containsExactly("{\"name\": \"mine\"}");
  }

  // --- what is inherited ---

  @ParameterizedTest
  @ValueSource(
      strings = {
        "noclobber",
        "noglob",
        "allexport",
        "keyword",
        "xtrace",
        "verbose",
        "posix",
        "physical:nolog:interactive-comments"
      })
  void optionsOfTheCallersShellChangeNothing(String options) throws Exception {
    assertSame(Map.of("SHELLOPTS", options));
  }

  @ParameterizedTest
  @ValueSource(strings = {"nocasematch", "failglob", "nullglob:dotglob", "extglob", "compat31"})
  void norDoThoseOfBash(String options) throws Exception {
    assertSame(Map.of("BASHOPTS", options));
  }

  @Test
  void norDoesWhatElseBashTakesFromTheEnvironment() throws Exception {
    Path startup = Files.writeString(scratch.resolve("startup"), "set -Cf; cd /; jq() { exit 9; }");

    assertSame(
        Map.of(
            "BASH_ENV",
            startup.toString(),
            "ENV",
            startup.toString(),
            "CDPATH",
            "/:/tmp",
            "GLOBIGNORE",
            "*",
            "POSIXLY_CORRECT",
            "1",
            "BASH_COMPAT",
            "3.1",
            "BASH_FUNC_curl%%",
            "() { echo forged; }",
            "IFS",
            "e/"));
  }

  private void assertSame(Map<String, String> environment) throws Exception {
    environment.forEach(scripts::with);

    scripts.run("eksp-create.sh", "--name", "dev").exits(0).prints(ID + "\n").says("dev is ready");
    scripts.run("eksp-list.sh").exits(0).prints("[]\n");
  }

  // --- who listens ---

  @ParameterizedTest
  @ValueSource(strings = {"2>&-", "2>&- <&-", "2> >(:)", "2>/dev/full"})
  void nobodyWhoReadsTheMessagesIsNoReasonToStop(String redirection) throws Exception {
    scripts
        .run("bash", "-c", "\"$0\" \"$@\" " + redirection, command("eksp-create.sh"), "--name=dev")
        .exits(0)
        .prints(ID + "\n");
    assertThat(bodies).hasSize(1);
  }

  @Test
  void norIsNobodyWhoReadsTheData() throws Exception {
    scripts
        .run("bash", "-c", "\"$0\" \"$@\" >&- <&-", command("eksp-create.sh"), "--name=dev")
        .exits(0)
        .says("dev is ready");
  }

  // --- the network on this machine ---

  /** These settings are meant for the internet, not for loopback. */
  @Test
  void noProxyAndNoConfigOfCurlIsInTheWayOnThisMachine() throws Exception {
    Path home = Path.of(scripts.value("HOME"));
    Files.writeString(home.resolve(".curlrc"), "url = \"http://127.0.0.1:1/\"\nfail\nhead\n");

    for (String variable : List.of("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY")) {
      scripts.with(variable, "http://127.0.0.1:1");
    }
    scripts.with("CURL_HOME", home.toString()).run("eksp-list.sh").exits(0).prints("[]\n");
  }

  // --- the spec ---

  @Test
  void aByteOrderMarkIsNoPartOfASpec() throws Exception {
    String spec = "{\"name\": \"dev\"}";

    scripts.runOn("\ufeff" + spec, "eksp-create.sh", "-").exits(0);
    scripts.runOn("\ufeff" + spec, "eksp-create.sh", "--timeout", "5", "-").exits(0);

    assertThat(bodies).containsExactly(spec, "{\"name\":\"dev\",\"timeout\":5}\n");
  }

  @Test
  void aLargeSpecWithAByteOrderMarkIsSentWhole() throws Exception {
    String spec = "{\"name\": \"%s\"}".formatted("x".repeat(65_536 - 12));

    scripts.runOn("\ufeff" + spec, "eksp-create.sh", "-").exits(0);

    assertThat(bodies).containsExactly(spec);
  }

  @Test
  void aSpecInUtf16IsSaidToBe() throws Exception {
    for (var charset : List.of(StandardCharsets.UTF_16LE, StandardCharsets.UTF_16BE)) {
      Path spec = scratch.resolve("spec.json");
      Files.write(spec, "\ufeff{\"name\": \"dev\"}".getBytes(charset));

      scripts.run("eksp-create.sh", spec.toString()).exits(2).prints("").says("UTF-16", "UTF-8");
    }
    assertThat(bodies).isEmpty();
  }

  // --- minutes ---

  @ParameterizedTest
  @ValueSource(
      strings = {
        "+30",
        "030",
        "-05",
        "1.5",
        "abc",
        "0",
        "-0",
        "00",
        "5x",
        "1234567890",
        " 5",
        "5 "
      })
  void whatIsNoNumberOfMinutesIsRefusedAsThat(String minutes) throws Exception {
    scripts
        .run("eksp-prolong.sh", "dev", minutes)
        .exits(2)
        .prints("")
        .says("invalid minutes '" + minutes + "'", "without a plus sign or leading zeros");
    assertThat(bodies).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"30, 30", "-5, -5", "030, \"030\"", "1.5, \"1.5\"", "+5, \"+5\"", "0, 0"})
  void aTimeoutReachesTheServiceWhichKnowsWhatItMayBe(String given, String sent) throws Exception {
    scripts.runOn("{}", "eksp-create.sh", "--timeout", given, "-").exits(0);

    assertThat(bodies).containsExactly("{\"timeout\":" + sent + "}\n");
  }

  // --- a checkout ---

  /** As git makes them where it ends lines as Windows does. */
  @Test
  void aCheckoutWithOtherEndsOfLinesWorks() throws Exception {
    Path original = Files.createDirectories(scratch.resolve("original"));
    for (String part : List.of(".gitattributes", "lib", "eksp-list.sh", "svc/task", "mvnw.cmd")) {
      copy(part, original);
    }
    git(original, "init", "--quiet");
    git(original, "add", ".");
    git(original, "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "-m", "x");
    Path clone = scratch.resolve("clone");
    git(scratch, "clone", "--quiet", "-c", "core.autocrlf=true", "original", "clone");

    assertThat(Files.readString(clone.resolve("mvnw.cmd"))).contains("\r\n");
    try (Stream<Path> scripts = Files.walk(clone.resolve("svc"))) {
      assertThat(scripts.filter(Files::isRegularFile))
          .isNotEmpty()
          .noneMatch(file -> content(file).contains("\r"));
    }
    scripts.run(clone.resolve("eksp-list.sh").toString()).exits(0).prints("[]\n");
  }

  private static void copy(String part, Path to) throws Exception {
    Path source = Scripts.checkout().resolve(part);
    Path target = to.resolve(part);
    Files.createDirectories(Objects.requireNonNull(target.getParent()));
    Process copy = new ProcessBuilder("cp", "-R", source.toString(), target.toString()).start();
    assertThat(copy.waitFor()).as("cp %s", source).isZero();
  }

  private static void git(Path folder, String... arguments) throws Exception {
    List<String> command =
        Stream.concat(Stream.of("git"), Stream.of(arguments)).map(String::valueOf).toList();
    Process git = new ProcessBuilder(command).directory(folder.toFile()).inheritIO().start();
    assertThat(git.waitFor()).as("%s", command).isZero();
  }

  private static String content(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String command(String name) {
    return Scripts.checkout().resolve(name).toString();
  }
}
