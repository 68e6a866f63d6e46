package io.eksphemeral.domain;

import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;

/**
 * Decides whether a cluster that is on record may be created within the limits (promise P10).
 *
 * <p>Each cluster is on record before it lists the others, so of any set of concurrent requests the
 * one written last sees all others, and no limit is exceeded. Among clusters not admitted yet,
 * those with the lower ids take precedence, so that a burst of requests fills the free places
 * instead of being rejected as a whole.
 */
public sealed interface Admission {
  /** It may be created; write this record. */
  record Admitted(Cluster cluster) implements Admission {}

  /** It fits if others are withdrawn; check again in a moment. */
  record Undecided(String problem) implements Admission {}

  /** It exceeds a limit; withdraw it. */
  record Rejected(String problem) implements Admission {}

  /**
   * Decides about a cluster.
   *
   * @param listed every readable record, listed after the cluster's own was written
   * @param unreadable the number of unreadable records. Each may be a cluster that costs money, so
   *     it counts towards the total; it counts towards no caller's limit, or a few of them would
   *     keep every caller from creating clusters
   */
  static Admission decide(
      Cluster cluster, List<Cluster> listed, long unreadable, Limits limits, Instant now) {
    List<Cluster> others =
        listed.stream().filter(other -> !other.id().equals(cluster.id())).toList();
    Predicate<Cluster> firm = other -> other.isAdmitted() || other.id().compareTo(cluster.id()) < 0;
    Predicate<Cluster> own = other -> other.createdBy().equals(cluster.createdBy());

    String unread = unreadable == 0 ? "" : ", %d of them unreadable".formatted(unreadable);
    String totalReached =
        "the maximum number of clusters is reached (%d%s)".formatted(limits.clusters(), unread);
    String callerReached =
        "%s has reached the maximum number of clusters per caller (%d)"
            .formatted(cluster.createdBy(), limits.clustersPerCaller());
    long total = unreadable + others.size();
    long firmTotal = unreadable + others.stream().filter(firm).count();
    long ownTotal = others.stream().filter(own).count();
    long firmOwn = others.stream().filter(own.and(firm)).count();

    if (firmTotal >= limits.clusters()) {
      return new Rejected(totalReached);
    }
    if (firmOwn >= limits.clustersPerCaller()) {
      return new Rejected(callerReached);
    }
    if (total >= limits.clusters()) {
      return new Undecided(totalReached);
    }
    return ownTotal >= limits.clustersPerCaller()
        ? new Undecided(callerReached)
        : new Admitted(cluster.admitted(now));
  }
}
