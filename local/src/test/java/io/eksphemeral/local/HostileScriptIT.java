package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The commands against a hostile control plane: its answers can neither control the terminal nor
 * become part of a command.
 */
class HostileScriptIT {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";

  /** They clear the screen, move the cursor, end a line, or reverse the direction of text. */
  static final List<String> CONTROL_TEXTS =
      List.of(
          "\u001b[2J",
          "\u001b]0;t\u0007",
          "\u009b2J",
          "a\rb",
          "\b\u007f",
          "\u202e",
          "\u2028",
          "\u0085",
          "\u2066",
          "\n  forged");

  private final HttpServer server;
  private final Queue<Answer> answers = new ArrayDeque<>();
  private final Scripts scripts;

  /** An answer with a header that the commands read. */
  private record Answer(int status, String speed, String body) {}

  HostileScriptIT(@TempDir Path scratch) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    scripts = Scripts.in(scratch).with("EKSPHEMERAL_URL", url());
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  @ParameterizedTest
  @FieldSource("CONTROL_TEXTS")
  void noAnswerDoesAnythingToATerminal(String trick) throws Exception {
    String text = JsonNodeFactory.instance.textNode("a" + trick + "b").toString();
    String refusal = "{\"error\": %s, \"problems\": [%s, {\"x\": %s}]}".formatted(text, text, text);
    ObjectNode failed = record("create-failed", trick);
    ObjectNode ready = record("ready", trick);

    for (int status : List.of(400, 403, 404, 500)) {
      answers.add(new Answer(status, "1", refusal));
      assertHarmless(scripts.run("eksp-prolong.sh", "dev", "5"));
    }
    answers.add(new Answer(202, "1", failed.toString()));
    assertHarmless(scripts.run("eksp-create.sh").exits(1).says("dev was not created: "));
    ObjectNode creating = record("creating", trick);
    creating
        .withObject("status")
        .putArray("phases")
        .addObject()
        .put("phase", "a" + trick)
        .put("at", "2026-11-30T10:00:00Z")
        .put("usually", "b" + trick);
    answers.add(new Answer(200, "1", creating.toString()));
    answers.add(new Answer(200, "1", failed.toString()));
    assertHarmless(scripts.run("eksp-wait.sh", "dev").exits(1).says("dev: a"));
    answers.add(new Answer(200, "1", ready.put("owner", trick + "@x.test").toString()));
    assertHarmless(
        scripts.run("eksp-create.sh", "--dry-run", "-o", "text").exits(0).says("receives no mail"));
    answers.add(
        new Answer(200, "2" + trick.replaceAll("[\n\r\\x{100}-\\x{ffff}]", ""), ready.toString()));
    assertHarmless(scripts.run("eksp-prolong.sh", "dev", "5").exits(0).says("dev expires "));
    answers.add(new Answer(200, "1", "<html>" + trick));
    assertHarmless(
        scripts.run("eksp-prolong.sh", "dev", "5").exits(1).says("not a cluster record"));
    answers.add(new Answer(200, "1", "<html>" + trick));
    assertHarmless(scripts.run("eksp-list.sh").exits(1).says("is not JSON"));
  }

  @ParameterizedTest
  @FieldSource("CONTROL_TEXTS")
  void noLogDoesAnythingToATerminal(String trick) throws Exception {
    Path logs = Files.createDirectories(scripts.home().resolve("logs").resolve(ID));
    for (int attempt = 1; attempt <= 2; attempt++) {
      Files.writeString(
          logs.resolve("create-%d.log".formatted(attempt)),
          "2026-11-22T15:36:07Z a%sb\n".formatted(trick));
    }
    ObjectNode record = record("ready", trick);
    ((ObjectNode) record.path("status"))
        .putArray("tasks")
        .addObject()
        .put("kind", "create")
        .put("attempt", 1)
        .put("handle", "simulated/x/1" + trick)
        .put("outcome", trick);
    ((ArrayNode) record.path("status").path("tasks"))
        .addObject()
        .put("kind", "create")
        .put("attempt", 2)
        .put("handle", "simulated/x/1");
    answers.add(new Answer(200, "1", record.toString()));

    Scripts.Outcome outcome = scripts.run("eksp-logs.sh", "dev").exits(0);

    assertThat(outcome.err() + outcome.out())
        .contains("15:36:07Z a")
        .doesNotContainPattern("[\\p{Cc}&&[^\n]]|[\\p{Cf}\\p{Zl}\\p{Zp}]");
  }

