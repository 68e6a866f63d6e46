package io.eksphemeral.local;

import io.eksphemeral.control.Claim;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterBuilder;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Transition;
import io.eksphemeral.domain.Versions;
import io.eksphemeral.local.io.FileObjectStore;
import io.eksphemeral.local.io.Log;
import io.eksphemeral.local.simulated.FaultInjection;
import io.eksphemeral.local.simulated.SimulatedProvider;
import io.eksphemeral.local.task.LocalTaskRunner;
import io.eksphemeral.local.task.TaskLogs;
import io.eksphemeral.local.task.Timer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Fills a home with clusters that live for another day, and measures sweeps that find nothing to
 * do: {@code SweepBench HOME CLUSTERS}. Prints milliseconds, the first sweep's and then those of
 * the later ones, a line each. {@code bench/local.sh} runs it.
 */
final class SweepBench {
  private static final int SWEEPS = 21;
  private static final Duration LIFE = Duration.ofDays(1);

  private SweepBench() {}

  public static void main(String[] arguments) throws IOException {
    Path path = Path.of(arguments[0]);
    int clusters = Integer.parseInt(arguments[1]);
    InstantSource clock = InstantSource.system();
    try (StateDirectory home = StateDirectory.acquire(path).orElseThrow();
        ExecutorService threads = Executors.newFixedThreadPool(64, Thread.ofVirtual().factory())) {
      ClusterStore store =
          new ClusterStore(new FileObjectStore(home.folder("bucket")), Runnable::run);
      fill(store, clusters, clock.instant());
      Log log = new Log(new PrintStream(PrintStream.nullOutputStream()), clock);
      LocalTaskRunner runner =
          new LocalTaskRunner(
              "simulated",
              new FileObjectStore(home.folder("simulated/tasks")),
              new SimulatedProvider(
                  new FileObjectStore(home.folder("simulated/clusters")),
                  SimulatedProvider.Pace.usualAt(1),
                  FaultInjection.parse("")),
              store,
              new TaskLogs(path.resolve("logs"), clock),
              clock,
              new Random(),
              Timer.real(threads),
              log);
      ControlPlane plane =
          ControlPlane.of(
              new ClusterStore(new FileObjectStore(home.folder("bucket")), Runnable::run),
              runner,
              new Notifications(Outbox.open(home.folder("outbox"), clock), null, "--local"),
              LocalControlPlane.CONFIG,
              Limits.DEFAULT,
              () -> Versions.any("1.35"),
              clock,
              Sleeper.system(),
              threads);
      for (int i = 0; i < SWEEPS; i++) {
        long begun = System.nanoTime();
        plane.sweep().all(() -> Duration.ofMinutes(5));
        System.out.println((System.nanoTime() - begun) / 1_000_000);
      }
    }
  }

  private static void fill(ClusterStore store, int clusters, Instant now) {
    Random random = new Random(1);
    // Long enough ago that the sweep looks for the record of each claim.
    Instant created = now.minus(Duration.ofMinutes(15));
    for (int i = store.ids().size(); i < clusters; i++) {
      ClusterId id = ClusterId.generate(created, random);
      Spec spec =
          new SpecBuilder().name("bench-" + i).timeout(1440).owner("nobody@example.com").build();
      Cluster asked = Cluster.requested(id, spec, "arn:aws:iam::000000000000:user/bench", created);
      store.claim(new Claim(spec.name(), id, created));
      store.add(ready(asked, now));
    }
  }

  private static Cluster ready(Cluster asked, Instant now) {
    return new ClusterBuilder(asked)
        .state(State.READY)
        .ready(now)
        .expires(now.plus(LIFE))
        .history(List.of(asked.history().getFirst(), new Transition(State.READY, now, "created")))
        .build();
  }
}
