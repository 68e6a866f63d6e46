package io.eksphemeral.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import java.time.DateTimeException;
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
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

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
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("handle", handle);
    json.put("cluster", key.cluster().value());
    json.put("kind", key.kind().name());
    json.put("attempt", key.attempt());
    json.put("name", name);
    if (mishap != null) {
      json.put("mishap", mishap.name());
    }
    if (end != null) {
      json.put("ended", end.at().toString());
      json.put("exitcode", end.exitCode());
      json.put("reason", end.reason());
    }
    return json + "\n";
  }

  /** The task in a file; empty if it cannot be read. */
  static Optional<SimulatedTask> decode(String text) {
    try {
      JsonNode json = MAPPER.readTree(text);
      return Optional.of(
          new SimulatedTask(
              json.path("handle").asText(),
              new TaskKey(
                  new ClusterId(json.path("cluster").asText()),
                  TaskKind.valueOf(json.path("kind").asText()),
                  json.path("attempt").asInt()),
              json.path("name").asText(),
              json.has("mishap") ? FaultInjection.How.valueOf(json.path("mishap").asText()) : null,
              json.has("ended")
                  ? new End(
                      Instant.parse(json.path("ended").asText()),
                      json.path("exitcode").asInt(),
                      json.path("reason").asText())
                  : null));
    } catch (JsonProcessingException | IllegalArgumentException | DateTimeException _) {
      return Optional.empty();
    }
  }
}
