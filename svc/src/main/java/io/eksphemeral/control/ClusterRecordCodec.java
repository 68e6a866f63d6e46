package io.eksphemeral.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Endpoint;
import io.eksphemeral.domain.NodeChoice;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Transition;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster as JSON, in the store and in the API's answers: the spec as it was in 2019, then {@code
 * status}. {@code svc/cluster.schema.json} is its schema.
 */
public final class ClusterRecordCodec {
  /** What this version of the code writes, and the newest it reads. */
  static final int VERSION = 1;

  /** The longest record, in bytes. */
  public static final int LONGEST = ObjectStore.MAX_BYTES;

  /**
   * The longest record without unknown fields, in bytes: everything in a cluster that repeats or
   * comes from outside is bounded. Two kilobytes are usual.
   */
  static final int LONGEST_KNOWN = LONGEST / 4 * 3;

  /** The longest handle of a task, in characters; the ARN of one in ECS has some 340. */
  private static final int LONGEST_HANDLE = 512;

  /**
   * The longest list of texts in a spec; a spec had at most 64 KiB before its lists were bounded.
   */
  private static final int LONGEST_LIST = 64 * 1024;

  /** Early notices have a list of their own, as older versions reject unknown topics of mails. */
  private static final Predicate<Notification> NOT_EARLY =
      notification -> notification.topic() != Topic.EARLY_NOTICE;

  /** Room for what a store adds to a record. */
  private static final int ROOM = 1 << 10;

  private ClusterRecordCodec() {}

  /** The first record of a cluster. */
  public static ObjectNode encode(Cluster cluster) {
    ObjectNode record = encode(cluster.spec());
    record.set("status", status(cluster));
    return record;
  }

  /**
   * The record of a changed cluster, with the unknown fields of the earlier record, unless they are
   * so long that the record could not be read back.
   */
  public static ObjectNode encode(Cluster changed, Stored.Live before) {
    ObjectNode record = encode(changed);
    UnknownFields.keep(record, Json.parse(before.json()), encode(before.cluster()));
    boolean mayBeTooLong = before.json().length() > (LONGEST - LONGEST_KNOWN) / 4;
    return mayBeTooLong && isTooLong(record.toString()) ? encode(changed) : record;
  }

