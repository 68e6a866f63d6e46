package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A throwaway cluster as its record has it. Immutable: each change is a method that gives the
 * changed cluster, and refuses a step that {@link State#next()} does not have.
 *
 * @param createdBy the ARN of who asked
 * @param lifetime minutes granted in all, prolongations included
 * @param ready when it could first be used; null until then
 * @param expires when its time is up; null until it is ready
 * @param tasks in the order they were planned
 * @param mailings in the order they were begun; one for each topic and moment
 * @param error what went wrong last, for people; null while nothing did
 * @param log the last lines of a failed creation's output
 * @param leftovers what the last destroy attempt still found
 * @param history from the first state on, with the latest changes of its expiry
 */
public record Cluster(
    ClusterId id,
    Spec spec,
    State state,
    String createdBy,
    Instant created,
    int lifetime,
    @Nullable Instant ready,
    @Nullable Instant expires,
    List<Task> tasks,
    List<Notification> mailings,
    @Nullable String error,
    List<String> log,
    List<String> leftovers,
    List<Transition> history) {

  /**
   * How many attempts to destroy a cluster its record keeps: it must not grow for as long as they
   * fail, since what is too long cannot be read any more.
   */
  static final int MOST_ATTEMPTS_KEPT = 20;

  /** How many notices its record keeps: callers make a new one due by moving its expiry. */
  static final int MOST_NOTICES_KEPT = 5;

  /** How many changes of its expiry its record keeps: callers can change it again and again. */
  static final int MOST_CHANGES_KEPT = 20;

  /** The longest ARN of a caller, as AWS has it. */
  public static final int LONGEST_ARN = 2048;

  /** How long {@link #error} is at the most; it names the leftovers, which are a list as well. */
  private static final int LONGEST_ERROR = 4 * SafeText.LONGEST;

  public Cluster {
    tasks = List.copyOf(tasks);
    mailings = List.copyOf(mailings);
    error = error == null ? null : SafeText.plain(error, LONGEST_ERROR);
    log = SafeText.plain(log);
    leftovers = SafeText.plain(leftovers);
    history = List.copyOf(history);
  }

  /** A cluster that was just asked for. It is on record, but may not cost anything yet. */
  public static Cluster asked(ClusterId id, Spec spec, String createdBy, Instant now) {
    return new Cluster(
        id,
        spec,
        State.CREATING,
        createdBy,
        now,
        spec.timeout(),
        null,
        null,
        List.of(),
        List.of(),
        null,
        List.of(),
        List.of(),
        List.of(Transition.to(State.CREATING, now, "asked for by " + createdBy, createdBy)));
  }

  /**
   * A cluster whose record cannot be read any more, and of which a caller wants nothing to be left.
   * Its tasks may have done anything so far, and some may still be at it.
   *
   * @param attempt the latest attempt to destroy it that is known of; 0 where none is
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
    String why = "its record could not be read: " + unreadable;
    return new Cluster(
        id,
        spec,
        State.DESTROYING,
        createdBy,
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
            Transition.to(State.DESTROYING, now, "asked for by " + by, by)));
  }

  public String name() {
    return spec.name();
  }

  /** Whether the limits were checked with this cluster on record, so that it may be built. */
  public boolean isAdmitted() {
    return state != State.CREATING || !tasks.isEmpty();
  }

  /** Whether its end has begun: it can no longer be prolonged. */
  public boolean isEnding() {
    return state != State.CREATING && state != State.READY;
  }

  /** The first task that is not known to be over. */
  public Optional<Task> openTask() {
    return tasks.stream().filter(task -> !task.isOver()).findFirst();
  }

  public TaskKey key(Task task) {
    return new TaskKey(id, task.kind(), task.attempt());
  }

  /** When it last came to a state; empty if it never did. */
  public Optional<Instant> since(State state) {
    return latest(state).map(Transition::at);
  }

  /** Why it last came to a state; empty if it never did. */
  public Optional<String> why(State state) {
    return latest(state).map(Transition::why);
  }

  private Optional<Transition> latest(State state) {
    return history.stream()
        .filter(step -> step.to() == state && !step.isChange())
        .reduce((earlier, later) -> later);
  }

  /** The latest changes of its expiry, in the order they were made. */
  public List<Transition> changes() {
    return history.stream().filter(Transition::isChange).toList();
  }

  /** How many attempts to destroy it failed, those that are not kept on record included. */
  public int failures() {
    int attempts =
        tasks.stream()
            .filter(task -> task.kind() == TaskKind.DESTROY)
            .mapToInt(Task::attempt)
            .max()
            .orElse(0);
    return state == State.DESTROY_FAILED ? attempts : Math.max(0, attempts - 1);
  }

  public Optional<Notification> mailing(Topic topic, Instant about) {
    return mailings.stream()
        .filter(mailing -> mailing.topic() == topic && mailing.about().equals(about))
        .findFirst();
  }

  /**
   * The notice of its expiry as it is now: a mail that was begun before the expiry was last changed
   * says nothing of it, even where it was changed back to what it was.
   */
  public Optional<Notification> notice() {
    return expires == null
        ? Optional.empty()
        : mailing(Topic.NOTICE, expires).filter(notice -> !isOutdated(notice));
  }

  private boolean isOutdated(Notification mailing) {
    List<Transition> changes = changes();
    return mailing.topic() == Topic.NOTICE
        && !changes.isEmpty()
        && mailing.tried().isBefore(changes.getLast().at());
  }

  /** Minutes until its time is up, begun ones counted whole; 0 once it is, empty before ready. */
  public Optional<Long> minutesLeft(Instant now) {
    return Optional.ofNullable(expires)
        .filter(end -> state == State.READY)
        .map(end -> Math.max(0, ceilingMinutes(Duration.between(now, end))));
  }

  /** Admits it: from here on its creation may be launched. */
  Cluster admitted(Instant now) {
    Edit edit = new Edit(this);
    edit.tasks.add(Task.plan(TaskKind.CREATE, 1, now));
    return edit.done();
  }

  /** Notes the launch of its open task. */
  public Cluster launched(String handle, Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.launched(handle, now));
    edit.error = state == State.CREATING ? null : error; // what kept it from being launched is over
    return edit.done();
  }

  /** Notes that its open task could not be launched, for people to read until it was. */
  public Cluster notLaunched(String why) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.refused(why));
    edit.error = state == State.CREATING ? why : error;
    return edit.done();
  }

  /** Notes that its open task was told to stop. */
  public Cluster stopping(Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.stopping(now));
    return edit.done();
  }

  /** Notes that its open task is over, while the cluster stays in its state. */
  Cluster taskOver(String outcome, Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.ended(outcome, now));
    return edit.done();
  }

  Cluster becameReady(Instant at, Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.ended("ready", now));
    edit.ready = at;
    edit.expires = at.plus(Duration.ofMinutes(lifetime));
    edit.error = null;
    return edit.moveTo(State.READY, now, "it was built").done();
  }

  Cluster creationFailed(String why, List<String> log, Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.ended("failed", now));
    edit.error = why;
    edit.log = log;
    return edit.moveTo(State.CREATE_FAILED, now, why).done();
  }

  /** Ends it before anything of it was built. */
  Cluster neverBuilt(String why, Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.ended("foreign", now));
    edit.error = why;
    return edit.moveTo(State.GONE, now, why).done();
  }

  /** Begins the next attempt to destroy it. The tasks before it may still have to be ended. */
  public Cluster destroying(String why, Instant now) {
    return destroying(why, Transition.CONTROL_PLANE, now);
  }

  /** The same for a caller who asks for it. */
  public Cluster askedToEnd(String by, Instant now) {
    return destroying("asked for by " + by, by, now);
  }

  private Cluster destroying(String why, String by, Instant now) {
    Edit edit = new Edit(this);
    edit.tasks.add(Task.plan(TaskKind.DESTROY, failures() + 1, now));
    return edit.moveTo(State.DESTROYING, now, why, by).done();
  }

  /** Notes that an attempt failed which says what is left. */
  Cluster destroyFailed(String why, List<String> leftovers, Instant now) {
    String error =
        leftovers.isEmpty() ? why : why + "; still there: " + String.join(", ", leftovers);
    return destroyFailed(why, error, leftovers, now);
  }

  /** Notes that an attempt failed which says nothing: what was left before may still be. */
  Cluster destroyFailed(String why, Instant now) {
    return destroyFailed(why, why, leftovers, now);
  }

  private Cluster destroyFailed(String why, String error, List<String> leftovers, Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.ended("failed", now));
    edit.error = error;
    edit.leftovers = leftovers;
    return edit.moveTo(State.DESTROY_FAILED, now, why).done();
  }

  /** Notes the proof that nothing is left, and what the look-up says. */
  Cluster gone(String why, Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.ended("absent", now));
    edit.leftovers = List.of();
    return edit.moveTo(State.GONE, now, why).done();
  }

  /** Notes what becomes of a mail that nothing keeps from being sent. */
  public Cluster mailed(Topic topic, Instant about, Delivery delivery, Instant now) {
    return mailed(topic, about, delivery, null, now);
  }

  /**
   * Notes what becomes of a mail.
   *
   * @param why what kept it from being sent; null where nothing did
   */
  public Cluster mailed(
      Topic topic, Instant about, Delivery delivery, @Nullable String why, Instant now) {
    Edit edit = new Edit(this);
    Optional<Notification> before = mailing(topic, about);
    boolean isBegunAnew =
        before.filter(this::isOutdated).isPresent()
            && (delivery == Delivery.SENDING || delivery == Delivery.NOBODY);
    Instant first = isBegunAnew ? now : before.map(Notification::tried).orElse(now);
    Notification mailing = new Notification(topic, about, first, now, delivery, why);
    if (before.isPresent() && !isBegunAnew) {
      edit.mailings.set(mailings.indexOf(before.get()), mailing);
    } else {
      before.ifPresent(edit.mailings::remove);
      edit.mailings.add(mailing);
    }
    return edit.done();
  }

  /**
   * Moves its end by some minutes, back or forth. One whose time is up is prolonged from now; no
   * end is moved into the past, and shortening never moves one later. Where that leaves the end
   * where it was, nothing changes.
   *
   * @param by the ARN of the caller
   */
  public Cluster prolonged(int minutes, String by, Instant now) {
    Edit edit = new Edit(this);
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
      edit.lifetime = Math.toIntExact(ceilingMinutes(Duration.between(ready, end)));
    }
    edit.history.add(Transition.change(state, now, minutes, by));
    return edit.done();
  }

  private static long ceilingMinutes(Duration duration) {
    return Math.ceilDiv(duration.toMillis(), Duration.ofMinutes(1).toMillis());
  }

  /** A cluster being changed; it never leaves the method that changes it. */
  private static final class Edit {
    private final Cluster from;
    private State state;
    private int lifetime;
    private @Nullable Instant ready;
    private @Nullable Instant expires;
    private final List<Task> tasks;
    private final List<Notification> mailings;
    private @Nullable String error;
    private List<String> log;
    private List<String> leftovers;
    private final List<Transition> history;

    Edit(Cluster from) {
      this.from = from;
      state = from.state;
      lifetime = from.lifetime;
      ready = from.ready;
      expires = from.expires;
      tasks = new ArrayList<>(from.tasks);
      mailings = new ArrayList<>(from.mailings);
      error = from.error;
      log = from.log;
      leftovers = from.leftovers;
      history = new ArrayList<>(from.history);
    }

    void replaceOpenTask(UnaryOperator<Task> change) {
      Task open = from.openTask().orElseThrow();
      tasks.set(tasks.indexOf(open), change.apply(open));
    }

    Edit moveTo(State to, Instant now, String why) {
      return moveTo(to, now, why, Transition.CONTROL_PLANE);
    }

    Edit moveTo(State to, Instant now, String why, String by) {
      if (!state.next().contains(to)) {
        throw new IllegalStateException(
            "cluster %s cannot go from %s to %s".formatted(from.id, state.text(), to.text()));
      }
      state = to;
      history.add(Transition.to(to, now, why, by));
      return this;
    }

    /**
     * Keeps the first and the latest of what comes again and again, so that the record does not
     * grow for as long as destroying fails, or a caller repeats what a caller can.
     */
    private void forgetOld() {
      for (TaskKind kind : TaskKind.values()) {
        keepFirstAndLatest(tasks, task -> task.kind() == kind);
      }
      for (State to : State.values()) {
        keepFirstAndLatest(history, step -> step.to() == to && !step.isChange());
      }
      for (Topic topic : Topic.values()) {
        if (topic == Topic.NOTICE) {
          forget(mailings, 0, MOST_NOTICES_KEPT, mailing -> mailing.topic() == topic);
        } else {
          keepFirstAndLatest(mailings, mailing -> mailing.topic() == topic);
        }
      }
      forgetChanges();
    }

    /** Keeps the latest changes of the expiry, and how many there were before. */
    private void forgetChanges() {
      List<Transition> forgotten = forget(history, 0, MOST_CHANGES_KEPT, Transition::isChange);
      if (!forgotten.isEmpty()) {
        int first =
            IntStream.range(0, history.size())
                .filter(i -> history.get(i).isChange())
                .findFirst()
                .orElseThrow();
        int earlier =
            forgotten.size()
                + forgotten.stream().mapToInt(Transition::earlier).sum()
                + history.get(first).earlier();
        history.set(first, history.get(first).after(earlier));
      }
    }

    private static <T> void keepFirstAndLatest(List<T> items, Predicate<T> comesAgain) {
      forget(items, 1, MOST_ATTEMPTS_KEPT, comesAgain);
    }

    /**
     * Removes the oldest of those that come again, but for the very first ones, until there are no
     * more than may be.
     */
    private static <T> List<T> forget(List<T> items, int first, int most, Predicate<T> comesAgain) {
      List<T> again = items.stream().filter(comesAgain).toList();
      if (again.size() <= most) {
        return List.of();
      }
      List<T> forgotten = again.subList(first, first + again.size() - most);
      Set<T> gone = Collections.newSetFromMap(new IdentityHashMap<>());
      gone.addAll(forgotten);
      items.removeIf(gone::contains);
      return forgotten;
    }

    Cluster done() {
      forgetOld();
      return new Cluster(
          from.id,
          from.spec,
          state,
          from.createdBy,
          from.created,
          lifetime,
          ready,
          expires,
          tasks,
          mailings,
          error,
          log,
          leftovers,
          history);
    }
  }
}
