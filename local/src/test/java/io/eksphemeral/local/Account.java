package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * An AWS account for the commands: programs that stand in for the aws CLI and for curl, in a PATH
 * that has nothing else but what the commands need; and a copy of the commands beside which nothing
 * has to be built.
 */
final class Account implements AutoCloseable {
  static final String KEY = "AKIAIOSFODNN7EXAMPLE";
  static final String SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  static final String TOKEN = "FwoGZXIvYXdzEJr//////////wEaDEXAMPLE+TOKEN==";
  static final String SERVICE_BUCKET = "alices-eks-svc";
  static final String CLUSTER_BUCKET = "alices-eks-cluster-meta";

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String STAND_INS = "/stand-ins/";

  private final Path folder;
  private final Path root;
  private final Path tools;
  private final SignedApi api;
  private final Scripts scripts;
  private int rules = 999;

  Account(Path scratch) throws IOException {
    folder = scratch.resolve("account");
    Files.createDirectories(folder.resolve("rules"));
    root = copyOfTheCommands(scratch.resolve("my commands"));
    tools = Scripts.tools(scratch);
    for (String tool : List.of("cp", "grep", "sha256sum", "xargs")) {
      Files.createSymbolicLink(tools.resolve(tool), Scripts.onPath(tool));
    }
    Files.move(tools.resolve("curl"), folder.resolve("curl"));
    standIn("aws", resource("aws.sh"));
    standIn("curl", resource("curl.sh"));
    standIn("sleep", "#!/bin/sh\n");
    api = new SignedApi();
    write("api", api.endpoint() + "/");
    credentials(KEY, SECRET, TOKEN);
    write("roles", "");
    write("identities.json", "{\"VerificationAttributes\": {}}");
    write(
        "vpcs.json",
        """
        {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": true}, {"VpcId": "vpc-2", "IsDefault": false}]}
        """);
    write(
        "subnets.json",
        """
        {"Subnets": [
          {"SubnetId": "subnet-b1", "VpcId": "vpc-1", "MapPublicIpOnLaunch": true, "AvailabilityZoneId": "use2-az2"},
          {"SubnetId": "subnet-a1", "VpcId": "vpc-1", "MapPublicIpOnLaunch": true, "AvailabilityZoneId": "use2-az1"},
          {"SubnetId": "subnet-c1", "VpcId": "vpc-1", "MapPublicIpOnLaunch": false, "AvailabilityZoneId": "use2-az3"},
          {"SubnetId": "subnet-a2", "VpcId": "vpc-2", "MapPublicIpOnLaunch": false, "AvailabilityZoneId": "use2-az1"}]}
        """);
    groups(
        "sg-11111111 vpc-1 -1 0.0.0.0/0",
        "sg-11111112 vpc-1 -1 0.0.0.0/0",
        "sg-22222222 vpc-2 -1 0.0.0.0/0");
    scripts =
        Scripts.in(root, scratch)
            .with("PATH", tools.toString())
            .with("ACCOUNT", folder.toString())
            .with("AWS_REGION", "us-east-2")
            .with("EKSPHEMERAL_SVC_BUCKET", SERVICE_BUCKET)
            .with("EKSPHEMERAL_CLUSTERMETA_BUCKET", CLUSTER_BUCKET);
  }

  /**
   * The security groups that there are from now on.
   *
   * @param groups an id, its VPC, and what it lets out: nothing, or a protocol and a destination,
   *     for TCP between two with ports, as in {@code tcp 443 443 0.0.0.0/0}
   */
  Account groups(String... groups) throws IOException {
    ObjectNode all = JSON.createObjectNode();
    for (String group : groups) {
      String[] words = group.split(" ", -1);
      ObjectNode one = all.withArray("SecurityGroups").addObject();
      one.put("GroupId", words[0]).put("VpcId", words[1]).putArray("IpPermissions");
      ArrayNode out = one.putArray("IpPermissionsEgress");
      if (words.length > 2) {
        ObjectNode rule = out.addObject().put("IpProtocol", words[2]);
        if (words.length > 4) {
          rule.put("FromPort", Integer.parseInt(words[3]))
              .put("ToPort", Integer.parseInt(words[4]));
        }
        rule.putArray("IpRanges").addObject().put("CidrIp", words[words.length - 1]);
      }
    }
    return write("groups.json", all.toString());
  }

