package io.eksphemeral.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.Versions;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The small objects beside the records, as JSON: claims, fences, results, progress and the list of
 * versions. The task scripts write most of them, too, so an object that cannot be decoded is a
 * return value, never an exception.
 */
public final class TaskObjectCodec {
  private static final int MAX_LINES = 50;
  private static final int MAX_CHARACTERS = 500;

  private TaskObjectCodec() {}

  public static String encode(Claim claim) {
    ObjectNode json = Json.object();
    json.put("id", claim.holder().value());
    Json.put(json, "since", claim.since());
    return json.toString();
  }

  /** The claim on a name; empty if it cannot be decoded. */
  public static Optional<Claim> claim(String name, String text) {
    return decode(
        text,
        json ->
            ClusterId.parse(Json.text(json, "id"))
                .map(id -> new Claim(name, id, Json.time(json, "since"))));
  }

  public static String encode(FenceHolder holder) {
    return Json.object()
        .put("as", holder.as() == Fence.CLOSED ? "closed" : "taken")
        .put("handle", holder.handle())
        .toString();
  }

  /**
   * The holder of a fence that exists. The control plane writes only fences that can be decoded, so
   * one that cannot is a task's.
   */
  public static FenceHolder taken(String text) {
    return decode(
            text,
            json ->
                Optional.of(
                    new FenceHolder(
                        json.path("as").asText().equals("closed") ? Fence.CLOSED : Fence.TAKEN,
                        json.path("handle").asText())))
        .orElse(new FenceHolder(Fence.TAKEN, ""));
  }

  public static String encode(TaskResult result) {
    ObjectNode json = Json.object();
    json.put("outcome", result.outcome().text());
    Json.put(json, "at", result.at());
    json.put("message", result.message());
    Json.putTexts(json, "leftovers", result.leftovers());
    Json.putTexts(json, "log", result.log());
    return json.toString();
  }

  /**
   * The result of a task; empty if it cannot be decoded, so that leftovers in an unknown form are
   * not taken for none.
   */
  public static Optional<TaskResult> result(String text) {
    return decode(
        text,
        json ->
            Optional.of(
                new TaskResult(
                    Json.oneOf(Outcome.values(), Outcome::text, json, "outcome"),
                    Json.time(json, "at"),
                    cut(json.path("message").asText()),
                    first(lines(json, "leftovers")),
                    first(lines(json, "log").reversed()).reversed())));
  }

  public static String progress(List<Phase.Begun> phases) {
    ObjectNode json = Json.object();
    Json.putAll(json, "phases", phases, TaskObjectCodec::encode);
    return json.toString();
  }

  private static ObjectNode encode(Phase.Begun begun) {
    ObjectNode json = Json.object().put("phase", begun.phase().text());
    Json.put(json, "at", begun.at());
    return json;
  }

  /**
   * The phases that a task has reported, each once and in their order; empty if that cannot be
   * decoded. Unknown phases are ignored.
   */
  public static Optional<List<Phase.Begun>> progress(String text) {
    return decode(
        text,
        json -> {
          Map<Phase, Phase.Begun> begun = new EnumMap<>(Phase.class);
          Json.objects(json, "phases")
              .forEach(
                  one -> phase(one).ifPresent(known -> begun.putIfAbsent(known.phase(), known)));
          return Optional.of(List.copyOf(begun.values()));
        });
  }

  private static Optional<Phase.Begun> phase(JsonNode json) {
    return Stream.of(Phase.values())
        .filter(
            phase -> phase != Phase.ACCEPTED && phase.text().equals(json.path("phase").asText()))
        .findFirst()
        .map(phase -> new Phase.Begun(phase, Json.time(json, "at")));
  }

  public static String encode(Versions versions) {
    ObjectNode json = Json.object();
    Json.putTexts(json, "offered", versions.offered());
    Json.putTexts(json, "extended", versions.extended());
    return json.put("preferred", versions.preferred()).toString();
  }

  /** The list of versions; empty if it cannot be decoded. */
  public static Optional<Versions> versions(String text) {
    return decode(
        text,
        json ->
            Optional.of(
                    new Versions(
                        Json.texts(json, "offered"),
                        Json.texts(json, "extended"),
                        Json.text(json, "preferred")))
                .filter(versions ->
                    Stream.of(
                            versions.offered(), versions.extended(), List.of(versions.preferred()))
                        .flatMap(List::stream)
                        .allMatch(Versions::isValid)));
  }

  private static <T> Optional<T> decode(String text, Function<JsonNode, Optional<T>> decoder) {
    try {
      return decoder.apply(Json.parse(text));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** A list of items of any type: even an unknown one counts as a leftover. */
  private static List<String> lines(JsonNode json, String field) {
    JsonNode list = json.path(field);
    Json.check(list.isArray() || list.isMissingNode(), field + " is not a list");
    return list.valueStream().map(JsonNode::asText).toList();
  }

  /** A bounded part of a list: a result becomes part of the record. */
  private static List<String> first(List<String> texts) {
    return texts.stream().limit(MAX_LINES).map(TaskObjectCodec::cut).toList();
  }

  private static String cut(String text) {
    return text.length() <= MAX_CHARACTERS ? text : text.substring(0, MAX_CHARACTERS) + "…";
  }
}
