package io.eksphemeral.aws;

import io.eksphemeral.aws.LambdaFunction.Start;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.Admission;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Measures the three functions from their jar, under Lambda's runtime client, with an S3, ECS and
 * SES that respond at once: {@code LambdaBench STARTS LABEL=JAR…}. {@code bench/lambda.sh} runs it.
 * The variants take turns, so that a noisy machine affects all of them.
 */
final class LambdaBench {
  private static final int CLUSTERS = 100;
  private static final int CALLS = 300;
  private static final String FLAGS = "-XX:+UseSerialGC -Dhttp.maxConnections=64";
  private static final String C1 = " -XX:TieredStopAtLevel=1";

  private enum Function {
    STATUS("StatusHandler", "status", "`GET /status`"),
    CREATE("CreateClusterHandler", "create", "`POST /create`"),
    SWEEP("DestroyClusterHandler", "schedule", "a sweep");

    final String handler;
    final String event;
    final String text;

    Function(String handler, String event, String text) {
      this.handler = handler;
      this.event = event;
      this.text = text;
    }
  }

  /**
   * A way to start a function.
   *
   * @param warmUp whether the function's hook runs before the snapshot
   */
  private record Variant(String label, Path code, boolean warmUp, boolean c1) {}

  private static final class Times {
    final List<Long> init = new ArrayList<>();
    final List<Long> first = new ArrayList<>();
    final List<Long> warm = new ArrayList<>();
  }

  private LambdaBench() {}

  /** Prints a line of a table for each function and variant. */
  static void main(String[] arguments) throws IOException {
    int starts = Integer.parseInt(arguments[0]);
    Path scratch = Files.createTempDirectory("functions");
    InMemoryS3 s3 = new InMemoryS3(0);
    try {
      List<Variant> variants = variants(List.of(arguments).subList(1, arguments.length), scratch);
      for (Function function : Function.values()) {
        Map<Variant, Times> times = new HashMap<>();
        for (int i = 0; i < starts; i++) {
          for (Variant variant : variants) {
            measure(function, variant, s3, times.computeIfAbsent(variant, _ -> new Times()));
          }
        }
        for (Variant variant : variants) {
          Times measured = Objects.requireNonNull(times.get(variant));
          System.out.printf(
              "| %s | %s%s | %s | %.2f s | %.0f ms | %s |%n",
              function.text,
              variant.label(),
              variant.warmUp() ? "" : ", no warm-up",
              variant.c1() ? "C1 only" : "C1 and C2",
              median(measured.init) / 1e3,
              median(measured.first),
              measured.warm.isEmpty() ? "" : "%.1f ms".formatted(median(measured.warm)));
        }
      }
    } finally {
      s3.stop();
      delete(scratch);
    }
  }

  private static List<Variant> variants(List<String> jars, Path scratch) throws IOException {
    List<Variant> variants = new ArrayList<>();
    for (String jar : jars) {
      String[] labelled = jar.split("=", 2);
      Path code = Files.createDirectory(scratch.resolve(String.valueOf(variants.size())));
      LambdaFunction.unpack(Path.of(labelled[1]), code);
      for (boolean warmUp : variants.isEmpty() ? List.of(true, false) : List.of(true)) {
        variants.add(new Variant(labelled[0], code, warmUp, true));
        variants.add(new Variant(labelled[0], code, warmUp, false));
      }
    }
    return variants;
  }

  private static void measure(Function function, Variant variant, InMemoryS3 s3, Times times)
      throws IOException {
    s3.fill(0); // as at the first installation
    Map<String, String> environment = new HashMap<>(LambdaFunction.environment("records"));
    environment.putAll(LambdaFunction.changing("eksp@eksphemeral.io", "eksp"));
    environment.put("EKSPHEMERAL_MAX_CLUSTERS_PER_ASKER", "1000"); // for earlier commits
    environment.put("AWS_ENDPOINT_URL", s3.endpoint().toString());
    environment.put("JAVA_TOOL_OPTIONS", FLAGS + (variant.c1() ? C1 : ""));
    // Without an implementation of CRaC the hook is never called.
    String[] options = variant.warmUp() ? new String[0] : new String[] {"-Dorg.crac.Core.Compat=x"};
    String event = event(function.event);
    long begun = System.nanoTime();
    try (LambdaFunction started =
        new LambdaFunction(
            variant.code(),
            "io.eksphemeral.lambda." + function.handler,
            Start.SNAP_START,
            environment,
            options)) {
      started.awaitWarmedUp();
      times.init.add(System.nanoTime() - begun);
      fill(s3);
      started.restore();
      times.first.add(check(started.call(event)));
      for (int call = 0; function == Function.STATUS && call < CALLS; call++) {
        long nanos = check(started.call(event));
        if (call >= CALLS / 2) {
          times.warm.add(nanos);
        }
      }
    }
  }

  /** Ready clusters; one is due for a notice, one for its task. */
  private static void fill(InMemoryS3 s3) {
    Instant now = Instant.now();
    s3.fill(0);
    for (int i = 0; i < CLUSTERS - 1; i++) {
      ClusterId id = Samples.newId();
      Instant expires = now.plus(Duration.ofMinutes(i == 0 ? 4 : 20));
      String record =
          InMemoryS3.record(id, "cluster-" + i)
              .replace("2026-11-22T09:30:0", seconds(expires.minus(Duration.ofMinutes(50))))
              .replace("2026-11-22T09:50:0", seconds(expires.minus(Duration.ofMinutes(30))))
              .replace("2026-11-22T10:20:0", seconds(expires));
      s3.add(id, "cluster-" + i, record);
    }
    Cluster asked =
        Cluster.requested(
            Samples.newId(), Samples.spec("new"), Samples.ALICE, now.minusSeconds(30));
    if (Admission.decide(asked, List.of(), 0, Limits.DEFAULT, now)
        instanceof Admission.Admitted(Cluster admitted)) {
      s3.add(asked.id(), "new", ClusterRecordCodec.encode(admitted).toString());
    }
  }

  /** A time without its last digit. */
  private static String seconds(Instant time) {
    return time.toString().substring(0, "2026-11-22T09:30:0".length());
  }

  private static long check(RuntimeApi.Answer answer) {
    String body = answer.body();
    boolean isList = body.split("-7000-8000-", -1).length - 1 == CLUSTERS;
    boolean isSweep = body.contains("\"clusters\":" + CLUSTERS) && body.contains("\"failed\":{}");
    boolean isRight = isList || isSweep || body.contains("\"statusCode\":202");
    if (!isRight) {
      throw new IllegalStateException("not what was to be measured: " + answer);
    }
    return answer.nanos();
  }

  /** In milliseconds. */
  private static double median(List<Long> nanos) {
    return nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e6;
  }

  private static String event(String name) throws IOException {
    try (InputStream event =
        Objects.requireNonNull(
            LambdaBench.class.getResourceAsStream("/events/" + name + ".json"))) {
      return new String(event.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((one, other) -> other.compareTo(one)).toList()) {
        Files.delete(file);
      }
    }
  }
}
