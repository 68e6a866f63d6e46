package io.eksphemeral.control;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.MailAddress;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Transition;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as JSON, in the store and in the API's answers: the spec as it was in 2019, then {@code
 * status}. {@code svc/cluster.schema.json} is its schema.
 */
public final class ClusterRecordCodec {
  /** What this version of the code writes, and the newest it reads. */
  static final int VERSION = 1;

  /** The longest record, and the longest other object, that is read, in bytes. */
  public static final int LONGEST = 1 << 20;

  /**
   * How long a record is at the most without what is unknown in it, in bytes: everything in a
   * cluster that comes again or comes from outside has a bound. Some two kilobytes are usual.
   */
  static final int LONGEST_KNOWN = LONGEST / 4 * 3;

  /** The longest handle of a task, in characters; the ARN of one in ECS has some 340. */
  private static final int LONGEST_HANDLE = 512;

  /**
   * The longest list of texts in a spec; a spec had at most 64 KiB before its lists were bounded.
   */
  private static final int LONGEST_LIST = 64 * 1024;

  /** What stands for a version of Kubernetes that cannot be told any more. */
  private static final String UNKNOWN_VERSION = "1.00";

  /** What a store may add to a record. */
  private static final int ROOM = 1 << 10;

  /** By which fields an item of a list is the same one as before. */
  private static final Map<String, List<String>> KEYS =
      Map.of(
          "tasks", List.of("kind", "attempt"),
          "mails", List.of("topic", "about"),
          "history", List.of("state", "at", "minutes"));

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private ClusterRecordCodec() {}

  /** The record of a cluster, for writing it for the first time. */
  public static ObjectNode encode(Cluster cluster) {
    ObjectNode record = encode(cluster.spec());
    record.set("status", status(cluster));
    return record;
  }

  /**
   * The record of a changed cluster, with what is unknown in the one it takes the place of; without
   * it where there is so much of it that the record could not be read back.
   */
  public static ObjectNode encode(Cluster changed, Stored.Live before) {
    ObjectNode record = encode(changed);
    keepUnknown(record, parse(before.json()), encode(before.cluster()));
    boolean mayBeTooLong = before.json().length() > (LONGEST - LONGEST_KNOWN) / 4;
    return mayBeTooLong && isTooLong(record.toString()) ? encode(changed) : record;
  }

  /**
   * The text of a record.
   *
   * @throws StoreException if it could not be read back. Nothing that is known of a cluster is ever
   *     that long, so this keeps a mistake of ours from making a cluster immortal
   */
  public static String text(ObjectNode record) {
    String text = record.toString();
    if (isTooLong(text)) {
      throw new StoreException(
          "the record %s would have more than %d bytes, and could not be read back"
              .formatted(record.at("/status/id").asText(), LONGEST));
    }
    return text;
  }

  private static boolean isTooLong(String text) {
    int most = LONGEST - ROOM;
    return text.length() > most / 3 && text.getBytes(StandardCharsets.UTF_8).length > most;
  }

  /** What stands under an id, from the JSON that stands there. */
  public static Stored decode(ClusterId id, String version, String json) {
    JsonNode record;
    try {
      record = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      return unreadable(id, version, json, "not JSON: " + e.getOriginalMessage());
    }
    if (!record.isObject()) {
      return unreadable(id, version, json, "not a JSON object");
    }
    JsonNode status = record.path("status");
    if (status.isMissingNode() && record.path("name").isTextual()) {
      return new Stored.Legacy(id, json);
    }
    JsonNode format = status.path("format");
    if (format.isInt() && format.intValue() > VERSION) {
      return unreadable(id, version, json, "written by a newer version, in format " + format);
    }
    try {
      whole(status, "format");
      Cluster cluster = possible(cluster(record, status));
      return cluster.id().equals(id)
          ? new Stored.Live(cluster, version, json)
          : unreadable(id, version, json, "the record of another cluster, " + cluster.id());
    } catch (IllegalArgumentException e) {
      return unreadable(id, version, json, String.valueOf(e.getMessage()));
    }
  }

  private static Stored unreadable(ClusterId id, String version, String json, String why) {
    return new Stored.Unreadable(id, why, version, json);
  }

  /**
   * What can still be told of a cluster whose record cannot be read: whatever makes sense of what
   * stands in it, up to where it is broken or was cut off.
   *
   * @param name what it would be called, if that can be told; empty if not
   * @param spec its spec under any name, with a default for whatever cannot be told
   */
  record Salvage(
      Optional<String> name,
      Function<String, Spec> spec,
      Optional<String> createdBy,
      Optional<Instant> created) {}

  static Salvage salvage(String text) {
    ObjectNode found = MAPPER.createObjectNode();
    try (JsonParser parser = MAPPER.createParser(text)) {
      salvage(parser, found);
    } catch (IOException e) {
      // As far as it went.
    }
    JsonNode status = found.path("status");
    return new Salvage(
        Optional.of(found.path("name").asText()).filter(SpecValidator::isName),
        name ->
            new Spec(
                name,
                Math.max(1, found.path("numworkers").asInt(1)),
                Optional.of(found.path("kubeversion").asText())
                    .filter(Versions::isOne)
                    .orElse(UNKNOWN_VERSION),
                Math.max(1, found.path("timeout").asInt(SpecValidator.DEFAULT_TIMEOUT)),
                Optional.of(found.path("owner").asText())
                    .filter(MailAddress::isOne)
                    .orElse(SpecValidator.DEFAULT_OWNER),
                List.of(),
                null),
        Optional.of(status.path("createdby").asText())
            .filter(arn -> !arn.isEmpty() && arn.length() <= Cluster.LONGEST_ARN),
        salvagedTime(status.path("created").asText()));
  }

