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
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the commands make of the answers they get, from an endpoint that gives the ones we want. */
class AnswersScriptIT {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";

  private final HttpServer server;
  private final Queue<Answer> answers = new ArrayDeque<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final Scripts scripts;

  /**
   * What a command asked.
   *
   * @param body a character for each byte
   */
  private record Asked(String method, String path, String key, String body) {}

  /**
   * An answer.
   *
   * @param status 0 to close the connection without one
   */
  private record Answer(int status, String body) {}

  AnswersScriptIT(@TempDir Path scratch) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    scripts = Scripts.in(scratch).with("EKSPHEMERAL_URL", url());
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @Test
  void aLostAnswerIsAskedForAgainWithTheSameKey() throws Exception {
    answers.add(new Answer(0, ""));
    answers.add(new Answer(503, "{\"error\":\"try again\",\"problems\":[]}"));
    answers.add(new Answer(202, record("creating", "")));

    scripts
        .run("eksp-create.sh", "--no-wait")
        .exits(0)
        .prints(ID + "\n")
        .says("retrying in 0.5 s", "retrying in 1 s");

    assertThat(asked).extracting(Asked::path).containsExactly("/create", "/create", "/create");
    assertThat(asked).extracting(Asked::key).containsOnly(asked.getFirst().key());
    assertThat(asked.getFirst().key())
        .matches("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    long milliseconds =
        Long.parseLong(asked.getFirst().key().replace("-", "").substring(0, 12), 16);
    assertThat(Instant.ofEpochMilli(milliseconds))
        .isBetween(Instant.now().minusSeconds(60), Instant.now());
  }

  @Test
  void aCreationThatNobodyAnswersNamesTheClusterThatMayBe() throws Exception {
    for (int i = 0; i < 5; i++) {
      answers.add(new Answer(0, ""));
    }

    Scripts.Outcome lost = scripts.run("eksp-create.sh").exits(1).prints("");

    String id = asked.getFirst().key();
    lost.says("no response from " + url(), id + " may have been accepted", "/eksp-list.sh " + id);
  }

  @Test
  void aProlongationIsNotAskedForTwice() throws Exception {
    answers.add(new Answer(0, ""));

    scripts.run("eksp-prolong.sh", ID, "5").exits(1).prints("").says("no response from " + url());

    assertThat(asked).hasSize(1);
  }

  @Test
  void everyProblemIsALineOfItsOwn() throws Exception {
    answers.add(
        new Answer(
            400, "{\"error\":\"the spec is faulty\",\"problems\":[\"one\",\"two\\u001b[2J\"]}"));

    scripts
        .run("eksp-create.sh")
        .exits(2)
        .prints("")
        .says("eksp-create.sh: the spec is faulty\n  - one\n  - two [2J\n");
  }

  @ParameterizedTest
  @CsvSource({"400, 2", "404, 2", "409, 2", "413, 2", "422, 2", "403, 1", "500, 1", "502, 1"})
  void whatTheAskerCanMendIsTwo(int status, int exit) throws Exception {
    answers.add(new Answer(status, "{\"error\":\"because\"}"));
    answers.add(new Answer(200, "[]")); // none is gone

    scripts.run("eksp-list.sh", "x").exits(exit).prints("").says("eksp-list.sh: ", "because");
  }

  @Test
  void anAnswerThatIsNotOursIsNoRiddle() throws Exception {
    answers.add(new Answer(404, "<html>no such page</html>"));
    answers.add(new Answer(404, "<html>no such page</html>"));

    scripts.run("eksp-list.sh", "x").exits(2).prints("").says(url() + " returned status 404");
  }

  @Test
  void whatPeopleTypeStaysOneSegment() throws Exception {
    answers.add(new Answer(404, "{\"error\":\"no such cluster\"}"));
    answers.add(new Answer(404, "{\"error\":\"no such cluster\"}"));

    scripts.run("eksp-list.sh", "../clusters?a#b c").exits(2);
    scripts.run("eksp-destroy.sh", "ü%2F").exits(2);

    assertThat(asked)
        .extracting(Asked::path)
        .containsExactly("/status/%2E%2E%2Fclusters%3Fa%23b%20c", "/destroy/%C3%BC%252F");
  }

  @Test
  void minutesMayBeNegative() throws Exception {
    answers.add(
        new Answer(
            200,
            record(
                "ready",
                ",\"expires\":\"2026-11-22T15:36:07.123Z\",\"ready\":\"x\",\"minutesleft\":1")));

    scripts
        .run("eksp-prolong.sh", "dev", "-5")
        .exits(0)
        .says("dev expires 2026-11-22 15:36 UTC, in 1 minute\n")
        .line();

    assertThat(asked.getFirst().path()).isEqualTo("/prolong/dev/-5");
  }

  @Test
  void aSpecIsSentAsItIs() throws Exception {
    String spec = "{\"timeout\": 20.0, \"timeout\": 1e1,\n\t\"name\": \"é\" } trailing\r\n";
    answers.add(new Answer(400, "{\"error\":\"no\"}"));

    scripts.runOn(spec, "eksp-create.sh", "-").exits(2);

    assertThat(asked.getFirst().body()).isEqualTo(bytes(spec.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void optionsOverruleTheSpec() throws Exception {
    answers.add(new Answer(400, "{\"error\":\"no\"}"));

    scripts
        .run(
            "eksp-create.sh",
            "--name=dev",
            "--timeout",
            "5",
            "--workers",
            "two",
            "--version",
            "1.35",
            "--owner",
            "",
            "2node-111-30",
            "sg-1")
        .exits(2);

    assertThat(asked.getFirst().body())
        .isEqualTo(
            "{\"name\":\"dev\",\"numworkers\":\"two\",\"kubeversion\":\"1.35\",\"timeout\":5,"
                + "\"owner\":\"\"}\n");
  }

  @Test
  void withoutArgumentsItIsTheDefaultSpec() throws Exception {
    answers.add(new Answer(400, "{\"error\":\"no\"}"));

    scripts.run("eksp-create.sh").exits(2);

    assertThat(asked.getFirst().body())
        .isEqualTo(bytes(Files.readAllBytes(Scripts.checkout().resolve("svc/default-cc.json"))));
  }

  @Test
  void aClusterThatIsAlreadyGoneWasReady() throws Exception {
    answers.add(new Answer(202, record("creating", "")));
    answers.add(new Answer(200, record("gone", ",\"ready\":\"2026-11-22T15:36:07Z\"")));

    scripts
        .run("eksp-create.sh")
        .exits(0)
        .prints(ID + "\n")
        .says("dev was ready and has expired since: it is gone");
  }

  @Test
  void aFailedCreationSaysWhyEvenWhenItsTearDownHasBegun() throws Exception {
    answers.add(new Answer(202, record("creating", "")));
    answers.add(
        new Answer(
            200,
            record(
                "destroying",
                ",\"log\":[\"last words\"],\"history\":["
                    + "{\"state\":\"create-failed\",\"at\":\"x\",\"why\":\"no capacity\"},"
                    + "{\"state\":\"destroying\",\"at\":\"x\",\"why\":\"its creation failed\"}]")));

    scripts
        .run("eksp-create.sh")
        .exits(1)
        .prints("")
        .says("dev was not created: no capacity\n  | last words\n", "/eksp-list.sh " + ID);
  }

  @Test
  void aFailedDestructionSaysThatItGoesOn() throws Exception {
    answers.add(new Answer(202, record("destroying", "")));
    answers.add(
        new Answer(
            200,
            record(
                "destroy-failed",
                ",\"history\":[{\"state\":\"destroy-failed\",\"why\":\"before\"},"
                    + "{\"state\":\"destroy-failed\",\"why\":\"a VPC is left\"}],"
                    + "\"leftovers\":[\"vpc vpc-1\",\"peering pcx-1 \\u001b[2J\"]")));

    scripts
        .run("eksp-destroy.sh", "dev")
        .exits(1)
        .prints("")
        .says(
            "dev could not be destroyed: a VPC is left",
            "\n  dev still has: vpc vpc-1\n  dev still has: peering pcx-1  [2J\n",
            "retries until nothing is left");
    assertThat(asked.getLast().path()).isEqualTo("/status/" + ID);
  }

  @Test
  void nothingIsColouredOrRedrawnWhereNobodyLooks() throws Exception {
    answers.add(new Answer(202, record("creating", "")));
    answers.add(new Answer(200, record("creating", "")));
    answers.add(new Answer(200, record("create-failed", "")));

    Scripts.Outcome outcome = scripts.with("TERM", "xterm-256color").run("eksp-create.sh").exits(1);

    assertThat(outcome.err()).doesNotContain("\033", "\r");
    assertThat(outcome.err().lines().filter(line -> line.contains("dev: creating"))).hasSize(1);
  }

  @Test
  void onATerminalTheProgressIsALineThatIsRedrawn() throws Exception {
    scripts.with("TERM", "xterm");
    answers.add(new Answer(202, record("creating", "")));
    answers.add(new Answer(200, record("creating", "")));
    answers.add(new Answer(200, record("ready", ",\"ready\":\"x\",\"expires\":\"x\"")));

    String shown = onATerminal("eksp-create.sh");

    assertThat(shown)
        .contains("\r\033[?7l| dev: creating", "\r\033[?7l/ dev: creating", "\r\033[Kdev is ready")
        .endsWith("\r\n" + ID + "\r\n");
  }

  @Test
  void onATerminalAnErrorIsRed() throws Exception {
    for (int i = 0; i < 3; i++) {
      answers.add(new Answer(400, "{\"error\":\"no\"}"));
    }

    scripts.with("TERM", "xterm");
    assertThat(onATerminal("eksp-create.sh")).contains("\033[31meksp-create.sh:\033[0m no");
    scripts.with("TERM", "dumb");
    assertThat(onATerminal("eksp-create.sh")).contains("eksp-create.sh: no").doesNotContain("\033");
    scripts.with("TERM", "xterm").with("NO_COLOR", "1");
    assertThat(onATerminal("eksp-create.sh")).contains("eksp-create.sh: no").doesNotContain("[31m");
  }

  private String onATerminal(String command) throws Exception {
    String path = Scripts.checkout().resolve(command).toString();
    return scripts.run("script", "-qec", path, "/dev/null").out();
  }

  @Test
  void whatComesAfterTwoDashesIsNoOption() throws Exception {
    answers.add(new Answer(404, "{\"error\":\"no such cluster\"}"));

    scripts.run("eksp-list.sh", "--", "--local").exits(2).says("no such cluster");

    assertThat(asked.getFirst().path()).isEqualTo("/status/--local");
  }

  @Test
  void aSpecThatIsTooLargeIsSentAsOne() throws Exception {
    answers.add(new Answer(413, "{\"error\":\"too large\"}"));

    scripts.runOn("{\"name\": \"" + "x".repeat(99_999) + "\"}", "eksp-create.sh", "-").exits(2);

    assertThat(asked.getFirst().body()).hasSizeGreaterThan(65_536);
  }

  @Test
  void theListIsAsItWasAnswered() throws Exception {
    String many = "[\"%s\"%s]".formatted(ID, ",\"x\"".repeat(10_000));
    answers.add(new Answer(200, many));

    scripts.run("eksp-list.sh").exits(0).prints(many + "\n");
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static String bytes(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static String record(String state, String more) {
    return """
    {"name":"dev","numworkers":1,"status":{"id":"%s","state":"%s","provider":"nobody"%s}}\
    """
        .formatted(ID, state, more);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
    asked.add(
        new Asked(
            exchange.getRequestMethod(),
            exchange.getRequestURI().toString(),
            key == null ? "" : key,
            bytes(exchange.getRequestBody().readAllBytes())));
    Answer answer = answers.remove();
    if (answer.status() != 0) {
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(answer.status(), body.length);
      exchange.getResponseBody().write(body);
    }
    exchange.close();
  }
}
