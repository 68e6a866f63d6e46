package io.eksphemeral.domain;

import io.eksphemeral.domain.Versions.Support;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What clusters cost: the prices, and all of the arithmetic. In USD, by the list prices of
 * us-east-1 in November 2026, without taxes; amounts are in whole cents, begun ones counted.
 *
 * <p>A cluster is its control plane, and its nodes with a disk and a public address each; and then
 * there are the tasks that build it and tear it down. What its users run on it, load balancers or
 * traffic, is not counted.
 */
public final class Costs {
  private static final BigDecimal CONTROL_PLANE_HOUR = new BigDecimal("0.10");
  private static final BigDecimal CONTROL_PLANE_HOUR_EXTENDED = new BigDecimal("0.60");

  /** Of gp3 disks, at 0.08 a month. */
  private static final BigDecimal GIGABYTE_HOUR = new BigDecimal("0.00011");

  private static final BigDecimal ADDRESS_HOUR = new BigDecimal("0.005");

  /**
   * Of a quarter of a processor and a gigabyte on Fargate, with a public address: what a create
   * task has. A destroy task has half of the memory.
   */
  private static final BigDecimal TASK_HOUR = new BigDecimal("0.0146").add(ADDRESS_HOUR);

  /** On demand, with Linux. */
  private static final Map<String, BigDecimal> NODE_HOUR =
      Map.ofEntries(
          price("t3.small", "0.0208"),
          price("t3.medium", "0.0416"),
          price("t3.large", "0.0832"),
          price("t3.xlarge", "0.1664"),
          price("t3a.small", "0.0188"),
          price("t3a.medium", "0.0376"),
          price("t3a.large", "0.0752"),
          price("t3a.xlarge", "0.1504"),
          price("m5.large", "0.096"),
          price("m5a.large", "0.086"),
          price("m6i.large", "0.096"),
          price("m6a.large", "0.0864"),
          price("m7i.large", "0.1008"),
          price("c5.large", "0.085"),
          price("c6i.large", "0.085"),
          price("r5.large", "0.126"));

  /** What creation and destruction take together, as a rule. */
  private static final Duration USUAL_WORK = Duration.ofMinutes(25);

  /** What they take at most, if the first attempt to destroy does it. */
  private static final Duration MOST_WORK =
      Lifecycle.CREATE_DEADLINE.plus(Lifecycle.DESTROY_DEADLINE);

  private final Nodes nodes;
  private final Versions versions;

  /**
   * What clusters cost in an installation.
   *
   * @param versions say which ones cost more
   */
  public Costs(Nodes nodes, Versions versions) {
    this.nodes = nodes;
    this.versions = versions;
  }

  /**
   * What a cluster is going to cost.
   *
   * @param hourly while it is there
   * @param usual from its creation to its end, as a rule
   * @param most the same, if everything takes as long as it may
   * @param assumes one sentence
   */
  public record Estimate(BigDecimal hourly, BigDecimal usual, BigDecimal most, String assumes) {}

  /** What a cluster is going to cost that nobody prolongs. */
  public Estimate of(Spec spec) {
    Duration life = Duration.ofMinutes(spec.timeout());
    return new Estimate(
        amount(spec, Duration.ofHours(1), Duration.ZERO),
        amount(spec, life.plus(USUAL_WORK), USUAL_WORK),
        amount(spec, life.plus(MOST_WORK), MOST_WORK),
        assumptions(spec));
  }

  /**
   * What a cluster has cost so far, at most: it is taken to be there as a whole from the launch of
   * its creation until it is proven gone.
   */
  public BigDecimal soFar(Cluster cluster, Instant now) {
    Duration worked =
        cluster.tasks().stream()
            .map(task -> ran(task, Optional.ofNullable(task.ended()).orElse(now)))
            .reduce(Duration.ZERO, Duration::plus);
    Instant end = cluster.since(State.GONE).orElse(now);
    Duration there =
        wasBuilt(cluster)
            ? cluster.tasks().stream()
                .filter(task -> task.kind() == TaskKind.CREATE)
                .map(task -> ran(task, end))
                .reduce(Duration.ZERO, Duration::plus)
            : Duration.ZERO;
    return amount(cluster.spec(), there, worked);
  }

  /** One that is gone and was never destroyed was never built. */
  private static boolean wasBuilt(Cluster cluster) {
    return cluster.state() != State.GONE || cluster.since(State.DESTROYING).isPresent();
  }

  private static Duration ran(Task task, Instant until) {
    Instant launched = task.launched();
    return launched == null || until.isBefore(launched)
        ? Duration.ZERO
        : Duration.between(launched, until);
  }

  private BigDecimal amount(Spec spec, Duration there, Duration worked) {
    return hour(spec)
        .multiply(seconds(there))
        .add(TASK_HOUR.multiply(seconds(worked)))
        .divide(seconds(Duration.ofHours(1)), 2, RoundingMode.CEILING);
  }

  private static BigDecimal seconds(Duration duration) {
    return BigDecimal.valueOf(duration.toSeconds());
  }

  private BigDecimal hour(Spec spec) {
    BigDecimal node =
        dearest()
            .map(NODE_HOUR::get)
            .orElse(BigDecimal.ZERO)
            .add(GIGABYTE_HOUR.multiply(BigDecimal.valueOf(Nodes.DISK_GIGABYTES)))
            .add(ADDRESS_HOUR);
    return controlPlaneHour(spec).add(node.multiply(BigDecimal.valueOf(spec.numworkers())));
  }

  private BigDecimal controlPlaneHour(Spec spec) {
    return switch (versions.supports(spec.kubeversion())) {
      case STANDARD -> CONTROL_PLANE_HOUR;
      case EXTENDED -> CONTROL_PLANE_HOUR_EXTENDED;
    };
  }

  /** The dearest type of those whose price is known; empty if none is. */
  private Optional<String> dearest() {
    return nodes.instanceTypes().stream()
        .filter(NODE_HOUR::containsKey)
        .max(Comparator.comparing(NODE_HOUR::get));
  }

  private String assumptions(Spec spec) {
    String support =
        versions.supports(spec.kubeversion()) == Support.STANDARD ? "standard" : "extended";
    String each = dearest().map("a %s on demand, "::formatted).orElse("");
    List<String> unknown =
        nodes.instanceTypes().stream().filter(type -> !NODE_HOUR.containsKey(type)).toList();
    return ("list prices of us-east-1 in November 2026: a control plane in %s support at %s USD an"
            + " hour, and for each node %sa disk of %d GB and a public address; creation and"
            + " destruction usually take %d minutes together, at most %d if the first attempt to"
            + " destroy does it%s%s")
        .formatted(
            support,
            controlPlaneHour(spec),
            each,
            Nodes.DISK_GIGABYTES,
            USUAL_WORK.toMinutes(),
            MOST_WORK.toMinutes(),
            unknown.isEmpty()
                ? ""
                : "; without the price of %s, which is not known"
                    .formatted(String.join(", ", unknown)),
            nodes.spot() ? "; the nodes are spot ones, which cost less" : "");
  }

  private static Map.Entry<String, BigDecimal> price(String type, String hour) {
    return Map.entry(type, new BigDecimal(hour));
  }
}
