package io.eksphemeral.aws;

import static java.util.function.Predicate.not;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.aws.LambdaFunction.Start;
import io.eksphemeral.control.ClusterStore;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ClassDesc;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ecs.model.Compatibility;
import software.amazon.awssdk.services.ecs.model.ContainerDefinition;
import software.amazon.awssdk.services.ecs.model.NetworkMode;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * What Lambda is given: the jar is small enough, has all that is needed, and the three functions
 * run from it as they do in Lambda, snapshot included. It shows nothing of what Lambda does with a
 * snapshot: here a restored function is one that goes on. Lambda's runtime runs on Linux alone.
 */
final class LambdaJarIT {
  private static final long MOST_BYTES = 12_000_000;

  /** What the functions call, as the pom has it. */
  private static final String CALLS =
      "(GetObject|PutObject|DeleteObject|ListObjectsV2|RunTask|DescribeTasks|ListTasks|StopTask"
          + "|SendEmail)";

  private static final Pattern MODEL =
      Pattern.compile("software/amazon/awssdk/services/[^/]+/(model|transform|paginators)/.+");

  /** The shapes of the calls that are made. */
  private static final Pattern CALLED =
      Pattern.compile(
          "software/amazon/awssdk/services/[^/]+/model/" + CALLS + "(Request|Response).*");

  /** What names every call of a service, made or not; and the requests of those that are not. */
  private static final Pattern NAMES_ALL =
      Pattern.compile("software/amazon/awssdk/services/[^/]+/([^/]+Client|model/[^$]+Request)");

  /** Beside the JDK what may be missing: a library that the SDK uses if it is there. */
  private static final Pattern MAY_BE_MISSING =
      Pattern.compile("(java|javax|jdk|sun|org/w3c|org/xml|software/amazon/awssdk/crt)/.+");

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  @TempDir private static Path code;

  @BeforeAll
  static void unpack() throws IOException {
    LambdaFunction.unpack(LambdaFunction.JAR, code);
  }

  @Test
  void theJarIsSmallAndHasNoMetadataOfOtherJars() throws IOException {
    assertThat(Files.size(LambdaFunction.JAR)).isLessThan(MOST_BYTES);
    assertThat(entries())
        .noneMatch(name -> name.endsWith("module-info.class"))
        .noneMatch(name -> name.matches("META-INF/[^/]+\\.(SF|DSA|RSA)"))
        .noneMatch(name -> name.startsWith("META-INF/maven/"))
        .contains("META-INF/services/org.slf4j.spi.SLF4JServiceProvider");
  }

