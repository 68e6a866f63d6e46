package io.eksphemeral.domain;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A mail that was begun.
 *
 * @param about the moment the mail is about, which tells it from others on the same topic: for a
 *     notice the end it speaks of, so that a moved end makes a new one due
 * @param tried when somebody first began to try it, whatever came of that
 * @param last when its delivery was last written down
 * @param why what kept it, or one of its copies, from being sent, on one line; null where nothing
 *     did
 */
public record Notification(
    Topic topic,
    Instant about,
    Instant tried,
    Instant last,
    Delivery delivery,
    @Nullable String why) {

  public Notification {
    why = why == null ? null : SafeText.plain(why);
  }

  /** A mail that nothing kept from being sent. */
  public Notification(Topic topic, Instant about, Instant tried, Instant last, Delivery delivery) {
    this(topic, about, tried, last, delivery, null);
  }

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
    /** Somebody is about to send it, or died at it. */
    SENDING,
    SENT,
    FAILED,
    /** There was nobody to mail, or no sender to mail from; it is not tried again. */
    NOBODY;

    /** As it is written in records: {@code sent}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
