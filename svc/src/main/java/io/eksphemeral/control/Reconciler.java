package io.eksphemeral.control;

import io.eksphemeral.domain.Admission;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Decision;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Transition;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Brings one cluster as far as it can go now: observes its task, lets {@link Lifecycle} decide the
 * next step, takes it, and repeats. Create, destroy and the sweep all end here. After a crash the
 * next sweep continues from the store alone (promise P1).
 *
 * <p>Any number of processes may reconcile the same cluster: every write is conditional on the
 * record that the decision was based on (promise P6), launching is idempotent, and fences keep
 * tasks from running twice (promise P7).
 */
public final class Reconciler {
  /** How often a cluster that fits only if others are withdrawn checks the limits again. */
  private static final int ADMISSION_CHECKS = 20;

  private static final Duration BETWEEN_CHECKS = Duration.ofMillis(100);

  /** More steps than any cluster needs at a time. */
  private static final int MAX_STEPS = 100;

  private final ClusterStore store;
  private final TaskRunner tasks;
  private final TaskObserver observer;
  private final RecordWriter records;
  private final NotificationSender sender;
  private final EksctlConfig config;
  private final Limits limits;
  private final Supplier<Versions> defaultVersions;
  private final InstantSource clock;
  private final Sleeper sleeper;

  /**
   * @param defaultVersions used while the store has no list of versions
   */
  public Reconciler(
      ClusterStore store,
      TaskRunner tasks,
      Notifications notifications,
      EksctlConfig config,
      Limits limits,
      Supplier<Versions> defaultVersions,
      InstantSource clock,
      Sleeper sleeper) {
    this.store = store;
    this.tasks = tasks;
    this.observer = new TaskObserver(store, tasks);
    this.records = new RecordWriter(store);
    this.sender = new NotificationSender(store, records, notifications, clock);
    this.config = config;
    this.limits = limits;
    this.defaultVersions = defaultVersions;
    this.clock = clock;
    this.sleeper = sleeper;
  }

  /** The outcome of one step. */
  private sealed interface StepResult {
    record Continue(Stored.Live record) implements StepResult {}

    record Finish(Result<Optional<Stored.Live>> result) implements StepResult {}
  }

  /**
   * Brings a cluster, from a record that may be outdated, as far as it can go now.
   *
   * @return its record; empty if that was removed, because the cluster is gone or another process
   *     withdrew it; rejected if the cluster was withdrawn before anything was created
   */
  public Result<Optional<Stored.Live>> reconcile(Stored.Live read) {
    return reconcile(read, true);
  }

  /**
   * The same while a caller waits. Only sweeps send notifications, so that no caller can increase
   * their number, or has to wait for a mail server.
   */
  Result<Optional<Stored.Live>> reconcileWithoutNotifying(Stored.Live read) {
    return reconcile(read, false);
  }

  private Result<Optional<Stored.Live>> reconcile(Stored.Live read, boolean notifies) {
    Stored.Live record = read;
    for (int i = 0; i < MAX_STEPS; i++) {
      switch (step(record, notifies)) {
        case StepResult.Continue(Stored.Live next) -> record = next;
        case StepResult.Finish(Result<Optional<Stored.Live>> result) -> {
          return result;
        }
      }
    }
    throw new IllegalStateException(
        "cluster %s is not done after %d steps".formatted(read.id(), MAX_STEPS));
  }

  private StepResult step(Stored.Live record, boolean notifies) {
    Cluster cluster = record.cluster();
    return switch (Lifecycle.decide(cluster, observer.observe(cluster), clock.instant())) {
      case Decision.Wait _ -> finish(Optional.of(record));
      case Decision.Admit _ -> admit(record);
      case Decision.UpdateRecord(Cluster changed) -> update(record, changed);
      case Decision.Launch(Task task) -> launch(record, task);
      case Decision.Notify(Topic topic, Instant about) ->
          notifies ? continueWith(sender.send(record, topic, about)) : finish(Optional.of(record));
      case Decision.CloseFence(Task task) -> {
        store.takeFence(cluster.key(task), Fence.CLOSED, Transition.CONTROL_PLANE);
        yield new StepResult.Continue(record);
      }
      case Decision.Stop(String handle, String why) -> {
        tasks.stop(handle, why);
        yield updateAndFinish(record, cluster.stopping(clock.instant()));
      }
      case Decision.Archive _ -> archive(record);
    };
  }

