package io.eksphemeral.control;

/**
 * Sends mails. It never throws: a mail that cannot be sent must not keep a cluster alive.
 *
 * <p>{@code MailerContract} tests every implementation.
 */
public interface Mailer {
  /**
   * A mail.
   *
   * @param to an address that {@code MailAddress} accepts
   * @param subject one line
   * @param body plain text, lines ending in a line feed
   */
  record Mail(String to, String subject, String body) {
    public Mail {
      if (subject.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("a subject is one line");
      }
    }
  }

  /** The outcome of sending a mail. */
  sealed interface Delivery {
    /** The mail server accepted it. */
    record Sent() implements Delivery {}

    /** It was not accepted, or that is unknown; it may be sent again. */
    record Failed(String why) implements Delivery {}
  }

  /** Sends a mail. Returns within half a minute, whatever the mail server does. */
  Delivery send(Mail mail);
}
