package io.eksphemeral.domain;

import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A notification that was begun.
 *
 * @param about the moment that distinguishes it from others on the same topic: for a notice the
 *     expiry that it announces, so that a changed expiry makes a new one due
 * @param tried when it was first tried
 * @param last when its delivery was last recorded
 * @param why what kept it from some or all recipients, on one line; null if nothing did
 */
public record Notification(
    Topic topic,
    Instant about,
    Instant tried,
    Instant last,
    Delivery delivery,
    @Nullable String why) {

  public Notification {
    why = why == null ? null : SafeText.sanitize(why);
  }

  /** A notification that nothing kept from being sent. */
  public Notification(Topic topic, Instant about, Instant tried, Instant last, Delivery delivery) {
    this(topic, about, tried, last, delivery, null);
  }

  public enum Topic {
    READY,
    /** Well before the expiry, so that there is time to save work. */
    EARLY_NOTICE,
    /** Right before the expiry. */
    NOTICE,
    CREATE_FAILED,
    DESTROY_FAILED,
    GONE;

    /** Whether it announces the expiry; then {@link Notification#about} is that. */
    public boolean isNotice() {
      return this == NOTICE || this == EARLY_NOTICE;
    }

    /** As written in records and file names: {@code create-failed}. */
    public String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public enum Delivery {
    /** A sweep is about to send it, or crashed while doing so. */
    SENDING,
    SENT,
    FAILED,
    /** There is no recipient or no sender; it is not retried. */
    NO_RECIPIENT;

    /** As written in records: {@code sent}. */
    public String text() {
      return this == NO_RECIPIENT ? "nobody" : name().toLowerCase(Locale.ROOT);
    }
  }
}
