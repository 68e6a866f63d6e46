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
 * A task of the rehearsal, as its file has it.
 *
 * @param handle unique for each launch
 * @param name of the cluster that it is for
 * @param mishap what goes wrong with it; null for nothing. Settled at the launch, so that it goes
 *     on as it began after a restart
 * @param end how it ended; null while it runs
 */
record SimulatedTask(
    String handle,
    TaskKey key,
    String name,
    FaultInjection.@Nullable How mishap,
    @Nullable End end) {
  /**
   * How a task ended.
   *
   * @param exitCode as the container that decides had it
   */
  record End(Instant at, int exitCode, String reason) {}

  boolean runs() {
    return end == null;
  }

  SimulatedTask ended(End how) {
    return new SimulatedTask(handle, key, name, mishap, how);
  }

  String encode() {
    ObjectNode json = Json.object();
    json.put("handle", handle);
    json.put("cluster", key.cluster().value());
    json.put("kind", key.kind().name());
    json.put("attempt", key.attempt());
    json.put("name", name);
    if (mishap != null) {
      json.put("mishap", mishap.name());
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
              json.has("mishap") ? FaultInjection.How.valueOf(Json.text(json, "mishap")) : null,
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
