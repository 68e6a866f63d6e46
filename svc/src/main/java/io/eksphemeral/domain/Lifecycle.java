package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.TaskObservation.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a cluster's life: what is to be done, from what its record says, what is known of
 * its open task, and what time it is. Nothing else decides what is done next; whether a cluster is
 * let in is for {@link Admission}, and who may move its end, or ask for it, for the use cases.
 */
public final class Lifecycle {
  /**
   * A creation that takes longer, from its launch, or from its admission until then, has failed.
   */
  public static final Duration CREATE_DEADLINE = Duration.ofMinutes(45);

  /** An attempt to destroy that takes longer, counted in the same way, has failed. */
  public static final Duration DESTROY_DEADLINE = Duration.ofMinutes(60);

  /**
   * A task that the runner does not know may still appear, or have been forgotten: ECS answers
   * eventually, and keeps stopped tasks for an hour at least. Only then is missing over.
   */
  public static final Duration MISSING_AFTER = Duration.ofHours(1);

  /**
   * A task that was told to stop is no longer among the running ones and still says that it runs.
   * ECS ends it within minutes; so long after it was told, that is not believed any more.
   */
  public static final Duration STOPPING_AFTER = Duration.ofHours(1);

  /**
   * How long before its end a cluster's owner is told. With a sweep every five minutes the notice
   * comes one to six minutes before.
   */
  public static final Duration NOTICE_LEAD = Duration.ofMinutes(6);

  /** A notice comes at least this much before the destruction it speaks of (promise P5). */
  public static final Duration NOTICE_TO_DESTRUCTION = Duration.ofMinutes(1);

  /**
   * How far apart two notices of a cluster are at the least, whatever they say: callers can move
   * its expiry as often as they like, and each time makes a notice due (promise P13).
   */
  public static final Duration NOTICES_APART = Duration.ofMinutes(5);

  /** How many attempts to destroy may fail before people hear of it. */
  static final int FAILURES_BEFORE_TELLING = 3;

  private static final Duration TELL_FAILURE_AGAIN = Duration.ofDays(1);
  private static final Duration FIRST_RETRY = Duration.ofMinutes(5);
  private static final Duration LONGEST_RETRY = Duration.ofMinutes(60);
  private static final Duration MAIL_RETRY = Duration.ofMinutes(4);
  private static final Duration MAIL_GIVEN_UP = Duration.ofHours(1);
  private static final Duration NOTICE_GIVEN_UP = Duration.ofMinutes(10);

  private Lifecycle() {}

  /**
   * The next thing to do for a cluster.
   *
   * @param known of its open task; {@link TaskObservation#NONE} where it has none
   */
  public static Decision decide(Cluster cluster, TaskObservation known, Instant now) {
    Decision urgent =
        switch (cluster.state()) {
          case CREATING -> creating(cluster, known, now);
          case READY -> ready(cluster, now);
          case CREATE_FAILED -> mark(cluster.destroying("its creation failed", now));
          case DESTROYING -> destroying(cluster, known, now);
          case DESTROY_FAILED -> destroyFailed(cluster, now);
          case GONE -> nothing();
        };
    if (!(urgent instanceof Decision.Nothing)) {
      return urgent;
    }
    return mailDue(cluster, now)
        .orElseGet(() -> isToldOfItsEnd(cluster, now) ? new Decision.Archive() : nothing());
  }

