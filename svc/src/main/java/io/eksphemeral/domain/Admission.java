package io.eksphemeral.domain;

import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/**
 * Holds a cluster that is on record, and not yet admitted, against the limits on clusters (promise
 * P10).
 *
 * <p>Each cluster is on record before it lists the others, so of any set of clusters the one that
 * was written last sees all the rest: nobody is admitted past a limit, however many ask at once.
 * Among clusters that are not admitted yet, those with the higher id step back, so that a burst
 * fills what is free rather than refusing everybody.
 */
public sealed interface Admission {
  /** It may be built; write this. */
  record Admitted(Cluster cluster) implements Admission {}

  /** It fits once others that step back have done so: look again in a moment. */
  record Unsettled(String problem) implements Admission {}

  /** It is past a limit: withdraw it. */
  record Refused(String problem) implements Admission {}

  /**
   * Judges a cluster.
   *
   * @param listed every readable record of a listing made after the cluster's own was written
   * @param unreadable how many records could not be read: each may be a cluster that lives and
   *     costs money, until it is destroyed by its id. It counts among all clusters and as nobody's,
   *     or a few of them would keep every caller from creating any
   */
  static Admission judge(
      Cluster cluster, List<Cluster> listed, long unreadable, Limits limits, Instant now) {
    List<Cluster> others =
        listed.stream().filter(other -> !other.id().equals(cluster.id())).toList();
    Predicate<Cluster> firm = other -> other.isAdmitted() || other.id().compareTo(cluster.id()) < 0;
    Predicate<Cluster> own = other -> other.createdBy().equals(cluster.createdBy());

    String unread = unreadable == 0 ? "" : ", and %d of them cannot be read".formatted(unreadable);
    String all =
        "there are as many clusters as may be at a time (%d%s)"
            .formatted(limits.clusters(), unread);
    String hers =
        "%s has as many clusters as one may have at a time (%d)"
            .formatted(cluster.createdBy(), limits.clustersPerAsker());
    long total = unreadable + others.size();
    long firmTotal = unreadable + others.stream().filter(firm).count();
    long ownTotal = others.stream().filter(own).count();
    long firmOwn = others.stream().filter(own.and(firm)).count();

    if (firmTotal >= limits.clusters()) {
      return new Refused(all);
    }
    if (firmOwn >= limits.clustersPerAsker()) {
      return new Refused(hers);
    }
    if (total >= limits.clusters()) {
      return new Unsettled(all);
    }
    return ownTotal >= limits.clustersPerAsker()
        ? new Unsettled(hers)
        : new Admitted(cluster.admitted(now));
  }
}
