package io.eksphemeral.local;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs commands on a terminal that is emulated, to see what they show: {@code screen.py}. */
final class Terminal {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Scripts scripts;
  private final List<String> options = new ArrayList<>();

  /** A terminal of that many columns, and 24 rows. */
  Terminal(Scripts scripts, int columns) {
    this.scripts = scripts;
    options.addAll(List.of("--columns", Integer.toString(columns)));
  }

  /**
   * Once the screen shows a text, types keys; {@code ^C} is Ctrl-C, {@code columns=50} a change of
   * the width.
   */
  Terminal once(String shown, String keys) {
    options.addAll(List.of("--until=" + shown, "--send=" + keys));
    return this;
  }

  /** Runs a command of the checkout, or a program, to its end. */
  Screens run(String command, String... arguments) throws IOException, InterruptedException {
    Path root = Scripts.checkout();
    Path python = root.resolve(".terminal/bin/python");
    // CI must have it; elsewhere these tests are skipped without it.
    assumeTrue(
        Files.exists(python) || Boolean.parseBoolean(System.getenv("CI")),
        "svc/src/test/install.sh terminal");
    List<String> call = new ArrayList<>();
    call.add(root.resolve("svc/src/test/terminal/screen.py").toString());
    call.addAll(options);
    call.add("--");
    call.add(command.startsWith("eksp") ? root.resolve(command).toString() : command);
    call.addAll(List.of(arguments));
    Scripts.Outcome outcome = scripts.run(python.toString(), call.toArray(String[]::new)).exits(0);
    JsonNode json = JSON.readTree(outcome.out());
    return new Screens(
        json.path("exit").asInt(),
        json.path("seen").valueStream().map(Screen::new).toList(),
        new Screen(json.path("end")));
  }

  /**
   * What a terminal showed.
   *
   * @param seen the screen whenever a text was waited for
   * @param end the screen when the command had ended
   */
  record Screens(int exit, List<Screen> seen, Screen end) {}

  /** A screen. */
  record Screen(JsonNode json) {
    List<String> lines() {
      return json.path("lines").valueStream().map(JsonNode::asText).toList();
    }

    String text() {
      return String.join("\n", lines());
    }

    /** The colour of a text that is shown; empty if it has none. */
    String colour(String text) {
      return json.path("colours").path(text).asText();
    }
  }
}
