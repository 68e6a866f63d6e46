package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which notification of a cluster is due, and when it is retried or given up. */
public final class NotificationPolicy {
  /**
   * How long before the expiry the notice is due. With a sweep every five minutes it is sent one to
   * six minutes before.
   */
  public static final Duration NOTICE_LEAD = Duration.ofMinutes(6);

  /**
   * The early notice is sent at the latest when this much of a cluster's life is left, or a quarter
   * of the life if that is less.
   */
  private static final Duration EARLY_NOTICE_BEFORE = Duration.ofMinutes(30);

  /** Shorter lives, in minutes, have no early notice: the last one would follow right after it. */
  private static final int SHORTEST_WITH_EARLY_NOTICE = 40;

  /** The minimum time between two early notices of a cluster, however often its expiry changes. */
  static final Duration EARLY_NOTICE_INTERVAL = Duration.ofMinutes(30);

  /** The minimum time between a notice and the destruction it announces (promise P5). */
  public static final Duration NOTICE_TO_DESTRUCTION = Duration.ofMinutes(1);

  /**
   * The minimum time between two notices of a cluster: callers can change its expiry as often as
   * they like, and each change makes a notice due (promise P13).
   */
  public static final Duration NOTICE_INTERVAL = Duration.ofMinutes(5);

  /** How many attempts to destroy may fail before owner and operator are notified. */
  static final int FAILURES_BEFORE_NOTIFICATION = 3;

  private static final Duration FAILURE_REMINDER = Duration.ofDays(1);
  private static final Duration RETRY_AFTER = Duration.ofMinutes(4);
  private static final Duration GIVE_UP_AFTER = Duration.ofHours(1);
  private static final Duration NOTICE_GIVE_UP_AFTER = Duration.ofMinutes(10);

  private NotificationPolicy() {}

  /** The notification that is due, other than a first notice; empty if none is. */
  static Optional<Decision> due(Cluster cluster, Instant now) {
    Stream<Decision> due =
        switch (cluster.state()) {
          case CREATING -> Stream.empty();
          case READY ->
              Stream.of(
                      due(cluster, Topic.READY, cluster.ready(), now),
                      earlyNotice(cluster, now),
                      retry(cluster, now))
                  .flatMap(Function.identity());
          case CREATE_FAILED, DESTROYING, DESTROY_FAILED ->
              Stream.concat(
                  due(
                      cluster,
                      Topic.CREATE_FAILED,
                      cluster.since(State.CREATE_FAILED).orElse(null),
                      now),
                  destroyFailure(cluster, now));
          case GONE ->
              due(cluster, Topic.GONE, cluster.since(State.GONE).orElseThrow(), now)
                  .filter(_ -> !isFinished(cluster, now));
        };
    return due.findFirst();
  }

  /** Whether a cluster that is gone has nothing left to be notified of. */
  static boolean isFinished(Cluster cluster, Instant now) {
    return cluster
        .since(State.GONE)
        .flatMap(gone -> cluster.notification(Topic.GONE, gone))
        .filter(mail ->
            mail.delivery() != Delivery.SENDING || (isAbandoned(mail, now) && isGivenUp(mail)))
        .isPresent();
  }

  /**
   * What to do while the notice of the current expiry is not begun, or begun by a sweep that did
   * not finish. It is retried even after the expiry. After repeated tries it counts as failed, so
   * that no mail server keeps a cluster alive; time in which no sweep ran does not count.
   */
  static Decision pendingNotice(Cluster cluster, Instant expires, Instant now) {
    Optional<Notification> begun = cluster.notice();
    if (isJustNotified(cluster, now)
        || (begun.isEmpty() && now.isBefore(expires.minus(NOTICE_LEAD)))) {
      return new Decision.Wait();
    }
    Predicate<Notification> isExhausted =
        notice -> {
          Instant due = expires.isAfter(notice.tried()) ? expires : notice.tried();
          return !notice.last().isBefore(due.plus(NOTICE_GIVE_UP_AFTER));
        };
    return begun.filter(isExhausted).isEmpty()
        ? new Decision.Notify(Topic.NOTICE, expires)
        : new Decision.UpdateRecord(
            cluster.notified(
                Topic.NOTICE, expires, Delivery.FAILED, "every attempt to send it crashed", now));
  }

