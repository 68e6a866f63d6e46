package io.eksphemeral.domain;

import io.eksphemeral.domain.Versions.Support;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Calculates the cost of clusters in USD, from list prices: those of us-east-1 for everything but
 * instances. Amounts are rounded up to cents.
 *
 * <p>The cost includes the control plane, the nodes with a disk and a public address each, and the
 * tasks that create and destroy the cluster. It excludes what users run on it, such as load
 * balancers, and traffic.
 */
public final class Costs {
  private static final BigDecimal CONTROL_PLANE_HOUR = new BigDecimal("0.10");
  private static final BigDecimal CONTROL_PLANE_HOUR_EXTENDED = new BigDecimal("0.60");

  /** gp3, at 0.08 a month. */
  private static final BigDecimal GIGABYTE_HOUR = new BigDecimal("0.00011");

  private static final BigDecimal ADDRESS_HOUR = new BigDecimal("0.005");

  /**
   * A create task: 0.25 vCPU and 1 GB on Fargate, with a public address. A destroy task has half of
   * the memory.
   */
  private static final BigDecimal TASK_HOUR = new BigDecimal("0.0146").add(ADDRESS_HOUR);

  /** How long creation and destruction usually take together. */
  private static final Duration USUAL_WORK = Duration.ofMinutes(25);

  /** How long they take at most, if the first attempt to destroy succeeds. */
  private static final Duration MAX_WORK =
      Lifecycle.CREATE_DEADLINE.plus(Lifecycle.DESTROY_DEADLINE);

  private final Nodes nodes;
  private final Versions versions;
  private final Prices prices;

  /**
   * @param nodes of clusters whose callers chose none
   * @param versions with those whose control planes cost more
   */
  public Costs(Nodes nodes, Versions versions, Prices prices) {
    this.nodes = nodes;
    this.versions = versions;
    this.prices = prices;
  }

  /**
   * The estimated cost of a cluster.
   *
   * @param hourly while it exists
   * @param usual from its creation to its deletion, usually
   * @param most the same, if everything takes as long as it may
   * @param assumes one sentence
   */
  public record Estimate(BigDecimal hourly, BigDecimal usual, BigDecimal most, String assumes) {}

  /** Estimates the cost of a cluster that is not prolonged. */
  public Estimate estimate(Spec spec) {
    Duration life = Duration.ofMinutes(spec.timeout());
    return new Estimate(
        amount(spec, Duration.ofHours(1), Duration.ZERO),
        amount(spec, life.plus(USUAL_WORK), USUAL_WORK),
        amount(spec, life.plus(MAX_WORK), MAX_WORK),
        assumptions(spec));
  }

  /**
   * The maximum cost of a cluster so far. All of it is assumed to exist from the launch of its
   * create task until its deletion is verified.
   */
  public BigDecimal soFar(Cluster cluster, Instant now) {
    Duration worked =
        cluster.tasks().stream()
            .map(task -> runtime(task, Optional.ofNullable(task.ended()).orElse(now)))
            .reduce(Duration.ZERO, Duration::plus);
    Instant end = cluster.since(State.GONE).orElse(now);
    Duration existed =
        wasCreated(cluster)
            ? cluster.tasks().stream()
                .filter(task -> task.kind() == TaskKind.CREATE)
                .map(task -> runtime(task, end))
                .reduce(Duration.ZERO, Duration::plus)
            : Duration.ZERO;
    return amount(cluster.spec(), existed, worked);
  }

  /** A cluster that is gone without having been destroyed was never created. */
  private static boolean wasCreated(Cluster cluster) {
    return cluster.state() != State.GONE || cluster.since(State.DESTROYING).isPresent();
  }

  private static Duration runtime(Task task, Instant until) {
    Instant launched = task.launched();
    return launched == null || until.isBefore(launched)
        ? Duration.ZERO
        : Duration.between(launched, until);
  }

  private BigDecimal amount(Spec spec, Duration existed, Duration worked) {
    return hour(spec)
        .multiply(seconds(existed))
        .add(TASK_HOUR.multiply(seconds(worked)))
        .divide(seconds(Duration.ofHours(1)), 2, RoundingMode.CEILING);
  }

  private static BigDecimal seconds(Duration duration) {
    return BigDecimal.valueOf(duration.toSeconds());
  }

  private BigDecimal hour(Spec spec) {
    Nodes chosen = nodes.with(spec.nodes());
    BigDecimal node =
        mostExpensive(chosen)
            .map(prices::nodeHour)
            .orElse(BigDecimal.ZERO)
            .add(GIGABYTE_HOUR.multiply(BigDecimal.valueOf(chosen.disk())))
            .add(ADDRESS_HOUR);
    return controlPlaneHour(spec).add(node.multiply(BigDecimal.valueOf(spec.numworkers())));
  }

  private BigDecimal controlPlaneHour(Spec spec) {
    return switch (versions.supports(spec.kubeversion())) {
      case STANDARD -> CONTROL_PLANE_HOUR;
      case EXTENDED -> CONTROL_PLANE_HOUR_EXTENDED;
    };
  }

  /** The most expensive instance type among those with a known price; empty if none is. */
  private Optional<String> mostExpensive(Nodes chosen) {
    return chosen.instanceTypes().stream()
        .filter(prices::has)
        .max(Comparator.comparing(prices::nodeHour));
  }

  private String assumptions(Spec spec) {
    String support =
        versions.supports(spec.kubeversion()) == Support.STANDARD ? "standard" : "extended";
    Nodes chosen = nodes.with(spec.nodes());
    String each = mostExpensive(chosen).map("a %s on demand, "::formatted).orElse("");
    List<String> unknown =
        chosen.instanceTypes().stream().filter(type -> !prices.has(type)).toList();
    return ("list prices of %s: a control plane in %s support at %s USD an hour, and for each node %sa disk of %d GB and a public address; creation and"
            + " destruction usually take %d minutes together, at most %d if the first attempt to"
            + " destroy succeeds%s%s; volumes and load balancers of your pods cost extra")
        .formatted(
            prices.source(),
            support,
            controlPlaneHour(spec),
            each,
            chosen.disk(),
            USUAL_WORK.toMinutes(),
            MAX_WORK.toMinutes(),
            unknown.isEmpty()
                ? ""
                : "; the price of %s is unknown and not included"
                    .formatted(String.join(", ", unknown)),
            chosen.spot() ? "; the nodes are spot instances, which cost less" : "");
  }
}
