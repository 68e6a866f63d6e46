package io.eksphemeral.template;

import static io.eksphemeral.template.Template.POLICY;
import static io.eksphemeral.template.Template.ROLE;
import static io.eksphemeral.template.Template.attached;
import static io.eksphemeral.template.Template.elements;
import static io.eksphemeral.template.Template.properties;
import static io.eksphemeral.template.Template.statements;
import static io.eksphemeral.template.Template.stream;
import static io.eksphemeral.template.Template.texts;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the roles allow, once deployed, judged against the ARNs that things have, in the forms of
 * AWS's service authorization reference.
 */
final class GrantsTest {
  private static final String REGION = "us-east-2:123456789012";

  /** What there is in an account with an installation and a cluster. */
  private static final List<String> THINGS =
      Stream.of(
              "s3:::records",
              "s3:::records/01a20423-5bec-7087-be32-80521e52d1bd.json",
              "s3:::records/names/dev",
              "s3:::records/tasks/01a20423-5bec-7087-be32-80521e52d1bd/create-1.fence",
              "s3:::records/gone/01a20423-5bec-7087-be32-80521e52d1bd.json",
              "s3:::records/config/versions.json",
              "s3:::code",
              "s3:::code/task/0123abcd/prepare.sh",
              "logs:%s:log-group:/eksphemeral/create:log-stream:2026/11/22/[7]abc",
              "logs:%s:log-group:/eksphemeral/status:log-stream:2026/11/22/[7]abc",
              "logs:%s:log-group:/eksphemeral/sweep:log-stream:2026/11/22/[7]abc",
              "logs:%s:log-group:/eksphemeral/tasks:log-stream:create/report/0123abcd",
              "logs:%s:log-group:/aws/eks/dev/cluster:*",
              "sqs:%s:eksp-FailedSweeps-1ABC",
              "ecs:%s:cluster/eksp",
              "ecs:%s:task/eksp/0123456789abcdef0123456789abcdef",
              "ecs:%s:task-definition/eksp-create:7",
              "ecs:%s:task-definition/eksp-destroy:7",
              "ses:%s:identity/you@your-company.io",
              "iam::123456789012:role/eksp-TaskRole-1ABC",
              "iam::123456789012:role/eksp-TaskExecutionRole-1ABC",
              "iam::123456789012:role/eksp-ServiceRole-1ABC",
              "iam::123456789012:role/eksp-NodeRole-1ABC",
              "iam::123456789012:role/eksp-CniRole-1ABC",
              "iam::123456789012:role/eksp-EbsCsiRole-1ABC",
              "iam::123456789012:user/people/alice",
              "iam::123456789012:role/eksctl-dev-addon-iamserviceaccount-Role1-1ABC",
              "iam::123456789012:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS",
              "iam::123456789012:oidc-provider/oidc.eks.us-east-2.amazonaws.com/id/0123ABCD",
              "cloudformation:%s:stack/eksctl-dev-cluster/01234567-89ab-cdef-0123-456789abcdef",
              "eks:%s:cluster/dev",
              "eks:%s:nodegroup/dev/workers/01234567-89ab-cdef-0123-456789abcdef",
              "eks:%s:addon/dev/vpc-cni/01234567-89ab-cdef-0123-456789abcdef",
              "eks:%s:access-entry/dev/role/123456789012/alice/01234567-89ab-cdef",
              "eks:%s:fargateprofile/dev/default/01234567-89ab-cdef-0123-456789abcdef",
              "eks:%s:capability/dev/ack/mine/01234567-89ab-cdef-0123-456789abcdef",
              "eks:%s:podidentityassociation/dev/a-0123456789abcdef0",
              "ec2:%s:elastic-ip/eipalloc-0123abcd",
              "ec2:%s:instance/i-0123abcd",
              "ec2:%s:internet-gateway/igw-0123abcd",
              "ec2:%s:launch-template/lt-0123abcd",
              "ec2:%s:natgateway/nat-0123abcd",
              "ec2:%s:network-interface/eni-0123abcd",
              "ec2:%s:route-table/rtb-0123abcd",
              "ec2:%s:security-group/sg-0123abcd",
              "ec2:%s:security-group-rule/sgr-0123abcd",
              "ec2:%s:subnet/subnet-0123abcd",
              "ec2:%s:volume/vol-0123abcd",
              "ec2:%s:vpc/vpc-0123abcd",
              "ec2:%s:vpc-endpoint/vpce-0123abcd",
              "ec2:us-east-2::image/ami-0123abcd",
              "ec2:us-east-2::snapshot/snap-0123abcd",
              "elasticloadbalancing:%s:loadbalancer/net/k8s-dev/0123abcd",
              "elasticloadbalancing:%s:targetgroup/k8s-dev/0123abcd")
          .map(thing -> "arn:aws:" + thing.formatted(REGION))
          .toList();

