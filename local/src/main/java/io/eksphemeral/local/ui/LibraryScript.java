package io.eksphemeral.local.ui;

import io.eksphemeral.local.io.Subprocess;
import io.eksphemeral.local.io.Subprocess.Output;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A script in the commands' library, through which the proxy does what they do. */
final class LibraryScript {
  private static final int MOST_BYTES = 64 * 1024;
  private static final Subprocess PROGRAMS = new Subprocess(System.getenv(), MOST_BYTES);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A command in its messages, which it takes to be beside itself; blanks in paths are quoted. */
  private static final Pattern COMMAND =
      Pattern.compile("(?:\\\\.|[^\\s\\\\])*/lib/(?:eksp-([a-z]+)|[a-z-]+)\\.sh");

  private final List<String> words;
  private final String command;

  /**
   * @param scripts the folder of the commands
   * @param command how the caller types a command, see {@link UiSettings}
   */
  LibraryScript(Path scripts, String name, List<String> options, String command) {
    List<String> all = new ArrayList<>(List.of("bash", "-p"));
    all.add(scripts.toAbsolutePath().resolve("lib").resolve(name).toString());
    all.addAll(options);
    this.words = List.copyOf(all);
    this.command = command;
  }

  Output run() {
    try {
      return PROGRAMS.run(PATIENCE, "", words);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new Output(-1, "", "interrupted");
    }
  }

  /**
   * What it said on stderr: what happened, and what helps, with commands as the caller types them.
   */
  String message(Output output) {
    String text = output.err().strip().replaceFirst("^[a-z-]+\\.sh: ", "");
    String edition = command.replaceFirst("^.*COMMAND[^ ]*", "");
    return COMMAND
        .matcher(text)
        .replaceAll(found -> {
          String name = found.group(1) == null ? "ui" : found.group(1);
          return Matcher.quoteReplacement(command.replace("COMMAND", name));
        })
        .replace(edition + " --local", " --local");
  }
}
