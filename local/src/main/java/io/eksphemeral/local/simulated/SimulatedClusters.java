package io.eksphemeral.local.simulated;

import io.eksphemeral.control.Json;
import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.ObjectStore.StoredObject;
import io.eksphemeral.domain.ClusterId;
import java.util.Optional;

/**
 * The clusters that would exist in the account: an object for each, under its name, with the id of
 * its owner. A foreign cluster can be added by hand: {@code {"id": "foreign"}}.
 */
final class SimulatedClusters {
  private final ObjectStore objects;

  SimulatedClusters(ObjectStore objects) {
    this.objects = objects;
  }

  /** How complete a cluster is. */
  enum Condition {
    HALF_BUILT,
    BUILT,
    HALF_GONE
  }

  /**
   * Adds a cluster, or changes its condition.
   *
   * @return false if another cluster has the name
   */
  boolean put(String name, ClusterId id, Condition condition) {
    String text =
        Json.object().put("id", id.value()).put("name", name).put("condition", condition.name())
            + "\n";
    while (true) {
      Optional<StoredObject> found = objects.getAccessible(key(name));
      if (found.isPresent() && !isOf(found.get(), id)) {
        return false;
      }
      Optional<String> written =
          found.orElse(null) instanceof StoredObject.Text(String version, _)
              ? objects.replaceIf(key(name), version, text)
              : objects.putIfAbsent(key(name), text);
      if (written.isPresent()) {
        return true;
      }
    }
  }

  /** Whether this cluster exists, not just one of the same name. */
  boolean has(String name, ClusterId id) {
    return objects.getAccessible(key(name)).filter(object -> isOf(object, id)).isPresent();
  }

  /** Removes a cluster, if it exists. */
  void remove(String name, ClusterId id) {
    if (objects.getAccessible(key(name)).orElse(null) instanceof StoredObject.Text text
        && isOf(text, id)) {
      objects.deleteIf(key(name), text.version());
    }
  }

  private static boolean isOf(StoredObject object, ClusterId id) {
    return object.asText().map(SimulatedClusters::id).filter(id.value()::equals).isPresent();
  }

  private static String id(String json) {
    try {
      return Json.parse(json).path("id").asText();
    } catch (IllegalArgumentException _) {
      return ""; // not readable, and so foreign
    }
  }

  private static String key(String name) {
    return name + ".json";
  }
}
