package io.eksphemeral.task;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.control.FenceHolder;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskObjectCodec;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What runs before eksctl, as a program. */
@Tag("tasks")
@Execution(ExecutionMode.CONCURRENT)
class PrepareTest {
  private static final String ID = "01999999-0000-7000-8000-000000000001";
  private static final String FENCE = "tasks/" + ID + "/create-1.fence";
  private static final String RESULT = "tasks/" + ID + "/create-1.result";
  private static final String PROGRESS = "tasks/" + ID + "/create-1.progress";
  private static final String CONFIG = "tasks/" + ID + "/cluster.yaml";
  private static final String ALICE = "arn:aws:iam::123456789012:user/people/alice";
  private static final String SSO = "AWSReservedSSO_Admin_0123456789abcdef";
  private static final String OLD_VERSIONS = "{\"offered\":[\"1.30\"],\"preferred\":\"1.30\"}";
  private static final Path SCHEMA =
      Path.of("src/test/resources/eksctl/cluster-config.schema.json");
  private static final int LOST = 75;
  private static final int FOREIGN = 76;

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  @TempDir Path shared;
  private Aws aws;

  @BeforeEach
  void begin() throws IOException {
    aws = Aws.empty();
    aws.ask("user", "alice", "/people/");
    configFor(ALICE);
  }

  @Test
  void itTakesTheFenceAndFetchesTheConfig() throws Exception {
    Aws.Outcome first = prepare(Map.of());
    assertThat(first.exit()).as(first.output()).isZero();

    assertThat(TaskObjectCodec.taken(aws.object(FENCE).orElseThrow()))
        .isEqualTo(new FenceHolder(Fence.TAKEN, "task-1"));
    assertThat(config()).isEqualTo(wanted());
    for (String file : List.of("cluster.yaml", "nodegroup.yaml")) {
      assertThat(Files.getPosixFilePermissions(shared.resolve(file)))
          .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
    }
    assertThat(aws.object(RESULT)).isEmpty();
    // The same container started again has it already.
    assertThat(prepare(Map.of()).exit()).isZero();
    assertThat(aws.phases(ID)).containsExactly(Phase.TASK_STARTED, Phase.CONTROL_PLANE);
  }

  @Test
  void phasesThatCannotBeReportedDoNotMatter() throws Exception {
    aws.ask("put", Aws.BUCKET, PROGRESS, "{");

    Aws.Outcome outcome = prepare(Map.of());

    assertThat(outcome.exit()).isZero();
    assertThat(outcome.output()).contains("the phase control-plane could not be reported: ");
    assertThat(aws.object(PROGRESS)).contains("{");
  }

  /** eksctl gives a node group's stack metadata.tags twice, and CloudFormation then refuses it. */
  @Test
  void theNodeGroupHasAConfigOfItsOwnWithEachTagOnce() throws Exception {
    assertThat(prepare(Map.of()).exit()).isZero();

    JsonNode stored = MAPPER.readTree(aws.object(CONFIG).orElseThrow());
    JsonNode tags = stored.at("/metadata/tags");
    assertThat(tags.path("eksphemeral:id").isTextual()).isTrue();
    assertThat(config().at("/metadata/tags")).isEqualTo(tags);
    assertThat(config().has("managedNodeGroups")).isFalse();
    JsonNode nodes = MAPPER.readTree(shared.resolve("nodegroup.yaml").toFile());
    assertThat(nodes.path("metadata")).isEqualTo(metadata("name", "region"));
    assertThat(nodes.path("managedNodeGroups")).hasSize(1);
    ObjectNode group = (ObjectNode) nodes.at("/managedNodeGroups/0");
    ObjectNode wanted = (ObjectNode) stored.at("/managedNodeGroups/0");
    wanted.withObject("/tags").setAll((ObjectNode) tags);
    assertThat(group).isEqualTo(wanted);
    assertThat(group.at("/tags")).hasSizeGreaterThan(tags.size());
    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(Files.readString(SCHEMA), InputFormat.JSON);
    for (String file : List.of("cluster.yaml", "nodegroup.yaml")) {
      String text = Files.readString(shared.resolve(file));
      assertThat(schema.validate(text, InputFormat.YAML)).as(text).isEmpty();
    }
  }

  private JsonNode metadata(String... fields) throws IOException {
    return ((ObjectNode) MAPPER.readTree(aws.object(CONFIG).orElseThrow()).path("metadata"))
        .retain(fields);
  }

