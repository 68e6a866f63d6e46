package io.eksphemeral.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The teardown, run as a program. What is there afterwards is compared with what was there before
 * the cluster was: nothing more, so all of it is gone; nothing less, so nothing else was touched.
 */
@Tag("tasks")
@Execution(ExecutionMode.CONCURRENT)
class TeardownTest {
  private static final String ID = "01999999-0000-7000-8000-000000000001";
  private static final String OTHER_ID = "01999999-0000-7000-8000-000000000002";
  private static final int LOST = 75;

  private Aws aws;

  @BeforeEach
  void begin() throws IOException {
    aws = Aws.empty();
  }

  @Test
  void whatIsNotThereIsAbsent() throws Exception {
    assertThat(tearDown(1).exit()).isZero();

    TaskResult result = aws.result(ID, "destroy-1");
    assertThat(result.provesAbsence()).isTrue();
    assertThat(result.message()).isEqualTo("deletion verified");
  }

  @Test
  void withoutItsFenceItDoesNothing() throws Exception {
    aws.cluster("dev", ID);
    for (String taken : List.of("closed", "taken")) {
      aws.ask(
          "put",
          Aws.BUCKET,
          "tasks/" + ID + "/destroy-1.fence",
          "{\"as\":\"%s\",\"handle\":\"another task\"}".formatted(taken));
      Set<String> before = aws.inventory();

      assertThat(tearDown(1).exit()).isEqualTo(LOST);

      assertThat(aws.inventory()).isEqualTo(before);
      assertThat(aws.object("tasks/" + ID + "/destroy-1.result")).isEmpty();
    }
  }

