package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Decision;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskObservation;
import io.eksphemeral.domain.TaskObservation.TaskStatus;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
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
    Cluster asked = Samples.asked("dev");
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
    assertThat(ClusterRecordCodec.encode(Samples.asked("dev")).fieldNames())
        .toIterable()
        .containsExactly("name", "numworkers", "kubeversion", "timeout", "owner", "status");
  }

  @Test
  void unknownFieldsSurviveARewriteAtEachLevel() throws Exception {
    Cluster asked = Samples.asked("dev");
    ObjectNode record = ClusterRecordCodec.encode(rich);
    List<String> places =
        List.of("", "/task", "/status", "/status/tasks/0", "/status/mails/0", "/status/history/1");
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
            new Task(
                kind, i, when, prose, when, "h".repeat(512), when, i == 199 ? null : when, prose));
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
        new Spec(
            "dev", 1, "1.35", 1, "a".repeat(254), Collections.nCopies(100, "a".repeat(600)), null);
    List<String> lines = Collections.nCopies(200, prose);
    Cluster cluster =
        new Cluster(
            Samples.newId(),
            spec,
            State.READY,
            "a".repeat(2048),
            at,
            1,
            at,
            at,
            tasks,
            mails,
            prose,
            lines,
            lines,
            history);

    Cluster changed = cluster.prolonged(1, prose, at);

    String json = ClusterRecordCodec.encode(changed).toString();
    assertThat(json.getBytes(StandardCharsets.UTF_8))
        .hasSizeLessThan(ClusterRecordCodec.LONGEST_KNOWN);
    assertThat(live(changed.id(), json).cluster()).isEqualTo(changed);
    assertThat(changed.tasks()).contains(tasks.getFirst(), tasks.getLast());
    assertThat(changed.changes()).last().extracting(Transition::minutes).isEqualTo(1);
    assertThat(changed.changes().getFirst().earlier()).isGreaterThan(1_000);
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
    return new Cluster(
        cluster.id(),
        cluster.spec(),
        cluster.state(),
        cluster.createdBy(),
        cluster.created(),
        cluster.lifetime(),
        cluster.ready(),
        cluster.expires(),
        cluster.tasks(),
        mails,
        cluster.error(),
        cluster.log(),
        cluster.leftovers(),
        cluster.history());
  }

  private static Cluster stuck(List<String> leftovers, int attempts) {
    Cluster cluster = Samples.asked("dev");
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
    Cluster better =
        new Cluster(
            rich.id(),
            rich.spec(),
            rich.state(),
            rich.createdBy(),
            rich.created(),
            rich.lifetime(),
            rich.ready(),
            rich.expires(),
            rich.tasks(),
            rich.mailings(),
            null,
            rich.log(),
            List.of(),
            rich.history());

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
    "/access, \"arn\"",
    "/access, [1]",
    "/task, \"sg-1\"",
    "/task/securitygroup, 1",
    "/task/subnets, {}",
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
    return new Cluster(
        Samples.newId(),
        new Spec(
            "dev",
            3,
            "1.35",
            60,
            "alice@eksphemeral.io",
            List.of(Samples.BOB),
            new Placement("sg-0123456789abcdef0", List.of("subnet-01234567"))),
        State.READY,
        Samples.ALICE,
        at,
        90,
        at.plusSeconds(1),
        at.plusNanos(5_400_000_000_001L),
        List.of(
            new Task(
                TaskKind.CREATE,
                1,
                at,
                "why",
                at.plusSeconds(2),
                "task-1",
                at.plusNanos(2_500_000_000L),
                at.plusSeconds(3),
                "up")),
        List.of(
            new Notification(Topic.READY, at, at, at.plusSeconds(4), Delivery.SENT),
            new Notification(Topic.NOTICE, at.plusSeconds(5), at, at, Delivery.FAILED, "no luck")),
        "something: \"quoted\"\nand \u2026",
        List.of("a line", ""),
        List.of("volume vol-1"),
        List.of(
            new Transition(State.CREATING, at, "asked"),
            new Transition(State.READY, at, "built", "control-plane", 0, 0),
            new Transition(State.READY, at, "shortened", Samples.BOB, -5, 7)));
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
    return new Cluster(
        ClusterId.make(time(random), random),
        new Spec(
            Integer.toString(random.nextInt(1 << 30), 36),
            random.nextInt(),
            text(random),
            random.nextInt(),
            text(random),
            some(random, () -> text(random)),
            random.nextBoolean()
                ? null
                : new Placement(orNull(random, text(random)), some(random, () -> text(random)))),
        state,
        text(random),
        time(random),
        random.nextInt(),
        ready ? time(random) : null,
        ready ? time(random) : null,
        tasks,
        some(
            random,
            () ->
                new Notification(
                    any(random, Topic.values()),
                    time(random),
                    time(random),
                    time(random),
                    any(random, Delivery.values()),
                    orNull(random, text(random)))),
        orNull(random, text(random)),
        some(random, () -> text(random)),
        some(random, () -> text(random)),
        history);
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
    return new Task(
        any(random, TaskKind.values()),
        random.nextInt(),
        time(random),
        orNull(random, text(random)),
        orNull(random, time(random)),
        orNull(random, text(random)),
        orNull(random, time(random)),
        over ? time(random) : null,
        over ? text(random) : null);
  }

  private static <T> @Nullable T orNull(Random random, T value) {
    return random.nextBoolean() ? null : value;
  }

  private static <T> List<T> some(Random random, Supplier<T> one) {
    return new ArrayList<>(Stream.generate(one).limit(random.nextInt(4)).toList());
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
