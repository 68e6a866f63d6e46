package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The edition on one machine under attack: several clients at once, while it is killed, its disk
 * runs full or becomes read-only, its clock jumps by hours, and records are broken. Nothing is
 * lost, the rest goes on, and what is broken is named.
 *
 * <p>{@code -Deksphemeral.attack.seconds} says for how long; the seed is printed, and {@code
 * -Deksphemeral.attack.seed} takes it. A disk of its own, and a file that may not be read, take
 * root, a clock that jumps takes libfaketime; without them the rest is done, but not under CI.
 */
final class AttackIT {
  private static final Duration LENGTH =
      Duration.ofSeconds(Integer.getInteger("eksphemeral.attack.seconds", 8));
  private static final boolean CI = Boolean.parseBoolean(System.getenv("CI"));
  private static final int CLIENTS = 6;
  private static final int SPEED = 600;

  /** How long trouble lasts, and how long it is quiet between two blows, at the most. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  /** How far the real clock jumps, at the most: at this speed that is six hours. */
  private static final int JUMP = 36;

  /** How long the last ones may take, which have failed and are waiting for their next attempt. */
  private static final Duration ENDING = Duration.ofMinutes(2);

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "EKSPHEMERAL_SIMULATE_SECONDS", "0.05",
          "EKSPHEMERAL_MAX_MINUTES", "90",
          "EKSPHEMERAL_MAX_CLUSTERS", "100000",
          "EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "100000");
  private static final Pattern WORKS =
      Pattern.compile("task (simulated/(.{36}-(?:create|destroy)-[0-9]+)/[0-9a-f]{8}) works");

  @TempDir Path folder;
  private final long seed = Long.getLong("eksphemeral.attack.seed", Instant.now().toEpochMilli());
  private final Random random = new Random(seed);
  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final Trouble trouble = new Trouble();
  private final ApiClients clients =
      new ApiClients(
          this::send, new ApiClients.Habits(Duration.ofMillis(60), 20, 100_000), trouble);
  private final List<String> log = new ArrayList<>();
  private final Deque<Planted> planted = new ArrayDeque<>();
  private final Map<Blow, Integer> blows = new EnumMap<>(Blow.class);
  private final List<Broken> broken = new ArrayList<>();
  private Path home = Path.of("");
  private Optional<Disk> disk = Optional.empty();
  private Duration ahead = Duration.ZERO;
  private volatile URI address = URI.create("http://127.0.0.1:1");
  private @Nullable Program program;

  private record Planted(ClusterId id, Path file) {}

  /** What is done to it. */
  private enum Blow {
    KILL,
    KILL_AGAIN,
    FULL_DISK,
    FULL_DISK_AND_KILL,
    READ_ONLY,
    CLOCK_FORWARD,
    CLOCK_BACK,
    BREAK_A_RECORD,
    BREAK_ANOTHER,
    REMOVE_A_BROKEN_RECORD
  }

  @BeforeEach
  void makeHome() throws IOException {
    home = folder.resolve("home");
    AtomicFiles.createOwnerOnly(home);
    disk = Disk.mount(home, home.resolve("bucket"), home.resolve("simulated"));
    JumpingClock.set(clock(), ahead);
    assertThat(disk.isPresent() || !CI).as("under CI all of it is done: root and Linux").isTrue();
  }

  @AfterEach
  void clearAway() throws IOException {
    if (program != null) {
      program.close();
    }
    if (disk.isPresent()) {
      disk.get().close();
    }
  }

  @Test
  void nothingIsLostTheRestGoesOnAndWhatIsBrokenIsNamed() throws Exception {
    launch();
    Files.createDirectories(home.resolve("simulated/clusters"));
    Path theirs = home.resolve("simulated/clusters/" + ApiClients.THEIRS + ".json");
    Files.writeString(theirs, "{\"id\":\"foreign\"}");
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ApiClients all = clients) {
      Instant end = Instant.now().plus(LENGTH);
      all.start(CLIENTS, random, threads);
      while (Instant.now().isBefore(end)) {
        List<Blow> round = new ArrayList<>(List.of(Blow.values()));
        Collections.shuffle(round, random);
        for (Blow blow : round) {
          strike(blow);
          itGoesOn();
        }
      }
      all.stop();
    }
    Results.write("local", "the edition on one machine", LENGTH, seed, blows, broken, clients);