  /** Who may run a task may give it an environment, and the image of the CLI may have a config. */
  @Test
  void settingsOfTheCliChangeNothing() throws Exception {
    Map<String, String> settings =
        Map.of("AWS_CLI_ERROR_FORMAT", "json", "AWS_CLI_AUTO_PROMPT", "on", "AWS_PAGER", "less");

    assertThat(prepare(settings).exit()).isZero();
    assertThat(prepare(settings).exit()).as("when started again").isZero();
    aws.ask("put", Aws.BUCKET, FENCE, "{}");
    assertThat(prepare(settings).exit()).isEqualTo(LOST);
  }

  @Test
  void withoutTheFenceItDoesNothing() throws Exception {
    for (String taken : Set.of("closed", "taken")) {
      aws.ask(
          "put", Aws.BUCKET, FENCE, "{\"as\":\"%s\",\"handle\":\"another task\"}".formatted(taken));

      assertThat(prepare(Map.of()).exit()).isEqualTo(LOST);
      assertThat(aws.object(PROGRESS)).isEmpty();

      assertThat(shared).isEmptyDirectory();
      assertThat(aws.object(RESULT)).isEmpty();
    }
  }

  @Test
  void aFenceThatCannotBeTakenIsNotTaken() throws Exception {
    aws.ask("fault", "s3 PUT .*fence");

    assertThat(prepare(Map.of()).exit()).isEqualTo(1);

    assertThat(shared).isEmptyDirectory();
  }

  @Test
  void aForeignClusterOfTheNameEndsIt() throws Exception {
    aws.ask("cluster", Map.of("stacks", false), "dev");
    foreignEndsIt("a cluster named dev");
  }

  @Test
  void aForeignStackOfTheNameEndsIt() throws Exception {
    aws.ask(
        "cluster", Map.of("control_plane", false), "dev", "01999999-0000-7000-8000-00000000000a");
    foreignEndsIt("eksctl-dev-cluster");
  }

  /** As another tool, or an older eksctl, leaves it: only its name says what it is. */
  @Test
  void aForeignStackWithoutTagsEndsItToo() throws Exception {
    Map<String, Object> role =
        Map.of(
            "Type",
            "AWS::IAM::Role",
            "Properties",
            Map.of("RoleName", "other", "AssumeRolePolicyDocument", Map.of()));
    aws.ask("stack", "eksctl-dev-cluster", Map.of("Role", role), Map.of());
    foreignEndsIt("eksctl-dev-cluster");
  }