  /**
   * The text of a record.
   *
   * @throws StoreException if it is too long to be read back. The known fields never are, so only a
   *     bug can cause this, and it must not make a cluster immortal
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

  /** Decodes the record of an id. */
  public static Stored decode(ClusterId id, String version, String json) {
    JsonNode record;
    try {
      record = Json.parse(json);
    } catch (IllegalArgumentException e) {
      return unreadable(id, version, json, String.valueOf(e.getMessage()));
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
      Json.whole(status, "format");
      Cluster cluster = validated(cluster(record, status));
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

  /** A spec with every default filled in; a record begins with it. */
  public static ObjectNode encode(Spec spec) {
    ObjectNode json = Json.object();
    json.put("name", spec.name());
    json.put("numworkers", spec.numworkers());
    json.put("kubeversion", spec.kubeversion());
    json.put("timeout", spec.timeout());
    json.put("owner", spec.owner());
    Json.put(json, "until", spec.until());
    Json.putTextsUnlessEmpty(json, "access", spec.access());
    Json.putTextsUnlessEmpty(json, "without", spec.without());
    if (!spec.nodes().equals(NodeChoice.NONE)) {
      json.set("nodes", NodeChoiceCodec.encode(spec.nodes()));
    }
    Placement task = spec.task();
    if (task != null) {
      ObjectNode placement = json.putObject("task");
      Json.put(placement, "securitygroup", task.securitygroup());
      Json.putTextsUnlessEmpty(placement, "subnets", task.subnets());
    }
    return json;
  }

  private static ObjectNode status(Cluster cluster) {
    ObjectNode json = Json.object();
    json.put("id", cluster.id().value());
    json.put("state", cluster.state().text());
    Json.put(json, "created", cluster.created());
    Json.put(json, "ready", cluster.ready());
    Json.put(json, "expires", cluster.expires());
    json.put("lifetime", cluster.lifetime());
    json.put("createdby", cluster.createdBy());
    Endpoint endpoint = cluster.endpoint();
    Json.put(json, "endpoint", endpoint == null ? null : endpoint.url());
    json.put("attempt", cluster.tasks().isEmpty() ? 0 : cluster.tasks().getLast().attempt());
    Json.put(json, "error", cluster.error());
    Json.putTextsUnlessEmpty(json, "log", cluster.log());
    Json.putTextsUnlessEmpty(json, "leftovers", cluster.leftovers());
    Json.putAll(json, "tasks", cluster.tasks(), ClusterRecordCodec::task);
    Json.putAll(json, "mails", on(cluster, NOT_EARLY), ClusterRecordCodec::mailing);
    List<Notification> early = on(cluster, NOT_EARLY.negate());
    if (!early.isEmpty()) {
      Json.putAll(json, "earlynotices", early, ClusterRecordCodec::delivery);
    }
    Json.putAll(json, "history", cluster.history(), ClusterRecordCodec::transition);
    json.put("format", VERSION);
    return json;
  }

  private static ObjectNode task(Task task) {
    ObjectNode json = Json.object();
    json.put("kind", task.kind().text());
    json.put("attempt", task.attempt());
    Json.put(json, "planned", task.planned());
    Json.put(json, "refused", task.refused());
    Json.put(json, "launched", task.launched());
    Json.put(json, "handle", task.handle());
    Json.put(json, "stopping", task.stopping());
    Json.put(json, "ended", task.ended());
    Json.put(json, "outcome", task.outcome());
    return json;
  }

  private static List<Notification> on(Cluster cluster, Predicate<Notification> topic) {
    return cluster.notifications().stream().filter(topic).toList();
  }

  private static ObjectNode mailing(Notification mailing) {
    ObjectNode json = Json.object();
    json.put("topic", mailing.topic().text());
    return json.setAll(delivery(mailing));
  }

  private static ObjectNode delivery(Notification mailing) {
    ObjectNode json = Json.object();
    Json.put(json, "about", mailing.about());
    Json.put(json, "tried", mailing.tried());
    Json.put(json, "last", mailing.last());
    json.put("delivery", mailing.delivery().text());
    Json.put(json, "why", mailing.why());
    return json;
  }

  private static ObjectNode transition(Transition transition) {
    ObjectNode json = Json.object();
    json.put("state", transition.to().text());
    Json.put(json, "at", transition.at());
    json.put("why", transition.why());
    Json.put(json, "by", transition.by());
    Json.putUnlessZero(json, "minutes", transition.minutes());
    Json.putUnlessZero(json, "earlier", transition.earlier());
    return json;
  }

  private static Cluster cluster(JsonNode record, JsonNode status) {
    ClusterId id =
        ClusterId.parse(Json.text(status, "id"))
            .orElseThrow(() -> new IllegalArgumentException("status.id is no UUID"));
    return new Cluster(
        id,
        new Spec(
            Json.text(record, "name"),
            Json.whole(record, "numworkers"),
            Json.text(record, "kubeversion"),
            Json.whole(record, "timeout"),
            Json.text(record, "owner"),
            Json.timeOrNull(record, "until"),
            Json.texts(record, "access"),
            Json.texts(record, "without"),
            NodeChoiceCodec.decode(record.path("nodes")),
            placement(record.path("task"))),
        Json.oneOf(State.values(), State::text, status, "state"),
        Json.text(status, "createdby"),
        status.has("endpoint") ? new Endpoint(Json.text(status, "endpoint")) : null,
        Json.time(status, "created"),
        Json.whole(status, "lifetime"),
        Json.timeOrNull(status, "ready"),
        Json.timeOrNull(status, "expires"),
        Json.objects(status, "tasks")
            .map(task ->
                new Task(
                    Json.oneOf(TaskKind.values(), TaskKind::text, task, "kind"),
                    Json.whole(task, "attempt"),
                    Json.time(task, "planned"),
                    Json.textOrNull(task, "refused"),
                    Json.timeOrNull(task, "launched"),
                    Json.textOrNull(task, "handle"),
                    Json.timeOrNull(task, "stopping"),
                    Json.timeOrNull(task, "ended"),
                    Json.textOrNull(task, "outcome")))
            .toList(),
        Stream.concat(
                Json.objects(status, "mails").map(mail -> notification(topic(mail), mail)),
                status.has("earlynotices")
                    ? Json.objects(status, "earlynotices")
                        .map(mail -> notification(Topic.EARLY_NOTICE, mail))
                    : Stream.empty())
            .toList(),
        Json.textOrNull(status, "error"),
        Json.texts(status, "log"),
        Json.texts(status, "leftovers"),
        Json.objects(status, "history")
            .map(step ->
                new Transition(
                    Json.oneOf(State.values(), State::text, step, "state"),
                    Json.time(step, "at"),
                    Json.text(step, "why"),
                    Json.textOrNull(step, "by"),
                    Json.wholeOrZero(step, "minutes"),
                    Json.wholeOrZero(step, "earlier")))
            .toList());
  }

  private static Topic topic(JsonNode mail) {
    return Json.oneOf(Topic.values(), Topic::text, mail, "topic");
  }

  private static Notification notification(Topic topic, JsonNode mail) {
    return new Notification(
        topic,
        Json.time(mail, "about"),
        Json.time(mail, "tried"),
        Json.time(mail, "last"),
        Json.oneOf(Notification.Delivery.values(), Notification.Delivery::text, mail, "delivery"),
        Json.textOrNull(mail, "why"));
  }

  private static @Nullable Placement placement(JsonNode task) {
    if (task.isMissingNode()) {
      return null;
    }
    Json.check(task.isObject(), "task is no object");
    return new Placement(Json.textOrNull(task, "securitygroup"), Json.texts(task, "subnets"));
  }

  /** Rejects impossible clusters, which the rules of the life cycle need not handle then. */
  private static Cluster validated(Cluster cluster) {
    Json.check(SpecValidator.isName(cluster.name()), "name is not a valid name");
    Json.check(isBounded(cluster), "a text is too long");
    State state = cluster.state();
    Json.check(state != State.READY || cluster.expires() != null, "expires is missing");
    List<Transition> history = cluster.history();
    Json.check(
        !history.isEmpty() && history.getLast().to() == state,
        "history does not end in state " + state.text());
    boolean atWork = state == State.DESTROYING || (state == State.CREATING && cluster.isAdmitted());
    Json.check(!atWork || cluster.openTask().isPresent(), "tasks has none that is not over");
    return cluster;
  }

  /** Whether the texts that are not truncated elsewhere are within their bounds. */
  private static boolean isBounded(Cluster cluster) {
    Spec spec = cluster.spec();
    Placement task = spec.task();
    int listed =
        Stream.of(
                spec.access(),
                spec.without(),
                spec.nodes().types(),
                task == null ? List.<String>of() : task.subnets())
            .flatMap(List::stream)
            .mapToInt(text -> text.length() + 3)
            .sum();
    return listed <= LONGEST_LIST
        && Stream.of(cluster.createdBy(), spec.owner(), spec.kubeversion())
            .allMatch(text -> text.length() <= Cluster.MAX_ARN_LENGTH)
        && cluster.tasks().stream()
            .map(Task::handle)
            .allMatch(handle -> handle == null || handle.length() <= LONGEST_HANDLE);
  }
}
