package io.eksphemeral.control;

import io.eksphemeral.domain.Admission;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Decision;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskObservation;
import io.eksphemeral.domain.TaskObservation.TaskStatus;
import io.eksphemeral.domain.Transition;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Brings one cluster as far as it can go now: looks at its task, has {@link Lifecycle} decide, does
 * what was decided, and again. Creating and destroying a cluster end here, and so does the sweep;
 * whatever dies on the way, the next one goes on from the store alone (promise P1).
 *
 * <p>Any number may be at work on the same cluster: every change is conditional on the record that
 * it was decided on (promise P6), launching is idempotent, and fences do the rest (promise P7).
 */
public final class Reconciler {
  /** How often a cluster that fits only if others step back looks whether they have. */
  private static final int ADMISSION_LOOKS = 20;

  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(100);

  /** More steps than any cluster has to take at a time; past it something is wrong. */
  private static final int MOST_STEPS = 100;

  private final ClusterStore store;
  private final TaskRunner tasks;
  private final Notifications letters;
  private final EksctlConfig config;
  private final Limits limits;
  private final Versions fallback;
  private final InstantSource clock;
  private final Sleeper pause;

  /**
   * @param config what eksctl is told, where a cluster is about to be created
   * @param fallback what versions there are where the store has no list of them
   */
  public Reconciler(
      ClusterStore store,
      TaskRunner tasks,
      Notifications letters,
      EksctlConfig config,
      Limits limits,
      Versions fallback,
      InstantSource clock,
      Sleeper pause) {
    this.store = store;
    this.tasks = tasks;
    this.letters = letters;
    this.config = config;
    this.limits = limits;
    this.fallback = fallback;
    this.clock = clock;
    this.pause = pause;
  }

  /** How a cluster stands when there is nothing more to do for it now. */
  public sealed interface ReconcileResult {
    /** It is on record like this. */
    record OnRecord(Stored.Live record) implements ReconcileResult {}

    /** It was past a limit or without a name, and withdrawn before anything of it was built. */
    record Withdrawn(Rejection.Kind kind, String problem) implements ReconcileResult {}

    /** It ended, and is in the archive; or its record was taken away by somebody else. */
    record OffRecord() implements ReconcileResult {}
  }

  /** What to do after a step: go on with a record, or leave it at that. */
  private sealed interface StepResult {
    record GoOn(Stored.Live record) implements StepResult {}

    record Leave(ReconcileResult standing) implements StepResult {}
  }

  /** Brings a cluster, from a record of it that may be outdated, as far as it can go now. */
  public ReconcileResult reconcile(Stored.Live read) {
    return reconcile(read, true);
  }

  /**
   * The same on behalf of a caller, but for mails: only sweeps send those, so that no caller makes
   * them come more often, or waits for a mail server.
   */
  ReconcileResult answer(Stored.Live read) {
    return reconcile(read, false);
  }

  private ReconcileResult reconcile(Stored.Live read, boolean sendsMails) {
    Stored.Live record = read;
    for (int step = 0; step < MOST_STEPS; step++) {
      switch (step(record, sendsMails)) {
        case StepResult.GoOn(Stored.Live next) -> record = next;
        case StepResult.Leave(ReconcileResult standing) -> {
          return standing;
        }
      }
    }
    throw new IllegalStateException(
        "cluster %s is not done after %d steps".formatted(read.id(), MOST_STEPS));
  }

  private StepResult step(Stored.Live record, boolean sendsMails) {
    Cluster cluster = record.cluster();
    TaskObservation known = sight(cluster);
    Instant now = clock.instant();
    return switch (Lifecycle.decide(cluster, known, now)) {
      case Decision.Nothing _ -> leave(record);
      case Decision.Admit _ -> admit(record);
      case Decision.UpdateRecord(Cluster changed) -> write(record, changed);
      case Decision.Launch(Task task) -> launch(record, task);
      case Decision.Notify(Topic topic, Instant about) ->
          sendsMails ? tell(record, topic, about) : leave(record);
      case Decision.CloseFence(Task task) -> {
        store.takeFence(cluster.key(task), Fence.CLOSED, Transition.CONTROL_PLANE);
        yield new StepResult.GoOn(record);
      }
      case Decision.Stop(String handle, String why) -> {
        tasks.stop(handle, why);
        yield writeAndLeave(record, cluster.stopping(clock.instant()));
      }
      case Decision.Archive _ -> end(record);
    };
  }