  Scripts scripts() {
    return scripts;
  }

  /** Where the copy of the commands is. */
  Path root() {
    return root;
  }

  /** Where the programs are that the commands find. */
  Path tools() {
    return tools;
  }

  SignedApi api() {
    return api;
  }

  /** What is kept of the account, by its path. */
  Path file(String path) {
    return folder.resolve(path);
  }

  Account write(String path, String text) throws IOException {
    Files.createDirectories(file(path).getParent());
    Files.writeString(file(path), text);
    return this;
  }

  /** The credentials that the aws CLI hands out from now on. */
  Account credentials(String key, String secret, String token) throws IOException {
    return write(
        "credentials.json",
        """
        {"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "SessionToken": "%s"}
        """
            .formatted(key, secret, token));
  }

  /**
   * Lets the aws CLI do something else for some calls. What was said last counts.
   *
   * @param pattern of bash, for all that comes after {@code aws}
   */
  Account on(String pattern, String bash) throws IOException {
    return write("rules/%03d".formatted(rules--), "# " + pattern + "\n" + bash + "\n");
  }

  /** Lets it answer. */
  Account answers(String pattern, String json) throws IOException {
    return on(pattern, "cat <<'END'\n" + json + "\nEND");
  }

  /** Lets AWS refuse. */
  Account refuses(String pattern, String code, String message) throws IOException {
    return on(pattern, "error %s %s".formatted(quoted(code), quoted(message)));
  }

  /** Lets the CLI itself fail, before AWS has heard of it. */
  Account fails(String pattern, String message) throws IOException {
    return on(pattern, "echo %s >&2; exit 255".formatted(quoted(message)));
  }

  /** Puts another program into the place of one of the tools. */
  void standIn(String tool, String program) throws IOException {
    Files.deleteIfExists(tools.resolve(tool));
    program(tools.resolve(tool), program);
  }

  /** Writes a program. */
  void program(Path file, String text) throws IOException {
    Path source = Files.writeString(Files.createTempFile(folder, "program", ""), text);
    run("install", "-m", "755", source.toString(), file.toString());
  }

