package io.eksphemeral.simulation;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The tasks that ECS has, or had, and what it shows of them. */
final class EcsTasks {
  private static final long MINUTE = 60_000;

  /** ECS keeps stopped tasks for an hour at least, and a token until then, or for a day. */
  private static final long KEPT = 60 * MINUTE;

  private static final long TOKEN_KEPT = 24 * 60 * MINUTE;

  /** A task. */
  static final class Task {
    final String arn;
    final String token;
    final ClusterId cluster;
    final String name;
    final TaskKind kind;
    final int attempt;
    final Caller container;

    /** When ECS shows it at the earliest, and how much later than it ended that it did. */
    long shownFrom;

    long endShownLate;
    boolean isStopping;

    /** Whether it is past its fence, and not over. */
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
        Caller container) {
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

  private record Asked(String request, Task task, long at) {}

  private final DeterministicScheduler strands;
  private final Map<String, Asked> byToken = new HashMap<>();
  private final Map<String, Task> byArn = new HashMap<>();
  private final Map<ClusterId, List<Task>> byCluster = new HashMap<>();

  private final Map<ClusterId, Long> hidden = new HashMap<>();

  EcsTasks(DeterministicScheduler strands) {
    this.strands = strands;
  }

  /** What was asked for with a token that is still known. */
  @Nullable Task known(String token) {
    Asked asked = byToken.get(token);
    if (asked == null || strands.now() > asked.at() + TOKEN_KEPT || isForgotten(asked.task())) {
      return null;
    }
    return asked.task();
  }

  boolean isSameRequest(String token, String request) {
    Asked asked = byToken.get(token);
    return asked != null && asked.request().equals(request);
  }

  void add(Task task, String request) {
    byToken.put(task.token, new Asked(request, task, strands.now()));
    addUnknown(task);
  }

  /** Adds one that no token leads to: the second of two. */
  void addUnknown(Task task) {
    byArn.put(task.arn, task);
    byCluster.computeIfAbsent(task.cluster, _ -> new ArrayList<>()).add(task);
  }

  /** A task as it is shown; empty if it is not shown yet, or no more. */
  Optional<Task> shown(String arn) {
    return Optional.ofNullable(byArn.get(arn))
        .filter(task -> strands.now() >= task.shownFrom)
        .filter(task -> !isForgotten(task));
  }

  boolean isShownStopped(Task task) {
    return task.isOver() && strands.now() >= task.stoppedAt + task.endShownLate;
  }

  private boolean isForgotten(Task task) {
    return task.isOver() && strands.now() > task.stoppedAt + task.endShownLate + KEPT;
  }

  /** Has every look at the tasks of a cluster fail until some time. */
  void hide(ClusterId cluster, long until) {
    hidden.put(cluster, until);
  }

  boolean isHidden(ClusterId cluster) {
    return strands.now() < hidden.getOrDefault(cluster, 0L);
  }

  List<Task> of(ClusterId cluster) {
    return byCluster.getOrDefault(cluster, List.of());
  }

  boolean isAnyGoingOn() {
    return byArn.values().stream().anyMatch(task -> !task.isOver());
  }
}
