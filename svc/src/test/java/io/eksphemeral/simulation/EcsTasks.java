package io.eksphemeral.simulation;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tasks in ECS, and what ECS shows of them. */
final class EcsTasks {
  private static final long MINUTE = 60_000;

  /** ECS keeps stopped tasks for at least an hour, and a token until then or for a day. */
  private static final long KEPT = 60 * MINUTE;

  private static final long TOKEN_KEPT = 24 * 60 * MINUTE;

  static final class Task {
    final String arn;
    final String token;
    final ClusterId cluster;
    final String name;
    final TaskKind kind;
    final int attempt;
    final SimulatedProcess container;

    /** When ECS first shows it. */
    long shownFrom;

    /** The delay until ECS shows its end. */
    long endShownLate;

    boolean isStopping;

    /** Whether it has taken its fence, and not ended. */
    boolean works;

    long stoppedAt = -1;
    String reason = "";

    Task(
        String arn,
        String token,
        ClusterId cluster,
        String name,
        TaskKind kind,
        int attempt,
        SimulatedProcess container) {
      this.arn = arn;
      this.token = token;
      this.cluster = cluster;
      this.name = name;
      this.kind = kind;
      this.attempt = attempt;
      this.container = container;
    }

    boolean isOver() {
      return stoppedAt >= 0;
    }

    @Override
    public String toString() {
      return arn;
    }
  }

  private record Launched(String request, Task task, long at) {}

  private final DeterministicScheduler scheduler;
  private final Map<String, Launched> byToken = new HashMap<>();
  private final Map<String, Task> byArn = new HashMap<>();
  private final Map<ClusterId, List<Task>> byCluster = new HashMap<>();

  private final Map<ClusterId, Long> hidden = new HashMap<>();

  EcsTasks(DeterministicScheduler scheduler) {
    this.scheduler = scheduler;
  }

  /** The task launched with a token that ECS still knows. */
  @Nullable Task known(String token) {
    Launched launched = byToken.get(token);
    if (launched == null
        || scheduler.now() > launched.at() + TOKEN_KEPT
        || isForgotten(launched.task())) {
      return null;
    }
    return launched.task();
  }

  boolean isSameRequest(String token, String request) {
    Launched launched = byToken.get(token);
    return launched != null && launched.request().equals(request);
  }

  void add(Task task, String request) {
    byToken.put(task.token, new Launched(request, task, scheduler.now()));
    addUnknown(task);
  }

  /** Adds a task without a token: the second of two. */
  void addUnknown(Task task) {
    byArn.put(task.arn, task);
    byCluster.computeIfAbsent(task.cluster, _ -> new ArrayList<>()).add(task);
  }

  /** A task that ECS shows; empty if it does not show it yet, or no longer. */
  Optional<Task> shown(String arn) {
    return Optional.ofNullable(byArn.get(arn))
        .filter(task -> scheduler.now() >= task.shownFrom)
        .filter(task -> !isForgotten(task));
  }

  boolean isShownStopped(Task task) {
    return task.isOver() && scheduler.now() >= task.stoppedAt + task.endShownLate;
  }

  private boolean isForgotten(Task task) {
    return task.isOver() && scheduler.now() > task.stoppedAt + task.endShownLate + KEPT;
  }

  /** Makes all requests about the tasks of a cluster fail until some time. */
  void hide(ClusterId cluster, long until) {
    hidden.put(cluster, until);
  }

  boolean isHidden(ClusterId cluster) {
    return scheduler.now() < hidden.getOrDefault(cluster, 0L);
  }

  List<Task> of(ClusterId cluster) {
    return byCluster.getOrDefault(cluster, List.of());
  }

  boolean isAnyRunning() {
    return byArn.values().stream().anyMatch(task -> !task.isOver());
  }
}
