package io.eksphemeral.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.control.Claim;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Letters;
import io.eksphemeral.control.MarkFormat;
import io.eksphemeral.control.MemoryMailer;
import io.eksphemeral.control.Pause;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.SimulatedTasks;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.SweepReport;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * Measures a sweep over many clusters that live and need nothing, with an S3 that takes 10 ms for
 * each request. That S3 is a server in this very process which lists and reads, over real HTTP: the
 * emulator of the tests takes longer for a request than what is to be measured. {@code
 * bench/sweep.sh} runs it.
 */
final class SweepBench {
  private static final long MILLIS_A_REQUEST = 10;
  private static final int PAGE = 1000;
  private static final int RUNS = 7;

  private SweepBench() {}

  /** Prints a line of a table for each number of clusters in the arguments. */
  static void main(String[] arguments) throws IOException {
    SlowS3 s3 = new SlowS3();
    try (S3Client client = Emulator.at(s3.endpoint(), Clients.s3()).forcePathStyle(true).build()) {
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

  private static Measured sweep(ControlPlane plane, int clusters, @Nullable SlowS3 s3) {
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
    var threads = Executors.newFixedThreadPool(Readings.AT_A_TIME, Thread.ofVirtual().factory());
    var store = new S3ClusterStore(new Bucket(client, "records", Pause.real()), threads);
    InstantSource clock = InstantSource.fixed(Samples.START);
    return ControlPlane.over(
        store,
        new SimulatedTasks(store, clock),
        new Letters(new MemoryMailer(), null, ""),
        Samples.CONFIG,
        Limits.DEFAULT,
        new Versions(List.of("1.35"), "1.35"),
        clock,
        Pause.real(),
        threads);
  }

  /** Lists and reads; and takes its time. */
  private static final class SlowS3 {
    final AtomicInteger requests = new AtomicInteger();
    private final TreeMap<String, Item> objects = new TreeMap<>();
    private final HttpServer server;

    /** An object, with what a listing says of it: made once, so that serving it costs little. */
    private record Item(String body, String etag, String entry) {
      static Item of(String key, String text) {
        String etag = "\"%08x\"".formatted(text.hashCode());
        return new Item(
            text, etag, "<Contents><Key>%s</Key><ETag>%s</ETag></Contents>".formatted(key, etag));
      }
    }

    SlowS3() throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/records", this::answer);
      server.start();
    }

    URI endpoint() {
      return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    void stop() {
      server.stop(0);
    }

    /** Records of clusters that are ready, with their claims. */
    void fill(int clusters) {
      objects.clear();
      for (int i = 0; i < clusters; i++) {
        ClusterId id = Samples.newId();
        String name = "cluster-" + i;
        put(StoreKeys.record(id), record(id, name));
        put(
            StoreKeys.claim(name),
            MarkFormat.encode(new Claim(name, id, Samples.START.minusSeconds(3600))));
      }
    }

    private void put(String key, String text) {
      objects.put(key, Item.of(key, text));
    }

    private static String record(ClusterId id, String name) {
      return """
      {"write":"0b8c54e8-6c1a-4f0e-9d3f-3c8f0e6d1a2b","name":"%2$s","numworkers":2,\
      "kubeversion":"1.35","timeout":30,"owner":"alice@eksphemeral.io","status":{"id":"%1$s",\
      "state":"ready","created":"2026-11-22T09:30:00Z","ready":"2026-11-22T09:50:00Z",\
      "expires":"2026-11-22T10:20:00Z","lifetime":30,\
      "createdby":"arn:aws:iam::123456789012:user/alice","attempt":1,"tasks":[{"kind":"create",\
      "attempt":1,"planned":"2026-11-22T09:30:01Z","launched":"2026-11-22T09:30:02Z",\
      "handle":"arn:aws:ecs:us-east-2:123456789012:task/eksp/0123456789abcdef0123456789abcdef",\
      "ended":"2026-11-22T09:50:00Z","outcome":"ready: it is up"}],"mails":[{"topic":"ready",\
      "about":"2026-11-22T09:50:00Z","tried":"2026-11-22T09:50:01Z",\
      "last":"2026-11-22T09:50:01Z","delivery":"sent"}],"history":[{"state":"creating",\
      "at":"2026-11-22T09:30:00Z","why":"asked for"},{"state":"ready",\
      "at":"2026-11-22T09:50:00Z","why":"it is up"}],"format":1}}\
      """
          .formatted(id, name);
    }

    private void answer(HttpExchange exchange) throws IOException {
      requests.incrementAndGet();
      try {
        Thread.sleep(MILLIS_A_REQUEST);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      String path = exchange.getRequestURI().getPath();
      Item item =
          path.length() <= "/records/".length()
              ? new Item(list(exchange.getRequestURI().getRawQuery()), "", "")
              : objects.getOrDefault(path.substring("/records/".length()), Item.of("", ""));
      byte[] body = item.body().getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().add("ETag", item.etag());
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    }

    /** What is directly under a prefix, a page of it, from where the token says. */
    private String list(String query) {
      Map<String, String> asked =
          Arrays.stream(query.split("&"))
              .map(part -> part.split("=", 2))
              .collect(
                  Collectors.toMap(
                      part -> part[0], part -> URLDecoder.decode(part[1], StandardCharsets.UTF_8)));
      String prefix = asked.getOrDefault("prefix", "");
      List<Map.Entry<String, Item>> page =
          objects.tailMap(asked.getOrDefault("continuation-token", ""), false).entrySet().stream()
              .filter(entry -> entry.getKey().startsWith(prefix))
              .filter(entry -> entry.getKey().indexOf('/', prefix.length()) < 0)
              .limit(PAGE + 1)
              .toList();
      boolean more = page.size() > PAGE;
      List<Map.Entry<String, Item>> shown = more ? page.subList(0, PAGE) : page;
      String token =
          more
              ? "<NextContinuationToken>%s</NextContinuationToken>"
                  .formatted(shown.getLast().getKey())
              : "";
      String contents =
          shown.stream().map(entry -> entry.getValue().entry()).collect(Collectors.joining());
      return "<ListBucketResult><IsTruncated>%b</IsTruncated>%s%s</ListBucketResult>"
          .formatted(more, token, contents);
    }
  }
}
