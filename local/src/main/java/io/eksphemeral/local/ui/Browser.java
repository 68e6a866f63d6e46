package io.eksphemeral.local.ui;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Opens the link in the browser, by a file that only its owner can read: an argument list could be
 * read by every user of the machine, who could then use the link first.
 */
final class Browser {
  private final Path file;

  private Browser(Path file) {
    this.file = file;
  }

  static Browser prepare(String link) throws IOException {
    Path file = Files.createTempFile("eksphemeral-", ".html"); // for its owner alone
    Files.writeString(
        file,
        """
        <!doctype html><meta charset="utf-8"><title>EKSphemeral</title>
        <meta http-equiv="refresh" content="0;url=%1$s"><a href="%1$s">open EKSphemeral</a>
        """
            .formatted(link));
    return new Browser(file);
  }

  void open(String program) throws IOException {
    new ProcessBuilder(program, file.toString())
        .redirectInput(new File("/dev/null"))
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException _) {
      // Its token works once, and not at all after this process.
    }
  }
}
