package io.eksphemeral.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Json;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A simulated task, as it is stored.
 *
 * @param handle unique for each launch
 * @param name of its cluster
 * @param fault the injected fault; null for none. Chosen at launch, so that a restart does not
 *     change it
 * @param end null while it runs
 */
record SimulatedTask(
    String handle,
    TaskKey key,
    String name,
    FaultInjection.@Nullable Fault fault,
    @Nullable End end) {
  /**
   * How a task ended.
   *
   * @param exitCode of the essential container
   */
  record End(Instant at, int exitCode, String reason) {}

  boolean runs() {
    return end == null;
  }

  SimulatedTask ended(End how) {
    return new SimulatedTask(handle, key, name, fault, how);
  }

  String encode() {
    ObjectNode json = Json.object();
    json.put("handle", handle);
    json.put("cluster", key.cluster().value());
    json.put("kind", key.kind().name());
    json.put("attempt", key.attempt());
    json.put("name", name);
    if (fault != null) {
      json.put("mishap", fault.name());
    }
    if (end != null) {
      Json.put(json, "ended", end.at());
      json.put("exitcode", end.exitCode());
      json.put("reason", end.reason());
    }
    return json + "\n";
  }

  /** The task in a file; empty if it cannot be decoded. */
  static Optional<SimulatedTask> decode(String text) {
    try {
      JsonNode json = Json.parse(text);
      return Optional.of(
          new SimulatedTask(
              Json.text(json, "handle"),
              new TaskKey(
                  new ClusterId(Json.text(json, "cluster")),
                  TaskKind.valueOf(Json.text(json, "kind")),
                  Json.whole(json, "attempt")),
              Json.text(json, "name"),
              json.has("mishap") ? FaultInjection.Fault.valueOf(Json.text(json, "mishap")) : null,
              json.has("ended")
                  ? new End(
                      Json.time(json, "ended"),
                      Json.whole(json, "exitcode"),
                      Json.text(json, "reason"))
                  : null));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
