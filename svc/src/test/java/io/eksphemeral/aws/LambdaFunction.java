package io.eksphemeral.aws;

import io.eksphemeral.aws.RuntimeApi.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A function as Lambda runs it: the jar unpacked, no other class of the project, a process of its
 * own under Lambda's runtime client. AWS is wherever the environment says.
 */
final class LambdaFunction implements AutoCloseable {
  static final Path JAR = Path.of("target", "eksphemeral-lambda.jar");

  /** What Lambda itself has on the class path. */
  private static final Path RUNTIME = Path.of("target", "lambda-runtime");

  private static final String CLIENT = "com.amazonaws.services.lambda.runtime.api.client";
  private static final long SECONDS = 60;

  private final RuntimeApi api = new RuntimeApi();
  private final Process process;
  private final Path log = Files.createTempFile("function", ".log");
  private final Path library = Files.createTempFile("function", ".so");

  /** How a function comes to be ready. */
  enum Start {
    ON_DEMAND("on-demand"),
    SNAP_START("snap-start");

    private final String text;

    Start(String text) {
      this.text = text;
    }
  }

  /**
   * Starts a function.
   *
   * @param code the folder of the unpacked jar
   * @param options further options of the JVM
   */
  LambdaFunction(
      Path code, String handler, Start start, Map<String, String> environment, String... options)
      throws IOException {
    unpackLibrary();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dorg.crac.Core.Compat=com.amazonaws.services.lambda.crac",
                "-D" + CLIENT + ".runtimeapi.NativeClient.JNI=" + library,
                "--add-opens=java.base/java.io=ALL-UNNAMED",
                "--add-opens=java.base/java.net=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", RUNTIME.toAbsolutePath() + "/*", CLIENT + ".AWSLambda", handler));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(code.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    Map<String, String> variables = builder.environment();
    variables.keySet().removeIf(name -> name.startsWith("AWS_") || name.startsWith("EKSPHEMERAL_"));
    variables.put("AWS_LAMBDA_RUNTIME_API", api.address());
    variables.put("AWS_LAMBDA_INITIALIZATION_TYPE", start.text);
    variables.put("AWS_LAMBDA_FUNCTION_NAME", "Func");
    variables.put("AWS_LAMBDA_FUNCTION_VERSION", "1");
    variables.put("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024");
    variables.put("LAMBDA_TASK_ROOT", code.toString());
    variables.put(
        "JAVA_TOOL_OPTIONS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dhttp.maxConnections=64");
    variables.put("AWS_REGION", "us-east-2");
    variables.put("AWS_ACCESS_KEY_ID", "test");
    variables.put("AWS_SECRET_ACCESS_KEY", "test");
    variables.putAll(environment);
    process = builder.start();
    Thread.ofVirtual()
        .start(() -> {
          process.onExit().join();
          api.fail("the function ended");
        });
  }

  /** What all functions are told by template.yaml, with limits that nothing comes near to. */
  static Map<String, String> environment(String bucket) {
    return Map.of(
        "EKSPHEMERAL_BUCKET", bucket,
        "EKSPHEMERAL_MAX_CLUSTERS", "1000",
        "EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "1000",
        "EKSPHEMERAL_MAX_MINUTES", "1440",
        "EKSPHEMERAL_MAX_WORKERS", "10",
        "EKSPHEMERAL_MAX_DISK", "100",
        "EKSPHEMERAL_INSTANCE_TYPES", "t3.medium,t3a.medium",
        "EKSPHEMERAL_SPOT", "true");
  }

  /** What template.yaml adds for the functions that change clusters. */
  static Map<String, String> changing(String notify, String cluster) {
    return Map.of(
        "EKSPHEMERAL_ECS_CLUSTER", cluster,
        "EKSPHEMERAL_CREATE_TASK", cluster + "-create",
        "EKSPHEMERAL_DESTROY_TASK", cluster + "-destroy",
        "EKSPHEMERAL_SUBNETS", "subnet-1,subnet-2",
        "EKSPHEMERAL_SECURITY_GROUP", "sg-1",
        "EKSPHEMERAL_SERVICE_ROLE", "arn:aws:iam::000000000000:role/eksp-service",
        "EKSPHEMERAL_NODE_ROLE", "arn:aws:iam::000000000000:role/eksp-node",
        "EKSPHEMERAL_CNI_ROLE", "arn:aws:iam::000000000000:role/eksp-cni",
        "EKSPHEMERAL_EBS_CSI_ROLE", "arn:aws:iam::000000000000:role/eksp-ebs-csi",
        "EKSPHEMERAL_NOTIFY_ADDRESS", notify);
  }

  /** Waits until the function has warmed up. */
  void awaitWarmedUp() {
    await(api.warmedUp());
  }

  void restore() {
    api.restore();
  }

  /** How long it may take from now on for each call, as it is told. */
  void timeout(Duration longest) {
    api.timeout(longest);
  }

  /** Calls the function. */
  Answer call(String event) {
    return await(api.invoke(event));
  }

  /** What it has logged so far. */
  String log() throws IOException {
    return Files.readString(log);
  }

  private <T> T await(Future<T> future) {
    try {
      return future.get(SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      String logged;
      try {
        logged = log();
      } catch (IOException unreadable) {
        logged = unreadable.toString();
      }
      throw new IllegalStateException("the function does not answer; its log:\n" + logged, e);
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    api.close();
    Files.delete(log);
    Files.delete(library);
  }

  /**
   * The runtime's own way is to unpack its native part to one place for all, where several that
   * start at a time destroy it for each other.
   */
  private void unpackLibrary() throws IOException {
    String processor = System.getProperty("os.arch").equals("aarch64") ? "aarch_64" : "x86_64";
    Path client;
    try (Stream<Path> jars = Files.list(RUNTIME)) {
      client =
          jars.filter(jar -> jar.getFileName().toString().contains("interface-client"))
              .findFirst()
              .orElseThrow();
    }
    try (ZipFile jar = new ZipFile(client.toFile());
        InputStream content =
            jar.getInputStream(
                jar.getEntry("jni/libaws-lambda-jni.linux-%s.so".formatted(processor)))) {
      Files.copy(content, library, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Unpacks the jar into a folder, as Lambda does. */
  static void unpack(Path file, Path folder) throws IOException {
    try (ZipFile jar = new ZipFile(file.toFile())) {
      Enumeration<? extends ZipEntry> entries = jar.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        Path unpacked = folder.resolve(entry.getName());
        if (entry.isDirectory()) {
          Files.createDirectories(unpacked);
        } else {
          Files.createDirectories(unpacked.getParent());
          try (InputStream content = jar.getInputStream(entry)) {
            Files.copy(content, unpacked);
          }
        }
      }
    }
  }
}
