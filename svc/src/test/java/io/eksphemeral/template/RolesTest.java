package io.eksphemeral.template;

import static io.eksphemeral.template.Template.POLICY;
import static io.eksphemeral.template.Template.ROLE;
import static io.eksphemeral.template.Template.attached;
import static io.eksphemeral.template.Template.elements;
import static io.eksphemeral.template.Template.properties;
import static io.eksphemeral.template.Template.statements;
import static io.eksphemeral.template.Template.stream;
import static io.eksphemeral.template.Template.target;
import static io.eksphemeral.template.Template.texts;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may do what: {@code roles.yaml} says it with reasons, and {@code template.yaml} does it. */
final class RolesTest {
  private static final JsonNode ROLES = Yaml.read(Path.of("roles.yaml"));

  private static final Pattern DELETION =
      Pattern.compile(".*:(Delete|Terminate|Release|Revoke|Detach|Disassociate).*");
  private static final String TAG = "aws:ResourceTag/";

  /** The name of the cluster that a session of EKS Pod Identity is for. */
  private static final String OWN_CLUSTER = "${aws:PrincipalTag/eks-cluster-name}";

  /** Roles by EKS Pod Identity. */
  private static final Set<String> OF_PODS = Set.of("CniRole", "EbsCsiRole");

  /** On which terms an action is allowed: on any resource or not, and under which keys. */
  record Terms(boolean everywhere, Set<String> under) {}

  static Set<String> names() {
    return names(ROLES);
  }

