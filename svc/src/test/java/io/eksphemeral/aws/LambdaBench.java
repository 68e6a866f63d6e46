package io.eksphemeral.aws;

import io.eksphemeral.aws.LambdaFunction.Start;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Measures the function that shows clusters, from its jar, under Lambda's runtime client, with an
 * S3 that answers at once. {@code bench/lambda.sh} runs it.
 */
final class LambdaBench {
  private static final int CLUSTERS = 100;
  private static final int STARTS = 11;
  private static final int CALLS = 300;

  private LambdaBench() {}

  /** Prints a line of a table for each figure. */
  static void main() throws IOException {
    Path code = Files.createTempDirectory("function");
    LambdaFunction.unpack(code);
    InMemoryS3 s3 = new InMemoryS3(0);
    s3.fill(CLUSTERS);
    Map<String, String> environment = new HashMap<>(LambdaFunction.environment("records"));
    environment.put("AWS_ENDPOINT_URL", s3.endpoint().toString());
    String event = event();
    try {
      List<Long> colds = new ArrayList<>();
      List<Long> primings = new ArrayList<>();
      List<Long> firsts = new ArrayList<>();
      List<Long> warms = new ArrayList<>();
      for (int i = 0; i < STARTS; i++) {
        long begun = System.nanoTime();
        try (LambdaFunction function = start(code, Start.ON_DEMAND, environment)) {
          check(function.call(event));
          colds.add(System.nanoTime() - begun);
        }
        begun = System.nanoTime();
        try (LambdaFunction function = start(code, Start.SNAP_START, environment)) {
          function.awaitPrimed();
          primings.add(System.nanoTime() - begun);
          function.restore();
          firsts.add(check(function.call(event)));
          for (int call = 0; call < CALLS; call++) {
            long nanos = check(function.call(event));
            if (call >= CALLS / 2) {
              warms.add(nanos);
            }
          }
        }
      }
      line("the jar", "%.1f MB".formatted(Files.size(LambdaFunction.JAR) / 1e6), "12 MB");
      line(
          "cold start without a snapshot, until `GET /status` is answered",
          "%.2f s".formatted(median(colds) / 1e3),
          "1.6 s");
      line(
          "start and priming, before the snapshot", "%.1f s".formatted(median(primings) / 1e3), "");
      line(
          "the first `GET /status` after a restore, over a new connection",
          "%.1f ms".formatted(median(firsts)),
          "40 ms");
      line("a warm `GET /status`", "%.1f ms".formatted(median(warms)), "8 ms");
    } finally {
      s3.stop();
      delete(code);
    }
  }

  private static LambdaFunction start(Path code, Start start, Map<String, String> environment)
      throws IOException {
    return new LambdaFunction(code, "io.eksphemeral.lambda.StatusHandler", start, environment);
  }

  private static long check(RuntimeApi.Answer answer) {
    int ids = answer.body().split("-7000-8000-", -1).length - 1;
    if (!answer.body().contains("\"statusCode\":200") || ids != CLUSTERS) {
      throw new IllegalStateException("not what was to be measured: " + answer);
    }
    return answer.nanos();
  }

  private static void line(String what, String is, String allowed) {
    System.out.printf("| %s | %s | %s |%n", what, is, allowed);
  }

  /** The middle one, in milliseconds. */
  private static double median(List<Long> nanos) {
    return nanos.stream().sorted().toList().get(nanos.size() / 2) / 1e6;
  }

  private static String event() throws IOException {
    try (InputStream event =
        Objects.requireNonNull(LambdaBench.class.getResourceAsStream("/events/status.json"))) {
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