  /** Of a cluster that EKS does not know: the teardown would meet it under the same name. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "instance",
        "volume",
        "volume-in-use",
        "security-group",
        "subnet",
        "vpc",
        "load-balancer",
        "classic-load-balancer"
      })
  void whateverElseCarriesTheNameEndsIt(String kind) throws Exception {
    foreignEndsIt(aws.ask("self_managed", kind, "dev").asText());
  }

  @Test
  void everyLoadBalancerIsAskedForItsName() throws Exception {
    aws.ask("many", "load-balancer", 25); // the tags of 20 are told at a time
    foreignEndsIt(aws.ask("self_managed", "load-balancer", "dev").asText());
  }

  @Test
  void whatNamesTheClusterWithoutBeingOfItDoesNotEndIt() throws Exception {
    aws.ask("self_managed", "subnet", "dev", "shared"); // where several clusters may be
    aws.ask("self_managed", "instance", "dev-prod");
    // A terminated instance is listed for an hour, and a name is free at once.
    aws.ask("terminate", aws.ask("self_managed", "instance", "dev").asText());
    aws.ask("tag", aws.ask("self_managed", "volume", "dev").asText(), "eksphemeral:id", ID);

    Aws.Outcome outcome = prepare(Map.of());

    assertThat(outcome.exit()).as(outcome.output()).isZero();
  }

  @Test
  void withoutKnowingWhatCarriesTheNameItDoesNotBegin() throws Exception {
    aws.ask("fault", "Action=DescribeVolumes");

    assertThat(prepare(Map.of()).exit()).isEqualTo(1);

    assertThat(aws.result(ID, "create-1").outcome()).isEqualTo(Outcome.FAILED);
    assertThat(aws.result(ID, "create-1").message()).contains("ec2 describe-volumes");
    assertThat(shared).isEmptyDirectory();
  }

  private void foreignEndsIt(String why) throws Exception {
    Set<String> before = aws.inventory();

    assertThat(prepare(Map.of()).exit()).isEqualTo(FOREIGN);

    TaskResult result = aws.result(ID, "create-1");
    assertThat(result.outcome()).isEqualTo(Outcome.FOREIGN);
    assertThat(result.message()).contains(why);
    assertThat(aws.inventory()).isEqualTo(before);
    assertThat(shared).isEmptyDirectory();
  }

  @Test
  void itsNeighboursByNameAndItsOwnAreNoneOfThat() throws Exception {
    aws.foreignCluster("dev-prod");
    aws.cluster("dev", ID);

    assertThat(prepare(Map.of()).exit()).isZero();
  }

  @Test
  void whereItCannotLookItSaysSo() throws Exception {
    aws.ask("fault", "eks GET /clusters/dev");

    assertThat(prepare(Map.of()).exit()).isEqualTo(1);

    assertThat(aws.result(ID, "create-1").outcome()).isEqualTo(Outcome.FAILED);
    assertThat(shared).isEmptyDirectory();
  }

  @Test
  void whoIsARoleForTheTimeBeingGetsInAsTheRoleThatItIs() throws Exception {
    String sso = aws.ask("role", SSO, "/aws-reserved/sso.amazonaws.com/eu-west-1/").asText();
    String ci = aws.ask("role", "ci", "/").asText();
    configFor(session(SSO, "alice@x.org"), ALICE, session("ci", "build-7"));

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(sso).contains(":role/aws-reserved/sso.amazonaws.com/eu-west-1/");
    assertThat(principals()).containsExactlyInAnyOrder(sso, ALICE, ci);
    assertThat(withoutPrincipals(config())).isEqualTo(withoutPrincipals(wanted()));
  }

  @Test
  void whoIsNamedTwiceInTheEndGetsInOnce() throws Exception {
    String role = aws.ask("role", "ci", "/service/").asText();
    configFor(session("ci", "build-7"), role, ALICE, session("ci", "build-8"));

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(principals()).containsExactlyInAnyOrder(role, ALICE);
  }

  @Test
  void whereNobodyGetsInThereIsNobodyToLookUp() throws Exception {
    configFor();

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(principals()).isEmpty();
    assertThat(aws.calls()).doesNotContain("iam get-role", "iam get-user");
  }

  @Test
  void whoseRoleIsGoneDoesNotGetIn() throws Exception {
    configFor(session("gone", "bob"));
    failsWith("do not exist in the account 123456789012: " + session("gone", "bob"));
  }

  @Test
  void iamThatDoesNotAnswerEndsIt() throws Exception {
    aws.ask("role", "ci", "/");
    aws.ask("fault", "iam POST .*Action=GetRole");
    configFor(session("ci", "bob"));
    failsWith("the role ci, which is to get access, cannot be looked up: ", "AccessDenied");
  }

  /** All at once, and before eksctl has spent a quarter of an hour on the rest. */
  @Test
  void whoDoesNotExistIsNamed() throws Exception {
    String ci = aws.ask("role", "ci", "/service/").asText();
    String gone = "arn:aws:iam::123456789012:role/gone";
    String nobody = "arn:aws:iam::123456789012:user/people/nobody";
    String elsewhere = "arn:aws:iam::123456789012:role/ci";
    configFor(ALICE, gone, nobody, elsewhere);

    failsWith(
        "do not exist in the account 123456789012: ",
        gone,
        nobody,
        elsewhere + " (there is " + ci + ")");

    assertThat(aws.result(ID, "create-1").message()).doesNotContain(ALICE);
  }

  @Test
  void whoIsOfAnotherAccountIsNotLookedUp() throws Exception {
    String theirs = "arn:aws:iam::210987654321:role/ci";
    configFor(ALICE, theirs);

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(principals()).containsExactlyInAnyOrder(ALICE, theirs);
    assertThat(aws.calls()).doesNotContain("iam get-role");
  }

  @Test
  void aUserWhoCannotBeLookedUpEndsIt() throws Exception {
    aws.ask("fault", "iam POST .*Action=GetUser");
    failsWith("the user alice, which is to get access, cannot be looked up: ", "AccessDenied");
  }

  // --- where ---

  @Test
  void onlyZonesThatOfferAllTypesOfTheNodesAreTaken() throws Exception {
    aws.ask("no_offer", "t3a.medium", "us-east-2a");

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(config().path("availabilityZones"))
        .isEqualTo(MAPPER.valueToTree(List.of("us-east-2b", "us-east-2c")));
  }