  private static Stream<String> policies() {
    return Stream.of(ROLE, POLICY).flatMap(type -> Template.all(type).keySet().stream());
  }

  /** A text as CloudFormation has it once all that it refers to is there. */
  private static String deployed(JsonNode value) {
    if (value.isTextual()) {
      return value.asText();
    }
    JsonNode attribute = value.path("Fn::GetAtt");
    if (!attribute.isMissingNode()) {
      String name = attribute.path(0).asText();
      return attribute.path(1).asText().equals("Arn") ? arn(name) : "no ARN of " + name;
    }
    if (value.has("Ref")) {
      return reference(value.path("Ref").asText());
    }
    return Pattern.compile("\\$\\{([A-Za-z:]+)}")
        .matcher(value.path("Fn::Sub").asText())
        .replaceAll((MatchResult name) -> reference(name.group(1)));
  }

  private static String reference(String name) {
    return switch (name) {
      case "AWS::Partition" -> "aws";
      case "AWS::Region" -> "us-east-2";
      case "AWS::AccountId" -> "123456789012";
      case "ClusterBucket" -> "records";
      case "ServiceBucket" -> "code";
      case "NotifyAddress" -> "you@your-company.io";
      default -> {
        JsonNode properties = properties(name);
        yield properties.path("LogGroupName").asText(properties.path("ClusterName").asText(name));
      }
    };
  }

  private static String arn(String name) {
    return switch (Template.resource(name).path("Type").asText()) {
      case ROLE -> "arn:aws:iam::123456789012:role/eksp-" + name + "-1ABC";
      case "AWS::SQS::Queue" -> "arn:aws:sqs:%s:eksp-%s-1ABC".formatted(REGION, name);
      case "AWS::ECS::Cluster" -> "arn:aws:ecs:%s:cluster/%s".formatted(REGION, reference(name));
      default -> throw new AssertionError("what is the ARN of " + name + "?");
    };
  }

  /** IAM's patterns know * and ?, and both stand for slashes and colons, too. */
  private static boolean matches(String pattern, String arn) {
    return arn.matches(Pattern.quote(pattern).replace("*", "\\E.*\\Q").replace("?", "\\E.\\Q"));
  }

  private static Stream<String> resources(JsonNode statement) {
    return elements(statement.path("Resource")).stream()
        .map(GrantsTest::deployed)
        .filter(resource -> !resource.equals("*"));
  }

  @Test
  void eachResourceOfAPolicyIsOneThatThereCanBe() {
    assertThat(policies().flatMap(name -> statements(name).stream()).flatMap(GrantsTest::resources))
        .hasSizeGreaterThan(50)
        .allSatisfy(resource ->
            assertThat(THINGS).as(resource).anyMatch(thing -> matches(resource, thing)));
  }

  @Test
  void eachArnInAConditionIsOneThatThereCanBe() {
    Set<String> conditions = new TreeSet<>();
    policies()
        .flatMap(name ->
            Stream.concat(
                statements(name).stream(),
                stream(properties(name).path("AssumeRolePolicyDocument").path("Statement"))))
        .map(statement -> statement.path("Condition"))
        .flatMap(condition ->
            Stream.concat(stream(condition.path("ArnEquals")), stream(condition.path("ArnLike"))))
        .forEach(value -> conditions.add(deployed(value)));
    // An ARN operator compares part by part, so that an ARN that lacks one is none.
    assertThat(conditions)
        .isNotEmpty()
        .allMatch(arn -> arn.split(":", -1).length >= 6)
        .allSatisfy(arn -> assertThat(THINGS).anyMatch(thing -> matches(arn, thing)));
  }

  @Test
  void tasksAreTrustedOfThisAccountAlone() {
    assertThat(
            policies()
                .flatMap(name ->
                    stream(properties(name).path("AssumeRolePolicyDocument").path("Statement")))
                .map(statement -> statement.at("/Condition/StringEquals/aws:SourceAccount"))
                .filter(account -> !account.isMissingNode())
                .map(GrantsTest::deployed))
        .isNotEmpty()
        .allMatch("123456789012"::equals);
  }

  private static boolean isAllowed(String role, String action, String arn) {
    return Stream.concat(Stream.of(role), attached(role).stream())
        .filter(part -> part.equals(role) || Template.all(POLICY).containsKey(part))
        .flatMap(part -> statements(part).stream())
        .filter(statement -> texts(statement.path("Action")).contains(action))
        .flatMap(statement -> elements(statement.path("Resource")).stream())
        .map(GrantsTest::deployed)
        .anyMatch(resource -> matches(resource, arn));
  }

