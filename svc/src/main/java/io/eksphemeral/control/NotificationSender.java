package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * Sends a notification that is due. Its beginning is recorded first, so that of any number of
 * sweeps exactly one sends it; if that one crashes, another one retries later.
 */
final class NotificationSender {
  private static final int MAX_TRIES = 100;

  private final ClusterStore store;
  private final RecordWriter records;
  private final Notifications notifications;
  private final InstantSource clock;

  NotificationSender(
      ClusterStore store, RecordWriter records, Notifications notifications, InstantSource clock) {
    this.store = store;
    this.records = records;
    this.notifications = notifications;
    this.clock = clock;
  }

  /** Returns the record as it is afterwards; empty if it was removed. */
  Optional<Stored.Live> send(Stored.Live record, Topic topic, Instant about) {
    Cluster cluster = record.cluster();
    Optional<String> obstacle = notifications.obstacle(cluster, topic);
    if (obstacle.isPresent()) {
      return records.update(
          record,
          cluster.notified(topic, about, Delivery.NO_RECIPIENT, obstacle.get(), clock.instant()));
    }
    Optional<Stored.Live> sending =
        store.replace(record, cluster.notified(topic, about, Delivery.SENDING, clock.instant()));
    return sending.isEmpty()
        ? records.reread(record)
        : recordDelivery(
            sending.get(),
            topic,
            about,
            notifications.send(cluster, topic, about, clock.instant()));
  }

  /** Records the outcome of a notification, whatever else was recorded meanwhile. */
  private Optional<Stored.Live> recordDelivery(
      Stored.Live record, Topic topic, Instant about, Notifications.Outcome outcome) {
    Stored.Live latest = record;
    for (int i = 0; i < MAX_TRIES && !isSent(latest.cluster(), topic, about); i++) {
      Optional<Stored.Live> written =
          store.replace(
              latest,
              latest
                  .cluster()
                  .notified(topic, about, outcome.delivery(), outcome.why(), clock.instant()));
      if (written.isPresent()) {
        return written;
      }
      Optional<Stored.Live> other = records.reread(record);
      if (other.isEmpty()) {
        return other;
      }
      latest = other.get();
    }
    return Optional.of(latest);
  }

  /** Whether another sweep, which took over a notification that was slow to send, has sent it. */
  private static boolean isSent(Cluster cluster, Topic topic, Instant about) {
    return cluster
        .notification(topic, about)
        .filter(notification -> notification.delivery() == Delivery.SENT)
        .isPresent();
  }
}
