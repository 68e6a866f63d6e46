package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static io.eksphemeral.control.Samples.BOB;
import static io.eksphemeral.control.Samples.START;
import static io.eksphemeral.control.Samples.newId;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.eksphemeral.control.EksctlConfig.Settings;
import io.eksphemeral.domain.Admission;
import io.eksphemeral.domain.Architecture;
import io.eksphemeral.domain.CapacityType;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.NodeChoice;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The config for eksctl: a schema as strict as eksctl finds what eksctl would reject; single tests
 * cover what eksctl would accept but interpret differently.
 */
final class EksctlConfigTest {
  private static final String SERVICE_ROLE = "arn:aws:iam::123456789012:role/eksp/service";
  private static final String NODE_ROLE = "arn:aws:iam::123456789012:role/eksp/node";
  private static final String EBS_ROLE = "arn:aws:iam::123456789012:role/eksp/ebs-csi";
  private static final String CNI_ROLE = "arn:aws:iam::123456789012:role/eksp/cni";
  private static final String SESSION =
      "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/alice@x.org";

  private static final Path RESOURCES = Path.of("src/test/resources/eksctl");
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Nodes NODES = new Nodes(List.of("t3.medium", "t3a.medium"), true);
  private static final Versions VERSIONS =
      new Versions(List.of("1.35", "1.34", "1.32"), List.of("1.32"), "1.35");

  private final Schema schema = schema();

  @Test
  void theConfigIsAsExpected() throws IOException {
    Spec spec = new SpecBuilder().name("2node-135-30").numworkers(2).access(BOB).build();
    ClusterId id = new ClusterId("9be65bee-3baa-4fd0-aa3e-032325d5390c");
    Cluster asked = Cluster.requested(id, spec, ALICE, START);

    String text = text(admitted(asked), "us-east-2", NODES);

    assertFine(text);
    assertThat(text).isEqualTo(Files.readString(RESOURCES.resolve("cluster.yaml")));
  }

  @Test
  void theConfigIsDeterministicAndReadable() {
    Cluster cluster = admitted(Samples.spec("dev"), ALICE);
    String text = text(cluster, "us-east-2", NODES);
    assertThat(text(cluster.prolonged(60, "arn", START), "us-east-2", NODES)).isEqualTo(text);
    assertThat(text.lines()).hasSizeGreaterThan(50);
    assertThat(text).endsWith("}\n");
  }

