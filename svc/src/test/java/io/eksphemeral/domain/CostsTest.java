package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.eksphemeral.domain.Costs.Estimate;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The sums in comments are calculated by hand, in USD. */
final class CostsTest {
  private static final Instant TEN = Instant.parse("2026-11-22T10:00:00Z");
  private static final ClusterId ID = new ClusterId("9be65bee-3baa-4fd0-aa3e-032325d5390c");
  private static final Versions VERSIONS =
      new Versions(List.of("1.33", "1.35"), List.of("1.33"), "1.35");
  private static final Prices PRICES =
      new Prices(
          "us-east-1 in November 2026",
          Map.of(
              "t3.small", new BigDecimal("0.0208"),
              "t3.medium", new BigDecimal("0.0416"),
              "t3a.small", new BigDecimal("0.0188"),
              "t3a.medium", new BigDecimal("0.0376"),
              "t4g.medium", new BigDecimal("0.0336"),
              "m7i.large", new BigDecimal("0.1008")));
  private static final Costs COSTS = costs("t3.medium", "t3a.medium");

  /** An hour: 0.10 and 2 of 0.0416 + 0.0022 + 0.005 are 0.1976, and 0.0196 for a task. */
  @Test
  void theCostIncludesControlPlaneNodesAndTasks() {
    Estimate estimate = COSTS.estimate(spec(2, "1.35", 30));
    assertThat(estimate.hourly()).isEqualByComparingTo("0.20");
    // 55 minutes are 0.18113, and 25 of tasks 0.00817
    assertThat(estimate.usual()).isEqualByComparingTo("0.19");
    // 135 minutes are 0.4446, and 105 of tasks 0.0343
    assertThat(estimate.most()).isEqualByComparingTo("0.48");
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1.35, 20, 0.15, 0.12, 0.35",
    "10, 1.35, 1440, 0.59, 14.37, 15.18",
    "1, 1.33, 20, 0.65, 0.50, 1.39"
  })
  void moreNodesMoreTimeAndExtendedSupportCostMore(
      int workers, String version, int minutes, String hourly, String usual, String most) {
    Estimate estimate = COSTS.estimate(spec(workers, version, minutes));
    assertThat(estimate.hourly()).isEqualByComparingTo(hourly);
    assertThat(estimate.usual()).isEqualByComparingTo(usual);
    assertThat(estimate.most()).isEqualByComparingTo(most);
  }

  @Test
  void theMostExpensiveInstanceTypeCounts() {
    Spec spec = spec(10, "1.35", 30);
    // 0.10 and 10 of 0.1008 + 0.0072
    assertThat(costs("t3a.small", "m7i.large", "t3.small").estimate(spec).hourly())
        .isEqualByComparingTo("1.18");
    assertThat(costs("m7i.large").estimate(spec).hourly()).isEqualByComparingTo("1.18");
  }

  @Test
  void anInstanceTypeWithoutAKnownPriceIsNamedAndExcluded() {
    Spec spec = spec(10, "1.35", 30);
    Estimate half = costs("t3.medium", "x9.huge").estimate(spec);
    assertThat(half.hourly()).isEqualTo(costs("t3.medium").estimate(spec).hourly());
    assertThat(half.assumes())
        .contains("a t3.medium on demand", "the price of x9.huge is unknown and not included");

    // 0.10 and 10 of 0.0072
    Estimate none = costs("x9.huge", "x9.tiny").estimate(spec);
    assertThat(none.hourly()).isEqualByComparingTo("0.18");
    assertThat(none.assumes())
        .contains("the price of x9.huge, x9.tiny is unknown and not included")
        .doesNotContain("on demand");
  }

  @Test
  void nodesThatTheCallerChoseCount() {
    NodeChoice choice = new NodeChoice(List.of("m7i.large"), null, 120, CapacityType.ON_DEMAND);
    Spec spec = new SpecBuilder().numworkers(10).kubeversion("1.35").nodes(choice).build();
    // 0.10 and 10 of 0.1008 + 0.0132 + 0.005
    assertThat(COSTS.estimate(spec).hourly()).isEqualByComparingTo("1.29");
    assertThat(COSTS.estimate(spec).assumes())
        .contains("a m7i.large on demand, a disk of 120 GB")
        .doesNotContain("spot");

    NodeChoice arm = new NodeChoice(List.of(), Architecture.ARM64, null, null);
    Spec onArm = new SpecBuilder().numworkers(10).kubeversion("1.35").nodes(arm).build();
    // 0.10 and 10 of 0.0336 + 0.0022 + 0.005
    assertThat(COSTS.estimate(onArm).hourly()).isEqualByComparingTo("0.51");
  }

  @Test
  void theAssumptionsAreOneSentence() {
    assertThat(COSTS.estimate(spec(2, "1.33", 30)).assumes())
        .isEqualTo(
            "list prices of us-east-1 in November 2026: a control plane in extended support at 0.60"
                + " USD an hour, and for each node a t3.medium on demand, a disk of 20 GB and a"
                + " public address; creation and destruction usually take 25 minutes together, at"
                + " most 105 if the first attempt to destroy succeeds; volumes and load balancers of"
                + " your pods cost extra");
  }

  @Test
  void theAssumptionsNameTheSupportAndItsPrice() {
    assertThat(COSTS.estimate(spec(2, "1.35", 30)).assumes())
        .contains("a control plane in standard support at 0.10 USD an hour");
    assertThat(COSTS.estimate(spec(2, "1.33", 30)).assumes())
        .contains("a control plane in extended support at 0.60 USD an hour");
  }

  /** 1.05 and not 1.5; 1.10 and not 1.1. */
  @Test
  void amountsHaveTwoDecimals() {
    // an hour is 0.1976 (see above); 5.25 of them are 1.0374, and 25 minutes of tasks 0.0082
    Estimate estimate = COSTS.estimate(spec(2, "1.35", 290));
    assertThat(estimate.usual()).hasToString("1.05");
    assertThat(COSTS.estimate(spec(2, "1.35", 305)).usual()).hasToString("1.10");
    assertThat(estimate.hourly()).hasToString("0.20");
    assertThat(COSTS.estimate(spec(9, "1.33", 60)).hourly()).hasToString("1.04");
  }

  @Test
  void amountsAreRoundedUpToCents() {
    Cluster creating = creating(spec(2, "1.35", 30));
    assertThat(COSTS.soFar(creating, TEN.plusSeconds(1)).toString()).isEqualTo("0.01");
    assertThat(COSTS.soFar(creating, TEN.plusMillis(999)).toString()).isEqualTo("0.00");
  }

  @Test
  void nodesNeedAnInstanceType() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Nodes(List.of(), false));
  }

  @Test
  void spotPricesAreMentionedButNotEstimated() {
    Spec spec = spec(2, "1.35", 30);
    Estimate spot =
        new Costs(new Nodes(List.of("t3.medium"), true), VERSIONS, PRICES).estimate(spec);
    Estimate onDemand =
        new Costs(new Nodes(List.of("t3.medium"), false), VERSIONS, PRICES).estimate(spec);
    assertThat(spot.usual()).isEqualTo(onDemand.usual());
    assertThat(spot.assumes())
        .isEqualTo(
            onDemand
                .assumes()
                .replace("; volumes", "; the nodes are spot instances, which cost less; volumes"));
  }

  @Test
  void anUnlaunchedClusterCostsNothing() {
    Cluster requested = Cluster.requested(ID, spec(2, "1.35", 30), "caller", TEN);
    assertThat(soFar(requested, 600)).isEqualTo("0.00");
    assertThat(soFar(requested.admitted(TEN), 600)).isEqualTo("0.00");
  }

  @Test
  void theCostStartsWithTheLaunchOfTheCreateTask() {
    Cluster creating = creating(spec(2, "1.35", 30));
    assertThat(soFar(creating, 0)).isEqualTo("0.00");
    assertThat(soFar(creating, 1)).isEqualTo("0.01");
    // 0.1976 and 0.0196
    assertThat(soFar(creating, 60)).isEqualTo("0.22");
    assertThat(soFar(creating, -5)).as("by a clock that is behind").isEqualTo("0.00");

    // 0.1976 and 0.0049
    Cluster ready = creating.becameReady(at(15), at(15));
    assertThat(soFar(ready, 60)).isEqualTo("0.21");
  }

  @Test
  void theCostStopsOnceTheClusterIsGone() {
    Cluster destroying =
        creating(spec(2, "1.35", 30))
            .becameReady(at(15), at(15))
            .destroying("requested", at(60))
            .launched("task-2", at(60));
    // 0.2964 and, for 15 and 30 minutes, 0.0147
    assertThat(soFar(destroying, 90)).isEqualTo("0.32");
    assertThat(soFar(destroying.deletionVerified("proven", at(90)), 90)).isEqualTo("0.32");
    assertThat(soFar(destroying.deletionVerified("proven", at(90)), 9000)).isEqualTo("0.32");
  }

  /** It would cost 1.088 an hour. */
  @Test
  void aClusterThatWasNeverCreatedCostsOnlyItsTasks() {
    Spec large = spec(10, "1.33", 30);
    Cluster foreign = creating(large).neverCreated("the name is another's", at(20));
    assertThat(soFar(foreign, 60)).isEqualTo("0.01");

    Cluster neverLaunched =
        Cluster.requested(ID, large, "caller", TEN)
            .admitted(TEN)
            .taskEnded("never launched", at(5))
            .destroying("requested", at(5))
            .launched("task-2", at(5))
            .deletionVerified("proven", at(20));
    assertThat(soFar(neverLaunched, 60)).isEqualTo("0.01");
  }

  @Test
  void everyDestroyAttemptCosts() {
    Cluster failed =
        creating(spec(2, "1.35", 30))
            .creationFailed("why", List.of(), at(0))
            .destroying("its creation failed", at(0))
            .launched("task-2", at(0))
            .destroyFailed("why", List.of(), at(60))
            .destroying("again", at(60))
            .launched("task-3", at(60));
    // 0.3952 and 0.0392
    assertThat(soFar(failed, 120)).isEqualTo("0.44");
  }

  private static String soFar(Cluster cluster, int minutes) {
    return COSTS.soFar(cluster, at(minutes)).toString();
  }

  private static Cluster creating(Spec spec) {
    return Cluster.requested(ID, spec, "caller", TEN).admitted(TEN).launched("task-1", TEN);
  }

  private static Instant at(int minutes) {
    return TEN.plus(Duration.ofMinutes(minutes));
  }

  private static Costs costs(String... types) {
    return new Costs(new Nodes(List.of(types), false), VERSIONS, PRICES);
  }

  private static Spec spec(int workers, String version, int minutes) {
    return new SpecBuilder()
        .numworkers(workers)
        .kubeversion(version)
        .timeout(minutes)
        .owner("nobody@example.com")
        .build();
  }
}
