package io.eksphemeral.lambda;

import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.control.Json;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Spec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
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
   * @param costs what clusters cost; empty if that is nothing, or unknown
   */
  static String of(List<Stored> all, Optional<Costs> costs, Instant now) {
    StringBuilder table = new StringBuilder();
    for (Stored stored : all) {
      Stream<String> values =
          switch (stored) {
            case Stored.Live live -> values(live.cluster(), costs, now);
            case Stored.Legacy legacy -> values(Json.parse(legacy.json()));
            case Stored.Unreadable _ -> Stream.of("", "unreadable", "", "", "", "", "", "", "", "");
          };
      table
          .append(
              Stream.concat(Stream.of(stored.id().value()), values)
                  .map(ClusterTable::safe)
                  .collect(Collectors.joining("\t")))
          .append('\n');
    }
    return table.toString();
  }

  private static Stream<String> values(Cluster cluster, Optional<Costs> costs, Instant now) {
    Spec spec = cluster.spec();
    return Stream.of(
        spec.name(),
        cluster.state().text(),
        cluster.minutesLeft(now).map(_ -> secondsLeft(cluster, now)).orElse(""),
        Integer.toString(cluster.lifetime()),
        spec.owner(),
        spec.kubeversion(),
        Integer.toString(spec.numworkers()),
        costs.map(known -> Double.toString(known.soFar(cluster, now).doubleValue())).orElse(""),
        cluster.created().toString(),
        cluster.createdBy());
  }

  /** Not less than 0: the next sweep destroys it. */
  private static String secondsLeft(Cluster cluster, Instant now) {
    Instant expires = Objects.requireNonNull(cluster.expires());
    return Long.toString(Math.max(0, Duration.between(now, expires).toSeconds()));
  }

  /** Of a spec from 2019. */
  private static Stream<String> values(JsonNode spec) {
    return Stream.of(
        spec.path("name").asText(),
        "unmanaged",
        "",
        "",
        spec.path("owner").asText(),
        spec.path("kubeversion").asText(),
        spec.path("numworkers").asText(),
        "",
        "",
        "");
  }

  private static String safe(String value) {
    // Most values are ASCII, for which the pattern would take most of the time.
    boolean isAscii = value.chars().allMatch(c -> c >= ' ' && c < 0x7f);
    String text = isAscii ? value : UNSAFE.matcher(value).replaceAll(" ");
    return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH);
  }
}