  @Test
  void leftOversOfEveryKindGoAndOtherClustersStay() throws Exception {
    Aws.Made neighbour = new Aws.Made(aws.ask("cluster", "dev-prod", OTHER_ID));
    leaveEverything("dev-prod", neighbour);
    String older =
        aws.leftOver("volume", "dev", neighbour); // of a cluster of that name before ours
    aws.ask("age", older, 60);
    String foreign = aws.leftOver("address", "dev", neighbour); // in use, and not in our VPC
    Set<String> before = aws.inventory();
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("protected", true), "dev", ID));
    leaveEverything("dev", ours);

    assertThat(tearDown(1)).extracting(Aws.Outcome::exit).isEqualTo(0);

    assertThat(aws.inventory()).isEqualTo(before).contains("volume " + older, "address " + foreign);
    assertThat(aws.result(ID, "destroy-1").provesAbsence()).isTrue();
    assertThat(aws.object("tasks/" + ID + "/teardown-state.json").orElseThrow())
        .contains(ours.part("vpc"), ours.part("issuer"));
  }

  @Test
  void aForeignClusterOfTheNameIsNotTouched() throws Exception {
    Aws.Made foreign = aws.foreignCluster("dev");
    leaveEverything("dev", foreign);
    aws.ask("cluster", "dev2", "01999999-0000-7000-8000-00000000000a");
    Set<String> before = aws.inventory();

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void ofTheNameOnlyWhatWasMadeInTheClustersTimeGoes() throws Exception {
    // Ours failed since there is one: the failed stack is ours, all else of the name is not.
    Aws.Made foreign = new Aws.Made(aws.ask("cluster", Map.of("stacks", false), "dev"));
    aws.ask("age", "dev", 60);
    aws.leftOver("volume", "dev", foreign);
    aws.leftOver("log-group", "dev", foreign);
    Set<String> before = aws.inventory();
    aws.ask("cluster", Map.of("control_plane", false), "dev", ID);
    aws.leftOver("volume", "dev", foreign); // made after our stack, and still the foreign cluster's
    before.addAll(only("volume", aws.inventory()));

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  /** kubeadm, RKE and the like: EKS knows nothing of it, and its volumes carry the same name. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "instance",
        "volume-in-use",
        "security-group",
        "subnet",
        "vpc",
        "load-balancer",
        "classic-load-balancer"
      })
  void aVolumeThatMayBeASelfManagedClustersStaysAndIsNamed(String sign) throws Exception {
    Set<String> before = aws.inventory();
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("stacks", false), "dev", ID));
    aws.ask("self_managed", sign, "dev");
    String theirs = aws.leftOver("volume", "dev", ours);
    before.addAll(aws.inventory());
    before.removeIf(one -> one.startsWith("cluster ") || one.startsWith("nodegroup "));

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before).contains("volume " + theirs);
    assertThat(aws.result(ID, "destroy-1").message()).contains(theirs);
  }

  @Test
  void anOlderVolumeOfTheNameHasTheOthersStayThatNobodySawInUse() throws Exception {
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("stacks", false), "dev", ID));
    String older = aws.leftOver("volume", "dev", ours);
    aws.ask("age", older, 60);
    String unknown = aws.leftOver("volume", "dev", ours);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).contains("volume " + older, "volume " + unknown);
  }

  @Test
  void subnetsThatSeveralClustersShareAreNoSignOfAnother() throws Exception {
    Set<String> before = aws.inventory();
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("stacks", false), "dev", ID));
    aws.ask("self_managed", "subnet", "dev", "shared");
    aws.leftOver("volume", "dev", ours);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void aVolumeSeenInUseByOurNodesGoesWhateverElseCarriesTheName() throws Exception {
    aws.leftOver("volume-in-use", "dev", aws.cluster("dev", ID));
    String theirs = aws.ask("self_managed", "volume-in-use", "dev").asText();
    aws.ask("fault", "Action=DeleteVolume");
    assertThat(tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "3")).exit()).isEqualTo(1);
    assertThat(aws.result(ID, "destroy-1").leftovers())
        .singleElement()
        .asString()
        .startsWith("volume ");
    aws.ask("heal");

    // The nodes are gone; that they used it is remembered.
    assertThat(tearDown(2).exit()).isZero();

    assertThat(only("volume", aws.inventory()))
        .contains("volume " + theirs)
        .hasSize(2); // and a disk
  }

  @Test
  void withoutKnowingWhetherThereIsAnotherClusterOfTheNameItsVolumesStay() throws Exception {
    String volume =
        aws.leftOver(
            "volume", "dev", new Aws.Made(aws.ask("cluster", Map.of("stacks", false), "dev", ID)));
    aws.ask("fault", "Action=DescribeSubnets");

    assertThat(tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "3")).exit()).isEqualTo(1);

    assertThat(aws.inventory()).contains("volume " + volume);
    assertThat(aws.result(ID, "destroy-1").leftovers())
        .anyMatch(one -> one.startsWith("unknown ec2 describe-subnets"))
        .anyMatch(one -> one.contains(volume));
  }

  /** Not every stack and log group of the name in those hours, but while our control plane was. */
  @Test
  void ofTheNameNothingIsOursThatWasMadeBeforeOurControlPlane() throws Exception {
    aws.ask("cluster", Map.of("stacks", true), "dev", ID);
    aws.leftOver("log-group", "dev", aws.cluster("other", OTHER_ID));
    aws.ask(
        "stack",
        Map.of("tags", Map.of("alpha.eksctl.io/cluster-name", "dev")),
        "eksctl-dev-addon-older",
        Map.of("Topic", Map.of("Type", "AWS::SNS::Topic")));
    String stack = aws.ask("stack_id", "eksctl-dev-addon-older").asText();
    aws.ask("age", stack, 5);
    aws.ask("age", "/aws/eks/dev/cluster", 5);
    aws.ask("age", aws.ask("stack_id", "eksctl-dev-cluster").asText(), 10);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory())
        .contains("stack eksctl-dev-addon-older", "log-group /aws/eks/dev/cluster")
        .doesNotContain("cluster dev", "stack eksctl-dev-cluster");
  }

  @Test
  void stacksThatEksctlMadeForItLaterGoToo() throws Exception {
    Set<String> before = aws.inventory();
    aws.ask("cluster", Map.of("others_tagged", false), "dev", ID);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void aControlPlaneWithoutAStackGoes() throws Exception {
    Set<String> before = aws.inventory();
    aws.ask("cluster", Map.of("stacks", false), "dev", ID);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  /**
   * EKS deletes no control plane, and CloudFormation no stack of one, while it has capabilities.
   */
  @Test
  void capabilitiesGoBeforeTheControlPlaneWhoeverOwnsIt() throws Exception {
    for (boolean stacks : new boolean[] {true, false}) {
      aws = Aws.empty();
      Set<String> before = aws.inventory();
      Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("stacks", stacks), "dev", ID));
      aws.leftOver("capability", "dev", ours);
      aws.leftOver("capability", "dev-prod", ours);

      Aws.Outcome outcome = tearDown(1);

      assertThat(outcome.exit()).as(outcome.output()).isZero();
      Set<String> expected = new TreeSet<>(before);
      expected.add("capability dev-prod/argocd");
      assertThat(aws.inventory()).isEqualTo(expected);
      // No deletion of the control plane, or of its stack, was refused on the way.
      assertThat(outcome.output()).doesNotContain("capabilities attached", "FORCE_DELETE_STACK");
      assertThat(aws.changes())
          .filteredOn("cloudformation delete-stack"::equals)
          .hasSize(stacks ? 2 : 0);
    }
  }

  @Test
  void capabilitiesOfAForeignClusterStay() throws Exception {
    aws.leftOver("capability", "dev", aws.foreignCluster("dev"));
    Set<String> before = aws.inventory();

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void capabilitiesThatCannotBeDeletedAreNamed() throws Exception {
    aws.leftOver("capability", "dev", aws.cluster("dev", ID));
    aws.ask("fault", "eks DELETE /clusters/dev/capabilities");

    Aws.Outcome outcome = tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "3"));

    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(aws.result(ID, "destroy-1").leftovers()).contains("capability argocd ACTIVE");
    assertThat(aws.inventory()).contains("cluster dev", "capability dev/argocd");
    aws.ask("heal");
    assertThat(tearDown(2).exit()).isZero();
    assertThat(aws.inventory()).isEmpty();
  }

  /** The image is the operator's to choose, and an older CLI has no such command. */
  @Test
  void aCliThatKnowsNoCapabilitiesRemovesAClusterThatHasNone() throws Exception {
    aws.cluster("dev", ID);
    Map<String, String> older = Map.of("EKSPHEMERAL_CLI_LACKS", "list-capabilities");

    assertThat(tearDown(1, older).exit()).isZero();

    assertThat(aws.inventory()).isEmpty();
  }

  @Test
  void aCliThatKnowsNoCapabilitiesSaysSoWhereTheyKeepTheCluster() throws Exception {
    aws.leftOver("capability", "dev", aws.cluster("dev", ID));
    Map<String, String> older =
        Map.of("EKSPHEMERAL_CLI_LACKS", "list-capabilities", "EKSPHEMERAL_PATIENCE", "3");

    assertThat(tearDown(1, older).exit()).isEqualTo(1);

    assertThat(aws.result(ID, "destroy-1").leftovers())
        .anyMatch(one -> one.startsWith("cluster dev "))
        .anyMatch(one ->
            one.startsWith("unknown eks list-capabilities: ")
                && one.contains("this version of the AWS CLI does not have the command"));
  }

  @Test
  void aForeignStackOfTheNameIsNotTouched() throws Exception {
    // A user deleted our cluster; no teardown has seen that yet.
    keep("{\"created\": \"2026-01-01T00:00:00Z\", \"until\": null");
    aws.ask("cluster", Map.of("control_plane", false), "dev");
    Set<String> before = aws.inventory();

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void aStackThatFailedTwiceGoesByForceAndWhatThatLeavesIsLookedUp() throws Exception {
    addon();
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("control_plane", false), "dev", ID));
    Set<String> made = aws.inventory();
    List<String> stuck =
        List.of("vpc", "internet-gateway", "launch-template", "role").stream()
            .map(kind -> only(kind, made).iterator().next())
            .toList();
    for (String one : stuck) {
      aws.ask("stick", one.substring(one.indexOf(' ') + 1));
    }

    Aws.Outcome outcome = tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "3"));

    // CloudFormation let go of all four; what there is a way to remove went after it.
    assertThat(outcome.exit()).as(outcome.output()).isEqualTo(1);
    assertThat(aws.inventory()).containsExactly("role addon");
    assertThat(aws.result(ID, "destroy-1").outcome()).isEqualTo(Outcome.FAILED);
    assertThat(aws.result(ID, "destroy-1").leftovers())
        .containsExactly("retained AWS::IAM::Role addon");
    assertThat(aws.object("tasks/" + ID + "/teardown-state.json").orElseThrow())
        .contains("AWS::EC2::VPC " + ours.part("vpc"), "AWS::IAM::Role addon");
    assertThat(aws.changes().stream().filter("cloudformation delete-stack"::equals))
        .hasSize(9); // each of three: as usual, again, by force
    assertThat(outcome.output().lines().filter(line -> line.contains("FORCE_DELETE_STACK")))
        .hasSize(3);

    aws.ask("drop_role", "addon");
    assertThat(tearDown(2).exit()).isZero();
    assertThat(aws.result(ID, "destroy-2").provesAbsence()).isTrue();
  }

  @Test
  void theClustersStackStaysWhileThatOfItsNodesIsThere() throws Exception {
    aws.cluster("dev", ID);
    Set<String> before = aws.inventory();
    aws.ask("fault", "Action=DeleteStack.*nodegroup");

    assertThat(tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "1")).exit()).isEqualTo(1);

    assertThat(aws.inventory()).isEqualTo(before);
  }

  /** Also in the object that earlier versions wrote. */
  @ParameterizedTest
  @ValueSource(strings = {"teardown-state.json", "kept.json"})
  void whatCannotBeLookedUpCountsAsBeingThere(String object) throws Exception {
    keep(object, "{\"created\": null, \"until\": null, \"retained\": [\"Custom::Thing of-ours\"]");

    assertThat(tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "1")).exit()).isEqualTo(1);

    assertThat(aws.result(ID, "destroy-1").leftovers())
        .containsExactly("retained Custom::Thing of-ours");
  }

  @Test
  void withoutKnowingWhatWasKeptNothingIsTouched() throws Exception {
    aws.cluster("dev", ID);
    Set<String> before = aws.inventory();
    aws.ask("put", Aws.BUCKET, "tasks/" + ID + "/teardown-state.json", "{");
    aws.ask("expire", Aws.BUCKET, 20);
    assertThat(tearDown(1).exit()).isEqualTo(1);
    aws.ask("expire", Aws.BUCKET, 20);
    assertThat(aws.object("tasks/" + ID + "/teardown-state.json")).contains("{");

    aws.ask("fault", "s3 GET .*teardown-state.json");
    assertThat(tearDown(2).exit()).isEqualTo(1);

    assertThat(aws.inventory()).isEqualTo(before);
    assertThat(aws.result(ID, "destroy-1").outcome()).isEqualTo(Outcome.FAILED);
    assertThat(aws.result(ID, "destroy-2").outcome()).isEqualTo(Outcome.FAILED);
  }

  @Test
  void whatWasKeptDoesNotExpireWhileATearDownIsStuck() throws Exception {
    String volume = aws.leftOver("volume", "dev", aws.cluster("dev", ID));
    aws.ask("fault", "Action=DeleteVolume");
    for (int attempt = 1; attempt <= 3; attempt++) {
      assertThat(tearDown(attempt, Map.of("EKSPHEMERAL_PATIENCE", "1")).exit()).isEqualTo(1);
      assertThat(aws.result(ID, "destroy-" + attempt).leftovers())
          .singleElement()
          .asString()
          .startsWith("volume " + volume);
      aws.ask("expire", Aws.BUCKET, 20);
    }

    aws.ask("heal");
    assertThat(tearDown(4).exit()).isZero();
    assertThat(aws.inventory()).isEmpty();
  }

  @Test
  void whatWasKeptIsOfUseThoughItCannotBeWrittenAnew() throws Exception {
    keep("{\"created\": null, \"until\": null");
    assertThat(tearDown(1).exit()).isZero(); // has it in the form in which it is written
    aws.ask("fault", "s3 PUT .*teardown-state.json");

    Aws.Outcome outcome = tearDown(2);

    assertThat(outcome.exit()).as(outcome.output()).isZero();
    assertThat(outcome.output()).contains("the teardown state cannot be written again");
  }

  /** Like a volume that a user mounts into the cluster: it existed before. */
  @Test
  void aVolumeFromBeforeStaysThoughOurNodesUsedIt() throws Exception {
    String older = aws.leftOver("volume-in-use", "dev", aws.cluster("dev", ID));
    aws.ask("age", older, 60);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).containsExactly("volume " + older);
  }

  @Test
  void aVolumeFromAfterwardsStays() throws Exception {
    keep("{\"created\": \"2026-01-01T00:00:00Z\", \"until\": \"2026-01-02T00:00:00Z\"");
    Aws.Made another = aws.cluster("other", OTHER_ID);
    String later = aws.leftOver("volume", "dev", another);
    aws.leftOver("log-group", "dev", another);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).contains("volume " + later, "log-group /aws/eks/dev/cluster");
  }

  @Test
  void oneThatIsStuckGivesUpThoughItLooksAtMoreThen() throws Exception {
    aws.ask("cluster", Map.of("stacks", false), "dev", ID);
    aws.ask("fault", "eks DELETE /clusters/dev");

    assertThat(tearDown(1).exit()).isEqualTo(1);

    assertThat(aws.result(ID, "destroy-1").leftovers()).contains("cluster dev ACTIVE");
  }

  @Test
  void whateverElseCarriesOurIdIsNamedAndIsNoProof() throws Exception {
    aws.ask("bucket", "of-a-workload", Map.of("eksphemeral:id", ID));
    aws.ask("bucket", "of-another", Map.of("eksphemeral:id", OTHER_ID));

    assertThat(tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "1")).exit()).isEqualTo(1);

    assertThat(aws.result(ID, "destroy-1").leftovers())
        .containsExactly("tagged arn:aws:s3:::of-a-workload");
    aws.ask("drop_bucket", "of-a-workload");
    assertThat(tearDown(2).exit()).isZero();
  }

  /**
   * Between a look-up and the deletion a user may have created another cluster of the same name.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aControlPlaneIsAskedWhoseItIsRightBeforeAnythingOfItGoes(boolean hasCapability)
      throws Exception {
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("stacks", false), "dev", ID));
    if (hasCapability) {
      aws.leftOver("capability", "dev", ours);
    }
    Set<String> before = aws.inventory();
    aws.ask("between", "eks GET /clusters/dev *$", 1, "replace_control_plane", "dev");

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void aResultThatCannotBeWrittenAtOnceIsWrittenALittleLater() throws Exception {
    aws.ask("fault", "s3 PUT .*destroy-1.result", 2);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.result(ID, "destroy-1").provesAbsence()).isTrue();
  }

  /**
   * What it found must be on record before the control plane stops the task, which is at an hour.
   */
  @Test
  void itGivesUpByItselfBeforeItIsStopped() throws Exception {
    aws.cluster("dev", ID);
    Set<String> before = aws.inventory();
    aws.ask("fault", "Action=DeleteStack");

    // bash counts its seconds from there.
    Aws.Outcome outcome =
        tearDown(
            1, Map.of("SECONDS", Integer.toString(60 * 60 - 240), "EKSPHEMERAL_PATIENCE", "40"));

    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(aws.result(ID, "destroy-1").leftovers()).isNotEmpty();
    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void withoutAResultInTheBucketItHasFailed() throws Exception {
    aws.ask("fault", "s3 PUT .*destroy-1.result");

    Aws.Outcome outcome = tearDown(1);

    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.output()).contains("the result cannot be written");
  }

  @Test
  void whatCannotGoOrBeSeenIsNamedAndNoProof() throws Exception {
    Aws.Made ours = aws.cluster("dev", ID);
    leaveEverything("dev", ours);
    aws.ask("fault", "Action=(Terminate|Release|Delete(?!Stack))|DeleteLogGroup|DELETE /");
    aws.ask("fault", "Action=DescribeAddresses");

    assertThat(tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "1")).exit()).isEqualTo(1);

    TaskResult result = aws.result(ID, "destroy-1");
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    for (String kind : KINDS) {
      assertThat(result.leftovers())
          .anyMatch(
              kind.equals("address")
                  ? one -> one.startsWith("unknown ec2 describe-addresses")
                  : one -> one.startsWith(kind + " "));
    }
    assertThat(result.leftovers()).contains("vpc " + ours.part("vpc"));

    aws.ask("heal");
    assertThat(tearDown(2).exit()).isZero();
    assertThat(aws.inventory()).isEmpty();
    for (String removed : List.of("delete-volume vol-", "release-address eipalloc-")) {
      assertThat(aws.result(ID, "destroy-2").log()).anyMatch(line -> line.startsWith(removed));
    }
  }

  @Test
  void whatPeopleMadeInTheVpcStaysAndIsNamedUntilTheyRemoveIt() throws Exception {
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("control_plane", false), "dev", ID));
    List<String> holders = new ArrayList<>();
    aws.ask("hold", ours.part("vpc"), ours.parts().path("subnets"))
        .forEach(one -> holders.add(one.asText()));
    assertThat(holders).hasSize(6);

    Aws.Outcome outcome = tearDown(1, Map.of("EKSPHEMERAL_PATIENCE", "3"));

    assertThat(outcome.exit()).as(outcome.output()).isEqualTo(1);
    List<String> left = aws.result(ID, "destroy-1").leftovers();
    assertThat(left)
        .contains("vpc " + ours.part("vpc"))
        .anyMatch(one -> one.startsWith("network-acl acl-"))
        .anyMatch(one -> one.startsWith("egress-only-internet-gateway eigw-"))
        .anyMatch(one -> one.startsWith("vpn-gateway vgw-"))
        .anyMatch(one -> one.startsWith("carrier-gateway cagw-"))
        .anyMatch(one -> one.startsWith("peering-connection pcx-"))
        .anyMatch(one -> one.startsWith("transit-gateway-attachment tgw-attach-"));
    for (String holder : holders) {
      assertThat(left).anyMatch(one -> one.contains(" " + holder));
    }

    aws.ask("let_go");
    assertThat(tearDown(2).exit()).isZero();
    assertThat(aws.inventory()).doesNotContain("vpc " + ours.part("vpc"));
  }

  @Test
  void withoutKnowingWhatIsOursNothingIsTouched() throws Exception {
    aws.cluster("dev", ID);
    Set<String> before = aws.inventory();
    aws.ask("fault", "eks GET /clusters/dev");

    assertThat(tearDown(1).exit()).isEqualTo(1);

    assertThat(aws.inventory()).isEqualTo(before);
    assertThat(aws.result(ID, "destroy-1").leftovers())
        .singleElement()
        .asString()
        .startsWith("unknown stacks, cluster and VPC: ");
  }

  @Test
  void listingsAreReadToTheEnd() throws Exception {
    aws.ask("many", "stack", 60);
    aws.ask("many", "load-balancer", 60);
    Set<String> before = aws.inventory();
    aws.leftOver(
        "load-balancer",
        "dev",
        new Aws.Made(aws.ask("cluster", Map.of("control_plane", false), "dev", ID)));

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void throttledCallsAreRepeated() throws Exception {
    addon();
    aws.ask("fault", "Action=DescribeStacks", 1, "Throttling", 400);
    aws.ask("fault", "Action=DeleteStack", 1, "Throttling", 400);
    aws.ask("fault", "Action=DescribeVolumes", 1, "RequestLimitExceeded", 503);

    Aws.Outcome outcome = tearDown(1);

    assertThat(outcome.exit()).as(outcome.output()).isZero();
    assertThat(outcome.output()).doesNotContain("Throttling", "RequestLimit");
    assertThat(aws.inventory()).isEmpty();
  }

  @Test
  void killedAfterEachOfItsChangesItStillFinishes() throws Exception {
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("protected", true), "dev", ID));
    for (String kind : List.of("security-group", "volume")) {
      aws.leftOver(kind, "dev", ours);
    }
    String template = only("launch-template", aws.inventory()).iterator().next();
    aws.ask("stick", template.substring(template.indexOf(' ') + 1));

    // Each attempt is killed as soon as it has taken its fence and changed one thing. The first has
    // nothing that it could write anew, the second is killed when it did, the others go on.
    Set<String> last = new HashSet<>();
    List<String> said = new ArrayList<>();
    int attempt = 0;
    do {
      attempt++;
      assertThat(attempt).isLessThan(60);
      Aws.Outcome outcome =
          tearDown(attempt, Map.of("EKSPHEMERAL_DIE_AFTER", attempt <= 2 ? "2" : "3"));
      assertThat(outcome.exit()).isNotZero();
      outcome.output().lines().forEach(said::add);
      last.add(aws.changes().getLast());
    } while (aws.object("tasks/" + ID + "/destroy-" + attempt + ".result").isEmpty());

    // The last one was killed when its result was written, and that is the proof.
    assertThat(aws.inventory()).isEmpty();
    assertThat(aws.result(ID, "destroy-" + attempt).provesAbsence()).isTrue();
    assertThat(said.stream().filter(line -> line.startsWith("deleting stack eksctl-dev-nodegroup")))
        .hasSize(3); // as usual, again, and by force
    assertThat(last)
        .contains(
            "s3api put-object",
            "cloudformation update-termination-protection",
            "cloudformation delete-stack",
            "ec2 revoke-security-group-ingress",
            "ec2 delete-security-group",
            "ec2 delete-volume",
            "ec2 delete-launch-template");
  }

  private static final List<String> KINDS =
      List.of(
          "load-balancer",
          "classic-load-balancer",
          "target-group",
          "instance",
          "nat-gateway",
          "endpoint",
          "network-interface",
          "security-group",
          "volume",
          "address",
          "oidc-provider",
          "log-group");

  /** A stack of the cluster's with a role, and without anything in a VPC. */
  private void addon() throws IOException {
    aws.ask(
        "stack",
        Map.of("tags", Map.of("eksphemeral:id", ID)),
        "eksctl-dev-addon-vpc-cni",
        Map.of(
            "Role",
            Map.of(
                "Type",
                "AWS::IAM::Role",
                "Properties",
                Map.of("RoleName", "addon", "AssumeRolePolicyDocument", Map.of()))));
  }

  /** Has been kept of the cluster, with nothing else. */
  private void keep(String start) throws IOException {
    keep("teardown-state.json", start);
  }

  private void keep(String object, String start) throws IOException {
    String rest = start.contains("retained") ? "" : ", \"retained\": []";
    aws.ask(
        "put",
        Aws.BUCKET,
        "tasks/" + ID + "/" + object,
        start + rest + ", \"vpcs\": [], \"issuers\": [], \"addresses\": [], \"failures\": {}}");
  }

  private void leaveEverything(String name, Aws.Made cluster) throws IOException {
    for (String kind : KINDS) {
      aws.leftOver(kind.equals("volume") ? "volume-in-use" : kind, name, cluster);
    }
  }

  private static Set<String> only(String kind, Set<String> inventory) {
    Set<String> found = new TreeSet<>(inventory);
    found.removeIf(one -> !one.startsWith(kind + " "));
    return found;
  }

  private Aws.Outcome tearDown(int attempt) throws Exception {
    return tearDown(attempt, Map.of());
  }

  private Aws.Outcome tearDown(int attempt, Map<String, String> more) throws Exception {
    return aws.run("teardown.sh", ID, "dev", attempt, more);
  }
}
