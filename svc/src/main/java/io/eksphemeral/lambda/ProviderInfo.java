package io.eksphemeral.lambda;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.PriceList;
import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What responses add about the provider that builds the clusters.
 *
 * @param provider its name and place
 * @param usualPhases how long each phase of a creation usually takes, in real time
 * @param usualDestruction how long a teardown usually takes, in real time
 * @param ignores fields of specs that have no effect
 * @param nodes the nodes to be paid for, unless callers choose others; null if clusters are free
 */
public record ProviderInfo(
    String provider,
    Map<Phase, Duration> usualPhases,
    Duration usualDestruction,
    List<String> ignores,
    @Nullable Nodes nodes) {
  public ProviderInfo {
    usualPhases = Map.copyOf(usualPhases);
    ignores = List.copyOf(ignores);
  }

  /** How long a creation usually takes, in real time. */
  Duration usualCreation() {
    return usualPhases.values().stream().reduce(Duration.ZERO, Duration::plus);
  }

  /** Empty if clusters are free. */
  Optional<Costs> costs(Supplier<Versions> versions) {
    return Optional.ofNullable(nodes)
        .map(paid -> new Costs(paid, versions.get(), PriceList.SHIPPED));
  }

  /** The fields of a spec that have no effect. */
  List<String> ignored(Spec spec) {
    if (ignores.isEmpty()) {
      return ignores;
    }
    ObjectNode fields = ClusterRecordCodec.encode(spec);
    return ignores.stream().filter(fields::has).toList();
  }
}
