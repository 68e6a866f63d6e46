package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A throwaway cluster, as its record describes it. Immutable: every change is a method that returns
 * the changed cluster, and throws for a step that {@link State#next()} does not allow.
 *
 * @param createdBy the ARN of the caller
 * @param endpoint the API that was called; null if that is not known
 * @param lifetime minutes granted in total, prolongations included
 * @param ready when it first became ready; null until then
 * @param expires when its time is up; null until it is ready
 * @param tasks in the order they were planned
 * @param notifications one for each topic and moment, as they were begun; early notices last
 * @param error the latest error, for people; null while there is none
 * @param log the last lines of a failed creation's output
 * @param leftovers what the last destroy attempt still found
 * @param history every state it has been in, and the latest changes of its expiry
 */
public record Cluster(
    ClusterId id,
    Spec spec,
    State state,
    String createdBy,
    @Nullable Endpoint endpoint,
    Instant created,
    int lifetime,
    @Nullable Instant ready,
    @Nullable Instant expires,
    List<Task> tasks,
    List<Notification> notifications,
    @Nullable String error,
    List<String> log,
    List<String> leftovers,
    List<Transition> history) {

  /** The maximum length of a caller's ARN in AWS. */
  public static final int MAX_ARN_LENGTH = 2048;

  /** {@link #error} is longer than other texts, as it lists the leftovers. */
  private static final int MAX_ERROR_LENGTH = 4 * SafeText.MAX_LENGTH;

  public Cluster {
    tasks = List.copyOf(tasks);
    notifications =
        notifications.stream()
            .sorted(Comparator.comparing(one -> one.topic() == Topic.EARLY_NOTICE))
            .toList();
    error = error == null ? null : SafeText.sanitize(error, MAX_ERROR_LENGTH);
    log = SafeText.sanitize(log);
    leftovers = SafeText.sanitize(leftovers);
    history = List.copyOf(history);
  }

  /** A new cluster, not admitted yet: it is on record, but nothing of it may be created. */
  public static Cluster requested(ClusterId id, Spec spec, String createdBy, Instant now) {
    return new Cluster(
        id,
        spec,
        State.CREATING,
        createdBy,
        null,
        now,
        spec.timeout(),
        null,
        null,
        List.of(),
        List.of(),
        null,
        List.of(),
        List.of(),
        List.of(Transition.to(State.CREATING, now, "requested by " + createdBy, createdBy)));
  }

  /**
   * A cluster whose record cannot be read, about to be destroyed. Its tasks so far are unknown, and
   * some may still run.
   *
   * @param attempt the latest known attempt to destroy it; 0 if there is none
   * @param unreadable why its record cannot be read
   */
  public static Cluster recovered(
      ClusterId id,
      Spec spec,
      String createdBy,
      Instant created,
      int attempt,
      String unreadable,
      String by,
      Instant now) {
    String why = "the record could not be read: " + unreadable;
    return new Cluster(
        id,
        spec,
        State.DESTROYING,
        createdBy,
        null,
        created,
        spec.timeout(),
        null,
        null,
        List.of(
            Task.plan(TaskKind.CREATE, 1, created),
            Task.plan(TaskKind.DESTROY, Math.max(1, attempt), now)),
        List.of(),
        why,
        List.of(),
        List.of(),
        List.of(
            Transition.to(State.CREATING, now, why, Transition.CONTROL_PLANE),
            Transition.to(State.DESTROYING, now, "requested by " + by, by)));
  }

  /** The same, requested through an API. */
  public Cluster requestedAt(@Nullable Endpoint api) {
    ClusterEdit edit = new ClusterEdit(this);
    edit.endpoint = api;
    return edit.apply();
  }

  public String name() {
    return spec.name();
  }

  /** Whether the limits were checked with this cluster on record, so that it may be created. */
  public boolean isAdmitted() {
    return state != State.CREATING || !tasks.isEmpty();
  }

  /** Whether it is past the point where its expiry can change. */
  public boolean isTerminating() {
    return state != State.CREATING && state != State.READY;
  }

  /** The first task that is not known to have ended. */
  public Optional<Task> openTask() {
    return tasks.stream().filter(task -> !task.isOver()).findFirst();
  }

  public TaskKey key(Task task) {
    return new TaskKey(id, task.kind(), task.attempt());
  }

  /** When it last entered a state; empty if it never did. */
  public Optional<Instant> since(State state) {
    return latest(state).map(Transition::at);
  }

  /** Why it last entered a state; empty if it never did. */
  public Optional<String> reason(State state) {
    return latest(state).map(Transition::why);
  }

  private Optional<Transition> latest(State state) {
    return history.stream()
        .filter(step -> step.to() == state && !step.isExpiryChange())
        .reduce((earlier, later) -> later);
  }

  /** The latest changes of its expiry, oldest first. */
  public List<Transition> expiryChanges() {
    return history.stream().filter(Transition::isExpiryChange).toList();
  }

  /** How many attempts to destroy it have failed, including those no longer on record. */
  public int failures() {
    int attempts =
        tasks.stream()
            .filter(task -> task.kind() == TaskKind.DESTROY)
            .mapToInt(Task::attempt)
            .max()
            .orElse(0);
    return state == State.DESTROY_FAILED ? attempts : Math.max(0, attempts - 1);
  }

  public Optional<Notification> notification(Topic topic, Instant about) {
    return notifications.stream()
        .filter(notification -> notification.topic() == topic && notification.about().equals(about))
        .findFirst();
  }

  /**
   * The notice of the current expiry. A notice begun before the latest change of the expiry does
   * not count, even if the expiry was changed back.
   */
  public Optional<Notification> notice() {
    return expires == null
        ? Optional.empty()
        : notification(Topic.NOTICE, expires).filter(notice -> !isOutdated(notice));
  }

  boolean isOutdated(Notification notification) {
    List<Transition> changes = expiryChanges();
    return notification.topic() == Topic.NOTICE
        && !changes.isEmpty()
        && notification.tried().isBefore(changes.getLast().at());
  }

  /** Minutes until it expires, rounded up; 0 once it has expired, empty before it is ready. */
  public Optional<Long> minutesLeft(Instant now) {
    return Optional.ofNullable(expires)
        .filter(end -> state == State.READY)
        .map(end -> Math.max(0, Durations.minutesBetween(now, end)));
  }

  /** Admits it: from now on its create task may be launched. */
  Cluster admitted(Instant now) {
    ClusterEdit edit = new ClusterEdit(this);
    edit.tasks.add(Task.plan(TaskKind.CREATE, 1, now));
    return edit.apply();
  }

  /** Its open task was launched. */
  public Cluster launched(String handle, Instant now) {
    ClusterEdit edit = new ClusterEdit(this).replaceOpenTask(task -> task.launched(handle, now));
    edit.error = state == State.CREATING ? null : error; // an earlier launch error is resolved
    return edit.apply();
  }

  /** Its open task could not be launched; the reason is shown to people until it can be. */
  public Cluster launchRejected(String why) {
    ClusterEdit edit = new ClusterEdit(this).replaceOpenTask(task -> task.refused(why));
    edit.error = state == State.CREATING ? why : error;
    return edit.apply();
  }

  /** Its open task was told to stop. */
  public Cluster stopping(Instant now) {
    return new ClusterEdit(this).replaceOpenTask(task -> task.stopping(now)).apply();
  }

  /** Its open task has ended, and its state stays. */
  Cluster taskEnded(String outcome, Instant now) {
    return new ClusterEdit(this).replaceOpenTask(task -> task.ended(outcome, now)).apply();
  }

  Cluster becameReady(Instant at, Instant now) {
    ClusterEdit edit = new ClusterEdit(this).replaceOpenTask(task -> task.ended("ready", now));
    edit.ready = at;
    Instant end = spec.expiry(at, lifetime);
    edit.expires = end;
    edit.lifetime = Math.toIntExact(Math.min(lifetime, Durations.minutesBetween(at, end)));
    edit.error = null;
    return edit.moveTo(State.READY, now, "created").apply();
  }

  Cluster creationFailed(String why, List<String> log, Instant now) {
    ClusterEdit edit = new ClusterEdit(this).replaceOpenTask(task -> task.ended("failed", now));
    edit.error = why;
    edit.log = log;
    return edit.moveTo(State.CREATE_FAILED, now, why).apply();
  }

  /** It ends before anything was created. */
  Cluster neverCreated(String why, Instant now) {
    ClusterEdit edit = new ClusterEdit(this).replaceOpenTask(task -> task.ended("foreign", now));
    edit.error = why;
    return edit.moveTo(State.GONE, now, why).apply();
  }

  /** Plans the next attempt to destroy it. Earlier tasks may still have to be ended first. */
  public Cluster destroying(String why, Instant now) {
    return destroying(why, Transition.CONTROL_PLANE, now);
  }

  /** Plans the next attempt to destroy it, at a caller's request. */
  public Cluster destroyRequested(String by, Instant now) {
    return destroying("requested by " + by, by, now);
  }

  private Cluster destroying(String why, String by, Instant now) {
    ClusterEdit edit = new ClusterEdit(this);
    edit.tasks.add(Task.plan(TaskKind.DESTROY, failures() + 1, now));
    return edit.moveTo(State.DESTROYING, now, why, by).apply();
  }

  /** An attempt to destroy it failed, and reported leftovers. */
  Cluster destroyFailed(String why, List<String> leftovers, Instant now) {
    String error = leftovers.isEmpty() ? why : why + "; leftovers: " + String.join(", ", leftovers);
    return destroyFailed(why, error, leftovers, now);
  }

  /** An attempt to destroy it failed without a report, so earlier leftovers may still exist. */
  Cluster destroyFailed(String why, Instant now) {
    return destroyFailed(why, why, leftovers, now);
  }

  private Cluster destroyFailed(String why, String error, List<String> leftovers, Instant now) {
    ClusterEdit edit = new ClusterEdit(this).replaceOpenTask(task -> task.ended("failed", now));
    edit.error = error;
    edit.leftovers = leftovers;
    return edit.moveTo(State.DESTROY_FAILED, now, why).apply();
  }

  /** A look-up found nothing that carries its id. */
  Cluster deletionVerified(String why, Instant now) {
    ClusterEdit edit = new ClusterEdit(this).replaceOpenTask(task -> task.ended("absent", now));
    edit.leftovers = List.of();
    return edit.moveTo(State.GONE, now, why).apply();
  }

  /** Records the delivery of a notification. */
  public Cluster notified(Topic topic, Instant about, Delivery delivery, Instant now) {
    return notified(topic, about, delivery, null, now);
  }

  /**
   * Records the delivery of a notification.
   *
   * @param why what kept it from being sent; null if nothing did
   */
  public Cluster notified(
      Topic topic, Instant about, Delivery delivery, @Nullable String why, Instant now) {
    return new ClusterEdit(this).notify(topic, about, delivery, why, now).apply();
  }

  /**
   * Extends or shortens its life by some minutes. A cluster that has expired is extended from now;
   * no expiry moves into the past, and shortening never moves one later. If the expiry stays where
   * it was, nothing changes.
   *
   * @param by the ARN of the caller
   */
  public Cluster prolonged(int minutes, String by, Instant now) {
    ClusterEdit edit = new ClusterEdit(this);
    if (ready == null || expires == null) {
      edit.lifetime = lifetime + minutes;
    } else {
      Instant from = minutes > 0 && expires.isBefore(now) ? now : expires;
      Instant wanted = from.plus(Duration.ofMinutes(minutes));
      Instant earliest = from.isBefore(now) ? from : now;
      Instant end = wanted.isBefore(earliest) ? earliest : wanted;
      if (end.equals(expires)) {
        return this;
      }
      edit.expires = end;
      edit.lifetime = Math.toIntExact(Durations.minutesBetween(ready, end));
    }
    edit.history.add(Transition.expiryChange(state, now, minutes, by));
    return edit.apply();
  }
}
