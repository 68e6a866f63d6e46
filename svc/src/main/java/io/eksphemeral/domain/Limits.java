package io.eksphemeral.domain;

/**
 * What nobody may exceed (promise P10).
 *
 * @param minutes the longest life-time of a cluster, prolongations included
 * @param workers the most nodes of a cluster
 * @param clusters the most clusters at a time
 * @param clustersPerAsker the most clusters at a time of one asker
 */
public record Limits(int minutes, int workers, int clusters, int clustersPerAsker) {
  /** One day, ten nodes, ten clusters, five of them one person's. */
  public static final Limits DEFAULT = new Limits(1440, 10, 10, 5);

  public Limits {
    if (minutes < 1 || workers < 1 || clusters < 1 || clustersPerAsker < 1) {
      throw new IllegalArgumentException("a limit is at least 1");
    }
  }
}