    clients.haveNothingToComplainOf();
    whileAllKindsAreBrokenAClusterLivesItsLife();
    for (Planted one : List.copyOf(planted)) {
      remove(one);
    }
    awaitTheEndOfAll();
    restart();

    clients.gotWhatTheyWerePromised(id -> json(home.resolve("bucket/gone/" + id + ".json")));
    allThatIsOnRecordEndedWell();
    nothingWasDoneTwice();
    assertThat(theirs).hasContent("{\"id\":\"foreign\"}");
    assertThat(files("simulated/clusters", ".*\\.json")).containsExactly(theirs);
    assertThat(files("", ".*/\\.tmp/.*")).isEmpty();
  }

  // --- what is done to it ---

  private void strike(Blow blow) throws Exception {
    blows.merge(blow, 1, Integer::sum);
    switch (blow) {
      case KILL, KILL_AGAIN -> {
        kill();
        launch();
      }
      case FULL_DISK -> inTrouble(Disk::fill, false);
      case FULL_DISK_AND_KILL -> inTrouble(Disk::fill, true);
      case READ_ONLY -> {
        Path part = home.resolve(random.nextBoolean() ? "bucket" : "simulated");
        inTrouble(one -> one.freeze(part), false);
      }
      case CLOCK_FORWARD -> jump(random.nextInt(JUMP));
      case CLOCK_BACK -> jump(-random.nextInt(JUMP));
      case BREAK_A_RECORD, BREAK_ANOTHER -> {
        Broken[] kinds = Broken.values();
        plant(kinds[random.nextInt(kinds.length)]);
      }
      case REMOVE_A_BROKEN_RECORD -> {
        if (!planted.isEmpty()) {
          remove(planted.peek());
        }
      }
    }
  }

  /** Something that is done to a disk. */
  private interface Harm {
    void to(Disk disk) throws IOException;
  }

  private void inTrouble(Harm harm, boolean kill) throws Exception {
    if (disk.isEmpty()) {
      return;
    }
    trouble.begins();
    harm.to(disk.get());
    pause();
    if (kill) {
      // It may come up all the same, or end, and then says why; the clock needs some bytes of disk.
      kill();
      try (Program one = start()) {
        pause();
        one.kill();
        log.addAll(one.output());
      }
    }
    disk.get().mend();
    trouble.ends();
    if (kill) {
      launch();
    }
  }

  private void kill() throws InterruptedException {
    if (program != null) {
      program.kill();
      log.addAll(program.output());
    }
  }

  private void launch() throws Exception {
    program = start();
    address = program.address();
  }

  private void restart() throws Exception {
    for (int i = 0; i < 2 && program != null; i++) {
      program.terminate();
      log.addAll(program.output());
      if (i == 0) {
        launch();
      }
    }
  }

  private Program start() throws IOException {
    Map<String, String> environment = new HashMap<>(ENVIRONMENT);
    environment.put(JumpingClock.FILE, clock().toString());
    // Root reads what nobody may read, unless it cannot.
    List<String> by =
        disk.isPresent()
            ? List.of(
                "setpriv",
                "--inh-caps=-dac_override,-dac_read_search",
                "--bounding-set=-dac_override,-dac_read_search")
            : List.of();
    return Program.launch(
        by,
        JumpingClock.class,
        home,
        environment,
        "--port",
        "0",
        "--speed",
        Integer.toString(SPEED));
  }

  private Path clock() {
    return folder.resolve("clock");
  }

  private void jump(int seconds) throws IOException {
    ahead = ahead.plusSeconds(seconds);
    JumpingClock.set(clock(), ahead);
  }

  private void plant(Broken how) throws IOException {
    ClusterId id = ClusterId.generate(Instant.now(), random);
    Path file = home.resolve("bucket/" + id + ".json");
    switch (how) {
      case FOLDER -> Files.createDirectory(file);
      case FORBIDDEN -> {
        Files.write(file, how.bytes());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
      }
      case CORRUPT, EMPTY, FUTURE, LARGE -> {
        Path next = Files.write(folder.resolve("planted"), how.bytes());
        Files.move(next, file);
      }
    }
    broken.add(how);
    planted.add(new Planted(id, file));
    clients.breaks(id, how);
  }

  private void remove(Planted one) throws IOException {
    clients.mends(one.id());
    planted.remove(one);
    Files.delete(one.file());
  }

  private void pause() {
    LockSupport.parkNanos(random.nextLong(PAUSE.toNanos()));
  }

  // --- how it takes that ---

  private ApiClients.Answer send(String method, String path, String body, String key)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address.resolve(path))
            .method(method, BodyPublishers.ofString(body))
            .timeout(Duration.ofSeconds(60));
    if (!key.isEmpty()) {
      request.header("Idempotency-Key", key);
    }
    HttpResponse<String> answer = client.send(request.build(), BodyHandlers.ofString());
    return new ApiClients.Answer(answer.statusCode(), answer.body());
  }

  /** More clusters are accepted, by a process that still runs. */
  private void itGoesOn() throws InterruptedException {
    int before = clients.accepted().size();
    Scripts.until("that it goes on", () -> clients.accepted().size() > before || !runs());
    assertThat(runs()).as("whether it runs").isTrue();
    pause();
  }

  private boolean runs() {
    return program != null && program.runs();
  }

  private void whileAllKindsAreBrokenAClusterLivesItsLife() throws Exception {
    for (Broken how : Broken.values()) {
      plant(how);
    }
    ClusterId id = ClusterId.generate(Instant.now(), random);
    assertThat(clients.create(id, "{\"timeout\":5}", false)).isPresent();
    Instant latest = Instant.now().plus(ENDING);
    while (!record(id).path("status").path("state").asText().equals("gone")) {
      assertThat(Instant.now()).as("now").isBefore(latest);
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }

    clients.seeAllThatIsBroken();
    for (Planted one : planted) {
      Scripts.until("that the log names " + one.file(), () -> isLogged(one.id()));
    }
  }

  private boolean isLogged(ClusterId id) {
    Stream<String> lines = program == null ? Stream.empty() : program.output().stream();
    return Stream.concat(log.stream(), lines)
        .anyMatch(line ->
            line.contains("{\"event\":\"sweep\"") && line.contains("\"" + id.value() + "\":\""));
  }

  private JsonNode record(ClusterId id) throws Exception {
    return send("GET", "/status/" + id, "", "").json();
  }

  /** Looks until nothing is on record; a name that was claimed for nothing is free a bit later. */
  private void awaitTheEndOfAll() throws Exception {
    Instant latest = Instant.now().plus(ENDING);
    while (!send("GET", "/status", "", "").body().equals("[]")
        || !files("bucket/names", ".*").isEmpty()) {
      assertThat(Instant.now()).as("now").isBefore(latest);
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
  }

  /** Also what nobody was told of: those whose call was not answered. */
  private void allThatIsOnRecordEndedWell() throws IOException {
    List<Path> gone = files("bucket/gone", ".*\\.json");
    assertThat(gone).hasSizeGreaterThanOrEqualTo(clients.accepted().size());
    for (Path file : gone) {
      ApiClients.endedWell(json(file));
    }
  }

  /** Of each attempt one task has worked, however often it was begun anew by the next process. */
  private void nothingWasDoneTwice() throws IOException {
    Map<String, Set<String>> workers = new HashMap<>();
    for (String line : log) {
      Matcher works = WORKS.matcher(line);
      if (works.find()) {
        workers.computeIfAbsent(works.group(2), _ -> new HashSet<>()).add(works.group(1));
      }
    }
    assertThat(workers).hasSizeGreaterThanOrEqualTo(clients.accepted().size());
    workers.forEach((task, handles) -> assertThat(handles).as(task).hasSize(1));
  }

  private static JsonNode json(Path file) throws IOException {
    return JSON.readTree(Files.readString(file));
  }

  private List<Path> files(String below, String pattern) throws IOException {
    try (Stream<Path> all = Files.walk(home.resolve(below))) {
      return all.filter(Files::isRegularFile)
          .filter(file -> file.toString().matches(pattern))
          .toList();
    }
  }
}