  /** As eksctl itself would; a region can have six. */
  @Test
  void ofManyZonesThreeAreTaken() throws Exception {
    assertThat(prepare(Map.of("AWS_REGION", "us-east-1", "AWS_DEFAULT_REGION", "us-east-1")).exit())
        .isZero();

    assertThat(config().path("availabilityZones"))
        .isEqualTo(MAPPER.valueToTree(List.of("us-east-1a", "us-east-1b", "us-east-1c")));
  }

  @Test
  void withoutTwoSuchZonesNothingIsBegun() throws Exception {
    aws.ask("no_offer", "t3a.medium", "us-east-2a");
    aws.ask("no_offer", "t3.medium", "us-east-2c");
    failsWith(
        "a cluster needs two availability zones that offer all of its instance types"
            + " (t3.medium,t3a.medium); us-east-2 has us-east-2b.",
        "eksp up --instance-types");
  }

  @ParameterizedTest
  @ValueSource(strings = {"DescribeAvailabilityZones", "DescribeInstanceTypeOfferings"})
  void zonesThatCannotBeLookedUpEndIt(String action) throws Exception {
    aws.ask("fault", "ec2 POST .*Action=" + action);
    failsWith(" zones ", "AccessDenied");
  }

  /** What eksctl and the preflight leave out is the same. */
  @Test
  void theZonesWithoutControlPlanesAreThoseOfEksctl() throws Exception {
    String ids = "\"use1-az3\", \"usw1-az2\", \"cac1-az3\"";
    assertThat(Path.of("task/prepare.sh")).content().contains(ids);
    assertThat(Path.of("../lib/eksctl.sh")).content().contains(ids);
  }

  /** A role of the same name in this account is another's. */
  @Test
  void aRoleOfAnotherAccountEndsIt() throws Exception {
    aws.ask("role", "ci", "/");
    configFor("arn:aws:sts::210987654321:assumed-role/ci/bob");
    failsWith("the role ci, which is to get access, belongs to the account 210987654321");
  }

  @Test
  void whoIsNoRoleAtAllEndsIt() throws Exception {
    aws.ask("role", "ci", "/");
    for (String nobody :
        List.of(
            "arn:aws:sts::123456789012:federated-user/bob",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/ci bob",
            "alice",
            "arn:aws:sts::123456789012:assumed-role/ci",
            "arn:aws:sts::123456789012:assumed-role/$(id)/bob",
            "arn:aws:sts::123456789012:assumed-role/ci bob/x")) {
      configFor(nobody);
      failsWith("only roles and users can get access, not " + nobody);
    }
  }

  @Test
  void aNameLikeAnOptionIsAName() throws Exception {
    aws.ask("role", "ci", "/");
    configFor(session("--debug", "bob"));
    failsWith("do not exist in the account 123456789012: " + session("--debug", "bob"));
  }

  @Test
  void aConfigThatIsNoneEndsIt() throws Exception {
    for (String none : List.of("kind: ClusterConfig\n", "{}", "[1]")) {
      aws.ask("put", Aws.BUCKET, CONFIG, none);
      failsWith("the config for eksctl cannot be read: ");
    }
  }

