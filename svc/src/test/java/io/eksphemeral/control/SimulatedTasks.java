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
 * A {@link TaskRunner} whose tasks go on only when {@link #step()} is called, and the world that
 * they build clusters in. Both outlive the control plane. It notes what tasks must never do.
 */
public final class SimulatedTasks implements TaskRunner {
  /** How long after its launch a task begins, and ends if nothing keeps it. */
  public static final Duration BEGINS_AFTER = Duration.ofMinutes(1);

  public static final Duration ENDS_AFTER = Duration.ofMinutes(10);

  /** What becomes of a task, instead of all going well. */
  public enum Fate {
    FINE,
    /** Its launch is refused. */
    REFUSED,
    /** It stops before it could take its fence, as when its image cannot be pulled. */
    STILLBORN,
    /** It works and fails, with a result that says so. */
    FAILS,
    /** It stops in the middle of its work, without a result. */
    DIES,
    /** It works for ever. */
    HANGS,
    /** It says that it is done, and names what is left. */
    LEAVES_THINGS,
    /** It was launched and never appears, and the runner knows nothing of it. */
    VANISHES,
    /** Two were started, and the one that nobody was told of takes the fence. */
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
  private final Map<String, String> world = new LinkedHashMap<>();
  private final Map<ClusterId, Integer> builds = new HashMap<>();
  private final List<ClusterId> news = new ArrayList<>();
  private final List<String> violations = new ArrayList<>();

  public SimulatedTasks(ClusterStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
  }

  /** Sets the fates of the next tasks of a kind, one each; after them all go well. */
  public synchronized void next(TaskKind kind, Fate... next) {
    fates.computeIfAbsent(kind, any -> new ArrayDeque<>()).addAll(List.of(next));
  }

  /** Puts a cluster into the world that is not ours. */
  public synchronized void addForeign(String name) {
    world.put(name, "foreign");
  }

  /** Who owns the cluster of a name in the world, by id; empty text if there is none. */
  public synchronized String owner(String name) {
    return world.getOrDefault(name, "");
  }

  /** Whether anything in the world carries an id. */
  public synchronized boolean exists(ClusterId id) {
    return world.containsValue(id.value());
  }

  /** Whether a task of a cluster is past its fence and not over. */
  public synchronized boolean works(ClusterId id) {
    return byToken.values().stream()
        .anyMatch(task -> task.key.cluster().equals(id) && task.working && task.stopped == null);
  }

  /** What tasks did that they must never do. */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /** The clusters of which a task has stopped since this was last asked. */
  public synchronized List<ClusterId> takeNews() {
    List<ClusterId> taken = List.copyOf(news);
    news.clear();
    return taken;
  }

  /** How many tasks there have been. */
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
        .filter(task -> task.stopping == null) // as with ECS, which lists what is meant to run
        .map(task -> task.handle)
        .toList();
  }

  @Override
  public synchronized void stop(String handle, String why) {
    byToken.values().stream()
        .filter(task -> task.handle.equals(handle) && task.stopped == null)
        .forEach(task -> task.stopping = why);
  }

  /** Lets every task go on as far as it can by now. */
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
        violations.add("P7: two tasks of " + task.name + " are past their fences");
      }
      task.working = true;
      if (task.key.kind() == TaskKind.DESTROY) {
        checkEarly(task);
      } else if (world.getOrDefault(task.name, "").isEmpty()) {
        world.put(task.name, task.key.cluster().value());
        if (builds.merge(task.key.cluster(), 1, Integer::sum) > 1) {
          violations.add("P7: " + task.name + " was built twice");
        }
      }
    }
  }

  /** A destroy task that works must be one that the record asks for (promise P2). */
  private void checkEarly(Running task) {
    boolean asked =
        store.find(task.key.cluster()).stream()
            .filter(Stored.Live.class::isInstance)
            .map(found -> ((Stored.Live) found).cluster())
            .anyMatch(Cluster::isTerminating);
    if (!asked) {
      violations.add("P2: " + task.name + " is being destroyed, and its record does not say so");
    }
  }

  private void finish(Running task) {
    boolean ours = owner(task.name).equals(task.key.cluster().value());
    switch (task.fate) {
      case DIES -> stopped(task, "exit code 137");
      case FAILS -> report(task, Outcome.FAILED, "it did not work", List.of());
      case LEAVES_THINGS -> report(task, Outcome.ABSENT, "done", List.of("volume vol-1"));
      default -> {
        if (task.key.kind() == TaskKind.CREATE) {
          report(
              task,
              ours ? Outcome.READY : Outcome.FOREIGN,
              ours ? "it is up" : "there is a cluster " + task.name + " that is not ours",
              List.of());
        } else {
          if (ours) {
            world.remove(task.name);
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
