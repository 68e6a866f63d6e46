package io.eksphemeral.lambda;

import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What responses add about the provider that builds the clusters.
 *
 * @param provider its name and place
 * @param usualCreation how long a creation usually takes, in real time
 * @param usualDestruction how long a teardown usually takes, in real time
 * @param nodes the nodes to be paid for; null if clusters are free
 */
public record ProviderInfo(
    String provider, Duration usualCreation, Duration usualDestruction, @Nullable Nodes nodes) {

  /** Empty if clusters are free. */
  Optional<Costs> costs(Supplier<Versions> versions) {
    return Optional.ofNullable(nodes).map(paid -> new Costs(paid, versions.get()));
  }
}
