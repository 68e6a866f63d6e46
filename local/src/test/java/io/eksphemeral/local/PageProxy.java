package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.local.ui.UiProxy;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The page's proxy as a program of its own, as {@code eksp-ui.sh} starts it. */
final class PageProxy implements AutoCloseable {
  static final String CALLER = "arn:aws:iam::000000000000:user/alice";

  private final Process process;
  private final BufferedReader out;
  private final String link;

  private PageProxy(Process process) throws IOException {
    this.process = process;
    this.out = process.inputReader();
    this.link = String.valueOf(out.readLine());
    assertThat(link).matches("http://127\\.0\\.0\\.1:[0-9]+/\\?token=[0-9a-f]{64}");
  }

  /**
   * Starts it before an API on this machine.
   *
   * @param options in the place of the usual ones, each with its value
   */
  static PageProxy before(String api, Path home, String... options) throws IOException {
    Map<String, String> all =
        new TreeMap<>(
            Map.of(
                "--api", api,
                "--region", "",
                "--where", "this machine",
                "--caller", CALLER,
                "--owner", "",
                "--command", "./eksp COMMAND --local",
                "--scripts", Scripts.checkout().toString(),
                "--idle-seconds", "600"));
    for (int i = 0; i < options.length; i += 2) {
      all.put(options[i], options[i + 1]);
    }
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                UiProxy.class.getName()));
    all.forEach((name, value) -> command.addAll(List.of(name, value)));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().put("EKSPHEMERAL_HOME", home.toString());
    return new PageProxy(builder.start());
  }

  /** The one that a command has started and printed the link of. */
  String link() {
    return link;
  }

  /** Where it listens. */
  String url() {
    return link.substring(0, link.indexOf("/?"));
  }

  int exitCode() throws InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("it ends").isTrue();
    return process.exitValue();
  }

  void interrupt() {
    process.destroy();
  }

  void kill() {
    close();
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