  @ParameterizedTest
  @FieldSource("CONTROL_TEXTS")
  void whatIsListedSaysTheSameInAscii(String trick) throws Exception {
    ObjectNode record = record("ready", trick);
    // As JSON allows it: only the characters below a space have to be encoded.
    answers.add(new Answer(200, "1", record.toString()));

    Scripts.Outcome listed = scripts.run("eksp-list.sh", "dev").exits(0);

    assertThat(listed.line()).matches("[\\x20-\\x7e]+");
    assertThat(JsonMapper.builder().build().readTree(listed.line())).isEqualTo(record);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x; touch owned",
        "$(touch owned)",
        "--kubeconfig=owned",
        "a b",
        "a\nb",
        "dev\n",
        "../../dev",
        ""
      })
  void whatIsNoNameOrIdIsNoneOfACluster(String text) throws Exception {
    for (String place : List.of("name", "id")) {
      ObjectNode record = record("ready", "");
      (place.equals("name") ? record : (ObjectNode) record.path("status")).put(place, text);
      answers.add(new Answer(202, "1", record.toString()));

      scripts
          .run("eksp-create.sh")
          .exits(1)
          .prints("")
          .says("the control plane's response is not a cluster record: ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:1@evil.example/",
        "http://evil.example:8470",
        "https://127.0.0.1:8470",
        "-o/tmp/owned",
        "file:///etc/passwd"
      })
  void onThisMachineNobodyElseIsAsked(String url) throws Exception {
    Files.createDirectories(scripts.home());
    Files.writeString(scripts.home().resolve("control-plane.url"), url + "\n");
    Files.writeString(
        scripts.home().resolve("control-plane.pid"), ProcessHandle.current().pid() + "\n");

    scripts.run("eksp-list.sh", "--local").exits(1).prints("").says("has no record of it");
  }

  @Test
  void whoTookThePortOfOneThatDiedIsNotBelieved() throws Exception {
    Process died = new ProcessBuilder("true").start();
    died.waitFor();
    Files.createDirectories(scripts.home());
    Files.writeString(scripts.home().resolve("control-plane.url"), url() + "\n");
    Files.writeString(scripts.home().resolve("control-plane.pid"), died.pid() + "\n");
    server.removeContext("/");
    server.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("Eksphemeral-Control-Plane", Long.toString(died.pid()));
          answers.add(new Answer(200, "1", "[\"not ours\"]"));
          answer(exchange);
        });

    scripts.run("eksp-list.sh", "--local").exits(1).prints("").says("is not running");
    assertThat(answers).as("what would have been answered").isEmpty();
  }

  @Test
  void noAnswerIsRunAsACommand(@TempDir Path folder) throws Exception {
    String command = "BASH_VERSINFO[$(touch '%s/ran')]".formatted(folder);
    ObjectNode ready = record("ready", "");
    ((ObjectNode) ready.path("status")).put("minutesleft", command).put("lifetime", command);
    answers.add(new Answer(200, "1", ready.toString()));
    answers.add(new Answer(200, "1", ready.toString()));
    ((ObjectNode) ready.path("status")).put("state", "gone");
    answers.add(new Answer(200, "1", ready.toString()));

    scripts.run("eksp-wait.sh", "--for", "gone", "dev").exits(0).says("dev is gone");

    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void noNumberIsTooLargeToBeShown() throws Exception {
    ObjectNode creating = record("creating", "");
    ObjectNode status = (ObjectNode) creating.path("status");
    status.put("usual", 1e300);
    answers.add(new Answer(200, "1", creating.toString()));
    status
        .putArray("phases")
        .addObject()
        .put("phase", "nodes")
        .put("at", "2026-11-22T15:00:00Z")
        .put("usually", 1e300);
    answers.add(new Answer(200, "1", creating.toString()));
    answers.add(new Answer(200, "1", record("create-failed", "").toString()));

    scripts.run("eksp-wait.sh", "dev").exits(1).doesNotSay(".sh: line").doesNotSay("usually");
  }

  @ParameterizedTest
  @FieldSource("CONTROL_TEXTS")
  void noTableDoesAnythingToATerminal(String trick) throws Exception {
    String row = (ID + "\td%1$sev\tready%1$s\t%1$s\t\t%1$s\t\t\t\t%1$s\t%1$s\n").formatted(trick);
    for (String format : List.of("table", "wide", "name", "ids")) {
      answers.add(new Answer(200, "1", row));
      assertHarmless(scripts.run("eksp-list.sh", "-o", format).exits(0));
    }
  }

  @Test
  void aRowWithoutAnIdIsNone() throws Exception {
    answers.add(new Answer(200, "1", "a\"b\tdev\n<html>\n\n" + ID + "\t" + "n".repeat(20_000)));
    answers.add(new Answer(200, "1", "a\"b\tdev\n<html>\n\n" + ID + "\t" + "n".repeat(20_000)));

    scripts.run("eksp-list.sh", "-o", "ids").exits(0).prints(ID + "\n");
    assertThat(scripts.run("eksp-list.sh", "-o", "table").exits(0).out()).contains("nnn", "NAME");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "\"x\"",
        "<html>",
        "{\"name\":\"dev\",\"status\":\"x\"}",
        "{\"name\":\"dev\",\"status\":{\"id\":\"01890a5d-ac96-774b-bcce-b302099a8057\",\"state\":\"destroy-failed\",\"leftovers\":\"x\"}}"
      })
  void whatIsNoRecordIsAnErrorOfTheControlPlane(String body) throws Exception {
    answers.add(new Answer(200, "1", body));
    scripts
        .run("eksp-status.sh", "-o", "text", "dev")
        .exits(1)
        .prints("")
        .says("the control plane's response is not a cluster record: ")
        .doesNotSay("jq:");
    if (!body.contains("leftovers")) {
      answers.add(new Answer(200, "1", body));
      scripts
          .run("eksp-destroy.sh", "--no-wait", "dev", "test")
          .exits(1)
          .prints("")
          .says("the control plane's response is not a cluster record: ")
          .doesNotSay("jq:");
    }
  }

  @Test
  void whatChangedScrollsNoTableOfManyClustersAway() throws Exception {
    answers.add(new Answer(200, "1", rows(0, 40)));
    for (int i = 0; i < 9; i++) {
      answers.add(new Answer(200, "1", rows(9, 49)));
    }

    Terminal.Screens screens =
        new Terminal(scripts.with("TERM", "xterm"), 80)
            .once("gone", "")
            .once("+1", "^C")
            .run("eksp", "list", "--watch");

    assertThat(screens.seen().get(1).lines()).first().asString().startsWith("NAME");
    assertThat(screens.seen().get(1).text()).contains("more\n", "-> gone", "q or Ctrl-C");
  }

  private static String rows(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> "%08x%s\tdev%d\tready\t900\n".formatted(i, ID.substring(8), i))
        .collect(Collectors.joining());
  }

  @Test
  void aReaderThatGoesAwayIsNoErrorOfAnotherProgram() throws Exception {
    for (String format : List.of("table", "ids")) {
      answers.add(new Answer(200, "1", rows(0, 5_000)));

      scripts
          .run(
              "bash",
              "-c",
              "\"$0\" list -o \"$1\" | true",
              Scripts.checkout().resolve("eksp").toString(),
              format)
          .exits(0)
          .doesNotSay("awk");
    }
  }

  @Test
  void theWaitingForAClusterThatHasTimeLeftEndsInTime() throws Exception {
    ObjectNode ready = record("ready", "");
    ((ObjectNode) ready.path("status")).put("minutesleft", 55);
    answers.add(new Answer(200, "1", ready.toString()));
    answers.add(new Answer(200, "1", ready.toString()));

    scripts
        .patient(Duration.ofSeconds(30))
        .run("eksp-wait.sh", "--for", "gone", "--timeout", "1s", "dev")
        .exits(1)
        .says("dev is still ready after 1 s");
  }

  @Test
  void noCandidateIsMoreThanAName() throws Exception {
    String names = ID + "\tdev\n" + ID + "\t$(reboot)\n" + ID + "\t*\n" + ID + "\ta b\n";
    answers.add(new Answer(200, "1", names));

    scripts.run("eksp-completion.sh", "candidates", "status", "").exits(0).prints("dev\n");
  }

  private static void assertHarmless(Scripts.Outcome outcome) {
    assertThat(outcome.err() + outcome.out())
        .doesNotContainPattern("[\\p{Cc}&&[^\n]]|[\\p{Cf}\\p{Zl}\\p{Zp}]")
        .doesNotContainPattern("(?m)^  forged");
  }

  private static ObjectNode record(String state, String trick) {
    ObjectNode record = JsonNodeFactory.instance.objectNode().put("name", "dev");
    ObjectNode status = record.putObject("status").put("id", ID).put("state", state);
    status.put("provider", "a" + trick).put("expires", "2026-11-22T15:36:07.123Z" + trick);
    status.put("minutesleft", "1" + trick).put("lifetime", "a" + trick).put("error", "a" + trick);
    status.putArray("log").add("a" + trick + "b").add(trick);
    status.putArray("history").addObject().put("state", state).put("why", "a" + trick + "b");
    return record;
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    exchange.getRequestBody().readAllBytes();
    Answer answer = answers.remove();
    exchange.getResponseHeaders().set("Eksphemeral-Speed", answer.speed());
    String accepted = exchange.getRequestHeaders().getFirst("Accept");
    if (accepted != null && accepted.startsWith("text/")) {
      exchange.getResponseHeaders().set("Content-Type", accepted);
    }
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
