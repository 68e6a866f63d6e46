package io.eksphemeral.control;

/**
 * Sends mails. It never throws: that a mail did not go out is an answer, and never keeps a cluster
 * from its end.
 *
 * <p>The contract is held by {@code MailerContract}, which runs against each implementation.
 */
public interface Mailer {
  /**
   * A mail.
   *
   * @param to an address, as {@code MailAddress} has them
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

  /** What became of a mail. */
  sealed interface Delivery {
    /** It was handed over for delivery. */
    record Sent() implements Delivery {}

    /** It was not, or nobody knows; it may be sent again. */
    record Failed(String why) implements Delivery {}
  }

  /** Sends a mail. Answers within half a minute, whatever the mail server does. */
  Delivery send(Mail mail);
}
