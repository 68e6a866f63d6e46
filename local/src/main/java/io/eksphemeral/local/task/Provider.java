package io.eksphemeral.local.task;

import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Builds and deletes clusters on this machine. {@link LocalTaskRunner} does what all providers
 * need: a task has its fence and no result when a provider is asked to begin it, and its outcome
 * becomes its result.
 *
 * <p>{@code ProviderContract} tests every implementation.
 */
public interface Provider {
  /** For people, such as {@code kind on docker}. */
  String description();

  /** The Kubernetes versions that it can build now. */
  Versions versions();

  /** The fields of specs that have no effect here. */
  default List<String> ignores() {
    return List.of();
  }

  /** How long each phase of a creation usually takes, in real time. */
  Map<Phase, Duration> usualPhases();

  /** How long a teardown usually takes, in real time. */
  Duration usualDestruction();

  /**
   * What it has to remember of a task that is launched; null for nothing. Stored with the task, so
   * that a restart does not change it.
   */
  default @Nullable String note(TaskKey key, String name) {
    return null;
  }

  /**
   * Begins a task, or begins it again after a restart: then whatever the earlier process built, or
   * still works on, may be there.
   *
   * @param report takes what people see of it
   */
  Next begin(LocalTask task, TaskReport report);

  /** Removes what clusters left behind that are known to be gone; called every few minutes. */
  default void cleanUp() {}
}