  private StepResult admit(Stored.Live record) {
    Cluster cluster = record.cluster();
    // Its claim may have been freed by a process that took it for withdrawn.
    Claim claim =
        store
            .claimOn(cluster.name())
            .orElseGet(() -> store.claim(new Claim(cluster.name(), cluster.id(), clock.instant())));
    if (!claim.holder().equals(cluster.id())) {
      return withdraw(record, Rejection.Kind.NAME_TAKEN, claim.takenMessage());
    }
    String problem = "";
    for (int check = 0; check < ADMISSION_CHECKS; check++) {
      switch (decideAdmission(cluster)) {
        case Admission.Admitted(Cluster admitted) -> {
          return update(record, admitted);
        }
        case Admission.Rejected(String why) -> {
          return withdraw(record, Rejection.Kind.LIMIT, why);
        }
        case Admission.Undecided(String why) -> {
          problem = why;
          sleeper.sleep(BETWEEN_CHECKS);
        }
      }
    }
    return withdraw(record, Rejection.Kind.LIMIT, problem);
  }

  /** The limit that a cluster, which need not be on record, would exceed now. */
  Optional<String> limitReached(Cluster cluster) {
    return switch (decideAdmission(cluster)) {
      case Admission.Admitted _ -> Optional.empty();
      case Admission.Rejected(String why) -> Optional.of(why);
      case Admission.Undecided(String why) -> Optional.of(why);
    };
  }

  private Admission decideAdmission(Cluster cluster) {
    List<Stored> listed = store.list();
    List<Cluster> clusters =
        listed.stream()
            .filter(Stored.Live.class::isInstance)
            .map(live -> ((Stored.Live) live).cluster())
            .toList();
    long unreadable = listed.stream().filter(Stored.Unreadable.class::isInstance).count();
    return Admission.decide(cluster, clusters, unreadable, limits, clock.instant());
  }

  private StepResult withdraw(Stored.Live record, Rejection.Kind kind, String problem) {
    StepResult withdrawn = new StepResult.Finish(Result.rejected(kind, problem));
    return records.remove(record)
        ? withdrawn
        : records.reread(record).<StepResult>map(StepResult.Continue::new).orElse(withdrawn);
  }

  private StepResult launch(Stored.Live record, Task task) {
    Cluster cluster = record.cluster();
    if (task.kind() == TaskKind.CREATE) {
      Versions versions = store.versions().orElseGet(defaultVersions);
      store.putConfig(cluster.id(), config.render(cluster, task, versions));
    }
    LaunchResult launch;
    try {
      launch = tasks.launch(cluster, task);
    } catch (TaskRunnerException e) {
      launchRejected(record, task, String.valueOf(e.getMessage()));
      throw e;
    }
    return switch (launch) {
      case LaunchResult.Launched(String handle) ->
          update(record, cluster.launched(handle, clock.instant()));
      case LaunchResult.Rejected(String why) -> launchRejected(record, task, why);
    };
  }

  /** Records why a task was not launched; the next sweep tries again. */
  private StepResult launchRejected(Stored.Live record, Task task, String why) {
    return why.equals(task.refused())
        ? finish(Optional.of(record))
        : updateAndFinish(record, record.cluster().launchRejected(why));
  }

  private StepResult archive(Stored.Live record) {
    store.archive(record);
    return records.remove(record) ? finish(Optional.empty()) : continueWith(records.reread(record));
  }

  private StepResult update(Stored.Live record, Cluster changed) {
    return continueWith(records.update(record, changed));
  }

  /** Writes a change, and leaves the next step to the next sweep; a lost race goes on at once. */
  private StepResult updateAndFinish(Stored.Live record, Cluster changed) {
    Optional<Stored.Live> written = store.replace(record, changed);
    return written.isPresent() ? finish(written) : continueWith(records.reread(record));
  }

  private static StepResult continueWith(Optional<Stored.Live> record) {
    return record
        .<StepResult>map(StepResult.Continue::new)
        .orElseGet(() -> finish(Optional.empty()));
  }

  private static StepResult finish(Optional<Stored.Live> record) {
    return new StepResult.Finish(Result.success(record));
  }
}
