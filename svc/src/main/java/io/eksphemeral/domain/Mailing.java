package io.eksphemeral.domain;

import java.time.Instant;
import java.util.Locale;

/**
 * A mail that was tried.
 *
 * @param about the moment the mail is about, which tells it from others on the same topic: for a
 *     notice the end it speaks of, so that a moved end makes a new one due
 * @param tried when it was first tried; the end of a cluster waits for this, not for success
 * @param last when it was last tried
 */
public record Mailing(Topic topic, Instant about, Instant tried, Instant last, Delivery delivery) {
  /** What a mail is about. */
  public enum Topic {
    READY,
    NOTICE,
    CREATE_FAILED,
    DESTROY_FAILED,
    GONE;

    /** As it is written in records and file names: {@code create-failed}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** What became of it. */
  public enum Delivery {
    SENT,
    FAILED,
    /** There was nobody to mail. */
    NOBODY;

    /** As it is written in records: {@code sent}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
