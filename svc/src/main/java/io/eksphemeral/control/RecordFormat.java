package io.eksphemeral.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Mailing;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecRules;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Transition;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as JSON, in the store and in the API's answers: the spec as it was in 2019, then {@code
 * status}. {@code svc/cluster.schema.json} is its schema.
 */
public final class RecordFormat {
  /** What this version of the code writes, and the newest it reads. */
  static final int VERSION = 1;

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private RecordFormat() {}

  /** The record of a cluster, for writing it for the first time. */
  public static ObjectNode encode(Cluster cluster) {
    ObjectNode record = encode(cluster.spec());
    record.set("status", status(cluster));
    return record;
  }

  /** The record of a changed cluster, with what is unknown in the one it takes the place of. */
  public static ObjectNode encode(Cluster changed, Stored.Live before) {
    ObjectNode record = encode(changed);
    keepUnknown(record, parse(before.json()), encode(before.cluster()));
    return record;
  }

  /** What stands under an id, from the JSON that stands there. */
  public static Stored decode(ClusterId id, String version, String json) {
    JsonNode record;
    try {
      record = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      return new Stored.Unreadable(id, "not JSON: " + e.getOriginalMessage());
    }
    if (!record.isObject()) {
      return new Stored.Unreadable(id, "not a JSON object");
    }
    JsonNode status = record.path("status");
    if (status.isMissingNode() && record.path("name").isTextual()) {
      return new Stored.Legacy(id, json);
    }
    JsonNode format = status.path("format");
    if (format.isInt() && format.intValue() > VERSION) {
      return new Stored.Unreadable(id, "written by a newer version, in format " + format);
    }
    try {
      whole(status, "format");
      Cluster cluster = possible(cluster(record, status));
      return cluster.id().equals(id)
          ? new Stored.Live(cluster, version, json)
          : new Stored.Unreadable(id, "the record of another cluster, " + cluster.id());
    } catch (IllegalArgumentException e) {
      return new Stored.Unreadable(id, String.valueOf(e.getMessage()));
    }
  }

