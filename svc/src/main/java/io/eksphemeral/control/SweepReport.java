package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What a sweep found and did.
 *
 * @param states the number of clusters in each state at the beginning
 * @param changed the clusters whose state changed
 * @param failed the clusters for which it failed, with the error; the next sweep tries again
 * @param unreadable the records that cannot be read, with the reason
 * @param legacy records of 2019
 * @param skipped the number of clusters for which no time was left
 * @param namesFreed names that were claimed without a cluster
 */
public record SweepReport(
    Map<State, Long> states,
    List<Change> changed,
    Map<ClusterId, String> failed,
    Map<ClusterId, String> unreadable,
    List<ClusterId> legacy,
    long skipped,
    List<String> namesFreed,
    Duration took) {

  /**
   * A change of a cluster's state.
   *
   * @param to a state, {@code removed}, or {@code withdrawn} with the reason
   */
  public record Change(ClusterId cluster, String from, String to) {}
}
