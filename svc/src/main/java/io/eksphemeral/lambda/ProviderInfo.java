package io.eksphemeral.lambda;

import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What answers say beyond the records, so that people know what they look at.
 *
 * @param provider who builds the clusters, in a sentence
 * @param usualCreation how long building one usually takes, by the clock on the wall
 * @param usualDestruction how long tearing one down usually takes, by the clock on the wall
 * @param nodes what nodes have to be paid for; null where nothing costs anything
 */
public record ProviderInfo(
    String provider, Duration usualCreation, Duration usualDestruction, @Nullable Nodes nodes) {

  /** What clusters cost; empty where they cost nothing. */
  Optional<Costs> costs(Supplier<Versions> versions) {
    return Optional.ofNullable(nodes).map(paid -> new Costs(paid, versions.get()));
  }
}