  @ParameterizedTest
  @CsvSource({
    "CreateClusterRole, logs:PutLogEvents, logs:%s:log-group:/eksphemeral/create:log-stream:x, true",
    "StatusRole, logs:PutLogEvents, logs:%s:log-group:/eksphemeral/status:log-stream:x, true",
    "DestroyClusterRole, logs:PutLogEvents, logs:%s:log-group:/eksphemeral/sweep:log-stream:x, true",
    "TaskExecutionRole, logs:PutLogEvents, logs:%s:log-group:/eksphemeral/tasks:log-stream:x, true",
    "TaskRole, logs:GetLogEvents, logs:%s:log-group:/eksphemeral/tasks:log-stream:x, true",
    "DestroyClusterRole, sqs:SendMessage, sqs:%s:eksp-FailedSweeps-1ABC, true",
    "CreateClusterRole, ecs:RunTask, ecs:%s:task-definition/eksp-create:1, true",
    "CreateClusterRole, ecs:RunTask, ecs:%s:task-definition/eksp-destroy:12, true",
    "CreateClusterRole, ecs:RunTask, ecs:%s:task-definition/other:1, false",
    "CreateClusterRole, ecs:TagResource, ecs:%s:task/eksp/0123abcd, true",
    "DestroyClusterRole, ecs:DescribeTasks, ecs:%s:task/eksp/0123abcd, true",
    "DestroyClusterRole, ecs:StopTask, ecs:%s:task/eksp/0123abcd, true",
    "DestroyClusterRole, ecs:StopTask, ecs:%s:task/other/0123abcd, false",
    "CreateClusterRole, ses:SendEmail, ses:%s:identity/you@your-company.io, true",
    "CreateClusterRole, iam:PassRole, iam::123456789012:role/eksp-TaskRole-1ABC, true",
    "CreateClusterRole, iam:PassRole, iam::123456789012:role/eksp-TaskExecutionRole-1ABC, true",
    "CreateClusterRole, iam:PassRole, iam::123456789012:role/admin, false",
    "CreateClusterRole, s3:PutObject, s3:::records/config/versions.json, false",
    "StatusRole, s3:GetObject, s3:::records/gone/x.json, true",
    "StatusRole, s3:GetObject, s3:::code/task/x, false",
    "TaskRole, s3:GetObject, s3:::code/task/0123abcd/prepare.sh, true",
    "TaskRole, s3:PutObject, s3:::code/task/0123abcd/prepare.sh, false",
    "TaskRole, s3:PutObject, s3:::records/tasks/x/create-1.result, true",
    "TaskRole, s3:PutObject, s3:::records/01a20423-5bec-7087-be32-80521e52d1bd.json, false",
    "TaskRole, s3:PutObject, s3:::records/config/versions.json, true",
    "TaskRole, iam:PassRole, iam::123456789012:role/eksp-ServiceRole-1ABC, true",
    "TaskRole, iam:PassRole, iam::123456789012:role/eksp-NodeRole-1ABC, true",
    "TaskRole, iam:PassRole, iam::123456789012:role/eksp-TaskRole-1ABC, false",
    "TaskRole, cloudformation:CreateStack, cloudformation:%s:stack/eksctl-dev-cluster/0-1, true",
    "TaskRole, cloudformation:CreateStack, cloudformation:%s:stack/eksp/0-1, false",
    "TaskRole, logs:DeleteLogGroup, logs:%s:log-group:/aws/eks/dev/cluster:*, true",
    "TaskRole, logs:DeleteLogGroup, logs:%s:log-group:/aws/eks/dev/other:*, false",
    "TaskRole, logs:DeleteLogGroup, logs:%s:log-group:/eksphemeral/tasks:*, false",
    "TaskRole, iam:DeleteRole, iam::123456789012:role/eksctl-dev-x, true",
    "TaskRole, iam:DeleteRole, iam::123456789012:role/admin, false",
    "TaskRole, iam:DeleteOpenIDConnectProvider,"
        + " iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB, true",
    "TaskRole, iam:DeleteOpenIDConnectProvider,"
        + " iam::123456789012:oidc-provider/token.actions.githubusercontent.com, false",
    "TaskRole, iam:GetRole, iam::123456789012:role/aws-reserved/sso.amazonaws.com/x, true",
  })
  void aRoleMayDoThisToThat(String role, String action, String thing, boolean allowed) {
    String arn = "arn:aws:" + thing.formatted(REGION);
    assertThat(isAllowed(role, action, arn)).isEqualTo(allowed);
  }
}
