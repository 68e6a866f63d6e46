package io.eksphemeral.domain;

/**
 * The limits of an installation (promise P10).
 *
 * @param minutes the maximum lifetime of a cluster, prolongations included
 * @param workers the maximum number of nodes of a cluster
 * @param clusters the maximum number of clusters at a time
 * @param clustersPerCaller the same for each caller
 * @param owners which owners are allowed
 * @param nodes which nodes are allowed
 */
public record Limits(
    int minutes,
    int workers,
    int clusters,
    int clustersPerCaller,
    OwnerDomains owners,
    NodeLimits nodes) {
  public static final Limits DEFAULT = new Limits(1440, 10, 10, 5);

  /** Limits that allow any owner, and the nodes of a default installation. */
  public Limits(int minutes, int workers, int clusters, int clustersPerCaller) {
    this(minutes, workers, clusters, clustersPerCaller, OwnerDomains.ANY, NodeLimits.DEFAULT);
  }

  public Limits {
    if (minutes < 1 || workers < 1 || clusters < 1 || clustersPerCaller < 1) {
      throw new IllegalArgumentException("a limit must be at least 1");
    }
  }
}
