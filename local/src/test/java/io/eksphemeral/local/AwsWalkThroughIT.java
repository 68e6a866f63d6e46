package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.lambda.Route;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * The walk-through of docs/installing.md, from an empty account to an empty account: the real
 * template, scripts, functions and tasks, and a stand-in for eksctl that has real stacks made. One
 * step leads to the next, as for who reads it; a life of a minute goes on beside the others.
 */
@Tag("account")
@TestMethodOrder(OrderAnnotation.class)
class AwsWalkThroughIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String SENDER = "eksphemeral@your-company.io";
  private static final String OWNER = "you@your-company.io";
  private static final String CODE = "eks-svc";
  private static final String RECORDS = "eks-cluster-meta";

  /** A role as SSO makes them, with a path that its sessions do not have. */
  private static final String DEVELOPERS = "AWSReservedSSO_developers_0123456789abcdef";

  private static final String DEVELOPERS_PATH = "/aws-reserved/sso.amazonaws.com/us-east-2/";

  /** With time for a teardown that fails on a busy machine, and the next one five minutes later. */
  private static final Duration LIFE = Duration.ofMinutes(12);

  @TempDir private static Path scratch;
  private static EmulatedAws aws;
  private static Scripts scripts;
  private static Scripts developer;

  /** The ids of the cluster that one works with, and of the one that lives for a minute. */
  private static String id = "";

  private static String shortId = "";

  @BeforeAll
  static void anEmptyAccount() throws Exception {
    aws = new EmulatedAws(scratch);
    scripts = installed(aws.scripts());
    JsonNode session = sessionOfADeveloper();
    developer =
        installed(aws.scripts())
            .with("AWS_ACCESS_KEY_ID", session.path("AccessKeyId").asText())
            .with("AWS_SECRET_ACCESS_KEY", session.path("SecretAccessKey").asText())
            .with("AWS_SESSION_TOKEN", session.path("SessionToken").asText());
  }

  @AfterAll
  static void theEnd() throws IOException {
    if (aws != null) {
      aws.close();
    }
  }

  private static Scripts installed(Scripts scripts) {
    return scripts
        .with("EKSPHEMERAL_SVC_BUCKET", CODE)
        .with("EKSPHEMERAL_CLUSTERMETA_BUCKET", RECORDS)
        .with("KUBECONFIG", scratch.resolve("kubeconfig").toString());
  }

  private static JsonNode sessionOfADeveloper() throws Exception {
    String trust =
        """
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
          "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]}\
        """;
    String role =
        aws.aws(
                "iam",
                "create-role",
                "--path",
                DEVELOPERS_PATH,
                "--role-name",
                DEVELOPERS,
                "--assume-role-policy-document",
                trust)
            .path("Role")
            .path("Arn")
            .asText();
    allow("put-role-policy", "--role-name", DEVELOPERS, "execute-api:Invoke");
    allow("put-role-policy", "--role-name", DEVELOPERS, "cloudformation:Describe*");
    allow("put-role-policy", "--role-name", DEVELOPERS, "eks:DescribeCluster");
    return aws.aws("sts", "assume-role", "--role-arn", role, "--role-session-name", "bob")
        .path("Credentials");
  }

  private static void allow(String call, String option, String name, String action)
      throws Exception {
    policy(call, option, name, "Allow", action);
  }

  private static void policy(String call, String option, String name, String effect, String action)
      throws Exception {
    String document =
        """
        {"Version": "2012-10-17", "Statement": [{"Effect": "%s", "Action": "%s", "Resource": "*"}]}\
        """
            .formatted(effect, action);
    aws.call(
            "iam",
            call,
            option,
            name,
            "--policy-name",
            policyName(action),
            "--policy-document",
            document)
        .exits(0);
  }

  private static String policyName(String action) {
    return action.replaceAll("[^A-Za-z]", "-");
  }

  // --- installing ---

  @Test
  @Order(1)
  void oneCommandInstallsIt() throws Exception {
    aws.ask("no_offer", "t3a.medium", "us-east-2b"); // two zones are left that have it
    scripts
        .run("eksp-up.sh", "--notify", SENDER, "--tags", "team=platform x,cost-center=4=2")
        .exits(0)
        .prints("")
        .says("created the bucket " + CODE, "created the bucket " + RECORDS)
        .says("the control plane is up at http://", "no mails are sent until you click the link");

    aws.ask("click", SENDER);
  }

  @Test
  @Order(2)
  void doneAgainItChangesNothing() throws Exception {
    Map<String, JsonNode> before = installation();

    scripts
        .run("eksp-up.sh")
        .exits(0)
        .says("the control plane is up to date at http://")
        .doesNotSay("no mails are sent");

    assertThat(installation()).isEqualTo(before);
  }

  /** All that an installation consists of, with the versions of what has any. */
  private static Map<String, JsonNode> installation() throws Exception {
    Map<String, JsonNode> all = new TreeMap<>();
    all.put("stack", aws.aws("cloudformation", "describe-stacks", "--stack-name", "eksp"));
    all.put("events", aws.aws("cloudformation", "describe-stack-events", "--stack-name", "eksp"));
    all.put("tasks", aws.aws("ecs", "list-task-definitions"));
    for (String bucket : List.of(CODE, RECORDS)) {
      all.put(bucket, aws.aws("s3api", "list-object-versions", "--bucket", bucket));
      all.put(bucket + " policy", aws.aws("s3api", "get-bucket-policy", "--bucket", bucket));
    }
    for (Route.Function function : Route.Function.values()) {
      all.put(
          function.title(),
          aws.aws("lambda", "list-versions-by-function", "--function-name", function.title()));
    }
    return all;
  }

  /** What the region lacks is left out: with it, eksctl would find no zone for a cluster. */
  @Test
  @Order(3)
  void aTypeThatTheRegionDoesNotOfferIsLeftOut() throws Exception {
    aws.ask("no_offer", "t3a.medium", "us-east-2a");
    aws.ask("no_offer", "t3a.medium", "us-east-2b");

    scripts.run("eksp-up.sh").exits(0).says("nodes will be t3.medium only");
    scripts.run("eksp-up.sh").exits(0).says("up to date").doesNotSay("nodes will be");

    aws.ask("offer", "t3a.medium", "us-east-2a");
    scripts.run("eksp-up.sh", "--instance-types", "t3.medium,t3a.medium").exits(0);
  }

  @Test
  @Order(3)
  void theApiHasOurRoutesAndEachWantsASignature() throws Exception {
    String api = aws.aws("apigatewayv2", "get-apis").path("Items").path(0).path("ApiId").asText();

    JsonNode routes = aws.aws("apigatewayv2", "get-routes", "--api-id", api).path("Items");

    assertThat(texts(routes, "RouteKey"))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Route.values()).map(Route::key).toList());
    assertThat(texts(routes, "AuthorizationType")).containsOnly("AWS_IAM");
  }

  // --- who gets in ---

  @Test
  @Order(4)
  void withoutASignatureNobodyGetsIn() throws Exception {
    assertThat(curl("/status", List.of())).startsWith("403 ");
  }

  @Test
  @Order(4)
  void withAWrongSignatureNobodyGetsIn() throws Exception {
    String known =
        aws.aws("iam", "list-access-keys", "--user-name", "alice")
            .path("AccessKeyMetadata")
            .path(0)
            .path("AccessKeyId")
            .asText();

    List<String> signature =
        List.of("--aws-sigv4", "aws:amz:us-east-2:execute-api", "--user", known + ":guessed");

    assertThat(curl("/status", signature)).startsWith("403 ");
    scripts.run("eksp-list.sh").exits(0).prints("[]\n"); // and with the right one:
  }

  @Test
  @Order(4)
  void withoutThePermissionNobodyGetsIn() throws Exception {
    aws.aws("iam", "create-user", "--user-name", "mallory");
    JsonNode key = aws.aws("iam", "create-access-key", "--user-name", "mallory").path("AccessKey");

    Scripts mallory =
        installed(aws.scripts())
            .with("AWS_ACCESS_KEY_ID", key.path("AccessKeyId").asText())
            .with("AWS_SECRET_ACCESS_KEY", key.path("SecretAccessKey").asText());

    mallory.run("eksp-list.sh").exits(1).prints("").says("execute-api:Invoke", "user/mallory");
    allow("put-user-policy", "--user-name", "mallory", "execute-api:Invoke");
    mallory.run("eksp-list.sh").exits(0).prints("[]\n");
  }

  /** What the API answers: the status, and a blank before the body. */
  private static String curl(String path, List<String> options) throws Exception {
    Scripts.Outcome outcome =
        Scripts.in(scratch)
            .run(
                Scripts.onPath("curl").toString(),
                Stream.concat(
                        Stream.of("-s", "-g", "-w", " %{http_code}", endpoint() + path),
                        options.stream())
                    .toArray(String[]::new));
    int end = outcome.exits(0).out().lastIndexOf(' ');
    return outcome.out().substring(end + 1) + " " + outcome.out().substring(0, end);
  }

  private static String endpoint() throws Exception {
    JsonNode outputs =
        aws.aws("cloudformation", "describe-stacks", "--stack-name", "eksp")
            .path("Stacks")
            .path(0)
            .path("Outputs");
    return StreamSupport.stream(outputs.spliterator(), false)
        .filter(output -> output.path("OutputKey").asText().equals("EKSphemeralAPIEndpoint"))
        .map(output -> output.path("OutputValue").asText())
        .findFirst()
        .orElseThrow();
  }

  // --- clusters ---

  @Test
  @Order(5)
  void aSessionOfARoleAsksForAClusterOfAMinute() throws Exception {
    shortId =
        developer
            .run(
                "eksp-create.sh",
                "--no-wait",
                "--name",
                "short",
                "--timeout",
                "1",
                "--owner",
                OWNER)
            .exits(0)
            .says("short is accepted")
            .line();
  }

  @Test
  @Order(6)
  void aClusterIsCreatedAndCanBeUsed() throws Exception {
    Scripts.Outcome created = scripts.run("eksp-create.sh", "2node-135-30.json").exits(0);

    id = created.line();
    created.says(
        "2node-135-30 will cost about ",
        "2node-135-30 is ready (eksctl on Fargate in us-east-2)",
        ", in 30 minutes",
        "/eksp-prolong.sh " + id + " 30\n",
        "/eksp-destroy.sh " + id + "\n");
    assertThat(scratch.resolve("kubeconfig")).doesNotExist();
    assertThat(Path.of(scripts.value("HOME"), ".kube/eksphemeral/2node-135-30"))
        .content()
        .startsWith("# EKSphemeral cluster " + id)
        .contains("2node-135-30");
    JsonNode cluster = aws.aws("eks", "describe-cluster", "--name", "2node-135-30").path("cluster");
    assertThat(cluster.path("tags").path("eksphemeral:id").asText()).isEqualTo(id);
    assertThat(cluster.path("version").asText()).isEqualTo("1.35");
    // The tags of the installation, which the second time was not told of them.
    assertThat(cluster.path("tags").path("team").asText()).isEqualTo("platform x");
    assertThat(cluster.path("tags").path("cost-center").asText()).isEqualTo("4=2");
    assertThat(
            texts(
                aws.aws("eks", "list-access-entries", "--cluster-name", "2node-135-30")
                    .path("accessEntries")))
        .contains("arn:aws:iam::123456789012:user/alice");
    JsonNode nodes =
        aws.aws(
                "eks",
                "describe-nodegroup",
                "--cluster-name",
                "2node-135-30",
                "--nodegroup-name",
                "workers")
            .path("nodegroup");
    assertThat(nodes.path("scalingConfig").path("desiredSize").asInt()).isEqualTo(2);
    assertThat(nodes.path("capacityType").asText()).isEqualTo("SPOT");
    assertThat(texts(nodes.path("instanceTypes"))).containsExactly("t3.medium", "t3a.medium");
    JsonNode subnets =
        aws.aws("ec2", "describe-subnets", "--filters", "Name=tag:eksphemeral:id,Values=" + id)
            .path("Subnets");
    assertThat(texts(subnets, "AvailabilityZone")).containsOnly("us-east-2a", "us-east-2c");
    // Whatever stands for it in the account says so, each tag once.
    assertThat(nodes.path("tags").path("eksphemeral:id").asText()).isEqualTo(id);
    for (String stack : List.of("cluster", "nodegroup-workers")) {
      JsonNode tags =
          aws.aws(
                  "cloudformation",
                  "describe-stacks",
                  "--stack-name",
                  "eksctl-2node-135-30-" + stack)
              .at("/Stacks/0/Tags");
      assertThat(texts(tags, "Key")).contains("eksphemeral:id").doesNotHaveDuplicates();
      assertThat(texts(tags, "Value")).contains(id);
    }
    JsonNode instances =
        aws.aws("ec2", "describe-instances", "--filters", "Name=tag:eksphemeral:id,Values=" + id);
    assertThat(
            instances.at("/Reservations/0/Instances").size()
                + instances.at("/Reservations/1/Instances").size())
        .isEqualTo(2);
  }

  @Test
  @Order(7)
  void whatRunsInItChangesNoInterfaceButItsOwn() throws Exception {
    JsonNode template =
        aws.aws(
                "ec2",
                "describe-launch-template-versions",
                "--launch-template-name",
                "eksctl-2node-135-30-nodegroup-workers")
            .at("/LaunchTemplateVersions/0/LaunchTemplateData/MetadataOptions");
    assertThat(template.path("HttpTokens").asText()).isEqualTo("required");
    assertThat(template.path("HttpPutResponseHopLimit").asInt()).isEqualTo(1);
    assertThat(
            texts(
                aws.aws("iam", "list-attached-role-policies", "--role-name", made("NodeRole"))
                    .path("AttachedPolicies"),
                "PolicyName"))
        .doesNotContain("AmazonEKS_CNI_Policy");

    String subnet =
        aws.aws("ec2", "describe-subnets", "--filters", "Name=tag:eksphemeral:id,Values=" + id)
            .at("/Subnets/0/SubnetId")
            .asText();
    for (String owner : List.of("2node-135-30", "short", "")) {
      String made =
          aws.aws("ec2", "create-network-interface", "--subnet-id", subnet)
              .at("/NetworkInterface/NetworkInterfaceId")
              .asText();
      if (!owner.isEmpty()) {
        String tag = "Key=cluster.k8s.amazonaws.com/name,Value=" + owner;
        aws.call("ec2", "create-tags", "--resources", made, "--tags", tag).exits(0);
      }
      String arn = "arn:aws:ec2:us-east-2:123456789012:network-interface/" + made;
      List<String> allowed = new ArrayList<>();
      for (String action :
          List.of("AssignPrivateIpAddresses", "CreateTags", "DeleteNetworkInterface")) {
        if (mayAsCni("ec2:" + action, arn)) {
          allowed.add(action);
        }
      }
      aws.call("ec2", "delete-network-interface", "--network-interface-id", made).exits(0);
      assertThat(allowed).as("on one of '%s'", owner).hasSize(owner.equals("2node-135-30") ? 3 : 0);
    }
  }

  private static boolean mayAsCni(String action, String resource) throws IOException {
    return mayAs("aws-node", action, resource);
  }

  private static boolean mayAs(String account, String action, String resource) throws IOException {
    return aws.ask("pod_may", "2node-135-30", "kube-system", account, action, resource)
        .booleanValue();
  }

  @Test
  @Order(7)
  void itHasVolumesAndMetrics() throws Exception {
    assertThat(
            texts(aws.aws("eks", "list-addons", "--cluster-name", "2node-135-30").path("addons")))
        .contains("aws-ebs-csi-driver", "metrics-server", "eks-pod-identity-agent");
    assertThat(
            aws.aws(
                    "eks",
                    "describe-addon",
                    "--cluster-name",
                    "2node-135-30",
                    "--addon-name",
                    "aws-ebs-csi-driver")
                .at("/addon/configurationValues")
                .asText())
        .isEqualTo("{\"defaultStorageClass\":{\"enabled\":true}}");
  }

  /** The driver of volumes has the role of its own cluster, and touches no volume of another. */
  @Test
  @Order(7)
  void whatRunsInItChangesNoVolumeButItsOwn() throws Exception {
    for (String owner : List.of("2node-135-30", "short", "")) {
      String made =
          aws.aws("ec2", "create-volume", "--availability-zone", "us-east-2a", "--size", "1")
              .path("VolumeId")
              .asText();
      if (!owner.isEmpty()) {
        String tag = "Key=ebs.csi.aws.com/cluster-name,Value=" + owner;
        aws.call("ec2", "create-tags", "--resources", made, "--tags", tag).exits(0);
      }
      String arn = "arn:aws:ec2:us-east-2:123456789012:volume/" + made;
      List<String> allowed = new ArrayList<>();
      for (String action : List.of("AttachVolume", "DeleteVolume", "DetachVolume")) {
        if (mayAs("ebs-csi-controller-sa", "ec2:" + action, arn)) {
          allowed.add(action);
        }
      }
      assertThat(mayAs("ebs-csi-controller-sa", "ec2:CreateSnapshot", arn)).isFalse();
      aws.call("ec2", "delete-volume", "--volume-id", made).exits(0);
      assertThat(allowed).as("on one of '%s'", owner).hasSize(owner.equals("2node-135-30") ? 3 : 0);
    }
  }

  @Test
  @Order(7)
  void theRoleHasAccessAndItsPathIsKnown() throws Exception {
    Scripts.until("that short is ready", () -> !state(shortId).equals("creating"));

    assertThat(
            texts(
                aws.aws("eks", "list-access-entries", "--cluster-name", "short")
                    .path("accessEntries")))
        .contains("arn:aws:iam::123456789012:role" + DEVELOPERS_PATH + DEVELOPERS);
    // What runs in it leaves behind what no stack knows of.
    for (String kind : List.of("load-balancer", "network-interface", "volume", "capability")) {
      aws.ask("left_over", kind, "short");
    }
  }

  @Test
  @Order(8)
  void allOfThemAreListedAndOneIsShown() throws Exception {
    assertThat(texts(JSON.readTree(scripts.run("eksp-list.sh").exits(0).line())))
        .contains(shortId, id);

    JsonNode shown = JSON.readTree(scripts.run("eksp-list.sh", "2node-135-30").exits(0).line());

    assertThat(shown.path("numworkers").asInt()).isEqualTo(2);
    assertThat(shown.path("status").path("id").asText()).isEqualTo(id);
    assertThat(shown.path("status").path("state").asText()).isEqualTo("ready");
    assertThat(shown.path("status").path("createdby").asText()).endsWith(":user/alice");
    assertThat(shown.path("status").path("cost").asDouble()).isPositive();
  }

  @Test
  @Order(8)
  void whatItsTasksPrintedIsReadByWhoMayReadIt() throws Exception {
    Scripts.Outcome logs = scripts.run("eksp-logs.sh", "2node-135-30").exits(0);

    logs.says("create-1, prepare:\n", "create-1, eksctl-nodegroup:\n", "create-1, report:\n");
    assertThat(logs.out())
        .matches("(?s)(20[0-9T:-]+Z [^\n]+\n)+")
        .containsSubsequence("eksctl may start\n", "[ℹ] ", "ready: the cluster is up\n")
        .doesNotContain("could not be reported");
    String progress = "tasks/" + id + "/create-1.progress";
    Path file = scratch.resolve("progress");
    aws.aws("s3api", "get-object", "--bucket", RECORDS, "--key", progress, file.toString());
    assertThat(file)
        .content()
        .containsSubsequence("task-started", "control-plane", "nodes", "checks");

    developer.run("eksp-logs.sh", id).exits(1).prints("").says("needs logs:GetLogEvents");
    allow("put-role-policy", "--role-name", DEVELOPERS, "logs:GetLogEvents");
    developer.run("eksp-logs.sh", id).exits(0).prints(logs.out());
  }

  @Test
  @Order(8)
  void forPeopleTheyAreATable() throws Exception {
    assertThat(scripts.run("eksp", "list", "-o", "table").exits(0).out())
        .containsPattern("NAME +STATE +EXPIRES-IN +OWNER +VERSION +NODES +COST +ID")
        .containsPattern("2node-135-30 +ready +\\S+m +\\S+ +1\\.35 +2 +\\$0\\.[0-9]{2} ");
    assertThat(scripts.run("eksp", "list", "--mine", "--all", "-o", "name").exits(0).out().lines())
        .contains("2node-135-30");
    assertThat(scripts.run("eksp", "status", "2node-135-30", "-o", "text").exits(0).out())
        .containsPattern("cost so far +at most 0\\.[0-9]{2} USD")
        .containsPattern("use it: +\\S+eksp shell 2node-135-30");
    JsonNode version = JSON.readTree(scripts.run("eksp", "version").exits(0).line());
    assertThat(version.path("provider").asText()).isEqualTo("eksctl on Fargate");
  }

  @Test
  @Order(9)
  void itIsKeptForLonger() throws Exception {
    JsonNode longer = JSON.readTree(scripts.run("eksp-prolong.sh", id, "40").exits(0).line());

    assertThat(longer.path("status").path("lifetime").asInt()).isEqualTo(70);
    scripts.run("eksp-prolong.sh", id, "1400").exits(2).says("1440");
  }

  @Test
  @Order(10)
  void whatAsksForTooMuchIsRefusedWithAllThatIsWrong() throws Exception {
    scripts
        .runOn("{\"numworkers\": 11, \"kubeversion\": \"1.12\"}", "eksp-create.sh", "-")
        .exits(2)
        .prints("")
        .says("numworkers", "1.12", "1.35");
  }

  @Test
  @Order(10)
  void itsNodesAreChosenWithinWhatTheOperatorAllows() throws Exception {
    scripts
        .run("eksp-create.sh", "--name", "arm", "--type", "m7g.large")
        .exits(2)
        .says("nodes.types must be of those that the operator allows (t3.*, t3a.*, t4g.*)");

    String arm =
        scripts
            .run("eksp-create.sh", "--name=arm", "--arch=arm64", "--disk=30", "--on-demand")
            .exits(0)
            .says("a t4g.medium on demand, a disk of 30 GB")
            .line();

    JsonNode nodes =
        aws.aws("eks", "describe-nodegroup", "--cluster-name=arm", "--nodegroup-name=workers")
            .path("nodegroup");
    assertThat(nodes.path("amiType").asText()).isEqualTo("AL2023_ARM_64_STANDARD");
    assertThat(nodes.path("capacityType").asText()).isEqualTo("ON_DEMAND");
    assertThat(texts(nodes.path("instanceTypes"))).containsExactly("t4g.medium");
    assertThat(
            aws.aws(
                    "ec2",
                    "describe-launch-template-versions",
                    "--launch-template-id",
                    nodes.at("/launchTemplate/id").asText())
                .at(
                    "/LaunchTemplateVersions/0/LaunchTemplateData/BlockDeviceMappings/0/Ebs/VolumeSize")
                .asInt())
        .isEqualTo(30);
    assertThat(scripts.run("eksp-status.sh", "-o", "text", "arm").exits(0).out())
        .contains("1 of arm64, 30 GiB, on-demand");
    scripts.run("eksp-destroy.sh", arm).exits(0);
  }

  @Test
  @Order(11)
  void aClusterOfSomebodyElsesIsLeftAlone() throws Exception {
    String subnets =
        texts(aws.aws("ec2", "describe-subnets").path("Subnets"), "SubnetId").stream()
            .limit(2)
            .collect(Collectors.joining(","));
    aws.aws(
        "eks",
        "create-cluster",
        "--name",
        "theirs",
        "--kubernetes-version",
        "1.35",
        "--role-arn",
        "arn:aws:iam::123456789012:role/" + made("ServiceRole"),
        "--resources-vpc-config",
        "subnetIds=" + subnets);

    scripts
        .run("eksp-create.sh", "--name", "theirs")
        .exits(2)
        .says("a cluster named theirs exists already, and EKSphemeral did not create it");
    // Who may not look is told by the task.
    aws.call(
            "iam",
            "delete-role-policy",
            "--role-name",
            DEVELOPERS,
            "--policy-name",
            policyName("eks:DescribeCluster"))
        .exits(0);
    developer
        .run("eksp-create.sh", "--name", "theirs")
        .exits(1)
        .says(
            "theirs was not created: a cluster named theirs exists that EKSphemeral did not create");
  }

  // --- what fails ---

  @Test
  @Order(12)
  void whereThereIsNoRoomForAVpcTheCreationFailsAndIsRemoved() throws Exception {
    List<String> vpcs = fillUpVpcs();

    Scripts.Outcome failed;
    try {
      failed = scripts.run("eksp-create.sh", "--name", "unlucky").exits(1);
    } finally {
      for (String vpc : vpcs) {
        aws.call("ec2", "delete-vpc", "--vpc-id", vpc).exits(0);
      }
    }

    failed
        .prints("")
        .says(
            "eksp-create.sh: unlucky was not created: eksctl create cluster failed with exit code 1:"
                + " AWS::EC2::VPC/VPC: CREATE_FAILED – \"")
        .says("  | ", "The maximum number of VPCs has been reached");
    Scripts.until("that unlucky is gone", LIFE, () -> state("unlucky").equals("gone"));
  }

  private static List<String> fillUpVpcs() throws Exception {
    List<String> made = new ArrayList<>();
    while (aws.aws("ec2", "describe-vpcs").path("Vpcs").size() < 5) {
      made.add(
          aws.aws("ec2", "create-vpc", "--cidr-block", "10.0.0.0/16")
              .path("Vpc")
              .path("VpcId")
              .asText());
    }
    return made;
  }

  @Test
  @Order(13)
  void whoIsToGetInAndDoesNotExistIsNamedAtOnce() throws Exception {
    String gone = "arn:aws:iam::123456789012:role/gone";

    scripts
        .runOn("{\"name\": \"shared\", \"access\": [\"" + gone + "\"]}", "eksp-create.sh", "-")
        .exits(1)
        .says("shared was not created: ", "do not exist in the account 123456789012: " + gone);

    assertThat(aws.inventory()).noneMatch(one -> one.contains("shared"));
  }

  @Test
  @Order(13)
  void anImageThatCannotBePulledIsSaid() throws Exception {
    aws.ask("withhold", "eksctl");
    try {
      scripts
          .run("eksp-create.sh", "--name", "unpulled")
          .exits(1)
          .says("unpulled was not created: ", "CannotPullContainerError");
    } finally {
      aws.ask("release", "eksctl");
    }
  }

  /** Write access to the bucket is not enough to change what a task runs. */
  @Test
  @Order(13)
  void taskScriptsThatSomebodyChangedAreNotRunAndAreRestored() throws Exception {
    String key =
        texts(aws.aws("s3api", "list-objects-v2", "--bucket", CODE).path("Contents"), "Key")
            .stream()
            .filter(one -> one.endsWith("/prepare.sh"))
            .findFirst()
            .orElseThrow();
    Path evil =
        Files.writeString(scratch.resolve("evil.sh"), "aws ec2 create-vpc --cidr 10.9.0.0/16");
    aws.aws("s3api", "put-object", "--bucket", CODE, "--key", key, "--body", evil.toString());
    int vpcs = aws.aws("ec2", "describe-vpcs").path("Vpcs").size();

    scripts.run("eksp-create.sh", "--name", "tampered").exits(1).says("tampered was not created");
    assertThat(aws.aws("ec2", "describe-vpcs").path("Vpcs")).hasSize(vpcs);
    assertThat(
            aws.aws("logs", "filter-log-events", "--log-group-name", "/eksphemeral/tasks")
                .toString())
        .contains("were changed after the installation; eksp-up.sh restores them");
    scripts.run("eksp-up.sh").exits(0).says("had been changed", "restored");
    scripts.run("eksp-up.sh").exits(0).doesNotSay("had been changed");
  }

  @Test
  @Order(14)
  void aDestructionThatFailsSaysWhatIsLeftAndIsTriedAgainWhenAsked() throws Exception {
    String volume = aws.ask("left_over", "volume", "2node-135-30").asText();
    String role = made("TaskRole");
    policy("put-role-policy", "--role-name", role, "Deny", "ec2:DeleteVolume");

    scripts.run("eksp-destroy.sh", id).exits(1).prints("").says("could not be destroyed: ");
    JsonNode status = JSON.readTree(scripts.run("eksp-list.sh", id).exits(0).line()).path("status");
    assertThat(texts(status.path("leftovers"))).anyMatch(one -> one.startsWith(volume));
    assertThat(aws.inventory()).contains(volume);

    aws.call(
            "iam",
            "delete-role-policy",
            "--role-name",
            role,
            "--policy-name",
            policyName("ec2:DeleteVolume"))
        .exits(0);
    scripts.run("eksp-destroy.sh", id).exits(0).says("2node-135-30 is gone");
    assertThat(aws.inventory()).doesNotContain(volume).noneMatch(one -> one.contains("2node"));
  }

  @Test
  @Order(15)
  void aSweepThatFailsTwiceIsKeptAndTheNextOnesGoOn() throws Exception {
    String role = made("DestroyClusterRole");
    policy("put-role-policy", "--role-name", role, "Deny", "s3:ListBucket");

    Scripts.until("that a sweep was given up", () -> !givenUp().isEmpty());

    assertThat(givenUp()).contains("Scheduled Event").contains("RetriesExhausted");
    aws.call(
            "iam",
            "delete-role-policy",
            "--role-name",
            role,
            "--policy-name",
            policyName("s3:ListBucket"))
        .exits(0);
  }

  /** The sweeps that were given up; empty if none is, or all are being looked at. */
  private static String givenUp() {
    try {
      // The CLI takes the address of the queue from nowhere else.
      return aws.call(
              "sqs",
              "receive-message",
              "--endpoint-url",
              aws.endpoint(),
              "--queue-url",
              made("FailedSweeps"),
              "--visibility-timeout",
              "0")
          .exits(0)
          .out();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  // --- the end ---

  @Test
  @Order(16)
  void theLifeOfAMinuteEndsByItselfWithAllThatWasLeftBehind() throws Exception {
    Scripts.until("that short is gone", LIFE, () -> state(shortId).equals("gone"));

    JsonNode gone = JSON.readTree(scripts.run("eksp-list.sh", shortId).exits(0).line());
    assertThat(texts(gone.path("status").path("history"), "why"))
        .contains("expired", "deletion verified");
    assertThat(texts(aws.ask("mails", OWNER), "Subject"))
        .containsExactlyInAnyOrder( // with a minute to live the notice is due at once
            "EKSphemeral: cluster short is ready",
            "EKSphemeral: cluster short is about to be destroyed",
            "EKSphemeral: cluster short is gone");
    Scripts.until("that the failed ones are gone", LIFE, () -> list().equals("[]\n"));
    assertThat(aws.inventory()).containsExactly("cluster theirs");
  }

  @Test
  @Order(17)
  void nothingIsLeftWhenItIsRemoved() throws Exception {
    scripts.run("eksp-create.sh", "--no-wait", "--name", "last").exits(0);

    scripts.run("eksp-down.sh").exits(2).prints("").says("last", "--destroy-clusters");
    scripts
        .run("eksp-down.sh", "--destroy-clusters")
        .exits(0)
        .says("the control plane is down, and all cluster records are deleted");

    scripts.run("eksp-list.sh").exits(2).says("EKSphemeral is not installed in region us-east-2");
    assertThat(aws.inventory()).containsExactly("cluster theirs");
    assertThat(left()).isEmpty();
    for (String bucket : List.of(CODE, RECORDS)) {
      assertThat(aws.call("s3api", "list-object-versions", "--bucket", bucket).out())
          .doesNotContain("VersionId");
    }
  }

  /** What a resource of the template is called in the account. */
  private static String made(String resource) throws Exception {
    return aws.aws(
            "cloudformation",
            "describe-stack-resource",
            "--stack-name",
            "eksp",
            "--logical-resource-id",
            resource)
        .path("StackResourceDetail")
        .path("PhysicalResourceId")
        .asText();
  }

  /** What there still is of the control plane. */
  private static Set<String> left() throws Exception {
    Set<String> left = new TreeSet<>();
    left.addAll(texts(aws.aws("lambda", "list-functions").path("Functions"), "FunctionName"));
    left.addAll(texts(aws.aws("apigatewayv2", "get-apis").path("Items"), "ApiId"));
    left.addAll(texts(aws.aws("events", "list-rules").path("Rules"), "Name"));
    left.addAll(texts(aws.aws("ecs", "list-clusters").path("clusterArns")));
    left.addAll(texts(aws.aws("sns", "list-topics").path("Topics"), "TopicArn"));
    left.addAll(texts(aws.aws("cloudformation", "describe-stacks").path("Stacks"), "StackName"));
    return left;
  }

  private static List<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asText).toList();
  }

  private static List<String> texts(JsonNode array, String field) {
    return StreamSupport.stream(array.spliterator(), false)
        .map(one -> one.path(field).asText())
        .toList();
  }

  private static String state(String id) {
    try {
      return JSON.readTree(scripts.run("eksp-list.sh", id).exits(0).line())
          .path("status")
          .path("state")
          .asText();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static String list() {
    try {
      return scripts.run("eksp-list.sh").exits(0).out();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
