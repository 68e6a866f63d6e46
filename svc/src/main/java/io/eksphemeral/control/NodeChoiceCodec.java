package io.eksphemeral.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Architecture;
import io.eksphemeral.domain.CapacityType;
import io.eksphemeral.domain.NodeChoice;

/** {@code nodes} of a record. */
final class NodeChoiceCodec {
  private NodeChoiceCodec() {}

  static ObjectNode encode(NodeChoice nodes) {
    ObjectNode json = Json.object();
    Json.putTextsUnlessEmpty(json, "types", nodes.types());
    Architecture arch = nodes.arch();
    Json.put(json, "arch", arch == null ? null : arch.text());
    if (nodes.disk() != null) {
      json.put("disk", nodes.disk());
    }
    CapacityType capacityType = nodes.capacityType();
    Json.put(json, "capacitytype", capacityType == null ? null : capacityType.text());
    return json;
  }

  /** Nothing is chosen in a record without it. */
  static NodeChoice decode(JsonNode json) {
    if (json.isMissingNode()) {
      return NodeChoice.NONE;
    }
    Json.check(json.isObject(), "nodes is no object");
    return new NodeChoice(
        Json.texts(json, "types"),
        json.has("arch")
            ? Json.oneOf(Architecture.values(), Architecture::text, json, "arch")
            : null,
        json.has("disk") ? (Integer) Json.whole(json, "disk") : null,
        json.has("capacitytype")
            ? Json.oneOf(CapacityType.values(), CapacityType::text, json, "capacitytype")
            : null);
  }
}
