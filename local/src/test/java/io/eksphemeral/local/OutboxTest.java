package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.Mailer;
import io.eksphemeral.control.Mailer.Mail;
import io.eksphemeral.control.MailerContract;
import io.eksphemeral.control.ManualClock;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutboxTest extends MailerContract {
  private static final Mail MAIL =
      new Mail("alice@eksphemeral.io", "EKSphemeral: cluster dev is ready", "Hello\n");

  @TempDir Path home;
  private final ManualClock clock = new ManualClock(Instant.parse("2026-11-22T14:03:07.5Z"));
  private Path folder;
  private Outbox outbox;

  @BeforeEach
  void open() throws IOException {
    folder = home.resolve("outbox");
    outbox = Outbox.open(AtomicFiles.open(folder), clock);
  }

  @Override
  protected Mailer mailer() {
    return outbox;
  }

  @Override
  protected List<Mail> delivered() throws IOException {
    List<Mail> mails = new ArrayList<>();
    for (Path file : files()) {
      String text = Files.readString(file);
      List<String> head = text.substring(0, text.indexOf("\n\n")).lines().toList();
      mails.add(
          new Mail(
              head.get(0).substring("To: ".length()),
              head.get(1).substring("Subject: ".length()),
              text.substring(text.indexOf("\n\n") + 2)));
    }
    return mails;
  }

  @Override
  protected void breakDown() throws IOException {
    Files.delete(folder.resolve(".tmp"));
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private List<String> names() throws IOException {
    return files().stream().map(file -> file.getFileName().toString()).toList();
  }

  @Test
  void aListingSaysWhenAndWhat() throws IOException {
    outbox.send(MAIL);
    clock.advance(Duration.ofMinutes(20));
    outbox.send(new Mail(MAIL.to(), "../../Wörld: \"gone\"?", "Bye\n"));

    assertThat(names())
        .containsExactly(
            "2026-11-22T14-03-07Z-0001-eksphemeral-cluster-dev-is-ready.txt",
            "2026-11-22T14-23-07Z-0002-w-rld-gone.txt");
    assertThat(files().getFirst())
        .hasContent(
            """
            To: alice@eksphemeral.io
            Subject: EKSphemeral: cluster dev is ready
            Date: Sun, 22 Nov 2026 14:03:07 GMT

            Hello
            """);
  }

  @Test
  void theNumbersGoOnAfterARestart() throws IOException {
    outbox.send(MAIL);
    Files.writeString(folder.resolve("notes.txt"), "mine");
    open();
    outbox.send(MAIL);

    assertThat(names())
        .anySatisfy(name -> assertThat(name).startsWith("2026-11-22T14-03-07Z-0002-"));
  }

  @Test
  void aVeryLongSubjectStillMakesAFile() throws IOException {
    outbox.send(new Mail(MAIL.to(), "x".repeat(1000), ""));
    assertThat(names()).singleElement().asString().hasSizeLessThan(140);
  }
}
