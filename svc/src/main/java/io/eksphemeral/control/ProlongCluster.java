package io.eksphemeral.control;

import io.eksphemeral.control.Rejection.Kind;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Limits;
import java.time.InstantSource;
import java.util.Optional;

/** Moves the end of a cluster. */
public final class ProlongCluster {
  private final ClusterStore store;
  private final ClusterFinder lookup;
  private final Limits limits;
  private final InstantSource clock;

  public ProlongCluster(ClusterStore store, Limits limits, InstantSource clock) {
    this.store = store;
    this.lookup = new ClusterFinder(store);
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Moves the end of a cluster.
   *
   * @param minutes by how many, back or forth; not 0
   * @param askedBy the ARN of who asks
   */
  public Result<Stored.Live> prolong(String idOrName, int minutes, String askedBy) {
    return lookup.change(idOrName, live -> prolong(live, minutes, askedBy));
  }

  /** Moves the end of a cluster; empty if somebody else has changed its record meanwhile. */
  private Optional<Result<Stored.Live>> prolong(Stored.Live live, int minutes, String askedBy) {
    Cluster cluster = live.cluster();
    if (cluster.isEnding()) {
      return Optional.of(
          Result.refused(
              Kind.TOO_LATE,
              "it is too late to move the end of %s: it is %s"
                  .formatted(cluster.name(), cluster.state().text())));
    }
    if (minutes > limits.minutes()) {
      return pastTheLimit(cluster);
    }
    Cluster changed = cluster.prolonged(minutes, askedBy, clock.instant());
    if (minutes > 0 && changed.lifetime() > limits.minutes()) {
      return pastTheLimit(cluster);
    }
    if (changed.lifetime() < 1 && cluster.ready() == null) {
      return refused(
          "%s would live for less than a minute; to end it, destroy it".formatted(cluster.name()));
    }
    return changed.equals(cluster) // it was shortened to now before
        ? Optional.of(Result.done(live))
        : store.replace(live, changed).map(Result::done);
  }

  private Optional<Result<Stored.Live>> pastTheLimit(Cluster cluster) {
    return refused(
        "%s would live for longer than a cluster may, %d minutes in all; it has %d so far"
            .formatted(cluster.name(), limits.minutes(), cluster.lifetime()));
  }

  private static Optional<Result<Stored.Live>> refused(String why) {
    return Optional.of(Result.refused(Kind.LIMIT, why));
  }
}
