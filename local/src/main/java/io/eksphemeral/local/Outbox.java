package io.eksphemeral.local;

import io.eksphemeral.control.Mailer;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Writes mails to files instead of sending them, such as {@code
 * 2026-11-22T14-03-07Z-0001-eksphemeral-cluster-dev-is-ready.txt}. A directory listing shows them
 * in order, with their subjects.
 */
final class Outbox implements Mailer {
  private static final int LONGEST_SLUG = 100;

  private final AtomicFiles folder;
  private final InstantSource clock;
  private final AtomicInteger number;

  private Outbox(AtomicFiles folder, InstantSource clock, int sent) {
    this.folder = folder;
    this.clock = clock;
    this.number = new AtomicInteger(sent);
  }

  /** Opens an outbox, and continues the numbering of its mails. */
  static Outbox open(AtomicFiles folder, InstantSource clock) throws IOException {
    int sent =
        folder.names("").stream().map(Outbox::number).max(Comparator.naturalOrder()).orElse(0);
    return new Outbox(folder, clock, sent);
  }

  @Override
  public Delivery send(Mail mail) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    String file =
        "%s-%04d-%s.txt"
            .formatted(
                now.toString().replace(':', '-'), number.incrementAndGet(), slug(mail.subject()));
    String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(now.atOffset(ZoneOffset.UTC));
    String text =
        "To: %s\nSubject: %s\nDate: %s\n\n%s"
            .formatted(mail.to(), mail.subject(), date, mail.body());
    try {
      folder.write(file, text);
      return new Delivery.Sent();
    } catch (IOException e) {
      return new Delivery.Failed(e.toString());
    }
  }

  private static String slug(String subject) {
    String slug = subject.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    String cut = slug.length() > LONGEST_SLUG ? slug.substring(0, LONGEST_SLUG) : slug;
    return cut.replaceAll("^-|-$", "");
  }

  /** The number in the name of a mail's file; 0 for other files. */
  private static int number(String file) {
    return file.matches("[0-9T-]{19}Z-[0-9]{4,9}-.*")
        ? Integer.parseInt(file.substring(21, file.indexOf('-', 21)))
        : 0;
  }
}
