package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.domain.ClusterId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The edition in AWS under attack, in the emulated account: several clients sign their calls at
 * once, while functions and containers are killed and broken records are put into the bucket. For
 * {@code -Deksphemeral.attack.seconds}; see {@link AttackIT}.
 */
@Tag("attack")
final class AwsAttackIT {
  private static final Duration LENGTH =
      Duration.ofSeconds(Integer.getInteger("eksphemeral.attack.seconds", 120));
  private static final int CLIENTS = 3;
  private static final String RECORDS = "eks-cluster-meta";

  /** How long a killed function may still be felt. */
  private static final Duration FELT = Duration.ofSeconds(5);

  private static final Duration PAUSE = Duration.ofSeconds(6);

  /** How long the last ones may take, of which killed tasks are tried again after some minutes. */
  private static final Duration ENDING = Duration.ofMinutes(15);

  private static final List<Broken> KINDS =
      List.of(Broken.CORRUPT, Broken.EMPTY, Broken.FUTURE, Broken.LARGE);

  @TempDir Path scratch;
  private final long seed = Long.getLong("eksphemeral.attack.seed", Instant.now().toEpochMilli());
  private final Random random = new Random(seed);
  private final Trouble trouble = new Trouble();
  private final ApiClients clients =
      new ApiClients(this::send, new ApiClients.Habits(Duration.ofSeconds(3), 4, 3), trouble);
  private final Map<ClusterId, Broken> planted = new HashMap<>();
  private final Map<Blow, Integer> blows = new EnumMap<>(Blow.class);
  private final AtomicInteger calls = new AtomicInteger();
  private String api = "";
  private EmulatedAws aws;

  /** What is done to it. */
  private enum Blow {
    FUNCTION_KILLED,
    CONTAINER_KILLED,
    RECORD_BROKEN
  }

  @BeforeEach
  void anAccount() throws IOException {
    aws = new EmulatedAws(scratch);
  }

  @AfterEach
  void itsEnd() throws IOException {
    aws.close();
  }

  @Test
  void nothingIsLostAndNothingForeignIsTouched() throws Exception {
    Scripts scripts =
        aws.scripts()
            .with("EKSPHEMERAL_SVC_BUCKET", "eks-svc")
            .with("EKSPHEMERAL_CLUSTERMETA_BUCKET", RECORDS);
    scripts.run("eksp-up.sh", "--max-clusters", "100", "--max-clusters-per-asker", "100").exits(0);
    api = output("EKSphemeralAPIEndpoint").replaceFirst("/$", "");
    makeForeignCluster();

    attack();
    clients.haveNothingToComplainOf();
    clients.seeAllThatIsBroken();
    for (ClusterId id : planted.keySet()) {
      clients.mends(id);
      aws.call("s3api", "delete-object", "--bucket", RECORDS, "--key", id + ".json").exits(0);
    }
    awaitTheEndOfAll();

    clients.gotWhatTheyWerePromised(this::archived);
    assertThat(aws.inventory()).containsExactly("cluster " + ApiClients.THEIRS);
    scripts.run("eksp-down.sh").exits(0);
  }

