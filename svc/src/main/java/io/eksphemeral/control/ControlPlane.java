package io.eksphemeral.control;

import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Versions;
import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * All use cases, wired to one set of ports.
 *
 * @param defaultVersions used while the store has no list of versions
 */
public record ControlPlane(
    ClusterStore store,
    CreateCluster create,
    ClusterStatus status,
    ProlongCluster prolong,
    DestroyCluster destroy,
    Sweep sweep,
    Limits limits,
    Supplier<Versions> defaultVersions,
    InstantSource clock) {

  /** Wires the use cases. */
  public static ControlPlane of(
      ClusterStore store,
      TaskRunner tasks,
      Notifications notifications,
      EksctlConfig config,
      Limits limits,
      Supplier<Versions> defaultVersions,
      InstantSource clock,
      Sleeper sleeper,
      Executor executor) {
    Reconciler reconciler =
        new Reconciler(
            store, tasks, notifications, config, limits, defaultVersions, clock, sleeper);
    return new ControlPlane(
        store,
        new CreateCluster(store, reconciler, clock),
        new ClusterStatus(store),
        new ProlongCluster(store, limits, clock),
        new DestroyCluster(store, reconciler, clock),
        new Sweep(store, reconciler, clock, executor),
        limits,
        defaultVersions,
        clock);
  }

  /** The Kubernetes versions that are offered now. */
  public Versions versions() {
    return store.versions().orElseGet(defaultVersions);
  }
}