  private static boolean isJustNotified(Cluster cluster, Instant now) {
    return cluster.notifications().stream()
        .filter(notification -> notification.topic().isNotice())
        .anyMatch(notice -> now.isBefore(notice.last().plus(NOTICE_INTERVAL)));
  }

  /**
   * It is due six minutes early, as the last one is, and no longer once it would delay the last
   * one. A cluster whose owner was told lately gets no other, though its expiry has changed.
   */
  private static Stream<Decision> earlyNotice(Cluster cluster, Instant now) {
    Instant expires = cluster.expires();
    if (expires == null || cluster.lifetime() < SHORTEST_WITH_EARLY_NOTICE) {
      return Stream.empty();
    }
    Duration quarter = Duration.ofMinutes(cluster.lifetime()).dividedBy(4);
    Duration before = quarter.compareTo(EARLY_NOTICE_BEFORE) < 0 ? quarter : EARLY_NOTICE_BEFORE;
    boolean isTime =
        !now.isBefore(expires.minus(before).minus(NOTICE_LEAD))
            && now.isBefore(expires.minus(NOTICE_LEAD).minus(NOTICE_INTERVAL));
    boolean isTold =
        cluster.notifications().stream()
            .filter(told -> told.topic() == Topic.EARLY_NOTICE && !told.about().equals(expires))
            .filter(told -> told.delivery() != Delivery.FAILED)
            .anyMatch(told -> now.isBefore(told.last().plus(EARLY_NOTICE_INTERVAL)));
    return isTime && !isTold && !isJustNotified(cluster, now)
        ? due(cluster, Topic.EARLY_NOTICE, expires, now)
        : Stream.empty();
  }

  /** A notice that failed is retried while the cluster is still ready. */
  private static Stream<Decision> retry(Cluster cluster, Instant now) {
    return cluster
        .notice()
        .filter(notice -> isRetryDue(notice, now) && !isJustNotified(cluster, now))
        .map(notice -> (Decision) new Decision.Notify(Topic.NOTICE, notice.about()))
        .stream();
  }

  /** Once from the third failure on, and then once a day. */
  private static Stream<Decision> destroyFailure(Cluster cluster, Instant now) {
    if (cluster.failures() < FAILURES_BEFORE_NOTIFICATION) {
      return Stream.empty();
    }
    Instant about =
        cluster.notifications().stream()
            .filter(notification -> notification.topic() == Topic.DESTROY_FAILED)
            .map(Notification::about)
            .max(Instant::compareTo)
            .filter(last -> now.isBefore(last.plus(FAILURE_REMINDER)))
            .orElse(now);
    return due(cluster, Topic.DESTROY_FAILED, about, now);
  }

  private static Stream<Decision> due(
      Cluster cluster, Topic topic, @Nullable Instant about, Instant now) {
    if (about == null) {
      return Stream.empty();
    }
    boolean isDue =
        cluster.notification(topic, about).map(begun -> isRetryDue(begun, now)).orElse(true);
    return isDue ? Stream.of(new Decision.Notify(topic, about)) : Stream.empty();
  }

  private static boolean isRetryDue(Notification notification, Instant now) {
    return switch (notification.delivery()) {
      case SENDING, FAILED -> isAbandoned(notification, now) && !isGivenUp(notification);
      case SENT, NO_RECIPIENT -> false;
    };
  }

  /** Whether it was tried for long enough; time in which no sweep ran does not count. */
  private static boolean isGivenUp(Notification notification) {
    return !notification.last().isBefore(notification.tried().plus(GIVE_UP_AFTER));
  }

  /** Whether the sender must have crashed, as its last try is so long ago. */
  private static boolean isAbandoned(Notification notification, Instant now) {
    return !now.isBefore(notification.last().plus(RETRY_AFTER));
  }
}
