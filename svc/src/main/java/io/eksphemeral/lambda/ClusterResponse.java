package io.eksphemeral.lambda;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.Json;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** A record in a response: what is stored, and what follows from it now. */
final class ClusterResponse {
  private final ProviderInfo provider;
  private final InstantSource clock;
  private final Supplier<Versions> versions;

  ClusterResponse(ProviderInfo provider, InstantSource clock, Supplier<Versions> versions) {
    this.provider = provider;
    this.clock = clock;
    this.versions = versions;
  }

  JsonNode of(Stored stored) {
    return of(stored, List.of());
  }

  /** The same with the phases of its creation that have begun. */
  JsonNode of(Stored stored, List<Phase.Begun> phases) {
    return show(stored, costs(), phases);
  }

  ArrayNode of(List<Stored> all) {
    ArrayNode records = JsonNodeFactory.instance.arrayNode();
    Optional<Costs> costs = costs();
    all.forEach(stored -> records.add(show(stored, costs, List.of())));
    return records;
  }

  /** The same as a {@link ClusterTable}. */
  String table(List<Stored> all) {
    return ClusterTable.of(all, costs(), clock.instant());
  }

  /** A response must not fail because of an optional field. */
  private Optional<Costs> costs() {
    try {
      return provider.costs(versions);
    } catch (StoreException _) {
      return Optional.empty();
    }
  }

  private JsonNode show(Stored stored, Optional<Costs> costs, List<Phase.Begun> phases) {
    return switch (stored) {
      case Stored.Live live -> live(live, costs, phases);
      case Stored.Legacy legacy -> Json.parse(legacy.json());
      case Stored.Unreadable unreadable -> unreadable(unreadable);
    };
  }

  private ObjectNode live(Stored.Live live, Optional<Costs> costs, List<Phase.Begun> phases) {
    ObjectNode record = ClusterRecordCodec.encode(live.cluster(), live);
    ObjectNode status = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> field : record.path("status").properties()) {
      if (field.getKey().equals("createdby")) {
        addDerived(status, live.cluster(), costs);
        addPhases(status, phases);
      }
      status.set(field.getKey(), field.getValue());
    }
    record.set("status", status);
    return record;
  }

  private void addDerived(ObjectNode status, Cluster cluster, Optional<Costs> costs) {
    Instant now = clock.instant();
    cluster.minutesLeft(now).ifPresent(minutes -> status.put("minutesleft", minutes));
    usually(cluster).ifPresent(usual -> status.put("usually", usual.toSeconds()));
    costs.ifPresent(known -> status.put("cost", known.soFar(cluster, now).doubleValue()));
    status.put("provider", provider.provider());
    Json.putTextsUnlessEmpty(status, "ignored", provider.ignored(cluster.spec()));
  }

  private void addPhases(ObjectNode status, List<Phase.Begun> phases) {
    if (phases.isEmpty()) {
      return;
    }
    status.put("phase", phases.getLast().phase().text());
    ArrayNode list = status.putArray("phases");
    for (Phase.Begun begun : phases) {
      ObjectNode phase = list.addObject();
      phase.put("phase", begun.phase().text());
      Json.put(phase, "at", begun.at());
      Duration usual = provider.usualPhases().get(begun.phase());
      if (usual != null) {
        phase.put("usually", usual.toSeconds());
      }
    }
  }

  /** How long the current task usually takes. */
  private Optional<Duration> usually(Cluster cluster) {
    return switch (cluster.state()) {
      case CREATING -> Optional.of(provider.usualCreation());
      case CREATE_FAILED, DESTROYING -> Optional.of(provider.usualDestruction());
      case READY, DESTROY_FAILED, GONE -> Optional.empty();
    };
  }

  private static ObjectNode unreadable(Stored.Unreadable unreadable) {
    ObjectNode record = JsonNodeFactory.instance.objectNode();
    record
        .putObject("status")
        .put("id", unreadable.id().value())
        .put("state", "unreadable")
        .put(
            "error",
            "this record cannot be read: %s; to destroy its cluster: eksp destroy %s"
                .formatted(unreadable.why(), unreadable.id()));
    return record;
  }
}
