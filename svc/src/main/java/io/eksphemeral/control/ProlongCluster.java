package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Rejection.Kind;
import io.eksphemeral.domain.Result;
import java.time.InstantSource;
import java.util.Optional;

/** Extends or shortens the life of a cluster. */
public final class ProlongCluster {
  private final ClusterStore store;
  private final ClusterFinder finder;
  private final Limits limits;
  private final InstantSource clock;

  public ProlongCluster(ClusterStore store, Limits limits, InstantSource clock) {
    this.store = store;
    this.finder = new ClusterFinder(store);
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Changes the expiry of a cluster.
   *
   * @param minutes to extend by, or to shorten by if negative; not 0
   * @param caller the caller's ARN
   */
  public Result<Stored.Live> prolong(String idOrName, int minutes, String caller) {
    return finder.update(idOrName, live -> prolong(live, minutes, caller));
  }

  /** Empty if another process changed the record meanwhile. */
  private Optional<Result<Stored.Live>> prolong(Stored.Live live, int minutes, String caller) {
    Cluster cluster = live.cluster();
    if (cluster.isTerminating()) {
      return Optional.of(
          Result.rejected(
              Kind.TOO_LATE,
              "too late to change the expiry of %s: its state is %s"
                  .formatted(cluster.name(), cluster.state().text())));
    }
    if (minutes > limits.minutes()) {
      return overLimit(cluster);
    }
    Cluster changed = cluster.prolonged(minutes, caller, clock.instant());
    if (minutes > 0 && changed.lifetime() > limits.minutes()) {
      return overLimit(cluster);
    }
    if (changed.lifetime() < 1 && cluster.ready() == null) {
      return rejected(
          "this leaves %s less than one minute; to destroy it: eksp destroy %s"
              .formatted(cluster.name(), cluster.name()));
    }
    return changed.equals(cluster) // it already expires now
        ? Optional.of(Result.success(live))
        : store.replace(live, changed).map(Result::success);
  }

  private Optional<Result<Stored.Live>> overLimit(Cluster cluster) {
    return rejected(
        "%s would exceed the maximum lifetime of %d minutes; it has %d so far"
            .formatted(cluster.name(), limits.minutes(), cluster.lifetime()));
  }

  private static Optional<Result<Stored.Live>> rejected(String why) {
    return Optional.of(Result.rejected(Kind.LIMIT, why));
  }
}