  /** Goes from the functions through all that they may come to. */
  @Test
  void theJarHasAllClassesThatAreReachable() throws IOException {
    Set<String> there = new HashSet<>();
    entries().stream()
        .filter(name -> name.endsWith(".class"))
        .forEach(name -> there.add(name.substring(0, name.length() - ".class".length())));
    Set<String> reached = new HashSet<>();
    Set<String> missing = new TreeSet<>();
    Deque<String> next = new ArrayDeque<>();
    there.stream()
        .filter(name -> name.startsWith("io/eksphemeral/") || CALLED.matcher(name).matches())
        .forEach(next::add);
    while (!next.isEmpty()) {
      String name = next.remove();
      if (reached.add(name)) {
        boolean namesAll = NAMES_ALL.matcher(name).matches() && !CALLED.matcher(name).matches();
        for (String other : named(name)) {
          if (there.contains(other) && !(namesAll && MODEL.matcher(other).matches())) {
            next.add(other);
          } else if (!there.contains(other) && !namesAll) {
            missing.add(other + ", which is named by " + name);
          }
        }
      }
    }
    assertThat(missing).filteredOn(not(MAY_BE_MISSING.asMatchPredicate())).isEmpty();
    assertThat(reached).hasSizeGreaterThan(there.size() / 2);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void threeWarmedUpFunctionsTakeAClusterThroughItsWholeLife()
      throws IOException, InterruptedException {
    S3Client s3 = Emulator.s3(new FaultyHttpClient());
    String bucket = Emulator.newBucket(s3);
    EcsClient ecs = Emulator.ecs();
    String cluster = Emulator.newName("tasks");
    ecs.createCluster(request -> request.clusterName(cluster));
    register(
        ecs,
        cluster + "-create",
        "prepare",
        "eksctl-cluster",
        "report-nodes",
        "eksctl-nodegroup",
        "report");
    register(ecs, cluster + "-destroy", "teardown");
    String from = cluster + "@eksphemeral.io";
    Emulator.ses().verifyEmailIdentity(request -> request.emailAddress(from));
    ClusterStore store =
        new ClusterStore(
            new S3ObjectStore(s3, bucket, _ -> {}), Executors.newVirtualThreadPerTaskExecutor());
    FakeEcsContainers played = new FakeEcsContainers(ecs, cluster, store);

    Map<String, String> looks = new HashMap<>(LambdaFunction.environment(bucket));
    looks.putAll(Emulator.environment());
    Map<String, String> changes = new HashMap<>(looks);
    changes.putAll(LambdaFunction.changing(from, cluster));
    try (WarmedUp create = new WarmedUp("CreateClusterHandler", changes);
        WarmedUp status = new WarmedUp("StatusHandler", looks);
        WarmedUp destroy = new WarmedUp("DestroyClusterHandler", changes)) {
      List<WarmedUp> all = List.of(create, status, destroy);
      all.forEach(each -> each.function.awaitWarmedUp());
      assertThat(s3.listObjectsV2(request -> request.bucket(bucket)).contents()).isEmpty();
      assertThat(ecs.listTasks(request -> request.cluster(cluster)).taskArns()).isEmpty();
      assertThat(Emulator.mails()).doesNotContain(from);
      for (WarmedUp each : all) {
        assertThat(each.function.log())
            .contains("{\"event\":\"warmed-up\"")
            .doesNotContain("-failed\"");
        each.restore();
      }

      assertThat(record(create.call("create")).at("/status/state").asText()).isEqualTo("creating");
      played.begin();
      assertThat(record(status.call("status-one")).at("/status/tasks")).hasSize(1);
      played.end();
      assertThat(destroy.call("schedule").at("/changed/0/to").asText()).isEqualTo("ready");
      assertThat(Emulator.mails()).contains(from, "cluster 2node-135-30 is ready");
      assertThat(record(create.call("prolong")).at("/status/lifetime").asInt()).isEqualTo(60);
      assertThat(destroy.call("destroy").path("statusCode").asInt()).isEqualTo(202);
      played.begin();
      played.end();
      assertThat(destroy.call("task-stopped").at("/failed")).isEmpty();
      assertThat(record(status.call("status-one")).at("/status/state").asText()).isEqualTo("gone");

      // One whose creation is cut short: its task is stopped.
      JsonNode cut = record(create.answer(another(text("create"))));
      played.begin();
      String id = cut.at("/status/id").asText();
      ObjectNode end = (ObjectNode) MAPPER.readTree(text("destroy"));
      ((ObjectNode) end.path("pathParameters")).put("id", id);
      assertThat(destroy.answer(end.toString()).path("statusCode").asInt()).isEqualTo(202);
      assertThat(ecs.listTasks(request -> request.cluster(cluster).startedBy(id)).taskArns())
          .isEmpty();

      for (WarmedUp each : all) {
        assertThat(each.function.log()).doesNotContain("SLF4J", "WARN", "-failed\"");
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFailedWarmUpIsLoggedAndTheFunctionStartsAnyway() throws IOException {
    Map<String, String> nowhere = new HashMap<>(LambdaFunction.environment("records"));
    nowhere.put("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    try (WarmedUp status = new WarmedUp("StatusHandler", nowhere)) {
      status.function.awaitWarmedUp();
      status.restore();
      assertThat(status.call("ping").path("statusCode").asInt()).isEqualTo(404);
      assertThat(status.function.log()).contains("{\"event\":\"warm-up-failed\"");
    }
  }

  /** Each of several calls to S3 is slow, and none too slow. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aRequestIsAnsweredBeforeTheFunctionTimesOut() throws IOException {
    HttpServer slow =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    slow.createContext(
        "/",
        exchange -> {
          LockSupport.parkNanos(Duration.ofSeconds(3).toNanos());
          exchange.sendResponseHeaders(exchange.getRequestMethod().equals("GET") ? 404 : 200, -1);
          exchange.close();
        });
    slow.start();
    Map<String, String> environment = new HashMap<>(LambdaFunction.environment("records"));
    environment.put("AWS_ENDPOINT_URL", "http://127.0.0.1:" + slow.getAddress().getPort());
    try (LambdaFunction status =
        new LambdaFunction(
            code, "io.eksphemeral.lambda.StatusHandler", Start.ON_DEMAND, environment)) {
      status.timeout(Duration.ofSeconds(10));
      RuntimeApi.Answer answer = status.call(text("status-one"));

      assertThat(MAPPER.readTree(answer.body()).path("statusCode").asInt()).isIn(404, 503);
      status.timeout(Duration.ofSeconds(6));
      // The first of the two takes what time there is.
      JsonNode late = MAPPER.readTree(status.call(text("status-one")).body());
      assertThat(late.path("statusCode").asInt()).isEqualTo(503);
      assertThat(status.log()).contains("no time is left");
    } finally {
      slow.stop(0);
    }
  }

  /** A function with a snapshot. */
  private static final class WarmedUp implements AutoCloseable {
    final LambdaFunction function;

    WarmedUp(String handler, Map<String, String> environment) throws IOException {
      function =
          new LambdaFunction(
              code, "io.eksphemeral.lambda." + handler, Start.SNAP_START, environment);
    }

    void restore() {
      function.restore();
    }

    JsonNode call(String event) throws IOException {
      return answer(text(event));
    }

    JsonNode answer(String event) throws IOException {
      return MAPPER.readTree(function.call(event).body());
    }

    @Override
    public void close() throws IOException {
      function.close();
    }
  }

  private static void register(EcsClient ecs, String family, String... containers) {
    ecs.registerTaskDefinition(request ->
        request
            .family(family)
            .networkMode(NetworkMode.AWSVPC)
            .requiresCompatibilities(Compatibility.FARGATE)
            .cpu("256")
            .memory("512")
            .containerDefinitions(
                Stream.of(containers)
                    .map(name -> ContainerDefinition.builder().name(name).image("image").build())
                    .toList()));
  }

  /** The record that a function answered a call of the API with. */
  private static JsonNode record(JsonNode answer) throws IOException {
    assertThat(answer.path("statusCode").asInt()).isBetween(200, 202);
    return MAPPER.readTree(answer.path("body").asText());
  }

  /** The same call for a cluster of another id and name. */
  private static String another(String create) {
    return create
        .replace("9be65bee-3baa-4fd0-aa3e-032325d5390c", "3a0d1e2c-4b1f-4c1b-8d0e-0123456789ab")
        .replace("2node-135-30", "another");
  }

  private static String text(String event) {
    try (InputStream text =
        Objects.requireNonNull(
            LambdaJarIT.class.getResourceAsStream("/events/" + event + ".json"))) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> entries() throws IOException {
    try (ZipFile jar = new ZipFile(LambdaFunction.JAR.toFile())) {
      return jar.stream().map(ZipEntry::getName).toList();
    }
  }

  /** The classes that a class of the jar names. */
  private static List<String> named(String type) throws IOException {
    return StreamSupport.stream(
            ClassFile.of().parse(code.resolve(type + ".class")).constantPool().spliterator(), false)
        .filter(ClassEntry.class::isInstance)
        .map(entry -> element(((ClassEntry) entry).asSymbol()))
        .filter(ClassDesc::isClassOrInterface)
        .map(desc -> desc.descriptorString().replaceAll("^L|;$", ""))
        .toList();
  }

  private static ClassDesc element(ClassDesc type) {
    return type.isArray() ? element(type.componentType()) : type;
  }
}
