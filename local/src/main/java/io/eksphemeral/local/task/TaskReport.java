package io.eksphemeral.local.task;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKey;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** What people see of a task while it runs: what it prints, and the phase that it is in. */
public final class TaskReport {
  /** The latest lines become part of the result. */
  private static final int LATEST = 20;

  private final TaskKey key;
  private final ClusterStore store;
  private final TaskLogs logs;
  private final InstantSource clock;
  private final Deque<String> latest = new ArrayDeque<>();

  TaskReport(TaskKey key, ClusterStore store, TaskLogs logs, InstantSource clock) {
    this.key = key;
    this.store = store;
    this.logs = logs;
    this.clock = clock;
  }

  /** Prints a line. */
  public void line(String text) {
    logs.line(key, text);
    synchronized (latest) {
      latest.add(text);
      if (latest.size() > LATEST) {
        latest.remove();
      }
    }
  }

  /** Reports that a phase has begun. A report that cannot be written is no reason to fail. */
  public void phase(Phase phase) {
    try {
      store.reportPhase(key, new Phase.Begun(phase, clock.instant()));
    } catch (StoreException _) {
      // It is only shown to people.
    }
  }

  List<String> latest() {
    synchronized (latest) {
      return List.copyOf(latest);
    }
  }
}