  @ParameterizedTest
  @CsvSource({
    "/metadata/name, \"-dev\"",
    "/metadata/name, \"dev prod\"",
    "/metadata/version, 1.35",
    "/metadata/tags/eksphemeral:id, 1",
    "/metadata/tags/eksphemeral:id, null",
    "/deletionProtection, true",
    "/metadata/color, \"red\"",
    "/managedNodeGroups/0/color, \"red\"",
    "/iam/serviceRoleARN, \"eksp-service\"",
    "/managedNodeGroups/0/iam/instanceRoleARN, \"arn:aws:iam\"",
    "/accessConfig/accessEntries/0/principalARN, \"alice\""
  })
  void theSchemaRejectsWhatEksctlRejects(String place, String value) throws IOException {
    ObjectNode config = json(Samples.spec("dev"), ALICE);
    JsonPointer where = JsonPointer.compile(place);
    ((ObjectNode) config.at(where.head()))
        .set(where.last().getMatchingProperty(), MAPPER.readTree(value));
    assertThat(schema.validate(config.toString(), InputFormat.JSON)).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev", "2node-111-30", "1e9", "on", "0x1F", "null", "X"})
  void aNameIsAlwaysAString(String name) throws IOException {
    String text = text(admitted(Samples.spec(name), ALICE), "us-east-2", NODES);
    assertFine(text);
    assertThat(MAPPER.readTree(text).at("/metadata/name").textValue()).isEqualTo(name);
  }

  @Test
  void aVersionIsAlwaysAString() {
    assertThat(json(versioned("1.30"), ALICE).at("/metadata/version").textValue())
        .isEqualTo("1.30");
  }

  @ParameterizedTest
  @CsvSource({"1.35, STANDARD", "1.34, STANDARD", "1.32, EXTENDED", "1.36, STANDARD"})
  void theUpgradePolicyMatchesTheVersion(String version, String support) {
    assertThat(json(versioned(version), ALICE).at("/upgradePolicy/supportType").textValue())
        .isEqualTo(support);
  }

  /** eksctl also accepts "None", but then creates a NAT gateway. */
  @Test
  void nodesNeedNoNatGateway() {
    JsonNode config = json(Samples.spec("dev"), ALICE);
    assertThat(config.at("/vpc/nat/gateway").textValue()).isEqualTo("Disable");
    assertThat(config.at("/managedNodeGroups/0/privateNetworking").isBoolean()).isTrue();
    assertThat(config.at("/managedNodeGroups/0/privateNetworking").booleanValue()).isFalse();
  }

  /** eksctl accepts any ARN of a policy. Its partition must be that of the roles. */
  @ParameterizedTest
  @ValueSource(strings = {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-eusc"})
  void accessEntriesAreAdministratorsInTheAccountsPartition(String partition) throws IOException {
    Settings settings =
        new Settings(
            "us-east-2",
            SERVICE_ROLE,
            NODE_ROLE.replace("arn:aws:", "arn:%s:".formatted(partition)),
            CNI_ROLE,
            EBS_ROLE,
            NODES);
    JsonNode config = MAPPER.readTree(text(admitted(Samples.spec("dev"), ALICE), settings));
    JsonNode policies = config.at("/accessConfig/accessEntries/0/accessPolicies");
    assertThat(policies).hasSize(1);
    assertThat(policies.at("/0/policyARN").textValue())
        .isEqualTo(
            "arn:%s:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
                .formatted(partition));
    assertThat(policies.at("/0/accessScope/type").textValue()).isEqualTo("cluster");
  }

  @Test
  void additionalTagsDoNotOverrideOurs() throws IOException {
    Cluster cluster = admitted(Samples.spec("dev"), ALICE);
    SortedMap<String, String> tags = new TreeMap<>();
    tags.put("team", "a b");
    tags.put("eksphemeral:id", "another");
    tags.put("empty", "");
    String text =
        text(
            cluster,
            new Settings("us-east-2", SERVICE_ROLE, NODE_ROLE, CNI_ROLE, EBS_ROLE, NODES, tags));
    assertFine(text);
    JsonNode tagged = MAPPER.readTree(text).at("/metadata/tags");
    assertThat(tagged.path("team").textValue()).isEqualTo("a b");
    assertThat(tagged.path("empty").textValue()).isEmpty();
    assertThat(tagged.path("eksphemeral:id").textValue()).isEqualTo(cluster.id().value());
    assertThat(tagged).hasSize(5);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::123456789012:user/alice",
        "arn:aws:iam::123456789012:user/people/alice",
        "arn:aws:iam::123456789012:user/root",
        "arn:aws:iam::123456789012:role/service/ci",
        "arn:aws-us-gov:iam::123456789012:user/alice",
        SESSION
      })
  void theCallerGetsAnAccessEntry(String caller) {
    assertThat(principals(Samples.spec("dev"), caller)).containsExactly(caller);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "arn:aws:iam::123456789012:root",
        "arn:aws:sts::123456789012:federated-user/bob",
        "arn:aws:iam::123456789012:user/",
        "arn:aws:sts::123456789012:assumed-role/ci",
        "123456789012",
        "nobody"
      })
  void principalsWithoutAccessEntriesAreSkipped(String caller) throws IOException {
    Spec spec = Samples.spec("dev");
    assertThat(principals(spec, caller)).isEmpty();
    assertFine(text(admitted(spec, caller), "us-east-2", NODES));
    assertThat(principals(sharedWith(BOB), caller)).containsExactly(BOB);
  }

  @Test
  void aPrincipalNamedTwiceGetsOneEntry() {
    assertThat(principals(sharedWith(BOB, ALICE, BOB), ALICE)).containsExactly(ALICE, BOB);
  }

  @ParameterizedTest
  @CsvSource({
    "alice@eksphemeral.io, alice@eksphemeral.io",
    "hausenbl+notif@amazon.com, hausenbl+notif@amazon.com",
    "o'brien!{x}|y@a.de, o_brien__x__y@a.de",
    "a\u00e9\ud83d\ude00@b.de, a__@b.de"
  })
  void theOwnerTagIsSanitised(String owner, String tag) {
    assertThat(json(owned(owner), ALICE).at("/metadata/tags/eksphemeral:owner").textValue())
        .isEqualTo(tag);
  }

  @Test
  void tagsAreCutToTheirLimit() {
    assertThat(
            json(owned("x".repeat(300)), ALICE).at("/metadata/tags/eksphemeral:owner").textValue())
        .hasSize(256);
  }

  @Test
  void theExpiryTagIsTheLatestPossibleExpiry() {
    JsonNode tags = json(Samples.spec("dev"), ALICE).at("/metadata/tags");
    assertThat(tags.path("eksphemeral:expires").textValue()).isEqualTo("2026-11-22T11:15:00Z");
  }

  @ParameterizedTest
  @CsvSource({"12:00, 12:00", "10:30, 10:46"})
  void theExpiryTagOfAClusterWithAMomentIsTheMomentUnlessItIsReadyTooLate(
      String until, String latest) {
    Instant moment = Instant.parse("2026-11-22T" + until + ":00Z");
    Spec spec = new SpecBuilder().until(moment).timeout(30).build();
    JsonNode tags = json(spec, ALICE).at("/metadata/tags");
    assertThat(tags.path("eksphemeral:expires").textValue())
        .isEqualTo("2026-11-22T" + latest + ":00Z");
  }

  /** If only IMDSv1 is disabled, every pod can still get the credentials of the node's role. */
  @Test
  void podsCannotReachTheNodesCredentials() {
    JsonNode group = json(Samples.spec("dev"), ALICE).at("/managedNodeGroups/0");
    assertThat(group.path("disablePodIMDS").isBoolean()).isTrue();
    assertThat(group.path("disablePodIMDS").booleanValue()).isTrue();
  }

  @Test
  void theVpcCniHasItsOwnRole() {
    JsonNode config = json(Samples.spec("dev"), ALICE);
    JsonNode addons = config.path("addons");
    assertThat(addons.findValuesAsText("name"))
        .contains("eks-pod-identity-agent", "vpc-cni")
        .doesNotHaveDuplicates();
    assertThat(addons.findValuesAsText("roleARN")).containsExactly(CNI_ROLE, EBS_ROLE);
    JsonNode association = addon(config, "vpc-cni").path("podIdentityAssociations");
    assertThat(association).hasSize(1);
    assertThat(association.at("/0/namespace").textValue()).isEqualTo("kube-system");
    assertThat(association.at("/0/serviceAccountName").textValue()).isEqualTo("aws-node");
    // The CNI's role is limited to interfaces with this tag, which those of nodes get from here.
    assertThat(
            config
                .at("/managedNodeGroups/0/tags")
                .path("cluster.k8s.amazonaws.com/name")
                .textValue())
        .isEqualTo("dev");
  }

  @Test
  void volumesHaveADefaultClassAndTheirDriverItsOwnRole() throws IOException {
    JsonNode driver = addon(json(Samples.spec("dev"), ALICE), "aws-ebs-csi-driver");
    JsonNode association = driver.path("podIdentityAssociations");
    assertThat(association).hasSize(1);
    assertThat(association.at("/0/namespace").textValue()).isEqualTo("kube-system");
    assertThat(association.at("/0/serviceAccountName").textValue())
        .isEqualTo("ebs-csi-controller-sa");
    assertThat(association.at("/0/roleARN").textValue()).isEqualTo(EBS_ROLE);
    JsonNode values = MAPPER.readTree(driver.path("configurationValues").textValue());
    assertThat(values.at("/defaultStorageClass/enabled").booleanValue()).isTrue();
  }

  @Test
  void addonsCanBeLeftOut() {
    assertThat(addons()).contains("aws-ebs-csi-driver", "metrics-server");
    assertThat(addons("metrics-server"))
        .contains("aws-ebs-csi-driver")
        .doesNotContain("metrics-server");
    assertThat(addons("metrics-server", "aws-ebs-csi-driver"))
        .containsExactly("eks-pod-identity-agent", "vpc-cni", "kube-proxy", "coredns");
  }

  private List<String> addons(String... without) {
    Spec spec = new SpecBuilder().without(List.of(without)).build();
    return json(spec, ALICE).path("addons").findValuesAsText("name");
  }

  private static JsonNode addon(JsonNode config, String name) {
    return StreamSupport.stream(config.path("addons").spliterator(), false)
        .filter(addon -> addon.path("name").textValue().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Elsewhere eksctl would fail because EKS does not know it. */
  @ParameterizedTest
  @ValueSource(strings = {"aws-cn", "aws-us-gov", "aws-iso"})
  void communityAddonsAreForThePartitionThatHasThem(String partition) throws IOException {
    String role = NODE_ROLE.replace("arn:aws:", "arn:%s:".formatted(partition));
    Settings settings = new Settings("us-east-2", SERVICE_ROLE, role, CNI_ROLE, EBS_ROLE, NODES);
    JsonNode config = MAPPER.readTree(text(admitted(Samples.spec("dev"), ALICE), settings));
    assertThat(config.path("addons").findValuesAsText("name"))
        .contains("aws-ebs-csi-driver")
        .doesNotContain("metrics-server");
  }

  @Test
  void theExpiryTagHasWholeSeconds() throws IOException {
    Cluster asked = Cluster.requested(newId(), Samples.spec("dev"), ALICE, START);
    Admission admission =
        Admission.decide(asked, List.of(), 0, Limits.DEFAULT, START.plusNanos(123_456_789));
    JsonNode config =
        MAPPER.readTree(text(((Admission.Admitted) admission).cluster(), "us-east-2", NODES));
    assertThat(config.at("/metadata/tags/eksphemeral:expires").textValue())
        .isEqualTo("2026-11-22T11:15:00Z");
  }

  @Test
  void onDemandIsNotSpot() throws IOException {
    String text =
        text(
            admitted(Samples.spec("dev"), ALICE),
            "us-east-2",
            new Nodes(List.of("m7i.large"), false));
    JsonNode group = MAPPER.readTree(text).at("/managedNodeGroups/0");
    assertThat(group.path("spot").isBoolean()).isTrue();
    assertThat(group.path("spot").booleanValue()).isFalse();
    assertThat(texts(group.path("instanceTypes"))).containsExactly("m7i.large");
  }

  @Test
  void theCallersNodesReplaceTheUsualOnes() throws IOException {
    NodeChoice choice = new NodeChoice(List.of(), Architecture.ARM64, 40, CapacityType.ON_DEMAND);
    Spec spec = new SpecBuilder().numworkers(3).nodes(choice).build();
    String text = text(admitted(spec, ALICE), "us-east-2", NODES);
    assertFine(text);
    JsonNode group = MAPPER.readTree(text).at("/managedNodeGroups/0");
    assertThat(texts(group.path("instanceTypes"))).containsExactly("t4g.medium");
    assertThat(group.path("volumeSize").intValue()).isEqualTo(40);
    assertThat(group.path("spot").booleanValue()).isFalse();
    assertThat(group.path("desiredCapacity").intValue()).isEqualTo(3);
  }

  /** Validation rejects these texts earlier; this is a second line of defence. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"}, \"iam\": {\"withOIDC\": true}, \"x\": {\"y\": \"",
        "dev\nkind: Evil",
        "dev: *anchor",
        "{{ template }} $(id) `id` ${HOME}",
        "a\\\"b\\",
        "\u0000\u001b[31m\u2028\u0085\ufeff\ud800",
        "# comment",
        "!!binary x",
        "---"
      })
  void textCannotInjectConfiguration(String hostile) throws IOException {
    String principal = "arn:aws:iam::123456789012:role/" + hostile;
    Spec spec =
        new SpecBuilder()
            .name(hostile)
            .numworkers(2)
            .kubeversion(hostile)
            .owner(hostile)
            .access(principal)
            .build();
    String text = text(admitted(spec, "arn:aws:iam::123456789012:user/" + hostile), hostile, NODES);

    JsonNode config = MAPPER.readTree(text);
    assertThat(places(config)).isEqualTo(places(json(sharedWith(BOB), ALICE)));
    assertThat(config.at("/iam/withOIDC").booleanValue()).isFalse();
    assertThat(config.at("/metadata/tags/eksphemeral:owner").textValue())
        .matches("[A-Za-z0-9 +=._:/@-]*");
  }

  /** The paths of all values in a tree; all items of a list have the same path. */
  private static Set<String> places(JsonNode json) {
    Set<String> places = new TreeSet<>();
    collect(json, "", places);
    return places;
  }

  private static void collect(JsonNode json, String at, Set<String> places) {
    places.add(at);
    json.properties()
        .forEach(field -> collect(field.getValue(), at + "/" + field.getKey(), places));
    if (json.isArray()) {
      json.forEach(item -> collect(item, at + "/*", places));
    }
  }

  private void assertFine(String config) {
    assertThat(schema.validate(config, InputFormat.JSON)).as(config).isEmpty();
    assertThat(schema.validate(config, InputFormat.YAML)).as(config).isEmpty();
  }

  private static List<String> principals(Spec spec, String caller) {
    return StreamSupport.stream(
            json(spec, caller).at("/accessConfig/accessEntries").spliterator(), false)
        .map(entry -> entry.path("principalARN").textValue())
        .toList();
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::textValue).toList();
  }

  private static Spec versioned(String version) {
    return new SpecBuilder().numworkers(2).kubeversion(version).build();
  }

  private static Spec owned(String owner) {
    return new SpecBuilder().numworkers(2).owner(owner).build();
  }

  private static Spec sharedWith(String... access) {
    return new SpecBuilder().numworkers(2).access(access).build();
  }

  private static Cluster admitted(Spec spec, String caller) {
    return admitted(Cluster.requested(newId(), spec, caller, START));
  }

  private static Cluster admitted(Cluster asked) {
    Admission admission = Admission.decide(asked, List.of(), 0, Limits.DEFAULT, START);
    return ((Admission.Admitted) admission).cluster();
  }

  private static String text(Cluster cluster, String region, Nodes nodes) {
    return text(cluster, new Settings(region, SERVICE_ROLE, NODE_ROLE, CNI_ROLE, EBS_ROLE, nodes));
  }

  private static String text(Cluster cluster, Settings settings) {
    return new EksctlConfig(settings).render(cluster, cluster.tasks().getFirst(), VERSIONS);
  }

  private static ObjectNode json(Spec spec, String caller) {
    try {
      return (ObjectNode) MAPPER.readTree(text(admitted(spec, caller), "us-east-2", NODES));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static Schema schema() {
    try {
      return SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
          .getSchema(
              Files.readString(RESOURCES.resolve("cluster-config.schema.json")), InputFormat.JSON);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
