package io.eksphemeral.domain;

import io.eksphemeral.domain.Mailing.Delivery;
import io.eksphemeral.domain.Mailing.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
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
 * @param mailings in the order they were first tried; one for each topic and moment
 * @param error what went wrong last, for people; null while nothing did
 * @param log the last lines of a failed creation's output
 * @param leftovers what the last destroy attempt still found
 * @param history from the first state on
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
    List<Mailing> mailings,
    @Nullable String error,
    List<String> log,
    List<String> leftovers,
    List<Transition> history) {

  /**
   * How many attempts to destroy a cluster its record keeps: it must not grow for as long as they
   * fail, since what is too long cannot be read any more.
   */
  static final int MOST_ATTEMPTS_KEPT = 20;

  public Cluster {
    tasks = List.copyOf(tasks);
    mailings = List.copyOf(mailings);
    error = error == null ? null : Line.plain(error);
    log = Line.plain(log);
    leftovers = Line.plain(leftovers);
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
        List.of(new Transition(State.CREATING, now, "asked for by " + createdBy)));
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
    return history.stream()
        .filter(step -> step.to() == state)
        .map(Transition::at)
        .reduce((earlier, later) -> later);
  }

  /** Why it last came to a state; empty if it never did. */
  public Optional<String> why(State state) {
    return history.stream()
        .filter(step -> step.to() == state)
        .map(Transition::why)
        .reduce((earlier, later) -> later);
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

  public Optional<Mailing> mailing(Topic topic, Instant about) {
    return mailings.stream()
        .filter(mailing -> mailing.topic() == topic && mailing.about().equals(about))
        .findFirst();
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
    Edit edit = new Edit(this);
    edit.tasks.add(Task.plan(TaskKind.DESTROY, failures() + 1, now));
    return edit.moveTo(State.DESTROYING, now, why).done();
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

  Cluster gone(Instant now) {
    Edit edit = new Edit(this);
    edit.replaceOpenTask(task -> task.ended("absent", now));
    edit.leftovers = List.of();
    return edit.moveTo(State.GONE, now, "nothing of it was found").done();
  }

  /** Notes what becomes of a mail. */
  public Cluster mailed(Topic topic, Instant about, Delivery delivery, Instant now) {
    Edit edit = new Edit(this);
    Optional<Mailing> before = mailing(topic, about);
    Instant first = before.map(Mailing::tried).orElse(now);
    Mailing mailing = new Mailing(topic, about, first, now, delivery);
    before.ifPresentOrElse(
        known -> edit.mailings.set(mailings.indexOf(known), mailing),
        () -> edit.mailings.add(mailing));
    return edit.done();
  }

  /**
   * Moves its end by some minutes, back or forth. One whose time is up is prolonged from now; no
   * end is moved into the past, and shortening never moves one later.
   */
  public Cluster prolonged(int minutes, Instant now) {
    Edit edit = new Edit(this);
    if (ready == null || expires == null) {
      edit.lifetime = lifetime + minutes;
      return edit.done();
    }
    Instant from = minutes > 0 && expires.isBefore(now) ? now : expires;
    Instant wanted = from.plus(Duration.ofMinutes(minutes));
    Instant earliest = from.isBefore(now) ? from : now;
    Instant end = wanted.isBefore(earliest) ? earliest : wanted;
    edit.expires = end;
    edit.lifetime = Math.toIntExact(ceilingMinutes(Duration.between(ready, end)));
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
    private final List<Mailing> mailings;
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
      if (!state.next().contains(to)) {
        throw new IllegalStateException(
            "cluster %s cannot go from %s to %s".formatted(from.id, state.text(), to.text()));
      }
      state = to;
      history.add(new Transition(to, now, why));
      return this;
    }

    /** Keeps the first and the latest of what comes again and again while destroying fails. */
    private void forgetOldAttempts() {
      forgetSecond(tasks, task -> task.kind() == TaskKind.DESTROY);
      forgetSecond(history, step -> step.to() == State.DESTROYING);
      forgetSecond(history, step -> step.to() == State.DESTROY_FAILED);
      forgetSecond(mailings, mailing -> mailing.topic() == Topic.DESTROY_FAILED);
    }

    private static <T> void forgetSecond(List<T> items, Predicate<T> comesAgain) {
      List<T> again = items.stream().filter(comesAgain).toList();
      if (again.size() > MOST_ATTEMPTS_KEPT) {
        items.remove(again.get(1));
      }
    }

    Cluster done() {
      forgetOldAttempts();
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
