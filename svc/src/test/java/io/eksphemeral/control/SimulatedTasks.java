package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.TaskStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A {@link TaskRunner} whose tasks proceed only when {@link #step()} is called, with the clusters
 * that they create. Both outlive the control plane. It records violations of the promises.
 */
public final class SimulatedTasks implements TaskRunner {
  /** After its launch. */
  public static final Duration BEGINS_AFTER = Duration.ofMinutes(1);

  public static final Duration ENDS_AFTER = Duration.ofMinutes(10);

  /** The outcome of a task. */
  public enum Fate {
    FINE,
    /** Its launch is rejected. */
    REFUSED,
    /** It stops before it takes its fence, as when its image cannot be pulled. */
    STILLBORN,
    /** It works, and reports a failure. */
    FAILS,
    /** It stops during its work, without a result. */
    DIES,
    /** It never ends. */
    HANGS,
    /** It reports success with leftovers. */
    LEAVES_THINGS,
    /** It is launched, but never appears. */
    VANISHES,
    /** It is started twice, and the one that is not on record takes the fence. */
    TWICE
  }

  private static final class Running {
    final String handle;
    final TaskKey key;
    final String name;
    final Instant launched;
    final Fate fate;
    boolean working;
    @Nullable String stopping;
    @Nullable String stopped;

    Running(String handle, TaskKey key, String name, Instant launched, Fate fate) {
      this.handle = handle;
      this.key = key;
      this.name = name;
      this.launched = launched;
      this.fate = fate;
    }
  }

  private final ClusterStore store;
  private final InstantSource clock;
  private final Map<String, Running> byToken = new LinkedHashMap<>();
  private final Map<TaskKind, Deque<Fate>> fates = new HashMap<>();
  private final Map<String, String> clusters = new LinkedHashMap<>();
  private final Map<ClusterId, Integer> builds = new HashMap<>();
  private final List<ClusterId> news = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();

  public SimulatedTasks(ClusterStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Sets the outcome of the next tasks of a kind; later ones succeed. */
  public synchronized void next(TaskKind kind, Fate... next) {
    fates.computeIfAbsent(kind, any -> new ArrayDeque<>()).addAll(List.of(next));
  }

  /** Adds a foreign cluster. */
  public synchronized void addForeign(String name) {
    clusters.put(name, "foreign");
  }

  /** The id of the cluster that has a name; empty if there is none. */
  public synchronized String owner(String name) {
    return clusters.getOrDefault(name, "");
  }

  /** Whether a cluster with this id exists. */
  public synchronized boolean exists(ClusterId id) {
    return clusters.containsValue(id.value());
  }

  /** Whether a task of a cluster has taken its fence and not ended. */
  public synchronized boolean works(ClusterId id) {
    return byToken.values().stream()
        .anyMatch(task -> task.key.cluster().equals(id) && task.working && task.stopped == null);
  }

  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /** The clusters of which a task has stopped since the last call. */
  public synchronized List<ClusterId> takeEvents() {
    List<ClusterId> taken = List.copyOf(news);
    news.clear();
    return taken;
  }

  /** The number of tasks so far. */
  public synchronized int launched() {
    return byToken.size();
  }

  @Override
  public synchronized LaunchResult launch(Cluster cluster, Task task) {
    TaskKey key = cluster.key(task);
    Running known = byToken.get(key.token());
    if (known != null) {
      return new LaunchResult.Launched(known.handle);
    }
    Deque<Fate> queue = fates.getOrDefault(task.kind(), new ArrayDeque<>());
    Fate fate = queue.isEmpty() ? Fate.FINE : queue.pop();
    if (fate == Fate.REFUSED) {
      return new LaunchResult.Rejected("RESOURCE:MEMORY");
    }
    String handle = "task/" + key.token();
    if (fate == Fate.TWICE) {
      String twin = key.token() + "-twin";
      byToken.put(twin, new Running("task/" + twin, key, cluster.name(), clock.instant(), fate));
    }
    byToken.put(key.token(), new Running(handle, key, cluster.name(), clock.instant(), fate));
    return new LaunchResult.Launched(handle);
  }

  @Override
  public synchronized TaskStatus status(String handle) {
    return byToken.values().stream()
        .filter(task -> task.handle.equals(handle) && task.fate != Fate.VANISHES)
        .map(task ->
            task.stopped == null ? new TaskStatus.Running() : new TaskStatus.Stopped(task.stopped))
        .findFirst()
        .orElseGet(TaskStatus.Missing::new);
  }

  @Override
  public synchronized List<String> running(ClusterId cluster) {
    return byToken.values().stream()
        .filter(task -> task.key.cluster().equals(cluster))
        .filter(task -> task.stopped == null && task.fate != Fate.VANISHES)
        .filter(task -> task.stopping == null) // as with ECS, which does not list stopping tasks
        .map(task -> task.handle)
        .toList();
  }

  @Override
  public synchronized void stop(String handle, String why) {
    byToken.values().stream()
        .filter(task -> task.handle.equals(handle) && task.stopped == null)
        .forEach(task -> task.stopping = why);
  }

  /** Advances every task as far as it can go now. */
  public synchronized void step() {
    byToken.values().stream()
        .filter(task -> task.stopped == null && task.fate != Fate.VANISHES)
        .toList()
        .forEach(this::step);
  }

  private void step(Running task) {
    if (task.stopping != null) {
      stopped(task, "stopped: " + task.stopping);
      return;
    }
    Duration age = Duration.between(task.launched, clock.instant());
    if (!task.working && age.compareTo(BEGINS_AFTER) >= 0) {
      begin(task);
    }
    if (task.working && age.compareTo(ENDS_AFTER) >= 0 && task.fate != Fate.HANGS) {
      finish(task);
    }
  }

  private void begin(Running task) {
    if (task.fate == Fate.STILLBORN) {
      stopped(task, "CannotPullContainerError");
    } else if (!store.takeFence(task.key, Fence.TAKEN, task.handle)) {
      stopped(task, "exit code 75: its fence is taken");
    } else {
      if (works(task.key.cluster())) {
        violations.add("P7: two tasks of " + task.name + " work at the same time");
      }
      task.working = true;
      if (task.key.kind() == TaskKind.DESTROY) {
        checkEarly(task);
      } else if (clusters.getOrDefault(task.name, "").isEmpty()) {
        clusters.put(task.name, task.key.cluster().value());
        if (builds.merge(task.key.cluster(), 1, Integer::sum) > 1) {
          violations.add("P7: " + task.name + " was created twice");
        }
      }
    }
  }

  /** The record must ask for a destroy task that works (promise P2). */
  private void checkEarly(Running task) {
    boolean isRequested =
        store.find(task.key.cluster()).stream()
            .filter(Stored.Live.class::isInstance)
            .map(found -> ((Stored.Live) found).cluster())
            .anyMatch(Cluster::isTerminating);
    if (!isRequested) {
      violations.add("P2: " + task.name + " is being destroyed, but not according to its record");
    }
  }

  private void finish(Running task) {
    boolean isOwned = owner(task.name).equals(task.key.cluster().value());
    switch (task.fate) {
      case DIES -> stopped(task, "exit code 137");
      case FAILS -> report(task, Outcome.FAILED, "it failed", List.of());
      case LEAVES_THINGS -> report(task, Outcome.ABSENT, "done", List.of("volume vol-1"));
      default -> {
        if (task.key.kind() == TaskKind.CREATE) {
          report(
              task,
              isOwned ? Outcome.READY : Outcome.FOREIGN,
              isOwned ? "ready" : "a foreign cluster has the name " + task.name,
              List.of());
        } else {
          if (isOwned) {
            clusters.remove(task.name);
          }
          report(task, Outcome.ABSENT, "deletion verified", List.of());
        }
      }
    }
  }

  private void report(Running task, Outcome outcome, String message, List<String> leftovers) {
    store.putResult(
        task.key,
        new TaskResult(outcome, clock.instant(), message, leftovers, List.of("the last line")));
    stopped(task, "exit code 0");
  }

  private void stopped(Running task, String reason) {
    task.stopped = reason;
    news.add(task.key.cluster());
  }
}
