package io.eksphemeral.control;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What a sweep saw and did.
 *
 * @param states how many clusters there were in each state, when it began
 * @param changed the clusters that are in another state now
 * @param failed those for which something failed, with what; the next sweep tries again
 * @param unreadable records that cannot be read, with why
 * @param legacy records of 2019
 * @param skipped how many it had no time left for
 * @param namesFreed names that were claimed for no cluster
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

  /** A cluster that came to another state; {@code to} says also if it was withdrawn. */
  public record Change(ClusterId cluster, String from, String to) {}
}