  private TaskObservation sight(Cluster cluster) {
    Optional<Task> open = cluster.openTask();
    if (open.isEmpty()) {
      return TaskObservation.NONE;
    }
    Task task = open.get();
    TaskKey key = cluster.key(task);
    Optional<TaskObservation> reported = reported(key);
    if (reported.isPresent()) {
      return reported.get();
    }
    Optional<FenceHolder> taken = store.taken(key);
    TaskStatus view = view(task, taken);
    if (!(view instanceof TaskStatus.Running)) {
      // It may have left its result and stopped since it was first looked for.
      reported = reported(key);
    }
    Fence fence = taken.map(FenceHolder::as).orElse(Fence.OPEN);
    return reported.orElseGet(() -> new TaskObservation(view, fence, tasks.running(cluster.id())));
  }

  private Optional<TaskObservation> reported(TaskKey key) {
    return store
        .result(key)
        .map(
            result -> new TaskObservation(new TaskStatus.Reported(result), Fence.TAKEN, List.of()));
  }

  /**
   * What the runner says of a task: of the one that took the fence, where one did. It need not be
   * the one that the record knows, should the same one have been started twice.
   */
  private TaskStatus view(Task task, Optional<FenceHolder> taken) {
    String handle =
        taken
            .filter(fence -> fence.as() == Fence.TAKEN && !fence.handle().isEmpty())
            .map(FenceHolder::handle)
            .orElse(task.handle());
    if (handle == null) {
      return new TaskStatus.Unlaunched();
    }
    return switch (tasks.status(handle)) {
      case TaskRunner.Status.Running _ -> new TaskStatus.Running();
      case TaskRunner.Status.Stopped(String reason) -> new TaskStatus.Stopped(reason);
      case TaskRunner.Status.Missing _ -> new TaskStatus.Missing();
    };
  }

  private StepResult admit(Stored.Live record) {
    Cluster cluster = record.cluster();
    // Its claim may have been freed, by who took the cluster for withdrawn.
    Claim claim =
        store
            .claimOn(cluster.name())
            .orElseGet(() -> store.claim(new Claim(cluster.name(), cluster.id(), clock.instant())));
    if (!claim.holder().equals(cluster.id())) {
      return withdraw(record, Rejection.Kind.NAME_TAKEN, claim.taken());
    }
    String problem = "";
    for (int look = 0; look < ADMISSION_LOOKS; look++) {
      List<Stored> listed = store.list();
      List<Cluster> clusters =
          listed.stream()
              .filter(Stored.Live.class::isInstance)
              .map(live -> ((Stored.Live) live).cluster())
              .toList();
      long unreadable = listed.stream().filter(Stored.Unreadable.class::isInstance).count();
      switch (Admission.judge(cluster, clusters, unreadable, limits, clock.instant())) {
        case Admission.Admitted(Cluster admitted) -> {
          return write(record, admitted);
        }
        case Admission.Refused(String why) -> {
          return withdraw(record, Rejection.Kind.LIMIT, why);
        }
        case Admission.Unsettled(String why) -> {
          problem = why;
          pause.of(BETWEEN_LOOKS);
        }
      }
    }
    return withdraw(record, Rejection.Kind.LIMIT, problem);
  }

  private StepResult withdraw(Stored.Live record, Rejection.Kind kind, String problem) {
    if (!removeAndFreeName(record)) {
      return reread(record)
          .orElseGet(() -> new StepResult.Leave(new ReconcileResult.Withdrawn(kind, problem)));
    }
    return new StepResult.Leave(new ReconcileResult.Withdrawn(kind, problem));
  }

  private StepResult launch(Stored.Live record, Task task) {
    Cluster cluster = record.cluster();
    if (task.kind() == TaskKind.CREATE) {
      Versions versions = store.versions().orElse(fallback);
      store.putConfig(cluster.id(), config.of(cluster, task, versions));
    }
    TaskRunner.Launch launch;
    try {
      launch = tasks.launch(cluster, task);
    } catch (TaskRunnerException e) {
      notLaunched(record, task, String.valueOf(e.getMessage()));
      throw e;
    }
    return switch (launch) {
      case TaskRunner.Launch.Launched(String handle) ->
          write(record, cluster.launched(handle, clock.instant()));
      case TaskRunner.Launch.Refused(String why) -> notLaunched(record, task, why);
    };
  }

