package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The control plane as a program: how it starts, lives and ends. */
@Timeout(60)
final class LocalControlPlaneIT {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final Map<String, String> FAST = Map.of("EKSPHEMERAL_SIMULATE_SECONDS", "0.05");

  @TempDir Path home;
  private final HttpClient client = HttpClient.newHttpClient();

  private HttpResponse<String> send(URI address, String method, String path, String body)
      throws IOException, InterruptedException {
    return send(address, method, path, body, "application/json");
  }

  private HttpResponse<String> send(
      URI address, String method, String path, String body, String type)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(address.resolve(path))
            .method(method, BodyPublishers.ofString(body))
            .header("Content-Type", type)
            .timeout(Duration.ofSeconds(30))
            .build(),
        BodyHandlers.ofString());
  }

  /** Looks at a cluster until it is in a state. */
  private JsonNode await(URI address, String name, String state)
      throws IOException, InterruptedException {
    JsonNode record;
    do {
      record = MAPPER.readTree(send(address, "GET", "/status/" + name, "").body());
    } while (!record.path("status").path("state").asText().equals(state));
    return record;
  }

  /** Looks for a name until nobody has it. */
  private void awaitFree(URI address, String name) throws IOException, InterruptedException {
    int status;
    do {
      status = send(address, "GET", "/status/" + name, "").statusCode();
    } while (status != 404 || Files.exists(home.resolve("bucket/names").resolve(name)));
  }

  private List<String> mails() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("outbox"))) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .sorted()
          .map(name -> name.replaceFirst("^.{20}-[0-9]+-", ""))
          .toList();
    }
  }

  @Test
  void itPrintsItsUrlAndCleansUpOnExit() throws Exception {
    try (Program program = Program.launch(home, FAST, "--port", "0", "--speed", "60")) {
      URI address = program.address();
      assertThat(program.output())
          .contains(
              "listening on %s, provider simulated: builds nothing, speed 60".formatted(address));
      assertThat(home.resolve("control-plane.pid")).hasContent(Long.toString(program.pid()));
      assertThat(home.resolve("control-plane.url")).hasContent(address.toString());

      HttpResponse<String> answer = send(address, "GET", "/status", "");
      assertThat(answer.body()).isEqualTo("[]");
      assertThat(answer.headers().map())
          .containsEntry("eksphemeral-control-plane", List.of(Long.toString(program.pid())))
          .containsEntry("eksphemeral-provider", List.of("simulated: builds nothing"))
          .containsEntry("eksphemeral-speed", List.of("60"));

      program.terminate();
      assertThat(home.resolve("control-plane.pid")).doesNotExist();
      assertThat(home.resolve("control-plane.url")).doesNotExist();
      assertThat(program.output().getLast()).endsWith(" stopped");
    }
  }

  /** Too long to be read, or broken: the file is the record's. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2 << 20})
  void aClusterWhoseRecordCannotBeReadIsDestroyedByItsId(int length) throws Exception {
    try (Program program = Program.launch(home, FAST, "--port", "0", "--speed", "60")) {
      URI address = program.address();
      send(address, "POST", "/create", "{\"name\":\"dev\",\"timeout\":600}");
      String id = await(address, "dev", "ready").at("/status/id").asText();
      while (await(address, id, "ready").at("/status/mails").isEmpty()) {
        Thread.onSpinWait(); // it is still being written
      }
      Path record = home.resolve("bucket").resolve(id + ".json");
      Files.writeString(
          record, Files.readString(record).replace("\"format\":1", "x".repeat(length)));
      await(address, id, "unreadable");

      HttpResponse<String> answer = send(address, "POST", "/destroy/" + id, "");

      assertThat(answer.statusCode()).isEqualTo(202);
      JsonNode gone = await(address, id, "gone");
      assertThat(gone.path("name").asText()).isEqualTo("dev");
      assertThat(gone.at("/status/history").findValuesAsText("state"))
          .containsExactly("creating", "destroying", "gone");
      awaitFree(address, "dev");
      assertThat(record).doesNotExist();
      assertThat(home.resolve("bucket/gone").resolve(id + ".json")).exists();
    }
  }

  @Test
  void aClusterIsCreatedAndDestroyed() throws Exception {
    try (Program program = Program.launch(home, FAST, "--port", "0", "--speed", "600")) {
      URI address = program.address();
      HttpResponse<String> created =
          send(
              address,
              "POST",
              "/create",
              "{\"name\":\"dev\",\"timeout\":10,\"owner\":\"alice@eksphemeral.io\"}");
      assertThat(created.statusCode()).isEqualTo(202);
      String id = MAPPER.readTree(created.body()).path("status").path("id").asText();

      JsonNode gone = await(address, id, "gone");
      assertThat(gone.path("status").path("history").findValuesAsText("state"))
          .containsExactly("creating", "ready", "destroying", "gone");
      awaitFree(address, "dev");
      // At this speed sweeps overlap, so that a mail may overtake another.
      assertThat(mails())
          .containsExactlyInAnyOrder(
              "eksphemeral-cluster-dev-is-ready.txt",
              "eksphemeral-cluster-dev-is-about-to-be-destroyed.txt",
              "eksphemeral-cluster-dev-is-gone.txt");
      assertThat(home.resolve("simulated/clusters")).isDirectoryNotContaining("glob:**/*.json");
      assertThat(home.resolve("bucket/names")).isEmptyDirectory();
      JsonNode config =
          MAPPER.readTree(
              home.resolve("bucket/tasks").resolve(id).resolve("cluster.yaml").toFile());
      assertThat(config.path("kind").asText()).isEqualTo("ClusterConfig");
      assertThat(config.at("/metadata/name").asText()).isEqualTo("dev");
      assertThat(gone.at("/status/endpoint").asText())
          .isEqualTo("http://127.0.0.1:" + address.getPort());
      JsonNode archive = MAPPER.readTree(send(address, "GET", "/clusters/gone", "").body());
      assertThat(archive.at("/0/status/id").asText()).isEqualTo(id);
      assertThat(send(address, "GET", "/status/" + id.substring(0, 13), "").body()).contains(id);
    }
  }

  @Test
  void anEstimateSaysWhetherASpecInYamlCanBeCreated() throws Exception {
    try (Program program = Program.launch(home, FAST, "--port", "0")) {
      URI address = program.address();
      String spec = "# mine\nname: dev\nuntil: 2999-01-01T00:00Z\n";
      assertThat(send(address, "POST", "/estimate", spec, "text/yaml").body())
          .contains("until must be at most");

      String valid = "name: dev\ntimeout: 1h30m\n";
      assertThat(send(address, "POST", "/estimate", valid, "application/yaml").body())
          .contains("\"timeout\":90", "\"refused\":[]");
      assertThat(send(address, "POST", "/create", valid, "application/yaml").statusCode())
          .isEqualTo(202);
      assertThat(send(address, "POST", "/estimate", valid, "application/yaml").body())
          .contains("\"refused\":[\"the name dev is taken by the cluster ");
    }
  }

  /** What rules of the bucket do in AWS. At this speed two hours are fifty days. */
  @Test
  void oldDataIsDeleted() throws Exception {
    Path clock = home.resolveSibling(home.getFileName() + ".clock");
    JumpingClock.set(clock, Duration.ZERO);
    Map<String, String> environment = new HashMap<>(FAST);
    environment.put(JumpingClock.FILE, clock.toString());
    try (Program program =
        Program.launch(
            List.of(), JumpingClock.class, home, environment, "--port", "0", "--speed", "600")) {
      URI address = program.address();
      send(address, "POST", "/create", "{\"name\":\"dev\",\"timeout\":10}");
      awaitFree(address, "dev");
      assertThat(files("bucket/gone")).hasSize(1);
      assertThat(files("bucket/tasks")).isNotEmpty();
      assertThat(files("logs")).hasSize(2);

      JumpingClock.set(clock, Duration.ofHours(2));

      List<String> left;
      do {
        left = files("bucket/gone", "bucket/tasks", "logs", "simulated/tasks");
      } while (!left.isEmpty());
    } finally {
      Files.delete(clock);
    }
  }

  /** The files in folders of the home, however deep. */
  private List<String> files(String... folders) throws IOException {
    List<String> found = new ArrayList<>();
    for (String folder : folders) {
      try (Stream<Path> paths = Files.walk(home.resolve(folder))) {
        paths.filter(Files::isRegularFile).map(Path::toString).forEach(found::add);
      } catch (NoSuchFileException | UncheckedIOException e) {
        found.add("removed meanwhile");
      }
    }
    return found;
  }

  @Test
  void afterARestartItContinues() throws Exception {
    String id;
    String expires;
    try (Program program = Program.launch(home, FAST, "--port", "0", "--speed", "60")) {
      send(program.address(), "POST", "/create", "{\"name\":\"dev\",\"timeout\":1000}");
      JsonNode ready = await(program.address(), "dev", "ready");
      id = ready.path("status").path("id").asText();
      expires = ready.path("status").path("expires").asText();
      program.terminate();
    }
    try (Program program = Program.launch(home, FAST, "--port", "0", "--speed", "600")) {
      JsonNode again = await(program.address(), "dev", "ready");
      assertThat(again.path("status").path("id").asText()).isEqualTo(id);
      assertThat(again.path("status").path("expires").asText()).isEqualTo(expires);
      assertThat(send(program.address(), "POST", "/destroy/" + id, "").statusCode()).isEqualTo(202);
      await(program.address(), id, "gone");
    }
  }

  @Test
  void slowClientsDoNotDelayOthers() throws Exception {
    try (Program program = Program.launch(home, FAST, "--port", "0")) {
      URI address = program.address();
      List<String> beginnings =
          List.of(
              "",
              "GET /sta",
              "GET /status HTTP/1.1\r\nHost: ",
              "POST /create HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\n{"
                  .formatted(address.getAuthority()),
              "POST /create HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n"
                  .formatted(address.getAuthority()));
      List<Socket> slow = new ArrayList<>();
      try {
        for (int i = 0; i < 500; i++) {
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort());
          slow.add(socket);
          String beginning = beginnings.get(i % beginnings.size());
          socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
        }
        assertThat(send(address, "GET", "/status", "").statusCode()).isEqualTo(200);
        assertThat(send(address, "POST", "/create", "{}").statusCode()).isEqualTo(202);
      } finally {
        for (Socket socket : slow) {
          socket.close();
        }
      }
    }
  }

  @Test
  void itExitsWhenItsHomeIsRemoved() throws Exception {
    Path removed = home.resolve("home");
    try (Program program = Program.launch(removed, FAST, "--port", "0", "--speed", "60")) {
      URI address = program.address();
      send(address, "POST", "/create", "{}");
      Files.move(removed, home.resolve("elsewhere"));

      assertThat(program.exitCode()).isEqualTo(5);
      assertThat(program.output().getLast())
          .endsWith("the home was removed; process %d exits".formatted(program.pid()));
    }
  }

  /** With the memory that the commands give it. */
  @Test
  void itsMemorySufficesForAnyRequest() throws Exception {
    Map<String, String> small = new HashMap<>(FAST);
    small.put("JAVA_TOOL_OPTIONS", "-Xmx192m");
    try (Program program = Program.launch(home, small, "--port", "0");
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      URI address = program.address();
      List<Callable<Integer>> calls = new ArrayList<>();
      for (int length : List.of(6 * 1024 * 1024, 128 * 1024, 70_000, 60_000)) {
        byte[] body = new byte[length];
        Arrays.fill(body, (byte) ' ');
        calls.addAll(Collections.nCopies(length > 1_000_000 ? 60 : 200, () -> post(address, body)));
      }
      Collections.shuffle(calls, new Random(1));
      List<Integer> statuses = new ArrayList<>();
      for (Future<Integer> answer : threads.invokeAll(calls)) {
        statuses.add(answer.get());
      }

      assertThat(statuses).isSubsetOf(400, 413, 429);
      assertThat(statuses.stream().filter(status -> status == 413)).hasSizeGreaterThan(60);
      assertThat(statuses.stream().filter(status -> status == 400)).isNotEmpty();
      assertThat(send(address, "POST", "/create", "{}").statusCode()).isEqualTo(202);
      assertThat(program.output()).noneMatch(line -> line.contains("OutOfMemoryError"));
    }
  }

  /** Sends a body by a connection of its own, and returns the status of the answer. */
  private static int post(URI address, byte[] body) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          "POST /create HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
              .formatted(address.getAuthority(), body.length)
              .getBytes(StandardCharsets.US_ASCII));
      out.write(body);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).contains("\r\n\r\n{\"error\":\"");
      return Integer.parseInt(answer.substring(9, 12));
    }
  }

  @Test
  void aTakenPortIsReportedBeforeAnythingStarts() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Program program =
            Program.launch(home, Map.of(), "--port", Integer.toString(other.getLocalPort()))) {
      assertThat(program.exitCode()).isEqualTo(3);
      assertThat(program.output())
          .containsExactly(
              "eksphemeral: port %d is taken by another program or control plane"
                  .formatted(other.getLocalPort()));
      assertThat(home.resolve("bucket")).doesNotExist();
      assertThat(home.resolve("control-plane.pid")).doesNotExist();
    }
  }

  @Test
  void aHomeHasOneControlPlaneAtATime() throws Exception {
    try (Program first = Program.launch(home, Map.of(), "--port", "0")) {
      URI address = first.address();
      try (Program second = Program.launch(home, Map.of(), "--port", "0")) {
        assertThat(second.exitCode()).isEqualTo(4);
        assertThat(second.output())
            .containsExactly(
                "eksphemeral: a control plane is already running on %s; stop it with"
                        .formatted(home)
                    + " eksp down --local");
      }
      assertThat(home.resolve("control-plane.pid")).hasContent(Long.toString(first.pid()));
      assertThat(send(address, "GET", "/status", "").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void anInvalidSettingIsReportedBeforeAnythingStarts() throws Exception {
    try (Program program =
        Program.launch(
            home.resolve("new"), Map.of("EKSPHEMERAL_SIMULATE_FAULTS", "create:explode:1"))) {
      assertThat(program.exitCode()).isEqualTo(2);
      assertThat(program.output())
          .singleElement()
          .asString()
          .startsWith("eksphemeral: EKSPHEMERAL_SIMULATE_FAULTS: 'create:explode:1'");
      assertThat(home.resolve("new")).doesNotExist();
    }
  }

  @Test
  void failuresCanBeInjected() throws Exception {
    Map<String, String> environment =
        Map.of(
            "EKSPHEMERAL_SIMULATE_SECONDS", "0.05",
            "EKSPHEMERAL_SIMULATE_FAULTS", "create:fail:broken destroy:leftovers:1");
    try (Program program = Program.launch(home, environment, "--port", "0", "--speed", "600")) {
      HttpResponse<String> created =
          send(program.address(), "POST", "/create", "{\"name\":\"broken\"}");
      String id = MAPPER.readTree(created.body()).path("status").path("id").asText();

      JsonNode gone = await(program.address(), id, "gone");
      assertThat(gone.path("status").path("history").findValuesAsText("state"))
          .containsExactly(
              "creating", "create-failed", "destroying", "destroy-failed", "destroying", "gone");
      assertThat(gone.path("status").path("log").toString()).contains("CREATE_FAILED");
    }
  }
}