  private void failsWith(String... why) throws Exception {
    assertThat(prepare(Map.of()).exit()).isEqualTo(1);

    TaskResult result = aws.result(ID, "create-1");
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.message()).contains(why);
    assertThat(shared).isEmptyDirectory();
  }

  @Test
  void theListOfVersionsIsBroughtUpToDate() throws Exception {
    aws.ask("put", Aws.BUCKET, StoreKeys.VERSIONS, OLD_VERSIONS);
    offer(
        version("1.36", "STANDARD_SUPPORT", false),
        version("1.35", "STANDARD_SUPPORT", true),
        version("1.32", "EXTENDED_SUPPORT", false),
        version("1.33", "EXTENDED_SUPPORT", false),
        version("1.31", "UNSUPPORTED", false));

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(versions())
        .isEqualTo(
            new Versions(List.of("1.32", "1.33", "1.35", "1.36"), List.of("1.32", "1.33"), "1.35"));
  }

  @Test
  void whatIsCalledStatusIsUnderstoodAsWell() throws Exception {
    offer(
        Map.of("clusterVersion", "1.35", "status", "standard-support", "defaultVersion", true),
        Map.of("clusterVersion", "1.33", "status", "extended-support"));

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(versions())
        .isEqualTo(new Versions(List.of("1.33", "1.35"), List.of("1.33"), "1.35"));
  }

  @Test
  void withoutADefaultTheNewestInStandardSupportIsPreferred() throws Exception {
    offer(
        version("1.36", "EXTENDED_SUPPORT", false),
        version("1.34", "STANDARD_SUPPORT", false),
        version("1.35", "STANDARD_SUPPORT", false));

    assertThat(prepare(Map.of()).exit()).isZero();

    assertThat(versions().preferred()).isEqualTo("1.35");
  }

  @Test
  void versionsThatCannotBeHadKeepNothingFromBeingBuiltAndTheListAsItWas() throws Exception {
    aws.ask("put", Aws.BUCKET, StoreKeys.VERSIONS, OLD_VERSIONS);
    offer();
    theListStays("no versions of EKS");
    offer(version("1.31", "UNSUPPORTED", false), version("2", "STANDARD_SUPPORT", true));
    theListStays("no versions of EKS");

    offer(version("1.35", "STANDARD_SUPPORT", true));
    for (String fault : List.of("eks GET /cluster-versions", "s3 PUT .*versions.json")) {
      aws.ask("fault", fault);
      theListStays("AccessDenied");
      aws.ask("heal");
    }
  }

  private void theListStays(String why) throws Exception {
    Aws.Outcome outcome = prepare(Map.of());
    assertThat(outcome.exit()).isZero();
    assertThat(outcome.output()).contains("the list of versions was not refreshed: ", why);
    assertThat(aws.object(StoreKeys.VERSIONS)).contains(OLD_VERSIONS);
    assertThat(shared.resolve("cluster.yaml")).exists();
  }

  @Test
  void ecsSaysWhichTaskItIs() throws Exception {
    HttpServer ecs =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    ecs.createContext(
        "/v4/x/task",
        exchange -> {
          byte[] body =
              "{\"TaskARN\": \"arn:aws:ecs:task/eksp/1\"}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    ecs.start();
    try {
      String address = "http://127.0.0.1:" + ecs.getAddress().getPort() + "/v4/x";
      assertThat(prepare(Map.of("ECS_CONTAINER_METADATA_URI_V4", address)).exit()).isZero();
    } finally {
      ecs.stop(0);
    }

    assertThat(TaskObjectCodec.taken(aws.object(FENCE).orElseThrow()).handle())
        .isEqualTo("arn:aws:ecs:task/eksp/1");
  }

  private Aws.Outcome prepare(Map<String, String> more) throws Exception {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("EKSPHEMERAL_SHARED", shared.toString());
    return aws.run("prepare.sh", ID, "dev", 1, environment);
  }

  /** Leaves a config as the control plane writes it, with these who are to get in. */
  private void configFor(String... principals) throws IOException {
    Cluster cluster = Samples.admitted("dev");
    JsonNode config =
        MAPPER.readTree(
            Samples.CONFIG.render(cluster, cluster.tasks().getFirst(), Versions.any("1.35")));
    ArrayNode entries = config.withArray("/accessConfig/accessEntries");
    JsonNode entry = entries.remove(0);
    for (String principal : principals) {
      entries.add(entry.<ObjectNode>deepCopy().put("principalARN", principal));
    }
    aws.ask("put", Aws.BUCKET, CONFIG, config.toString());
  }

  /** What the control plane wants of the cluster, its nodes apart. */
  private JsonNode wanted() throws IOException {
    ObjectNode config = (ObjectNode) MAPPER.readTree(aws.object(CONFIG).orElseThrow());
    config.remove("managedNodeGroups");
    config.set(
        "availabilityZones", MAPPER.valueToTree(List.of("us-east-2a", "us-east-2b", "us-east-2c")));
    return config;
  }

  private JsonNode config() throws IOException {
    return MAPPER.readTree(shared.resolve("cluster.yaml").toFile());
  }

  private List<String> principals() throws IOException {
    return config().path("accessConfig").findValuesAsText("principalARN");
  }

  /** A config and everybody's entry, but for whose it is. */
  private static JsonNode withoutPrincipals(JsonNode config) {
    config.path("accessConfig").findParents("principalARN").stream()
        .map(ObjectNode.class::cast)
        .forEach(entry -> entry.remove("principalARN"));
    return config;
  }

  private static String session(String role, String name) {
    return "arn:aws:sts::123456789012:assumed-role/%s/%s".formatted(role, name);
  }

  private void offer(Object... versions) throws IOException {
    aws.ask("offer", List.of(versions));
  }

  private static Map<String, Object> version(String number, String support, boolean preferred) {
    return Map.of("clusterVersion", number, "versionStatus", support, "defaultVersion", preferred);
  }

  private Versions versions() throws IOException {
    return TaskObjectCodec.versions(aws.object(StoreKeys.VERSIONS).orElseThrow()).orElseThrow();
  }
}
