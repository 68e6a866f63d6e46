package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Architecture;
import io.eksphemeral.domain.CapacityType;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterBuilder;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Decision;
import io.eksphemeral.domain.Endpoint;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.NodeChoice;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskBuilder;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskObservation;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.TaskStatus;
import io.eksphemeral.domain.Transition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ClusterRecordCodecTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final long SEED = 20261122;
  private static final int RANDOM_CLUSTERS = 500;

  private final Cluster rich = rich();

  @Test
  void aRichClusterComesBackAsItWent() {
    assertThat(decoded(ClusterRecordCodec.encode(rich))).isEqualTo(rich);
  }

  @Test
  void aClusterThatWasJustAskedForComesBackAsItWent() {
    Cluster asked = Samples.requested("dev");
    assertThat(decoded(ClusterRecordCodec.encode(asked))).isEqualTo(asked);
  }

  @Test
  void anyClusterComesBackAsItWent() {
    System.out.printf("records: %d random clusters, seed %d%n", RANDOM_CLUSTERS, SEED);
    Random random = new Random(SEED);
    for (int i = 0; i < RANDOM_CLUSTERS; i++) {
      Cluster cluster = random(random);
      assertThat(decoded(ClusterRecordCodec.encode(cluster)))
          .as("cluster %d of seed %d", i, SEED)
          .isEqualTo(cluster);
    }
  }

  @Test
  void theSpecOf2019StandsFirstAsItStoodThen() {
    assertThat(ClusterRecordCodec.encode(Samples.requested("dev")).fieldNames())
        .toIterable()
        .containsExactly("name", "numworkers", "kubeversion", "timeout", "owner", "status");
  }

  @Test
  void unknownFieldsSurviveARewriteAtEachLevel() throws Exception {
    Cluster asked = Samples.requested("dev");
    ObjectNode record = ClusterRecordCodec.encode(rich);
    List<String> places =
        List.of(
            "",
            "/task",
            "/status",
            "/status/tasks/0",
            "/status/mails/0",
            "/status/earlynotices/0",
            "/status/history/1");
    places.forEach(
        place -> ((ObjectNode) record.at(place)).putObject("new").put("in", "the next version"));
    Stored.Live before = live(rich.id(), record.toString());

    Cluster changed = rich.destroying("asked for", Samples.START.plusSeconds(99));
    JsonNode rewritten = MAPPER.readTree(ClusterRecordCodec.encode(changed, before).toString());

    assertThat(places)
        .allSatisfy(place ->
            assertThat(rewritten.at(place + "/new/in").asText()).isEqualTo("the next version"));
    assertThat(decoded(rewritten)).isEqualTo(changed);
    assertThat(ClusterRecordCodec.encode(asked).has("new")).isFalse();
  }

  @Test
  void unknownFieldsStayWithTheirItemWhenOthersAreForgotten() throws Exception {
    Cluster stuck = stuck(List.of(), 20);
    ObjectNode record = ClusterRecordCodec.encode(stuck);
    record.at("/status/tasks").forEach(task -> mark(task, "attempt"));
    record.at("/status/history").forEach(step -> mark(step, "at"));

    Cluster next = stuck.destroying("again", Samples.START.plusSeconds(99));
    JsonNode rewritten =
        MAPPER.readTree(
            ClusterRecordCodec.encode(next, live(stuck.id(), record.toString())).toString());

    assertThat(rewritten.at("/status/tasks")).hasSameSizeAs(record.at("/status/tasks"));
    assertThat(marked(rewritten.at("/status/tasks")))
        .hasSize(record.at("/status/tasks").size() - 1)
        .allMatch(task -> task.get("new").equals(task.get("attempt")));
    assertThat(marked(rewritten.at("/status/history")))
        .hasSize(record.at("/status/history").size() - 1)
        .allMatch(step -> step.get("new").equals(step.get("at")));
  }

  /** Older versions reject a record in which a mail has a topic that they do not know. */
  @Test
  void earlyNoticesAreNotAmongTheMails() {
    Instant expires = Samples.START.plusSeconds(3600);
    Cluster told =
        rich.notified(Topic.EARLY_NOTICE, expires, Delivery.SENT, Samples.START.plusSeconds(99));
    JsonNode status = ClusterRecordCodec.encode(told).path("status");

    assertThat(status.path("mails").findValuesAsText("topic"))
        .isSubsetOf("ready", "notice", "create-failed", "destroy-failed", "gone");
    assertThat(status.path("earlynotices").findValuesAsText("about")).contains(expires.toString());
    assertThat(
            ClusterRecordCodec.encode(Samples.requested("dev")).path("status").has("earlynotices"))
        .isFalse();
  }

  private static void mark(JsonNode item, String field) {
    ((ObjectNode) item).set("new", item.get(field));
  }

  private static List<JsonNode> marked(JsonNode items) {
    return StreamSupport.stream(items.spliterator(), false)
        .filter(item -> item.has("new"))
        .toList();
  }

  /** What is longer than a mebibyte is not read any more. */
  @Test
  void aRecordDoesNotGrowForAsLongAsDestroyingFails() {
    List<String> leftovers = Collections.nCopies(100, "volume ".repeat(43));
    assertThat(ClusterRecordCodec.encode(stuck(leftovers, 1000)).toString().length())
        .isLessThan(1 << 18);
  }

  /** Everything in it is as long, and comes as often, as it can. */
  @Test
  void aRecordHasABound() {
    String prose = "\"\u20ac".repeat(2_000);
    Instant at = Samples.START;
    List<Task> tasks = new ArrayList<>();
    List<Notification> mails = new ArrayList<>();
    List<Transition> history = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Instant when = at.plusNanos(i);
      for (TaskKind kind : TaskKind.values()) {
        tasks.add(
            new TaskBuilder(kind, i, when)
                .refused(prose)
                .launched(when, "h".repeat(512))
                .stopping(when)
                .ended(i == 199 ? null : when, prose)
                .build());
      }
      for (Topic topic : Topic.values()) {
        mails.add(new Notification(topic, when, when, when, Delivery.FAILED, prose));
      }
      for (State state : State.values()) {
        history.add(new Transition(state, when, prose, prose, i, 1));
        history.add(new Transition(state, when, prose, prose, 0, 0));
      }
    }
    history.add(new Transition(State.READY, at, prose, prose, 0, 0));
    Spec spec =
        new SpecBuilder()
            .timeout(1)
            .owner("a".repeat(254))
            .access(Collections.nCopies(100, "a".repeat(600)))
            .without(Spec.OPTIONAL_ADDONS)
            .build();
    List<String> lines = Collections.nCopies(200, prose);
    Cluster cluster =
        new ClusterBuilder(Cluster.requested(Samples.newId(), spec, "a".repeat(2048), at))
            .state(State.READY)
            .ready(at)
            .expires(at)
            .tasks(tasks)
            .notifications(mails)
            .error(prose)
            .log(lines)
            .leftovers(lines)
            .history(history)
            .build();

    Cluster changed = cluster.prolonged(1, prose, at);

    String json = ClusterRecordCodec.encode(changed).toString();
    assertThat(json.getBytes(StandardCharsets.UTF_8))
        .hasSizeLessThan(ClusterRecordCodec.LONGEST_KNOWN);
    assertThat(live(changed.id(), json).cluster()).isEqualTo(changed);
    assertThat(changed.tasks()).contains(tasks.getFirst(), tasks.getLast());
    assertThat(changed.expiryChanges()).last().extracting(Transition::minutes).isEqualTo(1);
    assertThat(changed.expiryChanges().getFirst().earlier()).isGreaterThan(1_000);
  }

  /** One of before had no bounds, and is still one that can be destroyed. */
  @Test
  void aRecordWithManyItemsIsRewrittenInLinearTime() {
    Instant at = Samples.START;
    List<Notification> mails = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      mails.add(
          new Notification(
              i % 2 == 0 ? Topic.NOTICE : Topic.READY, at.plusNanos(i), at, at, Delivery.FAILED));
    }
    ObjectNode json = ClusterRecordCodec.encode(rich);
    ((ObjectNode) json.path("status"))
        .set("mails", ClusterRecordCodec.encode(with(rich, mails)).at("/status/mails"));
    json.at("/status/mails").forEach(mail -> mark(mail, "about"));
    Stored.Live before = live(rich.id(), json.toString());

    long begun = System.nanoTime();
    ObjectNode rewritten = ClusterRecordCodec.encode(before.cluster(), before);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(2));

    assertThat(marked(rewritten.at("/status/mails")))
        .hasSize(5000)
        .allMatch(mail -> mail.get("new").equals(mail.get("about")));
  }

  private static Cluster with(Cluster cluster, List<Notification> mails) {
    return new ClusterBuilder(cluster).notifications(mails).build();
  }

  private static Cluster stuck(List<String> leftovers, int attempts) {
    Cluster cluster = Samples.requested("dev");
    TaskResult result =
        new TaskResult(Outcome.FAILED, Samples.START, "no".repeat(250), leftovers, List.of());
    for (int attempt = 1; attempt <= attempts; attempt++) {
      Instant at = Samples.START.plusSeconds(attempt);
      Cluster destroying = cluster.destroying("again", at).launched("task-" + attempt, at);
      TaskObservation known =
          new TaskObservation(new TaskStatus.Reported(result), Fence.TAKEN, List.of());
      cluster = ((Decision.UpdateRecord) Lifecycle.decide(destroying, known, at)).changed();
    }
    return cluster;
  }

  @Test
  void whatIsKnownAndNoMoreTrueDoesNotSurviveARewrite() {
    Stored.Live before = live(rich.id(), ClusterRecordCodec.encode(rich).toString());
    Cluster better = new ClusterBuilder(rich).error(null).leftovers(List.of()).build();

    JsonNode status = ClusterRecordCodec.encode(better, before).path("status");

    assertThat(status.has("error")).isFalse();
    assertThat(status.has("leftovers")).isFalse();
    assertThat(status.has("log")).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/name",
        "/numworkers",
        "/kubeversion",
        "/timeout",
        "/owner",
        "/status/id",
        "/status/state",
        "/status/created",
        "/status/lifetime",
        "/status/createdby",
        "/status/format",
        "/status/expires",
        "/status/tasks",
        "/status/mails",
        "/status/history",
        "/status/tasks/0/kind",
        "/status/tasks/0/attempt",
        "/status/tasks/0/planned",
        "/status/mails/0/topic",
        "/status/mails/0/about",
        "/status/mails/0/tried",
        "/status/mails/0/last",
        "/status/mails/0/delivery",
        "/status/history/0/state",
        "/status/history/0/at",
        "/status/history/0/why"
      })
  void aRecordThatMissesAFieldIsUnreadableAndTheFieldIsNamed(String place) {
    ObjectNode record = ClusterRecordCodec.encode(rich);
    parent(record, place).remove(field(place));

    assertThat(why(rich.id(), record.toString())).startsWith(field(place) + " is missing");
  }

  /** JSON of the wrong type, for each field of a type. */
  @ParameterizedTest
  @CsvSource({
    "/name, 1",
    "/numworkers, \"2\"",
    "/numworkers, 2.5",
    "/numworkers, 99999999999",
    "/kubeversion, 1.35",
    "/timeout, null",
    "/owner, []",
    "/until, \"18:00\"",
    "/until, 0",
    "/access, \"arn\"",
    "/access, [1]",
    "/without, \"metrics-server\"",
    "/without, [1]",
    "/nodes, \"arm64\"",
    "/nodes/types, \"t3.medium\"",
    "/nodes/arch, \"arm\"",
    "/nodes/disk, \"20\"",
    "/nodes/capacitytype, \"SPOT\"",
    "/task, \"sg-1\"",
    "/task/securitygroup, 1",
    "/task/subnets, {}",
    "/status/endpoint, 1",
    "/status/endpoint, \"https://example.com; reboot\"",
    "/status/id, \"dev\"",
    "/status/state, \"asleep\"",
    "/status/state, 1",
    "/status/created, \"yesterday\"",
    "/status/created, 0",
    "/status/ready, null",
    "/status/expires, \"2026-13-01T00:00:00Z\"",
    "/status/lifetime, \"30\"",
    "/status/format, \"1\"",
    "/status/error, {}",
    "/status/log, \"x\"",
    "/status/leftovers, [{}]",
    "/status/tasks, {}",
    "/status/tasks, [1]",
    "/status/mails, \"\"",
    "/status/history, []",
    "/status/history, null",
    "/status/tasks/0/kind, \"paint\"",
    "/status/tasks/0/launched, \"soon\"",
    "/status/tasks/0/handle, 1",
    "/status/tasks/0/ended, 1",
    "/status/tasks/0/outcome, 1",
    "/status/mails/0/topic, \"ad\"",
    "/status/mails/0/delivery, \"maybe\"",
    "/status/earlynotices, {}",
    "/status/earlynotices/0/delivery, \"maybe\"",
    "/status/earlynotices/0/about, 1",
    "/status/history/0/state, \"\"",
    "/status/history/0/at, \"\"",
    "/status/history/0/why, 1"
  })
  void aRecordWithAWrongFieldIsUnreadableAndTheFieldIsNamed(String place, String json)
      throws Exception {
    ObjectNode record = ClusterRecordCodec.encode(rich);
    parent(record, place).set(field(place), MAPPER.readTree(json));

    assertThat(why(rich.id(), record.toString())).contains(field(place));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | not a JSON object",
        "[] | not a JSON object",
        "null | not a JSON object",
        "{} | format is missing or not a whole number",
        "{\"name\":\"dev\",\"status\":null} | format is missing or not a whole number",
        "{\"name\":1} | format is missing or not a whole number"
      })
  void whatIsNoRecordIsUnreadable(String json, String why) {
    assertThat(why(rich.id(), json)).isEqualTo(why);
  }

  @Test
  void whatIsNoJsonIsUnreadable() {
    assertThat(why(rich.id(), "{\"name\":")).startsWith("not JSON: ");
    String half = ClusterRecordCodec.encode(rich).toString();
    assertThat(why(rich.id(), half.substring(0, half.length() / 2))).startsWith("not JSON: ");
  }

  @Test
  void aRecordOfANewerVersionIsLeftToIt() {
    ObjectNode record = ClusterRecordCodec.encode(rich);
    parent(record, "/status/format").put("format", 2);
    assertThat(why(rich.id(), record.toString()))
        .isEqualTo("written by a newer version, in format 2");
  }

  @Test
  void aRecordUnderTheKeyOfAnotherIsUnreadable() {
    assertThat(why(Samples.newId(), ClusterRecordCodec.encode(rich).toString()))
        .isEqualTo("the record of another cluster, " + rich.id());
  }

  @Test
  void whatNoClusterCanBeIsUnreadable() {
    ObjectNode idle = ClusterRecordCodec.encode(rich.destroying("asked", Samples.START));
    ((ArrayNode) idle.at("/status/tasks")).remove(rich.tasks().size());
    assertThat(why(rich.id(), idle.toString())).isEqualTo("tasks has none that is not over");

    ObjectNode elsewhere = ClusterRecordCodec.encode(rich);
    parent(elsewhere, "/status/state").put("state", "destroy-failed");
    assertThat(why(rich.id(), elsewhere.toString()))
        .isEqualTo("history does not end in state destroy-failed");
  }

  @Test
  void aBareSpecIsARecordOf2019() {
    String json = "{\"name\":\"default-eksp\",\"numworkers\":1}";
    assertThat(ClusterRecordCodec.decode(rich.id(), "v1", json))
        .isEqualTo(new Stored.Legacy(rich.id(), json));
  }

  /** A cluster with everything that a record can hold. */
  private static Cluster rich() {
    Instant at = Samples.START;
    Spec spec =
        new SpecBuilder()
            .numworkers(3)
            .timeout(60)
            .until(at.plusNanos(3_600_000_000_001L))
            .access(Samples.BOB)
            .nodes(
                new NodeChoice(
                    List.of("t4g.medium"), Architecture.ARM64, 30, CapacityType.ON_DEMAND))
            .task(new Placement("sg-0123456789abcdef0", List.of("subnet-01234567")))
            .build();
    Task task =
        new TaskBuilder(TaskKind.CREATE, 1, at)
            .refused("why")
            .launched(at.plusSeconds(2), "task-1")
            .stopping(at.plusNanos(2_500_000_000L))
            .ended(at.plusSeconds(3), "up")
            .build();
    Endpoint endpoint = new Endpoint("https://a1.execute-api.eu-west-1.amazonaws.com");
    return new ClusterBuilder(
            Cluster.requested(Samples.newId(), spec, Samples.ALICE, at).requestedAt(endpoint))
        .state(State.READY)
        .lifetime(90)
        .ready(at.plusSeconds(1))
        .expires(at.plusNanos(5_400_000_000_001L))
        .tasks(List.of(task))
        .notifications(
            List.of(
                new Notification(Topic.READY, at, at, at.plusSeconds(4), Delivery.SENT),
                new Notification(Topic.EARLY_NOTICE, at, at, at, Delivery.FAILED, "no"),
                new Notification(
                    Topic.NOTICE, at.plusSeconds(5), at, at, Delivery.FAILED, "no luck")))
        .error("something: \"quoted\"\nand \u2026")
        .log(List.of("a line", ""))
        .leftovers(List.of("volume vol-1"))
        .history(
            List.of(
                new Transition(State.CREATING, at, "requested"),
                new Transition(State.READY, at, "created", "control-plane", 0, 0),
                new Transition(State.READY, at, "shortened", Samples.BOB, -5, 7)))
        .build();
  }

  private static Cluster random(Random random) {
    State state = any(random, State.values());
    boolean ready = state == State.READY || random.nextBoolean();
    boolean atWork = state == State.DESTROYING;
    List<Task> tasks = some(random, () -> task(random, random.nextBoolean()));
    if (atWork || (state == State.CREATING && !tasks.isEmpty())) {
      tasks.add(task(random, false));
    }
    List<Transition> history = some(random, () -> transition(random, any(random, State.values())));
    history.add(transition(random, state));
    Placement placement = new Placement(orNull(random, text(random)), texts(random));
    Spec spec =
        new SpecBuilder()
            .name(Integer.toString(random.nextInt(1 << 30), 36))
            .numworkers(random.nextInt())
            .kubeversion(text(random))
            .timeout(random.nextInt())
            .owner(text(random))
            .until(orNull(random, time(random)))
            .access(texts(random))
            .without(texts(random))
            .nodes(
                new NodeChoice(
                    texts(random),
                    orNull(random, any(random, Architecture.values())),
                    orNull(random, random.nextInt()),
                    orNull(random, any(random, CapacityType.values()))))
            .task(orNull(random, placement))
            .build();
    ClusterId id = ClusterId.generate(time(random), random);
    return new ClusterBuilder(Cluster.requested(id, spec, text(random), time(random)))
        .state(state)
        .lifetime(random.nextInt())
        .ready(ready ? time(random) : null)
        .expires(ready ? time(random) : null)
        .tasks(tasks)
        .notifications(some(random, () -> notification(random)))
        .error(orNull(random, text(random)))
        .log(texts(random))
        .leftovers(texts(random))
        .history(history)
        .build();
  }

  private static Notification notification(Random random) {
    return new Notification(
        any(random, Topic.values()),
        time(random),
        time(random),
        time(random),
        any(random, Delivery.values()),
        orNull(random, text(random)));
  }

  private static Transition transition(Random random, State to) {
    return new Transition(
        to,
        time(random),
        text(random),
        orNull(random, text(random)),
        random.nextBoolean() ? 0 : random.nextInt(),
        random.nextInt(2));
  }

  private static Task task(Random random, boolean over) {
    return new TaskBuilder(any(random, TaskKind.values()), random.nextInt(), time(random))
        .refused(orNull(random, text(random)))
        .launched(orNull(random, time(random)), orNull(random, text(random)))
        .stopping(orNull(random, time(random)))
        .ended(over ? time(random) : null, over ? text(random) : null)
        .build();
  }

  private static <T> @Nullable T orNull(Random random, T value) {
    return random.nextBoolean() ? null : value;
  }

  private static <T> List<T> some(Random random, Supplier<T> one) {
    return new ArrayList<>(Stream.generate(one).limit(random.nextInt(4)).toList());
  }

  private static List<String> texts(Random random) {
    return some(random, () -> text(random));
  }

  private static <T> T any(Random random, T[] values) {
    return values[random.nextInt(values.length)];
  }

  private static Instant time(Random random) {
    return Samples.START
        .plus(Duration.ofMillis(random.nextInt()))
        .plusNanos(random.nextBoolean() ? 0 : random.nextInt(1_000_000_000));
  }

  /** Any text, lone halves of surrogate pairs aside, which no encoding carries. */
  private static String text(Random random) {
    return random
        .ints(random.nextInt(12), 0, 0x11000)
        .filter(point -> point < 0xd800 || point > 0xdfff)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static Cluster decoded(JsonNode record) {
    return live(ClusterId.parse(record.at("/status/id").asText()).orElseThrow(), record.toString())
        .cluster();
  }

  private static Stored.Live live(ClusterId id, String json) {
    Stored stored = ClusterRecordCodec.decode(id, "v1", json);
    assertThat(stored).isInstanceOf(Stored.Live.class);
    return (Stored.Live) stored;
  }

  private static String why(ClusterId id, String json) {
    Stored stored = ClusterRecordCodec.decode(id, "v1", json);
    assertThat(stored).isInstanceOf(Stored.Unreadable.class);
    assertThat(stored.id()).isEqualTo(id);
    return ((Stored.Unreadable) stored).why();
  }

  private static ObjectNode parent(ObjectNode record, String place) {
    return (ObjectNode) record.at(place.substring(0, place.lastIndexOf('/')));
  }

  private static String field(String place) {
    return place.substring(place.lastIndexOf('/') + 1);
  }
}