  private void attack() throws Exception {
    Instant end = Instant.now().plus(LENGTH);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        ApiClients all = clients) {
      all.start(CLIENTS, random, threads);
      while (Instant.now().isBefore(end)) {
        Thread.sleep(random.nextLong(PAUSE.toMillis()));
        strike(Blow.values()[random.nextInt(Blow.values().length)]);
      }
      all.stop();
    }
    Results.write(
        "aws",
        "the edition in AWS, in the emulated account",
        LENGTH,
        seed,
        blows,
        planted.values(),
        clients);
  }

  private void strike(Blow blow) throws Exception {
    switch (blow) {
      case FUNCTION_KILLED -> {
        trouble.begins();
        count(blow, kill("AWSLambda"));
        Thread.sleep(FELT.toMillis());
        trouble.ends();
      }
      case CONTAINER_KILLED -> count(blow, kill("(prepare|report|teardown)[.]sh|eksctl[.]py"));
      case RECORD_BROKEN -> {
        plant(KINDS.get(random.nextInt(KINDS.size())));
        count(blow, true);
      }
    }
  }

  private void count(Blow blow, boolean happened) {
    if (happened) {
      blows.merge(blow, 1, Integer::sum);
    }
  }

  /** Kills one of the account's programs that are called so; tells whether there was one. */
  private boolean kill(String called) {
    Pattern pattern = Pattern.compile(called);
    List<ProcessHandle> some =
        aws.programs()
            .filter(one -> pattern.matcher(one.info().commandLine().orElse("")).find())
            .toList();
    return !some.isEmpty() && some.get(random.nextInt(some.size())).destroyForcibly();
  }

  private void plant(Broken how) throws Exception {
    ClusterId id = ClusterId.generate(Instant.now(), random);
    Path file = Files.write(scratch.resolve("planted"), how.bytes());
    aws.call(
            "s3api",
            "put-object",
            "--bucket",
            RECORDS,
            "--key",
            id + ".json",
            "--body",
            file.toString())
        .exits(0);
    planted.put(id, how);
    clients.breaks(id, how);
  }

  private ApiClients.Answer send(String method, String path, String body, String key)
      throws IOException, InterruptedException {
    Path sent = Files.writeString(scratch.resolve("body" + calls.incrementAndGet()), body);
    List<String> command =
        new ArrayList<>(
            List.of(
                "curl",
                "-s",
                "-X",
                method,
                "--max-time",
                "60",
                "-w",
                "\n%{http_code}",
                "--aws-sigv4",
                "aws:amz:" + aws.variable("AWS_REGION") + ":execute-api",
                "--user",
                aws.variable("AWS_ACCESS_KEY_ID") + ":" + aws.variable("AWS_SECRET_ACCESS_KEY")));
    if (!method.equals("GET")) {
      command.addAll(List.of("-H", "Content-Type: application/json", "--data-binary", "@" + sent));
    }
    if (!key.isEmpty()) {
      command.addAll(List.of("-H", "Idempotency-Key: " + key));
    }
    command.add(api + path);
    Process curl =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String said;
    try (var lines = curl.inputReader()) {
      said = lines.readAllAsString();
    }
    int code = curl.waitFor();
    Files.delete(sent);
    int last = said.lastIndexOf('\n');
    if (code != 0 || last < 0) {
      throw new IOException("curl ended with " + code);
    }
    return new ApiClients.Answer(
        Integer.parseInt(said.substring(last + 1)), said.substring(0, last));
  }

  /** What is on record is asked to end, as often as it takes. */
  private void awaitTheEndOfAll() throws Exception {
    Instant latest = Instant.now().plus(ENDING);
    JsonNode ids = send("GET", "/status", "", "").json();
    while (!ids.isArray() || !ids.isEmpty()) {
      assertThat(Instant.now()).as("now, with " + ids).isBefore(latest);
      for (JsonNode id : ids) {
        send("POST", "/destroy/" + id.asText(), "", "");
      }
      Thread.sleep(PAUSE.toMillis());
      ids = send("GET", "/status", "", "").json();
    }
  }

  private JsonNode archived(ClusterId id) throws IOException {
    try {
      return aws.aws("s3", "cp", "s3://%s/gone/%s.json".formatted(RECORDS, id), "-");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private void makeForeignCluster() throws Exception {
    List<String> subnets = new ArrayList<>();
    aws.aws("ec2", "describe-subnets")
        .path("Subnets")
        .forEach(one -> subnets.add(one.path("SubnetId").asText()));
    JsonNode role =
        aws.aws(
            "cloudformation",
            "describe-stack-resource",
            "--stack-name",
            "eksp",
            "--logical-resource-id",
            "ServiceRole");
    aws.aws(
        "eks",
        "create-cluster",
        "--name",
        ApiClients.THEIRS,
        "--kubernetes-version",
        "1.35",
        "--role-arn",
        "arn:aws:iam::123456789012:role/"
            + role.path("StackResourceDetail").path("PhysicalResourceId").asText(),
        "--resources-vpc-config",
        "subnetIds=" + String.join(",", subnets.subList(0, 2)));
  }

  private String output(String name) throws Exception {
    for (JsonNode one :
        aws.aws("cloudformation", "describe-stacks", "--stack-name", "eksp")
            .path("Stacks")
            .path(0)
            .path("Outputs")) {
      if (one.path("OutputKey").asText().equals(name)) {
        return one.path("OutputValue").asText();
      }
    }
    throw new AssertionError("no output " + name);
  }
}
