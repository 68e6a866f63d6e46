package io.eksphemeral.domain;

/**
 * What nobody may exceed (promise P10).
 *
 * @param minutes the longest life-time of a cluster, prolongations included
 * @param workers the most nodes of a cluster
 * @param clusters the most clusters at a time
 * @param clustersPerAsker the most clusters at a time of one asker
 * @param owners who may be named as owner
 */
public record Limits(
    int minutes, int workers, int clusters, int clustersPerAsker, OwnerDomains owners) {
  /** One day, ten nodes, ten clusters, five of them one person's. */
  public static final Limits DEFAULT = new Limits(1440, 10, 10, 5);

  /** Limits that leave open who may be named as owner. */
  public Limits(int minutes, int workers, int clusters, int clustersPerAsker) {
    this(minutes, workers, clusters, clustersPerAsker, OwnerDomains.ANY);
  }

  public Limits {
    if (minutes < 1 || workers < 1 || clusters < 1 || clustersPerAsker < 1) {
      throw new IllegalArgumentException("a limit is at least 1");
    }
  }
}
