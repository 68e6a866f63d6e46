package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.eksphemeral.control.SimulatedTasks.Fate;
import io.eksphemeral.domain.Architecture;
import io.eksphemeral.domain.CapacityType;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Endpoint;
import io.eksphemeral.domain.NodeChoice;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * That records are what {@code cluster.schema.json} says, at every minute of every kind of harness.
 */
final class RecordSchemaTest {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Path FILE = Path.of("cluster.schema.json");

  private static final NodeChoice NODES =
      new NodeChoice(List.of("t4g.medium"), Architecture.ARM64, 30, CapacityType.ON_DEMAND);

  /** A kind of harness; what is settled before it begins, or happens in it. */
  record Kind(String name, Consumer<LifecycleHarness> begin) {
    @Override
    public String toString() {
      return name;
    }
  }

  static final List<Kind> KINDS =
      List.of(
          new Kind("created and expired", harness -> harness.created("dev")),
          new Kind(
              "with everything that a spec can say",
              harness ->
                  harness.created(
                      new SpecBuilder()
                          .numworkers(10)
                          .timeout(20)
                          .owner("nobody@example.com")
                          .until(Samples.START.plus(Duration.ofMinutes(20)))
                          .access(Samples.BOB)
                          .nodes(NODES)
                          .task(new Placement("sg-0123456789abcdef0", List.of("subnet-01234567")))
                          .build())),
          new Kind(
              "prolonged and shortened",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.prolong(id, 5);
                harness.until(id, State.READY);
                harness.prolong(id, 30);
                harness.prolong(id, -1000);
              }),
          new Kind(
              "long enough for an early notice",
              harness -> harness.created(new SpecBuilder().timeout(60).build())),
          new Kind(
              "prolonged again and again",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.until(id, State.READY);
                for (int i = 0; i < 50; i++) {
                  harness.prolong(id, i % 2 == 0 ? 1 : -1);
                }
              }),
          new Kind("destroyed before it began", harness -> harness.destroy(harness.created("dev"))),
          new Kind(
              "destroyed while creating",
              harness -> {
                ClusterId id = harness.created("dev");
                harness.pass(Duration.ofMinutes(3));
                harness.destroy(id);
              }),
          failing("failed creation", TaskKind.CREATE, Fate.FAILS),
          failing("hanging creation", TaskKind.CREATE, Fate.HANGS),
          failing("refused creation", TaskKind.CREATE, Fate.REFUSED, Fate.REFUSED),
          failing("vanished creation", TaskKind.CREATE, Fate.VANISHES),
          failing(
              "failed destructions",
              TaskKind.DESTROY,
              Fate.FAILS,
              Fate.LEAVES_THINGS,
              Fate.DIES,
              Fate.STILLBORN,
              Fate.REFUSED,
              Fate.HANGS),
          new Kind(
              "foreign name",
              harness -> {
                harness.tasks.addForeign("dev");
                harness.created("dev");
              }),
          new Kind(
              "mail down",
              harness -> {
                harness.mailer.setDown(true);
                harness.created("dev");
              }));

  private static Kind failing(String name, TaskKind kind, Fate... fates) {
    return new Kind(
        name,
        harness -> {
          harness.tasks.next(kind, fates);
          harness.created("dev");
        });
  }

  private final Schema schema = schema();

  @ParameterizedTest
  @FieldSource("KINDS")
  void everyRecordConformsToTheSchema(Kind kind) {
    LifecycleHarness harness = new LifecycleHarness();
    kind.begin().accept(harness);
    ClusterId id = harness.store.ids().getFirst();

    harness.until(
        () -> {
          harness.objects.text(StoreKeys.record(id)).ifPresent(this::assertValid);
          return harness.store.ids().isEmpty();
        },
        "its end");

    assertValid(harness.objects.text(StoreKeys.archive(id)).orElseThrow());
  }

  @Test
  void theSchemaKnowsEveryFieldThatIsWritten() throws IOException {
    Set<String> unknown = new TreeSet<>();
    JsonNode described = MAPPER.readTree(Files.readString(FILE));
    for (Kind kind : KINDS) {
      LifecycleHarness harness = new LifecycleHarness();
      kind.begin().accept(harness);
      ClusterId id = harness.store.ids().getFirst();
      harness.until(
          () -> {
            harness
                .objects
                .text(StoreKeys.record(id))
                .ifPresent(json -> collectUnknown(json, described, unknown));
            return harness.store.ids().isEmpty();
          },
          "its end");
    }
    assertThat(unknown).isEmpty();
  }

  @Test
  void everyFieldOfTheSchemaIsDescribed() throws IOException {
    JsonNode described = MAPPER.readTree(Files.readString(FILE));
    described.findValues("properties").stream()
        .filter(properties -> properties.size() > 1)
        .flatMap(properties -> properties.properties().stream())
        .forEach(field ->
            assertThat(field.getValue().has("description") || field.getValue().has("$ref"))
                .as("%s is described", field.getKey())
                .isTrue());
  }

  /** A field of a record, and an invalid value. */
  @ParameterizedTest
  @CsvSource({
    "/name, \"a b\"",
    "/name, 1",
    "/numworkers, 0",
    "/numworkers, \"2\"",
    "/numworkers, 2.5",
    "/kubeversion, 1.35",
    "/kubeversion, \"v1.35\"",
    "/timeout, 0",
    "/owner, \"alice\"",
    "/owner, \"alice@eksphemeral.io\\nx\"",
    "/until, \"2026-11-30T18:00:00+01:00\"",
    "/access, []",
    "/access, [1]",
    "/without, []",
    "/without, [\"a b\"]",
    "/nodes, {}",
    "/nodes/types, [\"large\"]",
    "/nodes/arch, \"arm\"",
    "/nodes/disk, 0",
    "/nodes/capacitytype, \"ON_DEMAND\"",
    "/task, []",
    "/task/securitygroup, \"default\"",
    "/task/subnets, [\"vpc-1\"]",
    "/status, null",
    "/status/endpoint, \"https://example.com/path\"",
    "/status/endpoint, \"http://example.com\"",
    "/status/id, \"dev\"",
    "/status/id, \"9BE65BEE-3BAA-4FD0-AA3E-032325D5390C\"",
    "/status/state, \"asleep\"",
    "/status/created, \"yesterday\"",
    "/status/created, 0",
    "/status/created, \"2026-11-22T10:00:00+01:00\"",
    "/status/lifetime, -1",
    "/status/lifetime, \"30\"",
    "/status/attempt, -1",
    "/status/error, 1",
    "/status/log, []",
    "/status/leftovers, [{}]",
    "/status/tasks, {}",
    "/status/tasks, [{}]",
    "/status/mails, [{}]",
    "/status/history, []",
    "/status/history, [{}]",
    "/status/format, 2",
    "/status/tasks/0/kind, \"paint\"",
    "/status/tasks/0/attempt, 0",
    "/status/tasks/0/ended, \"soon\"",
    "/status/mails/0/topic, \"ad\"",
    "/status/mails/0/delivery, \"maybe\"",
    "/status/history/0/state, \"asleep\"",
    "/status/mails/0/why, 1",
    "/status/earlynotices, []",
    "/status/earlynotices, [{}]",
    "/status/earlynotices, [{\"about\":\"2026-11-22T10:00:00Z\"}]",
    "/status/history/0/why, null",
    "/status/history/0/by, \"\"",
    "/status/history/0/minutes, 0",
    "/status/history/0/earlier, 0",
    "/status/minutesleft, -1",
    "/status/cost, -0.5",
    "/status/cost, \"0.21\""
  })
  void theSchemaRejectsAWrongField(String place, String json) throws IOException {
    ObjectNode record = rich();
    parent(record, place).set(field(place), MAPPER.readTree(json));
    assertThat(errors(record)).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/name",
        "/numworkers",
        "/kubeversion",
        "/timeout",
        "/owner",
        "/status",
        "/status/id",
        "/status/state",
        "/status/created",
        "/status/ready",
        "/status/expires",
        "/status/lifetime",
        "/status/createdby",
        "/status/attempt",
        "/status/tasks",
        "/status/mails",
        "/status/history",
        "/status/format",
        "/status/tasks/0/kind",
        "/status/tasks/0/attempt",
        "/status/tasks/0/planned",
        "/status/tasks/0/handle",
        "/status/tasks/0/outcome",
        "/status/mails/0/topic",
        "/status/mails/0/about",
        "/status/mails/0/tried",
        "/status/mails/0/last",
        "/status/mails/0/delivery",
        "/status/history/0/state",
        "/status/history/0/at",
        "/status/history/0/why"
      })
  void theSchemaRejectsARecordWithoutARequiredField(String place) {
    ObjectNode record = rich();
    parent(record, place).remove(field(place));
    assertThat(errors(record)).isNotEmpty();
  }

  @Test
  void theSchemaAllowsFieldsOfLaterVersions() {
    ObjectNode record = rich();
    record.put("new", 1);
    ((ObjectNode) record.path("status")).putObject("new");
    assertThat(errors(record)).isEmpty();
  }

  @Test
  void theSchemaRejectsARecordOf2019() {
    assertThat(errors(MAPPER.createObjectNode().put("name", "default-eksp"))).isNotEmpty();
  }

  /** A ready cluster with every field of a spec, and a notification. */
  private static ObjectNode rich() {
    LifecycleHarness harness = new LifecycleHarness();
    ClusterId id =
        harness.created(
            new SpecBuilder()
                .numworkers(2)
                .until(Samples.START.plus(Duration.ofMinutes(20)))
                .access(Samples.BOB)
                .without(Spec.OPTIONAL_ADDONS)
                .nodes(NODES)
                .task(new Placement("sg-0123456789abcdef0", List.of("subnet-01234567")))
                .build());
    harness.until(id, State.READY);
    Endpoint endpoint = new Endpoint("http://127.0.0.1:8470");
    return ClusterRecordCodec.encode(harness.cluster(id).requestedAt(endpoint));
  }

  private static void collectUnknown(String json, JsonNode described, Set<String> unknown) {
    try {
      JsonNode record = MAPPER.readTree(json);
      JsonNode definitions = described.path("$defs");
      compare(record, described.path("properties"), unknown);
      compare(record.path("status"), definitions.at("/status/properties"), unknown);
      ObjectNode mail = definitions.at("/delivery/properties").deepCopy();
      mail.setAll((ObjectNode) definitions.at("/mail/properties"));
      Map<String, JsonNode> lists =
          Map.of(
              "tasks", definitions.at("/task/properties"),
              "mails", mail,
              "earlynotices", definitions.at("/delivery/properties"),
              "history", definitions.at("/transition/properties"));
      lists.forEach((list, properties) ->
          record.path("status").path(list).forEach(item -> compare(item, properties, unknown)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void compare(JsonNode object, JsonNode properties, Set<String> unknown) {
    object.properties().stream()
        .map(Map.Entry::getKey)
        .filter(name -> !properties.has(name))
        .forEach(unknown::add);
  }

  private void assertValid(String json) {
    assertThat(schema.validate(json, InputFormat.JSON)).as(json).isEmpty();
  }

  private List<Error> errors(JsonNode record) {
    return schema.validate(record.toString(), InputFormat.JSON);
  }

  private static ObjectNode parent(ObjectNode record, String place) {
    return (ObjectNode) record.at(place.substring(0, place.lastIndexOf('/')));
  }

  private static String field(String place) {
    return place.substring(place.lastIndexOf('/') + 1);
  }

  private static Schema schema() {
    try {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(Files.readString(FILE), InputFormat.JSON);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
