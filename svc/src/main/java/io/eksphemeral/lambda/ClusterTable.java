package io.eksphemeral.lambda;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.eksphemeral.control.Stored;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Clusters as tab-separated values: what a list for people shows, in a tenth of the records' size.
 * A line for each, without a header: id, name, state, seconds until it expires, minutes granted,
 * owner, Kubernetes version, number of nodes, cost so far in USD, when it was requested, and the
 * caller who did. What is unknown is empty.
 */
final class ClusterTable {
  static final String CONTENT_TYPE = "text/tab-separated-values";

  private static final Pattern UNSAFE = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]+");

  private static final int MAX_LENGTH = 320; // of a value; a mail address has at most 254

  private ClusterTable() {}

  /**
   * @param all the clusters
   * @param records what a response shows of each
   */
  static String of(List<Stored> all, ArrayNode records, Instant now) {
    StringBuilder table = new StringBuilder();
    for (int i = 0; i < all.size(); i++) {
      table.append(line(all.get(i).id().value(), records.get(i), now)).append('\n');
    }
    return table.toString();
  }

  private static String line(String id, JsonNode record, Instant now) {
    JsonNode status = record.path("status");
    return Stream.of(
            id,
            record.path("name").asText(),
            status.path("state").asText("unmanaged"),
            secondsLeft(status, now),
            status.path("lifetime").asText(),
            record.path("owner").asText(),
            record.path("kubeversion").asText(),
            record.path("numworkers").asText(),
            status.path("cost").asText(),
            status.path("created").asText(),
            status.path("createdby").asText())
        .map(value -> UNSAFE.matcher(value).replaceAll(" "))
        .map(value -> value.length() <= MAX_LENGTH ? value : value.substring(0, MAX_LENGTH))
        .collect(Collectors.joining("\t"));
  }

  /** Not less than 0: the next sweep destroys it. */
  private static String secondsLeft(JsonNode status, Instant now) {
    return status.has("minutesleft")
        ? Long.toString(
            Math.max(
                0,
                Duration.between(now, Instant.parse(status.path("expires").asText())).toSeconds()))
        : "";
  }
}
