package io.eksphemeral.lambda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.eksphemeral.domain.InstanceTypePatterns;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.NodeLimits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.OwnerDomains;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class AwsControlPlaneTest {
  /** What template.yaml sets for all functions. */
  private static final Map<String, String> ALL =
      Map.ofEntries(
          Map.entry("AWS_REGION", "us-east-2"),
          Map.entry("EKSPHEMERAL_INSTANCE_TYPES", "t3.medium,t3a.medium"),
          Map.entry("EKSPHEMERAL_SPOT", "false"),
          Map.entry("EKSPHEMERAL_NOTIFY_ADDRESS", "eksp@eksphemeral.io"),
          Map.entry("EKSPHEMERAL_BUCKET", "records"),
          Map.entry("EKSPHEMERAL_MAX_CLUSTERS", "7"),
          Map.entry("EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "3"),
          Map.entry("EKSPHEMERAL_MAX_MINUTES", "600"),
          Map.entry("EKSPHEMERAL_MAX_WORKERS", "4"),
          Map.entry("EKSPHEMERAL_ALLOW_TYPES", "m7*"),
          Map.entry("EKSPHEMERAL_MAX_DISK", "200"));

  /** What it adds for those that change clusters. */
  private static final Map<String, String> CHANGING =
      Map.of(
          "EKSPHEMERAL_ECS_CLUSTER", "eksp",
          "EKSPHEMERAL_CREATE_TASK", "arn:aws:ecs:us-east-2:123456789012:task-definition/a:1",
          "EKSPHEMERAL_DESTROY_TASK", "arn:aws:ecs:us-east-2:123456789012:task-definition/b:1",
          "EKSPHEMERAL_SUBNETS", "subnet-1,subnet-2",
          "EKSPHEMERAL_SECURITY_GROUP", "sg-1",
          "EKSPHEMERAL_SERVICE_ROLE", "arn:aws:iam::123456789012:role/eksp-service",
          "EKSPHEMERAL_NODE_ROLE", "arn:aws:iam::123456789012:role/eksp-node",
          "EKSPHEMERAL_CNI_ROLE", "arn:aws:iam::123456789012:role/eksp-cni",
          "EKSPHEMERAL_EBS_CSI_ROLE", "arn:aws:iam::123456789012:role/eksp-ebs-csi");

  @Test
  void theStatusFunctionNeedsNoVariablesOfTasks() {
    AwsControlPlane.StatusFunc status = AwsControlPlane.statusFunc(ALL);
    assertThat(status.provider().provider()).isEqualTo("eksctl on Fargate in us-east-2");
    assertThat(status.provider().nodes())
        .isEqualTo(new Nodes(List.of("t3.medium", "t3a.medium"), false));
  }

  @Test
  void theOtherFunctionsHaveTheLimitsOfTheInstallation() {
    AwsControlPlane.ClusterFuncs functions = AwsControlPlane.clusterFuncs(changing());
    assertThat(functions.plane().limits())
        .isEqualTo(
            new Limits(
                600,
                4,
                7,
                3,
                OwnerDomains.parse("corp.io"),
                new NodeLimits(
                    new Nodes(List.of("t3.medium", "t3a.medium"), false),
                    InstanceTypePatterns.parse("m7*"),
                    200)));
    assertThat(functions.provider().provider()).isEqualTo("eksctl on Fargate in us-east-2");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " "})
  void withoutAnAddressTheProviderSaysThatThereIsNoMail(String address) {
    Map<String, String> environment = changing();
    environment.put("EKSPHEMERAL_NOTIFY_ADDRESS", address);
    String provider = "eksctl on Fargate in us-east-2, without mail";

    assertThat(AwsControlPlane.clusterFuncs(environment).provider().provider()).isEqualTo(provider);
    assertThat(AwsControlPlane.statusFunc(environment).provider().provider()).isEqualTo(provider);
  }

  @Test
  void allInvalidVariablesAreReportedAtOnce() {
    Map<String, String> environment = changing();
    environment.remove("EKSPHEMERAL_BUCKET");
    environment.put("EKSPHEMERAL_MAX_MINUTES", "1 day");
    environment.put("EKSPHEMERAL_SUBNETS", "subnet-1,,subnet-2");
    environment.put("EKSPHEMERAL_SECURITY_GROUP", "");
    environment.put("EKSPHEMERAL_SPOT", "yes");
    environment.put("EKSPHEMERAL_TAGS", "team=a,nothing");
    environment.put("EKSPHEMERAL_OWNER_DOMAINS", "corp.io,,x.io");
    environment.put("EKSPHEMERAL_ALLOW_TYPES", "t3.*,T4");

    assertThatIllegalStateException()
        .isThrownBy(() -> AwsControlPlane.clusterFuncs(environment))
        .withMessage(
            "the environment variables of this function are invalid:"
                + " EKSPHEMERAL_SPOT is 'yes', and must be true or false;"
                + " EKSPHEMERAL_BUCKET is missing;"
                + " EKSPHEMERAL_MAX_MINUTES is '1 day', and must be a whole number from 1 to"
                + " 1000000;"
                + " EKSPHEMERAL_OWNER_DOMAINS is invalid: '' is not a mail domain;"
                + " EKSPHEMERAL_ALLOW_TYPES or EKSPHEMERAL_MAX_DISK is invalid: 'T4' is not a"
                + " pattern of instance types;"
                + " EKSPHEMERAL_SUBNETS is 'subnet-1,,subnet-2', with an empty value between commas;"
                + " EKSPHEMERAL_SECURITY_GROUP is missing;"
                + " EKSPHEMERAL_TAGS contains 'nothing' instead of KEY=VALUE");
  }

  @ParameterizedTest
  @CsvSource({"0", "-1", "1000001", "1.5", "''", "99999999999999999999"})
  void aLimitThatIsNoNumberFromOneIsInvalid(String limit) {
    Map<String, String> environment = new HashMap<>(ALL);
    environment.put("EKSPHEMERAL_MAX_WORKERS", limit);
    assertThatIllegalStateException()
        .isThrownBy(() -> AwsControlPlane.statusFunc(environment))
        .withMessageContaining("EKSPHEMERAL_MAX_WORKERS is");
  }

  @ParameterizedTest
  @CsvSource({"1", "1000000", "0000005"})
  void aLimitIsANumberFromOne(String limit) {
    Map<String, String> environment = changing();
    environment.put("EKSPHEMERAL_MAX_WORKERS", limit);
    assertThat(AwsControlPlane.clusterFuncs(environment).plane().limits().workers())
        .isEqualTo(Integer.parseInt(limit));
  }

  @Test
  void theLimitPerCallerIsReadUnderItsOldNameToo() {
    Map<String, String> environment = changing();
    environment.put("EKSPHEMERAL_MAX_CLUSTERS_PER_ASKER", "5");
    assertThat(AwsControlPlane.clusterFuncs(environment).plane().limits().clustersPerCaller())
        .isEqualTo(3);

    environment.remove("EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER");
    assertThat(AwsControlPlane.clusterFuncs(environment).plane().limits().clustersPerCaller())
        .isEqualTo(5);
  }

  private static Map<String, String> changing() {
    Map<String, String> environment = new HashMap<>(ALL);
    environment.put("EKSPHEMERAL_OWNER_DOMAINS", "corp.io");
    environment.putAll(CHANGING);
    return environment;
  }
}
