package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Delivery;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Decides the next step for a cluster, given its record, the observed status of its open task and
 * the time. {@link Admission} decides whether a new cluster is admitted.
 */
public final class Lifecycle {
  /** A create task fails if it takes longer, counted from its launch, or its plan until then. */
  public static final Duration CREATE_DEADLINE = Duration.ofMinutes(45);

  /** The same for a destroy task. */
  public static final Duration DESTROY_DEADLINE = Duration.ofMinutes(60);

  /**
   * How long a task that the runner does not know may still appear: ECS is eventually consistent,
   * and keeps stopped tasks for at least an hour. After that, a missing task is over.
   */
  public static final Duration MISSING_TIMEOUT = Duration.ofHours(1);

  /**
   * How long a task that was told to stop may still be shown as running, though no longer listed.
   * ECS stops a task within minutes.
   */
  public static final Duration STOP_TIMEOUT = Duration.ofHours(1);

  private static final Duration FIRST_RETRY = Duration.ofMinutes(5);
  private static final Duration MAX_RETRY = Duration.ofMinutes(60);

  private Lifecycle() {}

  /**
   * The next step for a cluster.
   *
   * @param observed of its open task; {@link TaskObservation#NONE} if it has none
   */
  public static Decision decide(Cluster cluster, TaskObservation observed, Instant now) {
    Decision urgent =
        switch (cluster.state()) {
          case CREATING -> creating(cluster, observed, now);
          case READY -> ready(cluster, now);
          case CREATE_FAILED -> update(cluster.destroying("creation failed", now));
          case DESTROYING -> destroying(cluster, observed, now);
          case DESTROY_FAILED -> destroyFailed(cluster, now);
          case GONE -> new Decision.Wait();
        };
    if (!(urgent instanceof Decision.Wait)) {
      return urgent;
    }
    return NotificationPolicy.due(cluster, now)
        .orElseGet(() ->
            NotificationPolicy.isFinished(cluster, now)
                ? new Decision.Archive()
                : new Decision.Wait());
  }

  /** How long to wait after the n-th failure in a row: 5, 10, 20, 40, 60, 60, … minutes. */
  public static Duration retryAfter(int failures) {
    Duration doubled = FIRST_RETRY.multipliedBy(1L << Math.min(failures - 1, 10));
    return doubled.compareTo(MAX_RETRY) < 0 ? doubled : MAX_RETRY;
  }

  private static Decision creating(Cluster cluster, TaskObservation observed, Instant now) {
    if (!cluster.isAdmitted()) {
      return new Decision.Admit();
    }
    Task task = cluster.openTask().orElseThrow();
    if (observed.status() instanceof TaskStatus.Reported(TaskResult result)) {
      return update(
          switch (result.outcome()) {
            case READY -> cluster.becameReady(clamp(result.at(), task.planned(), now), now);
            case FOREIGN -> cluster.neverCreated(result.message(), now);
            case FAILED, ABSENT -> cluster.creationFailed(result.message(), result.log(), now);
          });
    }
    return unreported(
        cluster,
        observed,
        CREATE_DEADLINE,
        now,
        why -> cluster.creationFailed(withLaunchError(why, task), List.of(), now));
  }

  private static Decision ready(Cluster cluster, Instant now) {
    Instant expires = cluster.expires();
    if (expires == null) {
      throw new IllegalStateException("cluster " + cluster.id() + " is ready and never expires");
    }
    Optional<Notification> tried =
        cluster.notice().filter(notice -> notice.delivery() != Delivery.SENDING);
    if (tried.isEmpty()) {
      return NotificationPolicy.pendingNotice(cluster, expires, now);
    }
    Instant noticed = tried.get().last().plus(NotificationPolicy.NOTICE_TO_DESTRUCTION);
    return now.isBefore(noticed) || now.isBefore(expires)
        ? new Decision.Wait()
        : update(cluster.destroying("expired", now));
  }

