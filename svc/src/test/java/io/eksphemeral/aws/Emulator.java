package io.eksphemeral.aws;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.opentest4j.TestAbortedException;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.localstack.LocalStackContainer;
import org.testcontainers.utility.DockerImageName;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.ses.SesClient;

/**
 * S3, SES and ECS for the tests, started once for all of them and stopped with the JVM. Where there
 * is Docker, S3 and SES are LocalStack in a container; otherwise, and for ECS always, since the
 * free LocalStack has none, they are the emulator that {@code svc/src/test/install.sh emulator}
 * installs. Without either the tests are skipped, and say so; under CI they fail.
 */
final class Emulator {
  /** The last LocalStack that asks for no token. */
  private static final String LOCALSTACK = "localstack/localstack:4.14.0";

  private static final String MISSING =
      "No emulator to test the adapters for AWS against: these tests are skipped."
          + " svc/src/test/install.sh emulator installs one, with python3 and nothing else.";

  private static final Path SOURCES = Path.of("src", "test", "emulator");
  private static final Path INSTALLED = Path.of("..", ".emulator");
  private static final long SECONDS_TO_START = 60;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private Emulator() {}

  /** Our own emulator, started on first use; if that fails, every later use fails too. */
  private static final class Own {
    static final CompletableFuture<URI> ENDPOINT = attempt(Emulator::startOwn);
  }

  /** What S3 and SES are; LocalStack where there is Docker. */
  private static final class StoreAndMail {
    static final boolean LOCALSTACK = DockerClientFactory.instance().isDockerAvailable();
    static final CompletableFuture<URI> ENDPOINT =
        LOCALSTACK ? attempt(Emulator::startLocalStack) : Own.ENDPOINT;
  }

  /** A client of S3 whose requests go over a wire that a test can watch and disturb. */
  static S3Client s3(FaultyHttpClient wire) {
    return wire.beneath(at(endpoint(StoreAndMail.ENDPOINT), AwsClients.s3()).forcePathStyle(true))
        .build();
  }

  static SesClient ses() {
    return at(endpoint(StoreAndMail.ENDPOINT), AwsClients.ses()).build();
  }

  static EcsClient ecs() {
    return at(endpoint(Own.ENDPOINT), AwsClients.ecs()).build();
  }

  static EcsClient ecs(FaultyHttpClient wire) {
    return wire.beneath(at(endpoint(Own.ENDPOINT), AwsClients.ecs())).build();
  }

  /** What tells the SDK where the emulators are. */
  static Map<String, String> environment() {
    String storeAndMail = endpoint(StoreAndMail.ENDPOINT).toString();
    return Map.of(
        "AWS_ENDPOINT_URL_S3", storeAndMail,
        "AWS_ENDPOINT_URL_SES", storeAndMail,
        "AWS_ENDPOINT_URL_ECS", endpoint(Own.ENDPOINT).toString());
  }

  /** A name that nobody had before, for a bucket, a sender or an ECS cluster. */
  static String newName(String what) {
    return "eksp-%s-%d-%d".formatted(what, ProcessHandle.current().pid(), COUNT.incrementAndGet());
  }

  /** Makes an empty bucket, with a name that nobody had before. */
  static String newBucket(S3Client s3) {
    String name = newName("bucket");
    s3.createBucket(request -> request.bucket(name));
    return name;
  }

  /** All mails that were ever sent, as JSON: in LocalStack's form, or in the emulator's own. */
  static String mails() throws IOException, InterruptedException {
    String path = StoreAndMail.LOCALSTACK ? "/_aws/ses" : "/_ministack/ses/messages";
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(endpoint(StoreAndMail.ENDPOINT).resolve(path)).build(),
              BodyHandlers.ofString())
          .body();
    }
  }

  /** Points a client at an emulator, with credentials that are nobody's. */
  static <B extends AwsClientBuilder<B, C>, C> B at(URI endpoint, B builder) {
    return builder
        .endpointOverride(endpoint)
        .region(Region.US_EAST_2)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")));
  }

  private static URI endpoint(CompletableFuture<URI> started) {
    try {
      return started.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof TestAbortedException missing) {
        if (Boolean.parseBoolean(System.getenv("CI"))) {
          throw new AssertionError("CI skips nothing. " + missing.getMessage(), missing);
        }
        throw missing;
      }
      throw e;
    }
  }

  private static CompletableFuture<URI> attempt(Callable<URI> start) {
    try {
      return CompletableFuture.completedFuture(start.call());
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static boolean isInstalled() throws IOException {
    Path pins = INSTALLED.resolve("requirements.txt");
    return Files.exists(pins) && Files.mismatch(pins, SOURCES.resolve("requirements.txt")) == -1;
  }

  /** Testcontainers removes the container when this JVM is gone. */
  @SuppressWarnings("resource")
  private static URI startLocalStack() {
    LocalStackContainer container =
        new LocalStackContainer(DockerImageName.parse(LOCALSTACK)).withServices("s3", "ses");
    container.start();
    return container.getEndpoint();
  }

  /**
   * Starts the emulator on a free port of the loopback interface. That it is this very process that
   * answers there is known from its own output, which says so once the port is its own. It ends
   * with its standard input, so at the latest when this JVM does.
   */
  private static URI startOwn() throws IOException {
    if (!isInstalled()) {
      System.err.println(MISSING);
      throw new TestAbortedException(MISSING);
    }
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    URI endpoint = URI.create("http://127.0.0.1:" + port);
    ProcessBuilder builder =
        new ProcessBuilder(
            INSTALLED.resolve("bin").resolve("python").toString(),
            SOURCES.resolve("emulator.py").toString());
    builder.environment().put("GATEWAY_PORT", String.valueOf(port));
    builder.environment().put("BIND_HOST", "127.0.0.1");
    builder.environment().put("LOG_LEVEL", "INFO");
    Process process = builder.redirectErrorStream(true).start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    CompletableFuture<Boolean> listening = new CompletableFuture<>();
    List<String> output = new ArrayList<>();
    Thread.ofVirtual()
        .start(() -> {
          try (BufferedReader lines =
              new BufferedReader(
                  new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
              if (!listening.isDone()) {
                output.add(line);
              }
              if (line.contains("Running on " + endpoint)) {
                listening.complete(true);
              }
            }
            listening.complete(false);
          } catch (IOException e) {
            listening.completeExceptionally(e);
          }
        });
    boolean up = listening.completeOnTimeout(false, SECONDS_TO_START, TimeUnit.SECONDS).join();
    if (!up) {
      process.destroyForcibly();
      throw new IOException("the emulator did not start:\n" + String.join("\n", output));
    }
    return endpoint;
  }
}
