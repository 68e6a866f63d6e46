package io.eksphemeral.control;

import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Versions;
import java.time.InstantSource;
import java.util.concurrent.Executor;

/**
 * All use cases, over one set of ports. Each process makes one.
 *
 * @param limits what nobody may exceed
 * @param fallback what versions there are where the store has no list of them
 */
public record ControlPlane(
    ClusterStore store,
    CreateCluster create,
    ClusterStatus status,
    ProlongCluster prolong,
    DestroyCluster destroy,
    Sweep sweep,
    Limits limits,
    Versions fallback,
    InstantSource clock) {

  /** Puts the use cases together. */
  public static ControlPlane over(
      ClusterStore store,
      TaskRunner tasks,
      Notifications letters,
      EksctlConfig config,
      Limits limits,
      Versions fallback,
      InstantSource clock,
      Sleeper pause,
      Executor executor) {
    Reconciler reconciler =
        new Reconciler(store, tasks, letters, config, limits, fallback, clock, pause);
    return new ControlPlane(
        store,
        new CreateCluster(store, reconciler, clock),
        new ClusterStatus(store),
        new ProlongCluster(store, limits, clock),
        new DestroyCluster(store, reconciler, clock),
        new Sweep(store, reconciler, clock, executor),
        limits,
        fallback,
        clock);
  }

  /** What versions one can ask for now. */
  public Versions versions() {
    return store.versions().orElse(fallback);
  }
}
