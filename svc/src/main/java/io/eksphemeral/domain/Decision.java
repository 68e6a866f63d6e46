package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Topic;
import java.time.Instant;

/** The next step for a cluster. */
public sealed interface Decision {
  /** Nothing to do until time passes or a task makes progress. */
  record Wait() implements Decision {}

  /** Check the limits, and admit or withdraw the cluster. */
  record Admit() implements Decision {}

  /** Launch the open task, and record the launch. */
  record Launch(Task task) implements Decision {}

  record UpdateRecord(Cluster changed) implements Decision {}

  /** Send a notification, and record its delivery. */
  record Notify(Topic topic, Instant about) implements Decision {}

  /** Stop a task. */
  record Stop(String handle, String why) implements Decision {}

  /** Close the fence of the open task, so that it can never start to work. */
  record CloseFence(Task task) implements Decision {}

  /** Write the archive, remove the record and free the name. */
  record Archive() implements Decision {}
}