  /** Leaves a launch that did not happen to the next sweep, with the reason for people to read. */
  private StepResult notLaunched(Stored.Live record, Task task, String why) {
    if (why.equals(task.refused())) {
      return leave(record);
    }
    return writeAndLeave(record, record.cluster().notLaunched(why));
  }

  /**
   * Mails. That it is about to is written down first, so that of any number that are at work on the
   * cluster one does; if it dies at it, another one mails again a while later.
   */
  private StepResult tell(Stored.Live record, Topic topic, Instant about) {
    Cluster cluster = record.cluster();
    Optional<String> unsendable = letters.whyNobody(cluster, topic);
    if (unsendable.isPresent()) {
      return write(
          record, cluster.mailed(topic, about, Delivery.NOBODY, unsendable.get(), clock.instant()));
    }
    Optional<Stored.Live> sending =
        store.replace(record, cluster.mailed(topic, about, Delivery.SENDING, clock.instant()));
    if (sending.isEmpty()) {
      return lost(record);
    }
    return noteDelivery(sending.get(), topic, about, letters.send(cluster, topic, about));
  }

  /** Writes down what became of a mail, whatever else was written meanwhile. */
  private StepResult noteDelivery(
      Stored.Live record, Topic topic, Instant about, Notifications.Outcome outcome) {
    Stored.Live last = record;
    for (int i = 0; i < MOST_STEPS && !isSent(last.cluster(), topic, about); i++) {
      Cluster noted =
          last.cluster().mailed(topic, about, outcome.delivery(), outcome.why(), clock.instant());
      Optional<Stored.Live> written = store.replace(last, noted);
      if (written.isPresent()) {
        return new StepResult.GoOn(written.get());
      }
      if (!(store.find(record.id()).orElse(null) instanceof Stored.Live found)) {
        return new StepResult.Leave(new ReconcileResult.OffRecord());
      }
      last = found;
    }
    return new StepResult.GoOn(last);
  }

  /** Whether somebody who took a mail over, from who was slow, has sent it. */
  private static boolean isSent(Cluster cluster, Topic topic, Instant about) {
    return cluster
        .mailing(topic, about)
        .filter(mailing -> mailing.delivery() == Delivery.SENT)
        .isPresent();
  }

  private StepResult end(Stored.Live record) {
    store.archive(record);
    if (!removeAndFreeName(record)) {
      return lost(record);
    }
    return new StepResult.Leave(new ReconcileResult.OffRecord());
  }

  /**
   * Removes a record, if it still is what was read, and then frees its name. The claim is the one
   * from before: who asks for the cluster anew meanwhile has claimed the name anew too, and keeps
   * it.
   */
  private boolean removeAndFreeName(Stored.Live record) {
    Optional<Claim> claim =
        store.claimOn(record.cluster().name()).filter(held -> held.holder().equals(record.id()));
    boolean removed = store.remove(record);
    if (removed) {
      claim.ifPresent(store::release);
    }
    return removed;
  }

  /** Writes a change; where the race for it is lost, goes on with what was written instead. */
  private StepResult write(Stored.Live record, Cluster changed) {
    Optional<Stored.Live> written = store.replace(record, changed);
    return written.<StepResult>map(StepResult.GoOn::new).orElseGet(() -> lost(record));
  }

  /** Writes a change, and leaves what follows from it to the next sweep. */
  private StepResult writeAndLeave(Stored.Live record, Cluster changed) {
    StepResult written = write(record, changed);
    return written instanceof StepResult.GoOn(Stored.Live next) ? leave(next) : written;
  }

  /** Goes on after a lost race with what is there instead, if anything is. */
  private StepResult lost(Stored.Live record) {
    return reread(record).orElseGet(() -> new StepResult.Leave(new ReconcileResult.OffRecord()));
  }

  private Optional<StepResult> reread(Stored.Live record) {
    return store
        .find(record.id())
        .map(found ->
            found instanceof Stored.Live live
                ? new StepResult.GoOn(live)
                : new StepResult.Leave(new ReconcileResult.OffRecord()));
  }

  private static StepResult leave(Stored.Live record) {
    return new StepResult.Leave(new ReconcileResult.OnRecord(record));
  }
}
