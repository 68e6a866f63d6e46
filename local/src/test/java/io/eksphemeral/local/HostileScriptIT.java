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
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
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
    byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
