package io.eksphemeral.local.task;

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
 * A task on this machine, as it is stored.
 *
 * @param handle unique for each launch
 * @param name of its cluster
 * @param workers of its cluster
 * @param version of Kubernetes, {@code 1.NN}
 * @param note what its provider remembers of it; null for nothing
 * @param end null while it runs
 */
public record LocalTask(
    String handle,
    TaskKey key,
    String name,
    int workers,
    String version,
    @Nullable String note,
    @Nullable End end) {
  /**
   * How a task ended.
   *
   * @param exitCode of the essential container
   */
  public record End(Instant at, int exitCode, String reason) {}

  public boolean runs() {
    return end == null;
  }

  LocalTask ended(End how) {
    return new LocalTask(handle, key, name, workers, version, note, how);
  }

  String encode() {
    ObjectNode json = Json.object();
    json.put("handle", handle);
    json.put("cluster", key.cluster().value());
    json.put("kind", key.kind().name());
    json.put("attempt", key.attempt());
    json.put("name", name);
    json.put("workers", workers);
    json.put("version", version);
    if (note != null) {
      json.put("note", note);
    }
    if (end != null) {
      Json.put(json, "ended", end.at());
      json.put("exitcode", end.exitCode());
      json.put("reason", end.reason());
    }
    return json + "\n";
  }

  /** The task in a file; empty if it cannot be decoded. */
  static Optional<LocalTask> decode(String text) {
    try {
      JsonNode json = Json.parse(text);
      return Optional.of(
          new LocalTask(
              Json.text(json, "handle"),
              new TaskKey(
                  new ClusterId(Json.text(json, "cluster")),
                  TaskKind.valueOf(Json.text(json, "kind")),
                  Json.whole(json, "attempt")),
              Json.text(json, "name"),
              json.path("workers").asInt(1), // earlier versions had neither
              json.path("version").asText(),
              note(json),
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

  /** Earlier versions called it a mishap. */
  private static @Nullable String note(JsonNode json) {
    return json.has("note")
        ? Json.text(json, "note")
        : json.has("mishap") ? Json.text(json, "mishap") : null;
  }
}
