package io.eksphemeral.domain;

import io.eksphemeral.domain.Notification.Topic;
import java.time.Instant;

/** What is to be done next for a cluster. */
public sealed interface Decision {
  /** Nothing now; time or a task has to go on first. */
  record Nothing() implements Decision {}

  /** Hold it against the limits: admit it, or withdraw it. */
  record Admit() implements Decision {}

  /** Launch its open task and note the launch. */
  record Launch(Task task) implements Decision {}

  /** Write the record anew. */
  record UpdateRecord(Cluster changed) implements Decision {}

  /** Send a mail, and note that it was tried. */
  record Notify(Topic topic, Instant about) implements Decision {}

  /** Stop a task. */
  record Stop(String handle, String why) implements Decision {}

  /** Close the fence of its open task, so that a task that has not begun never does. */
  record CloseFence(Task task) implements Decision {}

  /** Write the archive, remove the record, free the name: nothing of it is left. */
  record Archive() implements Decision {}
}