  /** A spec with every default filled in, as records begin with it. */
  public static ObjectNode encode(Spec spec) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("name", spec.name());
    json.put("numworkers", spec.numworkers());
    json.put("kubeversion", spec.kubeversion());
    json.put("timeout", spec.timeout());
    json.put("owner", spec.owner());
    putTexts(json, "access", spec.access());
    Placement task = spec.task();
    if (task != null) {
      ObjectNode placement = json.putObject("task");
      put(placement, "securitygroup", task.securitygroup());
      putTexts(placement, "subnets", task.subnets());
    }
    return json;
  }

  private static ObjectNode status(Cluster cluster) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("id", cluster.id().value());
    json.put("state", cluster.state().text());
    put(json, "created", cluster.created());
    put(json, "ready", cluster.ready());
    put(json, "expires", cluster.expires());
    json.put("lifetime", cluster.lifetime());
    json.put("createdby", cluster.createdBy());
    json.put("attempt", cluster.tasks().isEmpty() ? 0 : cluster.tasks().getLast().attempt());
    put(json, "error", cluster.error());
    putTexts(json, "log", cluster.log());
    putTexts(json, "leftovers", cluster.leftovers());
    putAll(json, "tasks", cluster.tasks(), RecordFormat::task);
    putAll(json, "mails", cluster.mailings(), RecordFormat::mailing);
    putAll(json, "history", cluster.history(), RecordFormat::transition);
    json.put("format", VERSION);
    return json;
  }

  private static ObjectNode task(Task task) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("kind", task.kind().text());
    json.put("attempt", task.attempt());
    put(json, "planned", task.planned());
    put(json, "refused", task.refused());
    put(json, "launched", task.launched());
    put(json, "handle", task.handle());
    put(json, "stopping", task.stopping());
    put(json, "ended", task.ended());
    put(json, "outcome", task.outcome());
    return json;
  }

  private static ObjectNode mailing(Mailing mailing) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("topic", mailing.topic().text());
    put(json, "about", mailing.about());
    put(json, "tried", mailing.tried());
    put(json, "last", mailing.last());
    json.put("delivery", mailing.delivery().text());
    return json;
  }

  private static ObjectNode transition(Transition transition) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("state", transition.to().text());
    put(json, "at", transition.at());
    json.put("why", transition.why());
    return json;
  }

  private static Cluster cluster(JsonNode record, JsonNode status) {
    ClusterId id =
        ClusterId.parse(text(status, "id"))
            .orElseThrow(() -> new IllegalArgumentException("status.id is no UUID"));
    return new Cluster(
        id,
        new Spec(
            text(record, "name"),
            whole(record, "numworkers"),
            text(record, "kubeversion"),
            whole(record, "timeout"),
            text(record, "owner"),
            texts(record, "access"),
            placement(record.path("task"))),
        oneOf(State.values(), State::text, status, "state"),
        text(status, "createdby"),
        time(status, "created"),
        whole(status, "lifetime"),
        timeOrNull(status, "ready"),
        timeOrNull(status, "expires"),
        objects(status, "tasks")
            .map(task ->
                new Task(
                    oneOf(TaskKind.values(), TaskKind::text, task, "kind"),
                    whole(task, "attempt"),
                    time(task, "planned"),
                    textOrNull(task, "refused"),
                    timeOrNull(task, "launched"),
                    textOrNull(task, "handle"),
                    timeOrNull(task, "stopping"),
                    timeOrNull(task, "ended"),
                    textOrNull(task, "outcome")))
            .toList(),
        objects(status, "mails")
            .map(mail ->
                new Mailing(
                    oneOf(Mailing.Topic.values(), Mailing.Topic::text, mail, "topic"),
                    time(mail, "about"),
                    time(mail, "tried"),
                    time(mail, "last"),
                    oneOf(Mailing.Delivery.values(), Mailing.Delivery::text, mail, "delivery")))
            .toList(),
        textOrNull(status, "error"),
        texts(status, "log"),
        texts(status, "leftovers"),
        objects(status, "history")
            .map(step ->
                new Transition(
                    oneOf(State.values(), State::text, step, "state"),
                    time(step, "at"),
                    text(step, "why")))
            .toList());
  }

  private static @Nullable Placement placement(JsonNode task) {
    if (task.isMissingNode()) {
      return null;
    }
    check(task.isObject(), "task is no object");
    return new Placement(textOrNull(task, "securitygroup"), texts(task, "subnets"));
  }

  /** Refuses what no cluster ever is, so that the rules of its life need not reckon with it. */
  private static Cluster possible(Cluster cluster) {
    check(SpecRules.isName(cluster.name()), "name is no name of a cluster");
    State state = cluster.state();
    check(state != State.READY || cluster.expires() != null, "expires is missing");
    List<Transition> history = cluster.history();
    check(
        !history.isEmpty() && history.getLast().to() == state,
        "history does not end in state " + state.text());
    boolean atWork = state == State.DESTROYING || (state == State.CREATING && cluster.isAdmitted());
    check(!atWork || cluster.openTask().isPresent(), "tasks has none that is not over");
    return cluster;
  }

  /**
   * Adds to a new record what was in the one before and is not in what this version writes for it.
   */
  private static void keepUnknown(JsonNode record, JsonNode before, JsonNode known) {
    if (record instanceof ObjectNode object && before.isObject()) {
      for (Map.Entry<String, JsonNode> field : before.properties()) {
        if (!known.has(field.getKey())) {
          object.putIfAbsent(field.getKey(), field.getValue());
        } else if (object.has(field.getKey())) {
          keepUnknown(object.path(field.getKey()), field.getValue(), known.path(field.getKey()));
        }
      }
    } else if (record instanceof ArrayNode array && before.isArray()) {
      for (JsonNode item : array) {
        IntStream.range(0, before.size())
            .filter(i -> isSame(item, known.path(i)))
            .findFirst()
            .ifPresent(i -> keepUnknown(item, before.path(i), known.path(i)));
      }
    }
  }

  /**
   * Whether two items of a list are the same one, before and now: their first two fields say so.
   */
  private static boolean isSame(JsonNode item, JsonNode before) {
    return item.properties().stream()
        .limit(2)
        .toList()
        .equals(before.properties().stream().limit(2).toList());
  }

  /** The JSON of a record that was read. */
  public static JsonNode parse(String json) {
    try {
      return MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a record that was read is not JSON", e);
    }
  }

  private static void put(ObjectNode json, String field, @Nullable String text) {
    if (text != null) {
      json.put(field, text);
    }
  }

  private static void put(ObjectNode json, String field, @Nullable Instant time) {
    if (time != null) {
      json.put(field, time.toString());
    }
  }

  private static void putTexts(ObjectNode json, String field, List<String> texts) {
    if (!texts.isEmpty()) {
      texts.forEach(json.putArray(field)::add);
    }
  }

  private static <T> void putAll(
      ObjectNode json, String field, List<T> items, Function<T, ObjectNode> encode) {
    Consumer<ObjectNode> add = json.putArray(field)::add;
    items.stream().map(encode).forEach(add);
  }

  private static String text(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(value.isTextual(), field + " is missing, or no text");
    return value.textValue();
  }

  private static @Nullable String textOrNull(JsonNode json, String field) {
    return json.has(field) ? text(json, field) : null;
  }

  private static int whole(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(value.isInt(), field + " is missing, or no whole number");
    return value.intValue();
  }

  private static Instant time(JsonNode json, String field) {
    String text = text(json, field);
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(field + " is no time: " + text, e);
    }
  }

  private static @Nullable Instant timeOrNull(JsonNode json, String field) {
    return json.has(field) ? time(json, field) : null;
  }

  /** A list of texts; none where it is absent. */
  private static List<String> texts(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(
        value.isMissingNode() || (value.isArray() && items(value).allMatch(JsonNode::isTextual)),
        field + " is no list of texts");
    return items(value).map(JsonNode::textValue).toList();
  }

  private static Stream<JsonNode> objects(JsonNode json, String field) {
    JsonNode value = json.path(field);
    check(
        value.isArray() && items(value).allMatch(JsonNode::isObject),
        field + " is missing, or no list of objects");
    return items(value);
  }

  private static Stream<JsonNode> items(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static <E> E oneOf(E[] values, Function<E, String> text, JsonNode json, String field) {
    String wanted = text(json, field);
    return Arrays.stream(values)
        .filter(value -> text.apply(value).equals(wanted))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(field + " is unknown: " + wanted));
  }

  private static void check(boolean right, String wrong) {
    if (!right) {
      throw new IllegalArgumentException(wrong);
    }
  }
}
