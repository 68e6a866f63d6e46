package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterStatus;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.ClusterId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.BiFunction;

/** The response with the clusters that are gone: the latest ones that fit, oldest first. */
final class GoneClusters {
  static final int MAX_SHOWN = 200;

  /** How many are read before it is checked whether more fit, so that few are kept in memory. */
  private static final int BATCH = 50;

  /** A response of Lambda has at most 6 MB, as a JSON string in which every quote takes two. */
  static final int MAX_BYTES = 3_000_000;

  private final ClusterStatus status;
  private final ClusterResponse view;
  private final Deque<Stored> shown = new ArrayDeque<>();
  private final Deque<JsonNode> records = new ArrayDeque<>();
  private final ObjectNode unreadable = JsonNodeFactory.instance.objectNode();
  private int bytes;

  GoneClusters(ClusterStatus status, ClusterResponse view) {
    this.status = status;
    this.view = view;
  }

  /**
   * @param ids of all that are gone, oldest first
   * @param form makes the response
   */
  APIGatewayV2HTTPResponse list(
      Context context,
      List<ClusterId> ids,
      BiFunction<List<Stored>, ArrayNode, APIGatewayV2HTTPResponse> form) {
    int end = ids.size();
    int first = Math.max(0, end - MAX_SHOWN);
    while (end > first && addAll(status.gone(ids.subList(Math.max(first, end - BATCH), end)))) {
      end -= BATCH;
    }
    if (!unreadable.isEmpty()) {
      LogLine.of("archive-unreadable").with("unreadable", unreadable).writeTo(context);
    }
    APIGatewayV2HTTPResponse response =
        form.apply(List.copyOf(shown), JsonNodeFactory.instance.arrayNode().addAll(records));
    response.getHeaders().put("eksphemeral-omitted", String.valueOf(ids.size() - shown.size()));
    return response;
  }

  /** Whether all of them fit. */
  private boolean addAll(List<Stored> batch) {
    batch.stream()
        .filter(Stored.Unreadable.class::isInstance)
        .map(Stored.Unreadable.class::cast)
        .forEach(record -> unreadable.put(record.id().value(), record.why()));
    List<Stored> readable = batch.stream().filter(Stored.Live.class::isInstance).toList();
    ArrayNode viewed = view.of(readable);
    for (int i = readable.size() - 1; i >= 0; i--) {
      bytes += viewed.get(i).toString().getBytes(StandardCharsets.UTF_8).length + 1;
      if (bytes > MAX_BYTES) {
        return false;
      }
      shown.addFirst(readable.get(i));
      records.addFirst(viewed.get(i));
    }
    return true;
  }
}