  /** Reads the fields of an object that are plain values, and the same of those of its status. */
  private static void salvage(JsonParser parser, ObjectNode found) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return;
    }
    ObjectNode into = found;
    boolean isInStatus = false;
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      String name = parser.currentName();
      if (token == JsonToken.START_OBJECT && !isInStatus && "status".equals(name)) {
        into = found.putObject("status");
        isInStatus = true;
      } else if (token.isStructStart()) {
        parser.skipChildren();
      } else if (token == JsonToken.END_OBJECT) {
        into = found;
        isInStatus = false;
      } else if (token == JsonToken.VALUE_STRING) {
        into.put(name, parser.getText());
      } else if (token == JsonToken.VALUE_NUMBER_INT) {
        into.put(name, parser.getValueAsInt());
      }
    }
  }

  private static Optional<Instant> salvagedTime(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException e) {
      return Optional.empty();
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
    putAll(json, "tasks", cluster.tasks(), ClusterRecordCodec::task);
    putAll(json, "mails", cluster.mailings(), ClusterRecordCodec::mailing);
    putAll(json, "history", cluster.history(), ClusterRecordCodec::transition);
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

  private static ObjectNode mailing(Notification mailing) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("topic", mailing.topic().text());
    put(json, "about", mailing.about());
    put(json, "tried", mailing.tried());
    put(json, "last", mailing.last());
    json.put("delivery", mailing.delivery().text());
    put(json, "why", mailing.why());
    return json;
  }

  private static ObjectNode transition(Transition transition) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("state", transition.to().text());
    put(json, "at", transition.at());
    json.put("why", transition.why());
    put(json, "by", transition.by());
    putUnlessZero(json, "minutes", transition.minutes());
    putUnlessZero(json, "earlier", transition.earlier());
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
                new Notification(
                    oneOf(Notification.Topic.values(), Notification.Topic::text, mail, "topic"),
                    time(mail, "about"),
                    time(mail, "tried"),
                    time(mail, "last"),
                    oneOf(
                        Notification.Delivery.values(),
                        Notification.Delivery::text,
                        mail,
                        "delivery"),
                    textOrNull(mail, "why")))
            .toList(),
        textOrNull(status, "error"),
        texts(status, "log"),
        texts(status, "leftovers"),
        objects(status, "history")
            .map(step ->
                new Transition(
                    oneOf(State.values(), State::text, step, "state"),
                    time(step, "at"),
                    text(step, "why"),
                    textOrNull(step, "by"),
                    wholeOrZero(step, "minutes"),
                    wholeOrZero(step, "earlier")))
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
    check(SpecValidator.isName(cluster.name()), "name is no name of a cluster");
    check(isShort(cluster), "its names are too long");
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

  /** Whether what is neither prose, which is cut, nor in a list that is, has a bound as well. */
  private static boolean isShort(Cluster cluster) {
    Spec spec = cluster.spec();
    Placement task = spec.task();
    int listed =
        Stream.concat(
                spec.access().stream(), task == null ? Stream.empty() : task.subnets().stream())
            .mapToInt(text -> text.length() + 3)
            .sum();
    return listed <= LONGEST_LIST
        && Stream.of(cluster.createdBy(), spec.owner(), spec.kubeversion())
            .allMatch(text -> text.length() <= Cluster.LONGEST_ARN)
        && cluster.tasks().stream()
            .map(Task::handle)
            .allMatch(handle -> handle == null || handle.length() <= LONGEST_HANDLE);
  }

  /**
   * Adds to a new record what was in the one before and is not in what this version writes for it.
   */
  private static void keepUnknown(ObjectNode record, JsonNode before, JsonNode known) {
    for (Map.Entry<String, JsonNode> field : before.properties()) {
      String name = field.getKey();
      JsonNode now = record.path(name);
      if (!known.has(name)) {
        record.putIfAbsent(name, field.getValue());
      } else if (now instanceof ObjectNode object) {
        keepUnknown(object, field.getValue(), known.path(name));
      } else if (now instanceof ArrayNode list && KEYS.containsKey(name)) {
        keepUnknown(list, field.getValue(), known.path(name), KEYS.getOrDefault(name, List.of()));
      }
    }
  }

  /** The same for each item of a list that was in it before; the n-th of several with one key. */
  private static void keepUnknown(
      ArrayNode list, JsonNode before, JsonNode known, List<String> key) {
    Map<List<JsonNode>, Deque<Integer>> places = new HashMap<>();
    for (int i = 0; i < known.size(); i++) {
      places.computeIfAbsent(key(known.path(i), key), _ -> new ArrayDeque<>()).add(i);
    }
    for (JsonNode item : list) {
      Integer place = places.getOrDefault(key(item, key), new ArrayDeque<>()).poll();
      if (place != null && item instanceof ObjectNode object) {
        keepUnknown(object, before.path(place), known.path(place));
      }
    }
  }

  private static List<JsonNode> key(JsonNode item, List<String> fields) {
    return fields.stream().map(item::path).toList();
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

  private static void putUnlessZero(ObjectNode json, String field, int number) {
    if (number != 0) {
      json.put(field, number);
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

  private static int wholeOrZero(JsonNode json, String field) {
    return json.has(field) ? whole(json, field) : 0;
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
