package io.eksphemeral.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.Versions;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The small objects beside the records, as JSON: claims, fences, results, the list of versions.
 * Fences and results are written by the tasks' own programs too, so what cannot be read is an
 * answer, never an exception.
 */
public final class TaskObjectCodec {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private static final int MOST_LINES = 50;
  private static final int MOST_CHARACTERS = 500;

  private TaskObjectCodec() {}

  /**
   * A fence as it was taken.
   *
   * @param handle who took it
   */
  public record FenceHolder(Fence as, String handle) {}

  public static String encode(Claim claim) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("id", claim.holder().value());
    json.put("since", claim.since().toString());
    return json.toString();
  }

  /** The claim on a name; empty if it cannot be read. */
  public static Optional<Claim> claim(String name, String text) {
    JsonNode json = parse(text);
    return ClusterId.parse(json.path("id").asText())
        .flatMap(id -> time(json.path("since").asText()).map(since -> new Claim(name, id, since)));
  }

  public static String encode(FenceHolder taken) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("as", taken.as() == Fence.CLOSED ? "closed" : "taken");
    json.put("handle", taken.handle());
    return json.toString();
  }

  /** A fence that is there. One that cannot be read was not closed by us, so a task has it. */
  public static FenceHolder taken(String text) {
    JsonNode json = parse(text);
    Fence as = json.path("as").asText().equals("closed") ? Fence.CLOSED : Fence.TAKEN;
    return new FenceHolder(as, json.path("handle").asText());
  }

  public static String encode(TaskResult result) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("outcome", result.outcome().text());
    json.put("at", result.at().toString());
    json.put("message", result.message());
    result.leftovers().forEach(json.putArray("leftovers")::add);
    result.log().forEach(json.putArray("log")::add);
    return json.toString();
  }

  /**
   * The result of a task; empty if it cannot be read. Left-overs in a form that is not understood
   * must not pass for none.
   */
  public static Optional<TaskResult> result(String text) {
    JsonNode json = parse(text);
    if (!isListOrAbsent(json.path("leftovers")) || !isListOrAbsent(json.path("log"))) {
      return Optional.empty();
    }
    String wanted = json.path("outcome").asText();
    Optional<Outcome> outcome =
        Arrays.stream(Outcome.values()).filter(one -> one.text().equals(wanted)).findFirst();
    return outcome.flatMap(known ->
        time(json.path("at").asText())
            .map(at ->
                new TaskResult(
                    known,
                    at,
                    cut(json.path("message").asText()),
                    some(texts(json.path("leftovers"))),
                    some(texts(json.path("log")).reversed()).reversed())));
  }

  public static String encode(Versions versions) {
    ObjectNode json = MAPPER.createObjectNode();
    versions.offered().forEach(json.putArray("offered")::add);
    versions.extended().forEach(json.putArray("extended")::add);
    json.put("preferred", versions.preferred());
    return json.toString();
  }

  /** The list of versions; empty if it cannot be read. */
  public static Optional<Versions> versions(String text) {
    JsonNode json = parse(text);
    Versions versions =
        new Versions(
            texts(json.path("offered")),
            texts(json.path("extended")),
            json.path("preferred").asText());
    return isListOrAbsent(json.path("extended"))
            && Stream.of(versions.offered(), versions.extended(), List.of(versions.preferred()))
                .flatMap(List::stream)
                .allMatch(Versions::isOne)
        ? Optional.of(versions)
        : Optional.empty();
  }

  /** At most so many of a list: what a task left becomes part of a record, which is kept small. */
  private static List<String> some(List<String> texts) {
    return texts.stream().limit(MOST_LINES).map(TaskObjectCodec::cut).toList();
  }

  private static String cut(String text) {
    return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "…";
  }

  private static boolean isListOrAbsent(JsonNode json) {
    return json.isArray() || json.isMissingNode();
  }

  private static JsonNode parse(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      return MAPPER.missingNode();
    }
  }

  private static Optional<Instant> time(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static List<String> texts(JsonNode json) {
    return StreamSupport.stream(json.spliterator(), false).map(JsonNode::asText).toList();
  }
}
