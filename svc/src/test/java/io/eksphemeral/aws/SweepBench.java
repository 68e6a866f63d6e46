package io.eksphemeral.aws;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.MemoryMailer;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.RecordCache;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.SimulatedTasks;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.control.SweepReport;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Measures a sweep over many clusters that live and need nothing, with an S3 that takes 10 ms for
 * each request. {@code bench/sweep.sh} runs it.
 */
final class SweepBench {
  private static final long MILLIS_A_REQUEST = 10;
  private static final int RUNS = 7;

  private SweepBench() {}

  /** Prints a line of a table for each number of clusters in the arguments. */
  static void main(String[] arguments) throws IOException {
    InMemoryS3 s3 = new InMemoryS3(MILLIS_A_REQUEST);
    try (S3Client client =
        Emulator.at(s3.endpoint(), AwsClients.s3()).forcePathStyle(true).build()) {
      // What is loaded and compiled only once is no part of a sweep; a first one says what it
      // takes.
      s3.fill(100);
      double first = cold(client).millis();
      System.out.printf("First sweep of the process, over 100 clusters: %.0f ms.%n%n", first);
      for (int i = 0; i < 3; i++) {
        cold(client);
      }
      System.out.println(
          "| clusters | nothing kept | requests | nothing changed | requests | kept |");
      System.out.println("|---:|---:|---:|---:|---:|---:|");
      for (String argument : arguments) {
        int clusters = Integer.parseInt(argument);
        s3.fill(clusters);
        List<Measured> colds = new ArrayList<>();
        List<Measured> warms = new ArrayList<>();
        long bytes = 0;
        for (int run = 0; run < RUNS; run++) {
          long before = heap();
          ControlPlane plane = plane(client);
          s3.requests.set(0);
          colds.add(sweep(plane, clusters, s3));
          bytes = heap() - before;
          warms.add(sweep(plane, clusters, s3));
        }
        System.out.printf(
            "| %d | %.0f ms | %d | %.0f ms | %d | %d MB |%n",
            clusters,
            median(colds),
            colds.getLast().requests(),
            median(warms),
            warms.getLast().requests(),
            bytes >> 20);
      }
    } finally {
      s3.stop();
    }
  }

  private record Measured(double millis, int requests) {}

  private static Measured cold(S3Client client) {
    return sweep(plane(client), 100, null);
  }

  private static Measured sweep(ControlPlane plane, int clusters, @Nullable InMemoryS3 s3) {
    if (s3 != null) {
      s3.requests.set(0);
    }
    long start = System.nanoTime();
    SweepReport report = plane.sweep().all(() -> Duration.ofMinutes(1));
    double millis = (System.nanoTime() - start) / 1e6;
    long seen = report.states().values().stream().mapToLong(Long::longValue).sum();
    if (seen != clusters || !report.failed().isEmpty() || !report.changed().isEmpty()) {
      throw new IllegalStateException("not what was to be measured: " + report);
    }
    return new Measured(millis, s3 == null ? 0 : s3.requests.get());
  }

  private static double median(List<Measured> runs) {
    return runs.stream()
        .mapToDouble(Measured::millis)
        .sorted()
        .skip(RUNS / 2)
        .findFirst()
        .orElse(0);
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  private static ControlPlane plane(S3Client client) {
    var threads =
        Executors.newFixedThreadPool(RecordCache.CONCURRENT_READS, Thread.ofVirtual().factory());
    return plane(
        new ClusterStore(new S3ObjectStore(client, "records", Sleeper.system()), threads), threads);
  }

  /**
   * What sweeps at a time when the {@linkplain InMemoryS3#record records} of {@link InMemoryS3}
   * have nothing to be done.
   */
  static ControlPlane plane(ClusterStore store, Executor threads) {
    InstantSource clock = InstantSource.fixed(Samples.START);
    return ControlPlane.of(
        store,
        new SimulatedTasks(store, clock),
        new Notifications(new MemoryMailer(), null, ""),
        Samples.CONFIG,
        Limits.DEFAULT,
        () -> new Versions(List.of("1.35"), "1.35"),
        clock,
        Sleeper.system(),
        threads);
  }
}
