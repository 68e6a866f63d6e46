package io.eksphemeral.lambda;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.RecordFormat;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Cluster;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/** A record as the API shows it: what is stored, and what follows from it now. */
final class RecordView {
  private final Presentation presentation;
  private final InstantSource clock;

  RecordView(Presentation presentation, InstantSource clock) {
    this.presentation = presentation;
    this.clock = clock;
  }

  JsonNode of(Stored stored) {
    return switch (stored) {
      case Stored.Live live -> live(live);
      case Stored.Legacy legacy -> RecordFormat.parse(legacy.json());
      case Stored.Unreadable unreadable -> unreadable(unreadable);
    };
  }

  private ObjectNode live(Stored.Live live) {
    ObjectNode record = RecordFormat.encode(live.cluster(), live);
    ObjectNode status = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> field : record.path("status").properties()) {
      if (field.getKey().equals("createdby")) {
        addDerived(status, live.cluster(), clock.instant());
      }
      status.set(field.getKey(), field.getValue());
    }
    record.set("status", status);
    return record;
  }

  private void addDerived(ObjectNode status, Cluster cluster, Instant now) {
    cluster.minutesLeft(now).ifPresent(minutes -> status.put("minutesleft", minutes));
    usually(cluster).ifPresent(usual -> status.put("usually", usual.toSeconds()));
    status.put("provider", presentation.provider());
  }

  /** How long what is under way usually takes. */
  private Optional<Duration> usually(Cluster cluster) {
    return switch (cluster.state()) {
      case CREATING -> Optional.of(presentation.usualCreation());
      case CREATE_FAILED, DESTROYING -> Optional.of(presentation.usualDestruction());
      case READY, DESTROY_FAILED, GONE -> Optional.empty();
    };
  }

  private static ObjectNode unreadable(Stored.Unreadable unreadable) {
    ObjectNode record = JsonNodeFactory.instance.objectNode();
    record
        .putObject("status")
        .put("id", unreadable.id().value())
        .put("state", "unreadable")
        .put("error", "this record cannot be read, and is left alone: " + unreadable.why());
    return record;
  }
}