  /** How long after its n-th failure in a row destroying is tried again: 5, 10, 20, 40, 60 …. */
  public static Duration retryAfter(int failures) {
    Duration doubled = FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, 10));
    return doubled.compareTo(LONGEST_RETRY) < 0 ? doubled : LONGEST_RETRY;
  }

  private static Decision creating(Cluster cluster, TaskObservation known, Instant now) {
    if (!cluster.isAdmitted()) {
      return new Decision.Admit();
    }
    Task task = cluster.openTask().orElseThrow();
    if (known.view() instanceof TaskStatus.Reported(TaskResult result)) {
      return mark(
          switch (result.outcome()) {
            case READY -> cluster.becameReady(within(task.planned(), result.at(), now), now);
            case FOREIGN -> cluster.neverBuilt(result.message(), now);
            case FAILED, ABSENT -> cluster.creationFailed(result.message(), result.log(), now);
          });
    }
    return work(
        cluster,
        known,
        CREATE_DEADLINE,
        now,
        why -> cluster.creationFailed(because(why, cluster), List.of(), now));
  }

  private static Decision ready(Cluster cluster, Instant now) {
    Instant expires = cluster.expires();
    if (expires == null) {
      throw new IllegalStateException("cluster " + cluster.id() + " is ready and never expires");
    }
    Optional<Notification> notice = cluster.notice();
    if (notice.isEmpty()) {
      return now.isBefore(expires.minus(NOTICE_LEAD)) || isJustNotified(cluster, now)
          ? nothing()
          : new Decision.Notify(Topic.NOTICE, expires);
    }
    if (notice.get().delivery() == Delivery.SENDING) {
      return unfinishedNotice(cluster, notice.get(), expires, now);
    }
    boolean noticed = !now.isBefore(notice.get().last().plus(NOTICE_TO_DESTRUCTION));
    return noticed && !now.isBefore(expires)
        ? mark(cluster.destroying("its time was up", now))
        : nothing();
  }

  private static boolean isJustNotified(Cluster cluster, Instant now) {
    return cluster.mailings().stream()
        .filter(mailing -> mailing.topic() == Topic.NOTICE)
        .anyMatch(notice -> now.isBefore(notice.last().plus(NOTICES_APART)));
  }

  /**
   * What to do about a notice that somebody began and did not come back from: another try, which
   * may be after the end; and when tries have gone on for a while, it counts as one that failed, so
   * that no mail server keeps a cluster alive. Time in which nobody could try counts for nothing.
   */
  private static Decision unfinishedNotice(
      Cluster cluster, Notification notice, Instant expires, Instant now) {
    if (isJustNotified(cluster, now)) {
      return nothing();
    }
    Instant due = expires.isAfter(notice.tried()) ? expires : notice.tried();
    return notice.last().isBefore(due.plus(NOTICE_GIVEN_UP))
        ? new Decision.Notify(Topic.NOTICE, expires)
        : mark(
            cluster.mailed(
                Topic.NOTICE, expires, Delivery.FAILED, "each attempt to send it broke off", now));
  }

  private static Decision destroying(Cluster cluster, TaskObservation known, Instant now) {
    Task task = cluster.openTask().orElseThrow();
    if (task.kind() == TaskKind.CREATE) {
      return known.view() instanceof TaskStatus.Reported
          ? mark(cluster.taskOver("over before it was destroyed", now))
          : writeOff(
              cluster,
              known,
              "the cluster is being destroyed",
              now,
              why -> cluster.taskOver("ended for the destruction", now));
    }
    if (known.view() instanceof TaskStatus.Reported(TaskResult result)) {
      return mark(
          result.provesAbsence()
              ? cluster.gone(result.message(), now)
              : cluster.destroyFailed(
                  // One that takes itself for done has no reason to give.
                  result.outcome() != TaskResult.Outcome.ABSENT
                      ? result.message()
                      : "the teardown left resources behind",
                  result.leftovers(),
                  now));
    }
    return work(
        cluster,
        known,
        DESTROY_DEADLINE,
        now,
        why -> cluster.destroyFailed(because(why, cluster), now));
  }

  private static Decision destroyFailed(Cluster cluster, Instant now) {
    Instant failed = cluster.since(State.DESTROY_FAILED).orElseThrow();
    int failures = cluster.failures();
    return now.isBefore(failed.plus(retryAfter(failures)))
        ? nothing()
        : mark(cluster.destroying("attempt " + (failures + 1), now));
  }

  /** What to do for a task that has left no result. */
  private static Decision work(
      Cluster cluster,
      TaskObservation known,
      Duration deadline,
      Instant now,
      Function<String, Cluster> failed) {
    Task task = cluster.openTask().orElseThrow();
    boolean nobodyTried = known.view() instanceof TaskStatus.Unlaunched && task.refused() == null;
    if (nobodyTried && known.fence() == Fence.OPEN) {
      return new Decision.Launch(task); // however long ago it was planned
    }
    if (!now.isBefore(task.latestLaunch().plus(deadline))) {
      String why =
          "the %s task took longer than %d minutes"
              .formatted(task.kind().text(), deadline.toMinutes());
      return writeOff(cluster, known, why, now, failed);
    }
    return switch (known.view()) {
      case TaskStatus.Unlaunched _ -> new Decision.Launch(task);
      case TaskStatus.Stopped(String reason) ->
          known.running().isEmpty() ? writeOff(cluster, known, reason, now, failed) : nothing();
      case TaskStatus.Running _, TaskStatus.Missing _, TaskStatus.Reported _ -> nothing();
    };
  }

  /**
   * Ends a task that has left no result and is not wanted any more, and only then goes on: its
   * fence is closed, or it has stopped, or it has been missing for long enough.
   */
  private static Decision writeOff(
      Cluster cluster,
      TaskObservation known,
      String why,
      Instant now,
      Function<String, Cluster> ended) {
    Task task = cluster.openTask().orElseThrow();
    return switch (known.fence()) {
      case OPEN -> new Decision.CloseFence(task);
      case CLOSED -> mark(ended.apply(why));
      case TAKEN -> {
        if (!known.running().isEmpty()) {
          yield new Decision.Stop(known.running().getFirst(), why);
        }
        if (known.view() instanceof TaskStatus.Stopped) {
          yield mark(ended.apply(why));
        }
        boolean isShown = known.view() instanceof TaskStatus.Running;
        Instant since = isShown || task.launched() == null ? task.stopping() : task.launched();
        if (since == null) {
          yield mark(cluster.stopping(now)); // whoever told it, or launched it
        }
        yield now.isBefore(since.plus(isShown ? STOPPING_AFTER : MISSING_AFTER))
            ? nothing()
            : mark(ended.apply(why));
      }
    };
  }

  private static Optional<Decision> mailDue(Cluster cluster, Instant now) {
    return switch (cluster.state()) {
      case CREATING -> Optional.empty();
      case READY -> {
        Stream<Decision> told = due(cluster, Topic.READY, cluster.ready(), now);
        yield Stream.concat(told, noticeAgain(cluster, now)).findFirst();
      }
      case CREATE_FAILED, DESTROYING, DESTROY_FAILED ->
          Stream.concat(
                  due(
                      cluster,
                      Topic.CREATE_FAILED,
                      cluster.since(State.CREATE_FAILED).orElse(null),
                      now),
                  destroyFailureDue(cluster, now))
              .findFirst();
      case GONE ->
          due(cluster, Topic.GONE, cluster.since(State.GONE).orElseThrow(), now)
              .filter(tell -> !isToldOfItsEnd(cluster, now))
              .findFirst();
    };
  }

  /** Whether it is gone, and the mail that says so was tried, or whoever tried died at it. */
  private static boolean isToldOfItsEnd(Cluster cluster, Instant now) {
    if (cluster.state() != State.GONE) {
      return false;
    }
    return cluster
        .mailing(Topic.GONE, cluster.since(State.GONE).orElseThrow())
        .filter(mailing ->
            mailing.delivery() != Delivery.SENDING
                || (isAbandoned(mailing, now) && isGivenUp(mailing)))
        .isPresent();
  }

  private static Stream<Decision> noticeAgain(Cluster cluster, Instant now) {
    return cluster
        .notice()
        .filter(notice -> isDueAgain(notice, now) && !isJustNotified(cluster, now))
        .map(notice -> (Decision) new Decision.Notify(Topic.NOTICE, notice.about()))
        .stream();
  }

  /** From the third failure on, once, and then once a day. */
  private static Stream<Decision> destroyFailureDue(Cluster cluster, Instant now) {
    if (cluster.failures() < FAILURES_BEFORE_TELLING) {
      return Stream.empty();
    }
    Instant about =
        cluster.mailings().stream()
            .filter(mailing -> mailing.topic() == Topic.DESTROY_FAILED)
            .map(Notification::about)
            .max(Instant::compareTo)
            .filter(last -> now.isBefore(last.plus(TELL_FAILURE_AGAIN)))
            .orElse(now);
    return due(cluster, Topic.DESTROY_FAILED, about, now);
  }

  /** A mail that was never tried, or that failed a while ago and may still be of use. */
  private static Stream<Decision> due(
      Cluster cluster, Topic topic, @Nullable Instant about, Instant now) {
    if (about == null) {
      return Stream.empty();
    }
    boolean due = cluster.mailing(topic, about).map(before -> isDueAgain(before, now)).orElse(true);
    return due ? Stream.of(new Decision.Notify(topic, about)) : Stream.empty();
  }

  private static boolean isDueAgain(Notification mailing, Instant now) {
    return switch (mailing.delivery()) {
      case SENDING, FAILED -> isAbandoned(mailing, now) && !isGivenUp(mailing);
      case SENT, NOBODY -> false;
    };
  }

  /** Whether it was tried for long enough. Time in which nobody could try counts for nothing. */
  private static boolean isGivenUp(Notification mailing) {
    return !mailing.last().isBefore(mailing.tried().plus(MAIL_GIVEN_UP));
  }

  /** Whether the last try is so long ago that who was at it must have died, if not given up. */
  private static boolean isAbandoned(Notification mailing, Instant now) {
    return !now.isBefore(mailing.last().plus(MAIL_RETRY));
  }

  /** A reason, with what kept the task from being launched where that is all there is. */
  private static String because(String why, Cluster cluster) {
    String refused = cluster.openTask().orElseThrow().refused();
    return refused == null ? why : why + ": " + refused;
  }

  /** A task's own time, which another clock may have given, kept within what is possible. */
  private static Instant within(Instant earliest, Instant at, Instant latest) {
    Instant notLate = at.isAfter(latest) ? latest : at;
    return notLate.isBefore(earliest) ? earliest : notLate;
  }

  private static Decision mark(Cluster changed) {
    return new Decision.UpdateRecord(changed);
  }

  private static Decision nothing() {
    return new Decision.Nothing();
  }
}
