package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the test in the emulated account leans on, where the emulator was given what it lacks: that
 * tasks go as ECS documents it, and that nobody does what no policy allows. And that the account
 * does not start where the emulator is not the one that it was written for.
 */
@Tag("account")
class EmulatedAwsIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String AWS_CLI = "public.ecr.aws/aws-cli/aws-cli:2.36.46";
  private static final String LOG = "/tasks";

  @TempDir private static Path scratch;
  private static EmulatedAws aws;

  /** How a container ended: with no exit code if it was never begun. */
  private record Ended(String name, String exit) {}

  @BeforeAll
  static void up() throws Exception {
    aws = new EmulatedAws(scratch);
    aws.aws("ecs", "create-cluster", "--cluster-name", "tasks");
    aws.call("logs", "create-log-group", "--log-group-name", LOG).exits(0);
    role("task", "ecs-tasks.amazonaws.com");
    aws.call(
            "iam",
            "put-role-policy",
            "--role-name",
            "task",
            "--policy-name",
            "buckets",
            "--policy-document",
            policy("s3:ListAllMyBuckets", "*"))
        .exits(0);
  }

  @AfterAll
  static void down() throws IOException {
    if (aws != null) {
      aws.close();
    }
  }

  @Test
  void aContainerWhoseDependencyFailedIsNotStartedAndCountsAsComplete() throws Exception {
    JsonNode task =
        ended(
            run(
                "task",
                container("first", false, "exit 7"),
                after("second", false, "first", "SUCCESS", "exit 0"),
                after("last", true, "second", "COMPLETE", "exit 3")));

    assertThat(containers(task))
        .containsExactly(
            new Ended("first", "7"), new Ended("second", "143"), new Ended("last", "3"));
    assertThat(task.path("stopCode").asText()).isEqualTo("EssentialContainerExited");
  }

  @Test
  void theEndOfAnEssentialContainerIsThatOfAll() throws Exception {
    JsonNode task =
        ended(
            run(
                "task",
                container("endless", false, "sleep 600"),
                after("essential", true, "endless", "START", "exit 0")));

    assertThat(containers(task))
        .containsExactly(new Ended("endless", "143"), new Ended("essential", "0"));
  }

  @Test
  void whoIsStoppedIsNoMoreListedAndEnds() throws Exception {
    String task = run("task", container("deaf", true, "trap '' TERM; while :; do sleep 1; done"));
    Scripts.until("that the container runs", () -> status(task).equals("RUNNING"));

    aws.call("ecs", "stop-task", "--cluster", "tasks", "--task", task, "--reason", "enough")
        .exits(0);

    assertThat(aws.aws("ecs", "list-tasks", "--cluster", "tasks").path("taskArns").toString())
        .doesNotContain(task);
    JsonNode stopped = ended(task);
    assertThat(stopped.path("stopCode").asText()).isEqualTo("UserInitiated");
    assertThat(stopped.path("stoppedReason").asText()).isEqualTo("enough");
    assertThat(containers(stopped)).containsExactly(new Ended("deaf", "137"));
  }

  @Test
  void anImageThatCannotBePulledLeavesNoExitCode() throws Exception {
    ObjectNode container = container("only", true, "exit 0");
    container.put("image", "nobody/nothing:1");

    JsonNode task = ended(run("task", container));

    assertThat(task.path("stoppedReason").asText()).startsWith("CannotPullContainerError");
    assertThat(containers(task)).containsExactly(new Ended("only", ""));
  }

  @Test
  void aTaskIsItsRoleAndHasNoKeys() throws Exception {
    String task =
        run(
            "task",
            container(
                "only",
                true,
                "aws sts get-caller-identity --query Arn --output text; set | cut -d = -f 1;"
                    + " aws s3api list-buckets >/tmp/nowhere/x; aws iam list-users; aws s3api"
                    + " list-buckets --query 'Buckets[0]'"));

    String log = log(task, ended(task));

    assertThat(log)
        .contains(":assumed-role/task/" + task.replaceFirst(".*/", ""))
        .contains("is not authorized to perform: iam:ListUsers")
        .endsWith("null\n")
        .doesNotContain("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");
  }

  @Test
  void aRoleThatDoesNotTrustTasksIsNotAssumed() throws Exception {
    role("lambdas", "lambda.amazonaws.com");

    JsonNode task = ended(run("lambdas", container("only", true, "exit 0")));

    assertThat(task.path("stoppedReason").asText()).contains("unable to assume the role");
  }

  @Test
  void whoMayNotPassARoleCannotRunATaskWithIt() throws Exception {
    aws.aws("iam", "create-user", "--user-name", "bob");
    aws.call(
            "iam",
            "put-user-policy",
            "--user-name",
            "bob",
            "--policy-name",
            "run",
            "--policy-document",
            policy("ecs:RunTask", "*"))
        .exits(0);
    JsonNode key = aws.aws("iam", "create-access-key", "--user-name", "bob").path("AccessKey");

    Scripts.Outcome outcome =
        aws.cli()
            .with("AWS_ACCESS_KEY_ID", key.path("AccessKeyId").asText())
            .with("AWS_SECRET_ACCESS_KEY", key.path("SecretAccessKey").asText())
            .run("aws", runTask(register("task", container("only", true, "exit 0"))));

    outcome.exits(255).says("is not authorized to perform: iam:PassRole");
  }

  @ParameterizedTest
  @CsvSource({
    "log-group:/tasks:log-stream:*, ResourceNotFoundException",
    "log-group:/tasks, AccessDenied"
  })
  void whoReadsALogIsAskedForItsStream(String granted, String answer) throws Exception {
    role("reader", "ecs-tasks.amazonaws.com");
    aws.call(
            "iam",
            "put-role-policy",
            "--role-name",
            "reader",
            "--policy-name",
            "log",
            "--policy-document",
            policy("logs:GetLogEvents", "arn:aws:logs:us-east-2:123456789012:" + granted))
        .exits(0);

    String task =
        run(
            "reader",
            container(
                "only",
                true,
                "aws logs get-log-events --log-group-name /tasks --log-stream-name none 2>&1"));

    assertThat(log(task, ended(task))).contains(answer);
    aws.call("iam", "delete-role-policy", "--role-name", "reader", "--policy-name", "log").exits(0);
    aws.call("iam", "delete-role", "--role-name", "reader").exits(0);
  }

  @ParameterizedTest
  @CsvSource({"logs:PutLogEvents, false", "logs:CreateLogGroup, true"})
  void aFunctionCreatesItsLogGroupOnlyIfItsRoleMay(String action, boolean created)
      throws Exception {
    String name = action.replaceFirst(".*:", "");
    role(name, "lambda.amazonaws.com");
    String[] grant = {"iam", "put-role-policy", "--role-name", name, "--policy-name", "log"};
    aws.call(with(grant, "--policy-document", policy(action, "*"))).exits(0);
    Path code = scratch.resolve(name + ".zip");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(code))) {
      zip.putNextEntry(new ZipEntry("code.py"));
      zip.write("def handler(event, context): print('hello')".getBytes(StandardCharsets.UTF_8));
    }
    String[] create = {"lambda", "create-function", "--function-name", name, "--zip-file"};
    aws.call(
            with(
                create,
                "fileb://" + code,
                "--runtime",
                "python3.12",
                "--handler",
                "code.handler",
                "--role",
                "arn:aws:iam::123456789012:role/" + name,
                "--logging-config",
                "LogGroup=/log/" + name))
        .exits(0);

    aws.call("lambda", "invoke", "--function-name", name, scratch.resolve("answer").toString())
        .exits(0);

    assertThat(
            aws.aws("logs", "describe-log-groups", "--log-group-name-prefix", "/log/" + name)
                .path("logGroups"))
        .hasSize(created ? 1 : 0);
  }

  private static String[] with(String[] words, String... more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new);
  }

  @Test
  void aStackWithATagTwiceIsRefused() throws Exception {
    String[] create = {
      "cloudformation",
      "create-stack",
      "--stack-name",
      "twice",
      "--template-body",
      "{\"Resources\": {\"Topic\": {\"Type\": \"AWS::SNS::Topic\"}}}",
      "--tags",
      "Key=a,Value=1",
      "Key=b,Value=1",
      "Key=a,Value=1"
    };

    aws.call(create).exits(255).says("ValidationError", "Tags contain duplicate keys");
    aws.call(Arrays.copyOf(create, create.length - 1)).exits(0);
  }

  @Test
  void aClusterIsWhatEksMakesOfIt() throws Exception {
    role("control-plane", "eks.amazonaws.com");
    String subnets = aws.aws("ec2", "describe-subnets").at("/Subnets/0/SubnetId").asText();

    String group =
        aws.aws(
                "eks",
                "create-cluster",
                "--name",
                "grouped",
                "--kubernetes-version",
                "1.35",
                "--role-arn",
                "arn:aws:iam::123456789012:role/control-plane",
                "--resources-vpc-config",
                "subnetIds=" + subnets)
            .at("/cluster/resourcesVpcConfig/clusterSecurityGroupId")
            .asText();

    JsonNode made =
        aws.aws("ec2", "describe-security-groups", "--group-ids", group).at("/SecurityGroups/0");
    assertThat(made.path("GroupName").asText()).startsWith("eks-cluster-sg-grouped-");
    assertThat(made.path("Tags").findValuesAsText("Key"))
        .contains("aws:eks:cluster-name", "kubernetes.io/cluster/grouped");
    // It is where kubectl looks.
    Path home = Files.createDirectories(scratch.resolve("home of bob"));
    Path own = home.resolve("own");
    String[] update = {"eks", "update-kubeconfig", "--name", "grouped", "--alias", "grouped"};
    aws.cli().with("HOME", home.toString()).run("aws", update).exits(0);
    assertThat(home.resolve(".kube/config")).content().contains("grouped");
    aws.cli()
        .with("HOME", home.toString())
        .with("KUBECONFIG", own.toString())
        .run("aws", update)
        .exits(0);
    assertThat(own).content().contains("grouped");

    aws.call("eks", "delete-cluster", "--name", "grouped").exits(0);
    aws.call("ec2", "describe-security-groups", "--group-ids", group)
        .exits(255)
        .says("InvalidGroup.NotFound");
  }

  @Test
  void whatItWasNotWrittenForIsNotStarted() throws Exception {
    Path root = Scripts.checkout();
    Path account = Files.createDirectories(scratch.resolve("other"));
    Process process =
        new ProcessBuilder(
                root.resolve(".emulator/bin/python").toString(),
                "-B",
                "-c",
                """
                import sys
                sys.argv = ["account.py", sys.argv[1], sys.argv[2]]
                import ministack.services.ecs as ecs
                ecs._sanitize = ecs._iso
                exec(open(sys.argv[2]).read(), {"__file__": sys.argv[2], "__name__": "__main__"})
                """,
                account.toString(),
                root.resolve("svc/src/test/account/account.py").toString())
            .redirectErrorStream(true)
            .redirectOutput(account.resolve("log").toFile())
            .start();

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(1);
    assertThat(account.resolve("log"))
        .content()
        .contains("ministack.services.ecs._iso is not what it was (");
  }

  // --- tasks ---

  private static void role(String name, String service) throws Exception {
    String trust =
        """
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
          "Principal": {"Service": "%s"}}]}\
        """
            .formatted(service);
    aws.aws("iam", "create-role", "--role-name", name, "--assume-role-policy-document", trust);
  }

  private static String policy(String action, String resource) {
    return """
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "%s", "Resource": "%s"}]}\
    """
        .formatted(action, resource);
  }

  private static ObjectNode container(String name, boolean essential, String command) {
    ObjectNode container = JSON.createObjectNode();
    container.put("name", name).put("image", AWS_CLI).put("essential", essential);
    container.putArray("entryPoint").add("/bin/bash").add("-c");
    container.putArray("command").add(command);
    container
        .putArray("environment")
        .addObject()
        .put("name", "AWS_REGION")
        .put("value", "us-east-2");
    ((ArrayNode) container.path("environment"))
        .addObject()
        .put("name", "AWS_DEFAULT_REGION")
        .put("value", "us-east-2");
    ObjectNode log = container.putObject("logConfiguration").put("logDriver", "awslogs");
    log.putObject("options")
        .put("awslogs-group", LOG)
        .put("awslogs-region", "us-east-2")
        .put("awslogs-stream-prefix", "x");
    return container;
  }

  private static ObjectNode after(
      String name, boolean essential, String other, String condition, String command) {
    ObjectNode container = container(name, essential, command);
    container
        .putArray("dependsOn")
        .addObject()
        .put("containerName", other)
        .put("condition", condition);
    return container;
  }

  private static String register(String role, ObjectNode... containers) throws Exception {
    return aws.aws(
            "ecs",
            "register-task-definition",
            "--family",
            "any",
            "--requires-compatibilities",
            "FARGATE",
            "--network-mode",
            "awsvpc",
            "--cpu",
            "256",
            "--memory",
            "512",
            "--task-role-arn",
            "arn:aws:iam::123456789012:role/" + role,
            "--container-definitions",
            JSON.valueToTree(List.of(containers)).toString())
        .path("taskDefinition")
        .path("taskDefinitionArn")
        .asText();
  }

  private static String[] runTask(String definition) {
    return new String[] {
      "ecs",
      "run-task",
      "--cluster",
      "tasks",
      "--task-definition",
      definition,
      "--launch-type",
      "FARGATE",
      "--network-configuration",
      "awsvpcConfiguration={subnets=[subnet-1]}"
    };
  }

  /** Runs a task; gives its ARN. */
  private static String run(String role, ObjectNode... containers) throws Exception {
    return aws.aws(runTask(register(role, containers)))
        .path("tasks")
        .path(0)
        .path("taskArn")
        .asText();
  }

  private static JsonNode described(String task) throws Exception {
    return aws.aws("ecs", "describe-tasks", "--cluster", "tasks", "--tasks", task)
        .path("tasks")
        .path(0);
  }

  private static String status(String task) {
    try {
      return described(task).path("lastStatus").asText();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static JsonNode ended(String task) throws Exception {
    Scripts.until("that " + task + " stopped", () -> status(task).equals("STOPPED"));
    return described(task);
  }

  private static List<Ended> containers(JsonNode task) {
    return StreamSupport.stream(task.path("containers").spliterator(), false)
        .map(one -> new Ended(one.path("name").asText(), one.path("exitCode").asText()))
        .toList();
  }

  private static String log(String task, JsonNode ended) throws Exception {
    assertThat(ended.path("lastStatus").asText()).isEqualTo("STOPPED");
    StringBuilder lines = new StringBuilder();
    aws.aws(
            "logs",
            "get-log-events",
            "--log-group-name",
            LOG,
            "--log-stream-name",
            "x/only/" + task.replaceFirst(".*/", ""))
        .path("events")
        .forEach(event -> lines.append(event.path("message").asText()).append('\n'));
    return lines.toString();
  }
}
