package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.domain.ClusterId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the control plane at random moments while people ask for clusters, and sees that none is
 * lost, built twice or left behind.
 *
 * <p>{@code -Deksphemeral.kill.times} says how often. The seed is printed; {@code
 * -Deksphemeral.kill.seed} takes it. It fixes when the kills come, not what they meet.
 */
@Timeout(180)
final class KillIT {
  private static final int KILLS = Integer.getInteger("eksphemeral.kill.times", 15);
  private static final int CALLERS = 4;

  /** Most kills come once so many more clusters at the most were accepted, and a moment later. */
  private static final int MOST_ACCEPTED = 4;

  /** How long that moment is at the most; the other kills come so soon after the start. */
  private static final int LATEST_KILL = 300;

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "EKSPHEMERAL_SIMULATE_SECONDS", "0.05",
          "EKSPHEMERAL_MAX_CLUSTERS", "100000",
          "EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "100000");
  private static final Pattern WORKS =
      Pattern.compile("task (simulated/(.{36})-create-[0-9]+/[0-9a-f]{8}) works");

  @TempDir Path home;
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final Set<ClusterId> accepted = ConcurrentHashMap.newKeySet();
  private final List<String> refused = new ArrayList<>();
  private final List<String> log = new ArrayList<>();
  private volatile URI address = URI.create("http://127.0.0.1:1");
  private volatile boolean enough;

  @Test
  void nothingIsLostBuiltTwiceOrLeftBehind() throws Exception {
    long seed = Long.getLong("eksphemeral.kill.seed", Instant.now().toEpochMilli());
    Random random = new Random(seed);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> callers = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        Random own = new Random(random.nextLong());
        callers.add(threads.submit(() -> ask(own)));
      }
      for (int kill = 0; kill < KILLS; kill++) {
        int wanted = random.nextInt(4) > 0 ? random.nextInt(MOST_ACCEPTED) : -1;
        runUntilKilled(wanted, Duration.ofMillis(random.nextInt(LATEST_KILL)));
      }
      try (Program last = launch()) {
        address = last.address();
        enough = true;
        for (Future<?> caller : callers) {
          caller.get();
        }
        everyRecordCanBeRead();
        awaitTheEndOfAll();
        last.terminate();
        log.addAll(last.output());
      }
    }
    System.out.printf(
        "killed %d times with seed %d: %d clusters were accepted, and all ended%n",
        KILLS, seed, accepted.size());

    assertThat(refused).isEmpty();
    assertThat(accepted).hasSizeGreaterThan(KILLS / 2);
    everyAcceptedClusterIsGone();
    everyObjectIsWhole();
    noneWasBuiltTwice();
    assertThat(namesAreTaken()).isFalse();
    assertThat(home.resolve("simulated/clusters")).isDirectoryNotContaining("glob:**/*.json");
  }

  private Program launch() throws IOException {
    return Program.launch(home, ENVIRONMENT, "--port", "0", "--speed", "600");
  }

  /**
   * Runs it once.
   *
   * @param wanted how many clusters are to be accepted; less than none if it may be killed before
   *     it listens
   */
  private void runUntilKilled(int wanted, Duration after) throws Exception {
    try (Program program = launch()) {
      if (wanted >= 0) {
        address = program.address();
        int enough = accepted.size() + wanted;
        while (accepted.size() < enough) {
          LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
      }
      LockSupport.parkNanos(after.toNanos());
      program.kill();
      log.addAll(program.output());
    }
  }

  /** Asks for one cluster after the other, and for each until there is an answer. */
  private void ask(Random random) {
    while (!enough) {
      ClusterId id = ClusterId.generate(Instant.now(), random);
      int status = 0;
      while (status == 0 || status >= 500) {
        status = create(id);
      }
    }
  }

  private int create(ClusterId id) {
    try {
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(address.resolve("/create"))
                  .POST(BodyPublishers.ofString("{\"timeout\":1}"))
                  .header("Idempotency-Key", id.value())
                  .timeout(Duration.ofSeconds(10))
                  .build(),
              BodyHandlers.ofString());
      if (answer.statusCode() == 202) {
        accepted.add(id);
      } else if (answer.statusCode() < 500) {
        synchronized (refused) {
          refused.add(answer.body());
        }
      }
      return answer.statusCode();
    } catch (IOException | InterruptedException e) {
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      return 0;
    }
  }

  /** One that cannot would never end, and be waited for in vain. */
  private void everyRecordCanBeRead() throws Exception {
    HttpRequest list = HttpRequest.newBuilder(address.resolve("/clusters")).build();
    assertThat(MAPPER.readTree(client.send(list, BodyHandlers.ofString()).body()))
        .allSatisfy(record -> assertThat(record.path("name").isTextual()).isTrue());
  }

  /** Looks until nothing is on record; a name that was claimed for nothing is free a bit later. */
  private void awaitTheEndOfAll() throws Exception {
    HttpRequest list = HttpRequest.newBuilder(address.resolve("/status")).build();
    while (!client.send(list, BodyHandlers.ofString()).body().equals("[]") || namesAreTaken()) {
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  private boolean namesAreTaken() throws IOException {
    try (Stream<Path> names = Files.list(home.resolve("bucket/names"))) {
      return names.findAny().isPresent();
    }
  }

  private void everyAcceptedClusterIsGone() throws IOException {
    for (ClusterId id : accepted) {
      JsonNode record =
          MAPPER.readTree(Files.readString(home.resolve("bucket/gone/" + id + ".json")));
      assertThat(record.path("status").path("state").asText()).isEqualTo("gone");
    }
  }

  private void everyObjectIsWhole() throws IOException {
    assertThat(home.resolve("bucket/.tmp")).isEmptyDirectory();
    try (Stream<Path> files = Files.walk(home.resolve("bucket")).filter(Files::isRegularFile)) {
      for (Path file : files.toList()) {
        assertThat(MAPPER.readTree(Files.readString(file)).isObject()).as(file.toString()).isTrue();
      }
    }
  }

  private void noneWasBuiltTwice() throws IOException {
    Map<String, Set<String>> builders = new HashMap<>();
    for (String line : log) {
      Matcher works = WORKS.matcher(line);
      if (works.find()) {
        builders.computeIfAbsent(works.group(2), _ -> new HashSet<>()).add(works.group(1));
      }
    }
    assertThat(builders).hasSizeGreaterThanOrEqualTo(accepted.size() / 2);
    for (Map.Entry<String, Set<String>> cluster : builders.entrySet()) {
      assertThat(cluster.getValue()).as("tasks that built " + cluster.getKey()).hasSize(1);
      Path fence = home.resolve("bucket/tasks/" + cluster.getKey() + "/create-1.fence");
      assertThat(MAPPER.readTree(Files.readString(fence)).path("handle").asText())
          .isEqualTo(cluster.getValue().iterator().next());
    }
  }
}
