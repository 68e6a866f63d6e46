package io.eksphemeral.local;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.eksphemeral.domain.ClusterId;
import java.io.IOException;
import java.util.Optional;

/**
 * What there would be in the account: a file for each cluster, under its name, that says whose it
 * is. One that is not ours can be put there by hand: {@code {"id": "somebody else's"}}.
 */
final class SimulatedClusters {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private final AtomicFiles folder;

  SimulatedClusters(AtomicFiles folder) {
    this.folder = folder;
  }

  /** How far a cluster is. */
  enum Condition {
    HALF_BUILT,
    BUILT,
    HALF_GONE
  }

  /**
   * Puts a cluster there, or changes how far it is.
   *
   * @return whether that was possible: false if another cluster has the name
   */
  boolean put(String name, ClusterId id, Condition condition) throws IOException {
    return folder.alone(
        key(name),
        () -> {
          if (owner(name).filter(owner -> !owner.equals(id.value())).isPresent()) {
            return false;
          }
          folder.write(
              key(name),
              JsonNodeFactory.instance
                      .objectNode()
                      .put("id", id.value())
                      .put("name", name)
                      .put("condition", condition.name())
                  + "\n");
          return true;
        });
  }

  /** Whether a cluster is there. Another one of the same name is not it. */
  boolean has(String name, ClusterId id) throws IOException {
    return owner(name).filter(id.value()::equals).isPresent();
  }

  /** Takes a cluster away, if it is there. */
  void remove(String name, ClusterId id) throws IOException {
    folder.alone(key(name), () -> has(name, id) && folder.remove(key(name)));
  }

  /** The id that the cluster of a name carries, whatever it is; empty if there is no cluster. */
  private Optional<String> owner(String name) throws IOException {
    return folder.read(key(name)).map(SimulatedClusters::id);
  }

  private static String id(String json) {
    try {
      JsonNode cluster = MAPPER.readTree(json);
      return cluster.path("id").asText();
    } catch (JsonProcessingException _) {
      return "unreadable, and so not ours";
    }
  }

  private static String key(String name) {
    return name + ".json";
  }
}
