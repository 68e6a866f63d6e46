package io.eksphemeral.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The teardown, run as a program. What is there afterwards is compared with what was there before
 * the cluster was: nothing more, so all of it is gone; nothing less, so nothing else was touched.
 */
@Tag("tasks")
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
    assertThat(result.message()).contains("dev");
  }

  @Test
  void withoutItsFenceItDoesNothing() throws Exception {
    aws.cluster("dev", ID);
    for (String taken : List.of("closed", "taken")) {
      aws.ask(
          "put",
          Aws.BUCKET,
          "tasks/" + ID + "/destroy-1.fence",
          "{\"as\":\"%s\",\"handle\":\"somebody else\"}".formatted(taken));
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
    assertThat(aws.object("tasks/" + ID + "/kept.json").orElseThrow())
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

  @Test
  void whatCannotGoOrBeSeenIsNamedAndNoProof() throws Exception {
    Aws.Made ours = new Aws.Made(aws.ask("cluster", Map.of("control_plane", false), "dev", ID));
    String volume = aws.leftOver("volume", "dev", ours);
    aws.ask("fault", "Action=DeleteVolume");
    aws.ask("fault", "Action=DescribeAddresses");

    assertThat(tearDown(1).exit()).isEqualTo(1);

    TaskResult result = aws.result(ID, "destroy-1");
    assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    assertThat(result.leftovers()).hasSize(2).contains("volume " + volume + " available");
    assertThat(result.leftovers())
        .anyMatch(one -> one.startsWith("unknown ec2 describe-addresses"));
    assertThat(aws.inventory()).containsExactly("volume " + volume);

    // The stacks are gone; what is kept still leads to the volume.
    aws.ask("heal");
    assertThat(tearDown(2).exit()).isZero();
    assertThat(aws.inventory()).isEmpty();
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
    Set<String> before = aws.inventory();
    aws.ask("cluster", Map.of("control_plane", false), "dev", ID);

    assertThat(tearDown(1).exit()).isZero();

    assertThat(aws.inventory()).isEqualTo(before);
  }

  @Test
  void throttledCallsAreRepeated() throws Exception {
    aws.ask("cluster", Map.of("control_plane", false), "dev", ID);
    aws.ask("fault", "Action=DescribeStacks", 2, "Throttling", 400);
    aws.ask("fault", "Action=DeleteStack", 1, "Throttling", 400);
    aws.ask("fault", "Action=DescribeVolumes", 1, "RequestLimitExceeded", 503);

    Aws.Outcome outcome = tearDown(1);

    assertThat(outcome.exit()).as(outcome.output()).isZero();
    assertThat(outcome.output()).doesNotContain("Throttling");
    assertThat(aws.inventory()).isEmpty();
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

  private void leaveEverything(String name, Aws.Made cluster) throws IOException {
    for (String kind : KINDS) {
      aws.leftOver(kind, name, cluster);
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