  private static Decision destroying(Cluster cluster, TaskObservation observed, Instant now) {
    Task task = cluster.openTask().orElseThrow();
    if (task.kind() == TaskKind.CREATE) {
      return observed.status() instanceof TaskStatus.Reported
          ? update(cluster.taskEnded("ended before the cluster was destroyed", now))
          : abandon(
              cluster,
              observed,
              "the cluster is being destroyed",
              now,
              _ -> cluster.taskEnded("stopped to destroy the cluster", now));
    }
    if (observed.status() instanceof TaskStatus.Reported(TaskResult result)) {
      return update(destroyReported(cluster, result, now));
    }
    return unreported(
        cluster,
        observed,
        DESTROY_DEADLINE,
        now,
        why -> cluster.destroyFailed(withLaunchError(why, task), now));
  }

  private static Cluster destroyReported(Cluster cluster, TaskResult result, Instant now) {
    if (result.provesAbsence()) {
      return cluster.deletionVerified(result.message(), now);
    }
    String why =
        result.outcome() == TaskResult.Outcome.ABSENT // then its message is not about a failure
            ? "the teardown left resources behind"
            : result.message();
    return cluster.destroyFailed(why, result.leftovers(), now);
  }

  private static Decision destroyFailed(Cluster cluster, Instant now) {
    Instant failed = cluster.since(State.DESTROY_FAILED).orElseThrow();
    int failures = cluster.failures();
    return now.isBefore(failed.plus(retryAfter(failures)))
        ? new Decision.Wait()
        : update(cluster.destroying("attempt " + (failures + 1), now));
  }

  /** The next step for a task that has left no result. */
  private static Decision unreported(
      Cluster cluster,
      TaskObservation observed,
      Duration deadline,
      Instant now,
      Function<String, Cluster> failed) {
    Task task = cluster.openTask().orElseThrow();
    boolean neverTried =
        observed.status() instanceof TaskStatus.Unlaunched && task.refused() == null;
    if (neverTried && observed.fence() == Fence.OPEN) {
      return new Decision.Launch(task); // however long ago it was planned
    }
    if (!now.isBefore(task.latestLaunch().plus(deadline))) {
      String why =
          "the %s task took longer than %d minutes"
              .formatted(task.kind().text(), deadline.toMinutes());
      return abandon(cluster, observed, why, now, failed);
    }
    return switch (observed.status()) {
      case TaskStatus.Unlaunched _ -> new Decision.Launch(task);
      case TaskStatus.Stopped(String reason) ->
          observed.running().isEmpty()
              ? abandon(cluster, observed, reason, now, failed)
              : new Decision.Wait();
      case TaskStatus.Running _, TaskStatus.Missing _, TaskStatus.Reported _ -> new Decision.Wait();
    };
  }

  /**
   * Gives up a task that has left no result. The cluster moves on only once the task can never work
   * again: its fence is closed, it has stopped, or it has been missing for long enough.
   */
  private static Decision abandon(
      Cluster cluster,
      TaskObservation observed,
      String why,
      Instant now,
      Function<String, Cluster> ended) {
    Task task = cluster.openTask().orElseThrow();
    return switch (observed.fence()) {
      case OPEN -> new Decision.CloseFence(task);
      case CLOSED -> update(ended.apply(why));
      case TAKEN -> {
        if (!observed.running().isEmpty()) {
          yield new Decision.Stop(observed.running().getFirst(), why);
        }
        if (observed.status() instanceof TaskStatus.Stopped) {
          yield update(ended.apply(why));
        }
        boolean isShown = observed.status() instanceof TaskStatus.Running;
        Instant since = isShown || task.launched() == null ? task.stopping() : task.launched();
        if (since == null) {
          yield update(cluster.stopping(now)); // the waiting starts now
        }
        yield now.isBefore(since.plus(isShown ? STOP_TIMEOUT : MISSING_TIMEOUT))
            ? new Decision.Wait()
            : update(ended.apply(why));
      }
    };
  }

  private static String withLaunchError(String why, Task task) {
    return task.refused() == null ? why : why + ": " + task.refused();
  }

  /** A time reported by a task, whose clock may differ, limited to what is possible. */
  private static Instant clamp(Instant at, Instant earliest, Instant latest) {
    Instant notLate = at.isAfter(latest) ? latest : at;
    return notLate.isBefore(earliest) ? earliest : notLate;
  }

  private static Decision update(Cluster changed) {
    return new Decision.UpdateRecord(changed);
  }
}