  static Set<String> roles() {
    return Template.all(ROLE).keySet();
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new TreeSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static Set<String> union(Set<String> some, Set<String> others) {
    Set<String> union = new TreeSet<>(some);
    union.addAll(others);
    return union;
  }

  /** What a role may do, with all of its policies; or what a policy allows. */
  private static List<JsonNode> allStatements(String name) {
    return Stream.concat(Stream.of(name), attached(name).stream())
        .filter(part -> part.equals(name) || Template.all(POLICY).containsKey(part))
        .flatMap(part -> statements(part).stream())
        .toList();
  }

  private static Set<String> allActions(String name) {
    return allStatements(name).stream()
        .flatMap(statement -> texts(statement.path("Action")).stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static boolean isEverywhere(JsonNode statement) {
    return texts(statement.path("Resource")).contains("*");
  }

  private static Set<String> keys(JsonNode statement) {
    return stream(statement.path("Condition"))
        .flatMap(test -> names(test).stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void theFileAndTheTemplateHaveTheSameRolesAndPolicies() {
    assertThat(names())
        .isEqualTo(union(Template.all(ROLE).keySet(), Template.all(POLICY).keySet()))
        .hasSizeGreaterThan(10);
  }

  @ParameterizedTest
  @MethodSource("names")
  void whatTheFileAllowsIsWhatTheTemplateAllows(String name) {
    Map<String, Terms> said = new TreeMap<>();
    ROLES
        .path(name)
        .path("actions")
        .properties()
        .forEach(action ->
            said.put(
                action.getKey(),
                new Terms(
                    action.getValue().path("everywhere").asBoolean(),
                    new TreeSet<>(
                        action.getValue().has("under")
                            ? texts(action.getValue().path("under"))
                            : List.of()))));
    Map<String, Terms> done = new TreeMap<>();
    for (JsonNode statement : statements(name)) {
      for (String action : texts(statement.path("Action"))) {
        Terms terms = new Terms(isEverywhere(statement), keys(statement));
        done.merge(action, terms, RolesTest::either);
      }
    }
    assertThat(done).isEqualTo(said);
  }

  /** An action may be allowed on several terms, of which an unconditional one would be all. */
  private static Terms either(Terms one, Terms other) {
    assertThat(one.under()).isNotEmpty();
    assertThat(other.under()).isNotEmpty();
    return new Terms(one.everywhere() || other.everywhere(), union(one.under(), other.under()));
  }

  @ParameterizedTest
  @MethodSource("names")
  void whoTrustsWhomAndWhichPoliciesTheyHaveIsTheSame(String name) {
    JsonNode trust = properties(name).path("AssumeRolePolicyDocument").path("Statement");
    assertThat(
            stream(trust)
                .map(statement -> Template.in("aws", statement.path("Principal").path("Service")))
                .toList())
        .isEqualTo(
            ROLES.path(name).has("trusts")
                ? List.of(ROLES.path(name).path("trusts").asText())
                : List.of());
    // EKS says in tags of the session which pod it is for.
    List<String> actions =
        OF_PODS.contains(name)
            ? List.of("sts:AssumeRole", "sts:TagSession")
            : List.of("sts:AssumeRole");
    assertThat(stream(trust).map(statement -> texts(statement.path("Action"))))
        .allMatch(actions::equals);
    assertThat(new TreeSet<>(attached(name))).isEqualTo(names(ROLES.path(name).path("policies")));
  }

  /** IAM takes no principal that is not one in its partition. */
  @ParameterizedTest
  @CsvSource({
    "aws, ec2.amazonaws.com",
    "aws-us-gov, ec2.amazonaws.com",
    "aws-cn, ec2.amazonaws.com.cn",
    "aws-iso, ec2.c2s.ic.gov",
    "aws-iso-b, ec2.sc2s.sgov.gov",
    "aws-iso-e, ec2.amazonaws.com",
    "aws-iso-f, ec2.amazonaws.com"
  })
  void nodesAreTrustedByTheNameOfEc2InThePartition(String partition, String service) {
    JsonNode trust = properties("NodeRole").path("AssumeRolePolicyDocument").path("Statement");
    assertThat(Template.in(partition, trust.path(0).path("Principal").path("Service")))
        .isEqualTo(service);
    assertThat(
            allStatements("TaskRole").stream()
                .filter(statement -> texts(statement.path("Action")).contains("iam:PassRole"))
                .flatMap(statement ->
                    elements(
                        statement
                            .path("Condition")
                            .path("StringEquals")
                            .path("iam:PassedToService"))
                        .stream())
                .map(passedTo -> Template.in(partition, passedTo)))
        .contains(service);
  }

  /** Accounts that demand a boundary demand it of each role. */
  @ParameterizedTest
  @MethodSource("roles")
  void eachRoleHasTheBoundaryThatIsInstalled(String role) {
    JsonNode choice = properties(role).path("PermissionsBoundary").path("Fn::If");
    assertThat(choice.path(0).asText()).isEqualTo("HasBoundary");
    assertThat(target(choice.path(1))).isEqualTo("PermissionsBoundary");
    assertThat(target(choice.path(2))).isEqualTo("AWS::NoValue");
  }

  @ParameterizedTest
  @MethodSource("names")
  void everythingHasAReason(String name) {
    JsonNode role = ROLES.path(name);
    assertThat(names(role)).isSubsetOf("for", "trusts", "policies", "actions");
    assertThat(role.path("for").asText()).isNotBlank();
    assertThat(stream(role.path("policies"))).allMatch(why -> !why.asText().isBlank());
    assertThat(stream(role.path("actions")))
        .allSatisfy(action -> {
          assertThat(action.isTextual() ? action.asText() : action.path("why").asText())
              .isNotBlank();
          assertThat(names(action)).isSubsetOf("why", "everywhere", "under", "unmarked");
        });
  }

  @ParameterizedTest
  @MethodSource("names")
  void aStatementAllowsNamedActionsUnderOneKeyAtMost(String name) {
    assertThat(statements(name))
        .allSatisfy(statement -> {
          assertThat(names(statement)).isSubsetOf("Effect", "Action", "Resource", "Condition");
          assertThat(statement.path("Effect").asText()).isEqualTo("Allow");
          assertThat(texts(statement.path("Action")))
              .isNotEmpty()
              .allMatch(action -> action.matches("[a-z0-9]+:[A-Za-z0-9]+"));
          assertThat(elements(statement.path("Resource"))).isNotEmpty();
          assertThat(keys(statement)).hasSizeLessThanOrEqualTo(1);
        });
  }

  /** A bucket that was deleted may come back as another account's. */
  @ParameterizedTest
  @MethodSource("names")
  void bucketsOfOtherAccountsAreOutOfReach(String name) {
    assertThat(
            statements(name).stream()
                .filter(statement ->
                    texts(statement.path("Action")).stream()
                        .anyMatch(action -> action.startsWith("s3:"))))
        .allSatisfy(statement ->
            assertThat(
                    statement
                        .path("Condition")
                        .path("StringEquals")
                        .path("aws:ResourceAccount")
                        .path("Ref")
                        .asText())
                .isEqualTo("AWS::AccountId"));
  }

  /** EC2 and Lambda do not say for whom they assume a role; ECS and EKS do. */
  @ParameterizedTest
  @MethodSource("roles")
  void aServiceAssumesARoleForThisAccountAloneWhereItSaysForWhom(String role) {
    String service = ROLES.path(role).path("trusts").asText();
    JsonNode condition =
        properties(role)
            .path("AssumeRolePolicyDocument")
            .path("Statement")
            .path(0)
            .path("Condition");
    String source =
        switch (service) {
          case "ecs-tasks.amazonaws.com" -> "ecs:${AWS::Region}:${AWS::AccountId}:*";
          case "eks.amazonaws.com" -> "eks:${AWS::Region}:${AWS::AccountId}:cluster/*";
          default -> "";
        };

    boolean isForPods = service.equals("pods.eks.amazonaws.com"); // see below for which
    if (source.isEmpty() && !isForPods) {
      assertThat(condition.isMissingNode()).isTrue();
      return;
    }
    assertThat(condition.path("StringEquals").path("aws:SourceAccount").path("Ref").asText())
        .isEqualTo("AWS::AccountId");
    if (isForPods) {
      return;
    }
    assertThat(condition.path("ArnLike").path("aws:SourceArn").path("Fn::Sub").asText())
        .isEqualTo("arn:${AWS::Partition}:" + source);
  }

  @Test
  void nodesAreLaunchedFromAmazonsImagesInSubnetsOfOurs() {
    List<JsonNode> launches =
        allStatements("TaskRole").stream()
            .filter(statement -> texts(statement.path("Action")).contains("ec2:RunInstances"))
            .toList();
    assertThat(launches).isNotEmpty();
    for (JsonNode launch : launches) {
      String resources = launch.path("Resource").toString();
      if (resources.contains("image/") || resources.contains("snapshot/")) {
        assertThat(launch.path("Condition").path("StringEquals").path("ec2:Owner").asText())
            .isEqualTo("amazon");
      }
      if (resources.contains("subnet/")) {
        assertThat(keys(launch)).containsExactly("aws:ResourceTag/eksphemeral:id");
      }
      assertThat(resources).doesNotContain("\"*\"", ":*\"");
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void onAnyResourceOneMayOnlyLook(String name) {
    assertThat(statements(name).stream().filter(RolesTest::isEverywhere))
        .allSatisfy(statement ->
            assertThat(texts(statement.path("Action")))
                .allMatch(action -> action.matches("[a-z0-9]+:(Describe|List|Get).*")));
  }

  @ParameterizedTest
  @MethodSource("names")
  void aTagIsAskedForByItsKey(String name) {
    assertThat(
            statements(name).stream()
                .filter(statement -> keys(statement).stream().anyMatch(key -> key.startsWith(TAG))))
        .allSatisfy(statement -> {
          String test = OF_PODS.contains(name) ? "StringEquals" : "Null";
          String value = OF_PODS.contains(name) ? OWN_CLUSTER : "false";
          assertThat(names(statement.path("Condition"))).containsExactly(test);
          assertThat(stream(statement.path("Condition").path(test)))
              .allMatch(wanted -> wanted.asText().equals(value));
        });
  }

  /**
   * Every caller can run pods as the CNI or the CSI driver, and so use their roles, in their own
   * clusters. So these may change nothing but what is that cluster's.
   */
  @ParameterizedTest
  @CsvSource({
    "CniRole, aws-node, CreateNetworkInterface",
    "EbsCsiRole, ebs-csi-controller-sa, CreateVolume"
  })
  void whatPodsUseIsThatOfTheirClusterAlone(String role, String account, String creates) {
    assertThat(attached(role)).isEmpty();
    assertThat(statements(role).stream().filter(statement -> !isEverywhere(statement)))
        .hasSizeGreaterThan(3)
        .allSatisfy(statement -> {
          JsonNode equals = statement.path("Condition").path("StringEquals");
          assertThat(equals.size()).isEqualTo(1);
          if (keys(statement).contains("ec2:CreateAction")) {
            assertThat(texts(statement.path("Action"))).containsExactly("ec2:CreateTags");
            assertThat(equals.path("ec2:CreateAction").asText()).isEqualTo(creates);
          } else {
            assertThat(stream(equals)).allMatch(value -> value.asText().equals(OWN_CLUSTER));
          }
        });
    JsonNode trust = properties(role).path("AssumeRolePolicyDocument").path("Statement");
    assertThat(trust).hasSize(1);
    JsonNode who = trust.at("/0/Condition/StringEquals");
    assertThat(who.path("aws:RequestTag/kubernetes-namespace").asText()).isEqualTo("kube-system");
    assertThat(who.path("aws:RequestTag/kubernetes-service-account").asText()).isEqualTo(account);
  }

  /** Snapshots would outlive the cluster: the teardown looks for none. */
  @Test
  void noSnapshotIsMade() {
    assertThat(
            statements("EbsCsiRole").stream()
                .flatMap(statement -> texts(statement.path("Action")).stream()))
        .isNotEmpty()
        .noneMatch(action -> action.contains("Snapshot") || action.contains("*"));
  }

  /** What everything on a node can be: it must not change what is not the node's. */
  @Test
  void nodesChangeNothing() {
    assertThat(attached("NodeRole"))
        .containsExactlyInAnyOrder(
            "AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy");
    assertThat(statements("NodeRole")).isEmpty();
  }

  @Test
  void whatTheTasksDeleteCarriesATagOrThereIsAReasonWhyItCannot() {
    Map<String, Set<String>> keys = new TreeMap<>();
    for (JsonNode statement : allStatements("TaskRole")) {
      for (String action : texts(statement.path("Action"))) {
        if (DELETION.matcher(action).matches()) {
          keys.computeIfAbsent(action, any -> new TreeSet<>()).addAll(keys(statement));
        }
      }
    }
    assertThat(keys).hasSizeGreaterThan(20);
    assertThat(keys)
        .allSatisfy((action, under) -> {
          String unmarked =
              ROLES.path("RemovingPolicy").path("actions").path(action).path("unmarked").asText();
          if (under.isEmpty()) {
            assertThat(unmarked).as("why nothing marks what %s deletes", action).isNotBlank();
          } else {
            assertThat(unmarked).isEmpty();
            assertThat(under)
                .allMatch(key -> key.startsWith(TAG) || key.equals("aws:CalledVia"))
                .anyMatch(key -> key.startsWith(TAG));
          }
        });
  }

  @ParameterizedTest
  @MethodSource("roles")
  void rolesArePassedByNameAndOnlyToWhoTheyAreFor(String role) {
    for (JsonNode statement : allStatements(role)) {
      if (!texts(statement.path("Action")).contains("iam:PassRole")) {
        continue;
      }
      assertThat(statement.path("Action").asText()).isEqualTo("iam:PassRole");
      List<String> services =
          elements(statement.path("Condition").path("StringEquals").path("iam:PassedToService"))
              .stream()
              .map(service -> Template.in("aws", service))
              .toList();
      assertThat(services)
          .isNotEmpty()
          .isSubsetOf(
              "ecs-tasks.amazonaws.com",
              "eks.amazonaws.com",
              "ec2.amazonaws.com",
              "pods.eks.amazonaws.com");
      for (JsonNode resource : elements(statement.path("Resource"))) {
        assertThat(resource.path("Fn::GetAtt").path(1).asText()).isEqualTo("Arn");
        String passed = target(resource);
        assertThat(Template.all(ROLE)).containsKey(passed);
        assertThat(services).contains(ROLES.path(passed).path("trusts").asText());
      }
    }
  }

  @Test
  void somebodyPassesEachRoleThatIsNotAFunctions() {
    Set<String> passed =
        roles().stream()
            .flatMap(role -> allStatements(role).stream())
            .filter(statement -> texts(statement.path("Action")).contains("iam:PassRole"))
            .flatMap(statement -> elements(statement.path("Resource")).stream())
            .map(Template::target)
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(passed)
        .containsExactly(
            "CniRole", "EbsCsiRole", "NodeRole", "ServiceRole", "TaskExecutionRole", "TaskRole");
  }

  @Test
  void nobodyMakesRolesOrPolicies() {
    assertThat(roles().stream().flatMap(role -> allActions(role).stream()))
        .noneMatch(action ->
            action.matches("iam:(Create|Put|Attach|Update|Add|Set|Tag).*")
                && !action.equals("iam:CreateServiceLinkedRole"));
  }

  @Test
  void whoShowsClustersCanOnlyReadTheBucket() {
    assertThat(attached("StatusRole")).isEmpty();
    for (JsonNode statement : statements("StatusRole")) {
      String resource = statement.path("Resource").path("Fn::Sub").asText();
      if (resource.startsWith("arn:${AWS::Partition}:s3:::")) {
        assertThat(texts(statement.path("Action")))
            .allMatch(action -> action.matches("s3:(Get|List).*"));
        assertThat(resource).matches("arn:\\$\\{AWS::Partition}:s3:::\\$\\{ClusterBucket}(/\\*)?");
      } else {
        assertThat(resource).endsWith(":log-group:${StatusLog}:log-stream:*");
        assertThat(texts(statement.path("Action")))
            .containsExactly("logs:CreateLogStream", "logs:PutLogEvents");
      }
    }
  }

  @Test
  void theFunctionsMayDoWhatTheAdaptersAsk() throws IOException {
    Map<String, String> otherwise =
        Map.of("s3:ListObjectsV2", "s3:ListBucket", "s3:ListObjects", "s3:ListBucket");
    Pattern call = Pattern.compile("\\b(s3|ecs|ses)\\s*\\.([a-z][A-Za-z0-9]+)\\(");
    Set<String> asked = new TreeSet<>();
    for (Path file :
        files(
            "src/main/java/io/eksphemeral/aws",
            "S3ObjectStore.java|EcsTaskRunner.java|SesMailer.java")) {
      for (MatchResult match : call.matcher(Files.readString(file)).results().toList()) {
        String method = match.group(2).replaceFirst("Paginator$", "");
        String action =
            "%s:%s%s"
                .formatted(
                    match.group(1),
                    method.substring(0, 1).toUpperCase(Locale.ROOT),
                    method.substring(1));
        asked.add(otherwise.getOrDefault(action, action));
      }
    }
    assertThat(asked).contains("s3:DeleteObject", "ecs:RunTask", "ses:SendEmail");
    assertThat(allActions("CreateClusterRole")).containsAll(asked);
    assertThat(allActions("DestroyClusterRole")).containsAll(asked);
  }

  @Test
  void theTasksMayDoWhatTheirScriptsAsk() throws IOException {
    Pattern call =
        Pattern.compile(
            "(?<![\\w'.-])(eks|ec2|elb|elbv2|cloudformation|cloudcontrol|iam|logs|s3api"
                + "|resourcegroupstaggingapi) ([a-z][a-z0-9-]+[a-z0-9])(?=[\\s)]|$)",
            Pattern.MULTILINE);
    Map<String, String> prefixes =
        Map.of(
            "elb", "elasticloadbalancing",
            "elbv2", "elasticloadbalancing",
            "cloudcontrol", "cloudformation",
            "resourcegroupstaggingapi", "tag",
            "s3api", "s3");
    // What is put together of parts, "list-${kind}s" for one.
    Set<String> asked =
        new TreeSet<>(
            Set.of(
                "ec2:revokesecuritygroupingress",
                "ec2:revokesecuritygroupegress",
                "eks:listnodegroups",
                "eks:listfargateprofiles",
                "eks:listaddons",
                "eks:deletenodegroup",
                "eks:deletefargateprofile",
                "eks:deleteaddon"));
    for (Path file : files("task", ".*[.]sh")) {
      String code =
          Files.readString(file)
              .lines()
              .filter(line -> !line.startsWith("#"))
              .collect(Collectors.joining("\n"));
      for (MatchResult match : call.matcher(code).results().toList()) {
        asked.add(
            prefixes.getOrDefault(match.group(1), match.group(1))
                + ":"
                + match.group(2).replace("-", ""));
      }
    }
    assertThat(asked)
        .hasSizeGreaterThan(50)
        .contains("s3:putobject", "ec2:deletevpc", "tag:getresources", "logs:getlogevents");
    assertThat(
            allActions("TaskRole").stream()
                .map(action -> action.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet()))
        .containsAll(asked);
  }

  private static List<Path> files(String folder, String name) throws IOException {
    try (Stream<Path> files = Files.list(Path.of(folder))) {
      List<Path> found =
          files.filter(file -> file.getFileName().toString().matches(name)).sorted().toList();
      assertThat(found).hasSizeGreaterThan(2);
      return found;
    }
  }

  /** IAM counts all but white space. A policy has at most 6144 characters. */
  @Test
  void noPolicyIsTooLong() {
    assertThat(Template.all(POLICY))
        .isNotEmpty()
        .allSatisfy((name, policy) ->
            assertThat(length(policy.path("PolicyDocument"))).as(name).isLessThanOrEqualTo(6144));
  }

  /** A role's own policies have at most 10,240 characters together, and it has 10 others. */
  @ParameterizedTest
  @MethodSource("roles")
  void noRoleHasTooMuch(String role) {
    assertThat(
            stream(properties(role).path("Policies"))
                .mapToInt(policy -> length(policy.path("PolicyDocument")))
                .sum())
        .isLessThanOrEqualTo(10_240);
    assertThat(attached(role)).hasSizeLessThanOrEqualTo(10);
  }

  /** With the longest names that there could be. */
  private static int length(JsonNode document) {
    String arn = "a".repeat(100);
    return document
        .toString()
        .replaceAll("\\{\"(Ref|Fn::GetAtt)\":[^}]*}", "\"" + arn + "\"")
        .replaceAll("\\{\"Fn::Sub\":(\"[^\"]*\")}", "$1")
        .replace("${AWS::Partition}", "aws-us-gov")
        .replace("${AWS::Region}", "ap-southeast-1")
        .replace("${AWS::AccountId}", "123456789012")
        .replaceAll("\\$\\{(Cluster|Service)Bucket}", "b".repeat(63))
        .length();
  }
}