  /**
   * A program that this process writes may not be started for as long as any process that has just
   * been forked from this one, by another test, still has it open. So others write programs.
   */
  private static void run(String... command) throws IOException {
    try {
      assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Puts another curl into the place of that of this machine. */
  void curl(Path program) throws IOException {
    Files.delete(folder.resolve("curl"));
    Files.createSymbolicLink(folder.resolve("curl"), program);
  }

  /** What curl is to do in the place of curl. */
  void curlDoes(String bash) throws IOException {
    write("curl.does", bash + "\n");
  }

  /** A stack of the installation, as CloudFormation knows it. */
  Account stack(String status, String... parameters) throws IOException {
    ObjectNode stack = JSON.createObjectNode();
    ObjectNode only = stack.putArray("Stacks").addObject();
    only.put("StackId", "arn:aws:cloudformation:us-east-2:123456789012:stack/eksp/1")
        .put("StackName", "eksp")
        .put("StackStatus", status);
    Stream.concat(
            Stream.of("ServiceBucket=" + SERVICE_BUCKET, "ClusterBucket=" + CLUSTER_BUCKET),
            Arrays.stream(parameters))
        .map(pair -> pair.split("=", 2))
        .forEach(pair ->
            only.withArray("Parameters")
                .addObject()
                .put("ParameterKey", pair[0])
                .put("ParameterValue", pair[1]));
    only.putArray("Outputs")
        .addObject()
        .put("OutputKey", "EKSphemeralAPIEndpoint")
        .put("OutputValue", api.endpoint());
    return write("stack.json", stack.toString());
  }

  /** The stack, as CloudFormation has it now. */
  JsonNode stack() throws IOException {
    return JSON.readTree(file("stack.json").toFile()).path("Stacks").path(0);
  }

  /** A parameter of the stack. */
  String parameter(String name) throws IOException {
    for (JsonNode parameter : stack().path("Parameters")) {
      if (parameter.path("ParameterKey").asText().equals(name)) {
        return parameter.path("ParameterValue").asText();
      }
    }
    throw new AssertionError("no parameter " + name);
  }

  /** An object in a bucket, which is made with it. */
  Account object(String bucket, String key, String text) throws IOException {
    return write("buckets/" + bucket + "/objects/" + key, text);
  }

  /** Every call of the aws CLI so far, as a line. */
  List<String> calls() throws IOException {
    return lines("aws.calls");
  }

  /**
   * The calls of the aws CLI that changed something, or could have; an object that the preflight
   * writes and removes again is no change, see {@link #testObjects}.
   */
  List<String> changes() throws IOException {
    return calls().stream()
        .filter(call ->
            !call.matches(
                "(--version|configure (get|export)|\\S+ (get|list|describe|head)-|"
                    + "cloudformation package|s3 cp s3:|s3api (put|delete)-object .*/preflight-).*"))
        .toList();
  }

  /** Versions and delete markers that are left of the objects by which writing is tested. */
  List<String> testObjects() throws IOException {
    List<String> left = new ArrayList<>();
    for (String bucket : List.of(SERVICE_BUCKET, CLUSTER_BUCKET)) {
      left.addAll(lines("buckets/" + bucket + "/versions"));
    }
    left.removeIf(line -> !line.contains("/preflight-"));
    return left;
  }

  void forgetCalls() throws IOException {
    Files.deleteIfExists(file("aws.calls"));
    Files.deleteIfExists(file("curl.calls"));
  }

  /** Every call of curl so far, as a line. */
  List<String> curls() throws IOException {
    return lines("curl.calls");
  }

  /**
   * Checks what holds whatever a test does: nobody who lists processes saw a secret, and nothing
   * was asked that a real CLI might not have understood.
   */
  @Override
  public void close() throws IOException {
    api.close();
    assertThat(lines("aws.unexpected")).as("calls that nobody has thought of").isEmpty();
    assertThat(Stream.concat(calls().stream(), curls().stream()))
        .as("arguments, which everybody on the machine can see")
        .noneMatch(call -> call.contains(SECRET) || call.contains(TOKEN));
    assertThat(Path.of(scripts.value("TMPDIR"))).as("scratch folders").isEmptyDirectory();
    try (Stream<Path> files = Files.walk(folder.resolveSibling("."))) {
      assertThat(files.filter(Files::isRegularFile).filter(Account::hasSecret))
          .as("files, what was said among them")
          .allMatch(file -> file.endsWith("credentials.json"));
    }
  }

  private static boolean hasSecret(Path file) {
    try {
      String text = Files.readString(file, StandardCharsets.ISO_8859_1);
      return text.contains(SECRET) || text.contains(TOKEN);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> lines(String path) throws IOException {
    return Files.exists(file(path)) ? Files.readAllLines(file(path)) : List.of();
  }

  private static Path copyOfTheCommands(Path copy) throws IOException {
    Path checkout = Scripts.checkout();
    for (String part : List.of("lib", "svc/task")) {
      Files.createDirectories(copy.resolve(part));
      try (var files = Files.list(checkout.resolve(part))) {
        for (Path file : files.toList()) {
          Files.copy(file, copy.resolve(part).resolve(file.getFileName()));
        }
      }
    }
    for (String command : Scripts.ALL) {
      run("cp", checkout.resolve(command).toString(), copy.toString());
    }
    for (String spec : List.of("default-cc.json", "2node-135-30.json")) {
      Files.copy(checkout.resolve("svc").resolve(spec), copy.resolve("svc").resolve(spec));
    }
    Files.writeString(copy.resolve("template.yaml"), resource("template.yaml"));
    for (String module : List.of("svc", "local")) {
      Files.createDirectories(copy.resolve(module).resolve("src/main"));
      Files.writeString(copy.resolve(module).resolve("pom.xml"), "");
    }
    Files.writeString(copy.resolve("pom.xml"), "");
    Files.createDirectories(copy.resolve("svc/target"));
    Files.writeString(copy.resolve("svc/target/eksphemeral-lambda.jar"), "the code");
    return copy;
  }

  private static String resource(String name) throws IOException {
    try (var in = Account.class.getResourceAsStream(STAND_INS + name)) {
      if (in == null) {
        throw new UncheckedIOException(new IOException("no resource " + name));
      }
      return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
