package io.eksphemeral.template;

import static io.eksphemeral.template.Template.functions;
import static io.eksphemeral.template.Template.properties;
import static io.eksphemeral.template.Template.stream;
import static io.eksphemeral.template.Template.target;
import static io.eksphemeral.template.Template.texts;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.InstanceTypePatterns;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.NodeLimits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.OwnerDomains;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.lambda.DestroyClusterHandler;
import io.eksphemeral.lambda.Route;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code template.yaml} must have, whatever it looks like. */
final class TemplateTest {
  /** How long the gateway waits; API Gateway allows 30 seconds. */
  private static final int GATEWAY_MILLISECONDS = 29_000;

  static Set<String> parameters() {
    Set<String> names = new TreeSet<>();
    Template.parameters().fieldNames().forEachRemaining(names::add);
    return names;
  }

  static Set<String> functionNames() {
    return functions().keySet();
  }

  /** The events of a type that call a function, by what they are called. */
  private static Map<String, JsonNode> events(JsonNode function, String type) {
    Map<String, JsonNode> events = new TreeMap<>();
    function
        .path("Events")
        .properties()
        .forEach(event -> {
          if (event.getValue().path("Type").asText().equals(type)) {
            events.put(event.getKey(), event.getValue().path("Properties"));
          }
        });
    return events;
  }

  // --- parameters ---

  @ParameterizedTest
  @MethodSource("parameters")
  void everyParameterIsDescribedAndLimited(String name) {
    JsonNode parameter = Template.parameters().path(name);
    assertThat(parameter.path("Description").asText()).isNotBlank();
    assertThat(parameter.path("ConstraintDescription").asText()).startsWith("must be ");
    assertThat(parameter.path("Type").asText()).isIn("String", "Number");
    if (parameter.path("Type").asText().equals("Number")) {
      assertThat(parameter.path("MinValue").asInt()).isPositive();
      assertThat(parameter.path("Default").asInt())
          .isBetween(parameter.path("MinValue").asInt(), parameter.path("MaxValue").asInt());
    } else if (parameter.has("AllowedValues")) {
      assertThat(texts(parameter.path("AllowedValues")))
          .contains(parameter.path("Default").asText());
    } else {
      Pattern allowed = Pattern.compile(parameter.path("AllowedPattern").asText());
      assertThat(allowed.pattern()).startsWith("^").endsWith("$");
      if (parameter.has("Default")) {
        assertThat(parameter.path("Default").asText()).matches(allowed);
      }
    }
  }

  @Test
  void theLimitsAreThoseOfTheServiceIfNobodySaysOtherwise() {
    assertThat(
            new Limits(
                Template.parameters().path("MaxMinutes").path("Default").asInt(),
                Template.parameters().path("MaxWorkers").path("Default").asInt(),
                Template.parameters().path("MaxClusters").path("Default").asInt(),
                Template.parameters().path("MaxClustersPerAsker").path("Default").asInt(),
                OwnerDomains.parse(
                    Template.parameters().path("OwnerDomains").path("Default").asText()),
                new NodeLimits(
                    new Nodes(
                        List.of(
                            Template.parameters()
                                .path("InstanceTypes")
                                .path("Default")
                                .asText()
                                .split(",")),
                        Template.parameters().path("Spot").path("Default").asBoolean()),
                    InstanceTypePatterns.parse(
                        Template.parameters().path("AllowTypes").path("Default").asText()),
                    Template.parameters().path("MaxDisk").path("Default").asInt())))
        .isEqualTo(Limits.DEFAULT);
  }

  @Test
  void imagesArePinned() {
    assertThat(List.of("AwsCliImage", "EksctlImage"))
        .allSatisfy(image ->
            assertThat(Template.parameters().path(image).path("Default").asText())
                .matches("public[.]ecr[.]aws/.*:v?[0-9]+[.][0-9]+[.][0-9]+"));
  }

  /** What the install asks of a region and of its zones is what this eksctl asks. */
  @Test
  void theInstallKnowsTheRegionsOfTheEksctlThatIsInstalled() throws IOException {
    String version = Template.parameters().path("EksctlImage").path("Default").asText();
    assertThat(Files.readString(Path.of("..", "lib", "eksctl.sh")))
        .contains("\neksctl_version=" + version.replaceFirst(".*:v", "") + "\n");
  }

  @Test
  void theCodeStandsWithEachFunctionWherePackageLooksForIt() {
    assertThat(Template.all(Template.FUNCTION).values())
        .isNotEmpty()
        .allSatisfy(function ->
            assertThat(function.path("CodeUri").asText())
                .isEqualTo("svc/target/eksphemeral-lambda.jar"));
  }

  // --- the API ---

  @Test
  void theRoutesAreThoseThatTheFunctionsKnow() {
    Map<String, String> routes = new TreeMap<>();
    functions()
        .forEach((name, function) ->
            events(function, "HttpApi")
                .values()
                .forEach(event ->
                    routes.put(
                        event.path("Method").asText() + " " + event.path("Path").asText(), name)));
    assertThat(routes)
        .isEqualTo(
            Arrays.stream(Route.values())
                .collect(Collectors.toMap(Route::key, route -> route.function().title())));
  }

  @Test
  void whoAsksIsLogged() {
    JsonNode settings = properties("Api").path("AccessLogSettings");
    assertThat(settings.path("DestinationArn").path("Fn::Sub").asText())
        .isEqualTo(
            "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${ApiLog}");
    assertThat(properties("ApiLog").path("LogGroupName").asText()).startsWith("/aws/vendedlogs/");
    assertThat(settings.path("Format").asText())
        .contains("$context.identity.userArn", "$context.status", "$context.requestId");
  }

  @Test
  void nobodyIsLetInWithoutASignature() {
    assertThat(
            Template.types().filter(type -> type.matches("AWS::(Serverless|ApiGateway.*)::.*Api")))
        .containsExactly("AWS::Serverless::HttpApi");
    JsonNode api = properties("Api");
    assertThat(api.path("Auth").path("EnableIamAuthorizer").asBoolean()).isTrue();
    assertThat(api.path("Auth").path("DefaultAuthorizer").asText()).isEqualTo("AWS_IAM");
    assertThat(api.has("CorsConfiguration")).isFalse();
    assertThat(api.has("DefinitionBody") || api.has("DefinitionUri")).isFalse();
    assertThat(functions().values())
        .allSatisfy(function -> {
          assertThat(function.has("FunctionUrlConfig")).isFalse();
          assertThat(events(function, "HttpApi").values())
              .allSatisfy(event -> {
                assertThat(target(event.path("ApiId"))).isEqualTo("Api");
                assertThat(event.has("Auth")).isFalse();
              });
          assertThat(stream(function.path("Events")).map(event -> event.path("Type").asText()))
              .isSubsetOf("HttpApi", "Schedule", "EventBridgeRule");
        });
    // SAM allows API and rules each to call what they call. Nobody else is allowed anything.
    assertThat(Template.types())
        .doesNotContain(
            "AWS::Lambda::Permission",
            "AWS::Lambda::Url",
            "AWS::SQS::QueuePolicy",
            "AWS::SNS::TopicPolicy",
            "AWS::S3::BucketPolicy");
  }

  @Test
  void theGatewayWaitsLongerThanAFunctionThatAnswersTakes() {
    functions()
        .forEach((name, function) -> {
          assertThat(events(function, "HttpApi").values())
              .isNotEmpty()
              .allSatisfy(event -> {
                assertThat(event.path("TimeoutInMillis").asInt()).isEqualTo(GATEWAY_MILLISECONDS);
                assertThat(event.path("PayloadFormatVersion").asText()).isEqualTo("2.0");
              });
          int seconds = function.path("Timeout").asInt();
          if (name.equals("DestroyClusterFunc")) {
            assertThat(seconds).as("a sweep ends before the next begins").isBetween(60, 299);
          } else {
            assertThat(seconds * 1000).isBetween(20_000, GATEWAY_MILLISECONDS - 1);
          }
        });
  }

  // --- the functions ---

  @ParameterizedTest
  @MethodSource("functionNames")
  void everyFunctionIsRestoredFromASnapshotOfItsVersion(String name) throws Exception {
    JsonNode function = Template.function(name);
    assertThat(function.path("FunctionName").asText()).isEqualTo(name);
    assertThat(function.path("Runtime").asText()).isEqualTo("java25");
    assertThat(function.path("SnapStart").path("ApplyOn").asText()).isEqualTo("PublishedVersions");
    assertThat(function.path("AutoPublishAlias").asText()).isEqualTo("live");
    assertThat(target(function.path("AutoPublishCodeSha256"))).isEqualTo("CodeVersion");
    assertThat(function.path("CodeUri").asText()).isEqualTo("svc/target/eksphemeral-lambda.jar");
    assertThat(function.has("ReservedConcurrentExecutions")).isFalse();
    Class<?> handler = Class.forName(function.path("Handler").asText());
    assertThat(handler.getPackage()).isEqualTo(DestroyClusterHandler.class.getPackage());
  }

  @Test
  void everyFunctionIsTheOneOfItsRoutes() {
    assertThat(functionNames())
        .isEqualTo(
            Arrays.stream(Route.Function.values())
                .map(Route.Function::title)
                .collect(Collectors.toSet()));
  }

  @ParameterizedTest
  @MethodSource("functionNames")
  void aFunctionIsToldWhatItNeedsAndNoMore(String name) {
    Map<String, String> told = new TreeMap<>();
    Template.function(name)
        .path("Environment")
        .path("Variables")
        .properties()
        .forEach(variable -> told.put(variable.getKey(), target(variable.getValue())));

    Map<String, String> wanted =
        new TreeMap<>(
            Map.of(
                "EKSPHEMERAL_BUCKET", "ClusterBucket",
                "EKSPHEMERAL_MAX_CLUSTERS", "MaxClusters",
                "EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "MaxClustersPerAsker",
                "EKSPHEMERAL_MAX_MINUTES", "MaxMinutes",
                "EKSPHEMERAL_MAX_WORKERS", "MaxWorkers",
                "EKSPHEMERAL_INSTANCE_TYPES", "InstanceTypes",
                "EKSPHEMERAL_SPOT", "Spot",
                "EKSPHEMERAL_NOTIFY_ADDRESS", "NotifyAddress",
                "EKSPHEMERAL_TAGS", "Tags",
                "JAVA_TOOL_OPTIONS",
                    "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dhttp.maxConnections=64"));
    wanted.put("EKSPHEMERAL_OWNER_DOMAINS", "OwnerDomains");
    wanted.put("EKSPHEMERAL_ALLOW_TYPES", "AllowTypes");
    wanted.put("EKSPHEMERAL_MAX_DISK", "MaxDisk");
    if (!name.equals("StatusFunc")) {
      wanted.putAll(
          Map.of(
              "EKSPHEMERAL_ECS_CLUSTER", "EcsCluster",
              "EKSPHEMERAL_CREATE_TASK", "CreateTask",
              "EKSPHEMERAL_DESTROY_TASK", "DestroyTask",
              "EKSPHEMERAL_SUBNETS", "Subnets",
              "EKSPHEMERAL_SECURITY_GROUP", "SecurityGroup",
              "EKSPHEMERAL_SERVICE_ROLE", "ServiceRole",
              "EKSPHEMERAL_NODE_ROLE", "NodeRole",
              "EKSPHEMERAL_CNI_ROLE", "CniRole",
              "EKSPHEMERAL_EBS_CSI_ROLE", "EbsCsiRole"));
    }
    assertThat(told).isEqualTo(wanted);
  }

  @Test
  void everyFunctionHasItsOwnRoleAndItsOwnLog() {
    Map<String, String> roles = new TreeMap<>();
    Map<String, String> logs = new TreeMap<>();
    functions()
        .forEach((name, function) -> {
          roles.put(name, target(function.path("Role")));
          logs.put(name, target(function.path("LoggingConfig").path("LogGroup")));
          assertThat(function.path("LoggingConfig").path("LogFormat").asText()).isEqualTo("Text");
        });
    assertThat(roles)
        .isEqualTo(
            Map.of(
                "CreateClusterFunc", "CreateClusterRole",
                "StatusFunc", "StatusRole",
                "DestroyClusterFunc", "DestroyClusterRole"));
    assertThat(logs)
        .isEqualTo(
            Map.of(
                "CreateClusterFunc", "CreateClusterLog",
                "StatusFunc", "StatusLog",
                "DestroyClusterFunc", "SweepLog"));
    functions()
        .forEach((name, function) ->
            assertThat(Template.statements(roles.getOrDefault(name, "")).toString())
                .contains(":log-group:${%s}:".formatted(logs.get(name))));
  }

  /**
   * Logs go when the records of gone clusters do: what is in the archive for 30 days can be
   * explained.
   */
  @Test
  void everythingThatIsKeptHasAnEnd() {
    assertThat(Template.all("AWS::Logs::LogGroup"))
        .hasSizeGreaterThan(4)
        .allSatisfy((name, group) ->
            assertThat(group.path("RetentionInDays").asInt()).as(name).isEqualTo(30));
    JsonNode queue = properties("FailedSweeps");
    assertThat(queue.path("SqsManagedSseEnabled").asBoolean()).isTrue();
    assertThat(Duration.ofSeconds(queue.path("MessageRetentionPeriod").asInt()))
        .as("long enough to be found after a holiday; SQS has 4 days if nothing is said")
        .isEqualTo(Duration.ofDays(14));
  }

  /**
   * Lambda gives CPU by memory: below a vCPU, starting a JVM and a sweep take several times as
   * long.
   */
  @ParameterizedTest
  @MethodSource("functionNames")
  void aFunctionHasMemoryAndWithItCpu(String name) {
    assertThat(Template.function(name).path("MemorySize").asInt()).isBetween(1769, 3008);
  }

  /** A new account runs ten functions at a time, of which callers must leave some to the sweep. */
  @Test
  void callersAreThrottled() {
    JsonNode settings = properties("Api").path("DefaultRouteSettings");
    assertThat(settings.path("ThrottlingRateLimit").asInt()).isBetween(10, 50);
    assertThat(settings.path("ThrottlingBurstLimit").asInt()).isBetween(10, 100);
  }

  /** Once more, and then what failed is given up: the next sweep does the same. */
  @Test
  void whatFailsWithNobodyWaitingIsTriedAgain() {
    assertThat(functions().values())
        .allSatisfy(function -> {
          assertThat(function.path("EventInvokeConfig").path("MaximumRetryAttempts").asInt(0))
              .isBetween(1, 2);
          assertThat(
                  Stream.of("Schedule", "EventBridgeRule")
                      .flatMap(type -> events(function, type).values().stream()))
              .allMatch(
                  event -> event.path("RetryPolicy").path("MaximumRetryAttempts").asInt(0) > 0);
        });
  }

  // --- what calls the functions ---

  @Test
  void theSweepIsRunEveryFiveMinutesAndWhenATaskOfOursStops() {
    JsonNode sweeper = Template.function("DestroyClusterFunc");
    assertThat(events(sweeper, "Schedule").values())
        .singleElement()
        .satisfies(rule -> {
          assertThat(rule.path("Schedule").asText()).isEqualTo("rate(5 minutes)");
          // What a rule sends by itself is what the function knows for a sweep.
          assertThat(rule.has("Input")).isFalse();
          assertThat(rule.has("Enabled") || rule.has("State")).isFalse();
        });
    assertThat(events(sweeper, "EventBridgeRule").values())
        .singleElement()
        .satisfies(rule -> {
          JsonNode pattern = rule.path("Pattern");
          assertThat(texts(pattern.path("source"))).containsExactly("aws.ecs");
          assertThat(texts(pattern.path("detail-type"))).containsExactly("ECS Task State Change");
          assertThat(texts(pattern.path("detail").path("lastStatus"))).containsExactly("STOPPED");
          assertThat(stream(pattern.path("detail").path("clusterArn")).map(Template::target))
              .containsExactly("EcsCluster");
        });
  }

  @Test
  void theOthersArePingedDaily() {
    assertThat(List.of("CreateClusterFunc", "StatusFunc"))
        .allSatisfy(name ->
            assertThat(events(Template.function(name), "Schedule").values())
                .singleElement()
                .satisfies(rule -> {
                  assertThat(rule.path("Schedule").asText()).isEqualTo("rate(1 day)");
                  assertThat(rule.path("Input").asText()).isEqualTo("{\"routeKey\": \"ping\"}");
                }));
  }

  @Test
  void whatFailsWithNobodyWaitingIsNotTriedForHours() {
    assertThat(functions().values())
        .allSatisfy(function -> {
          assertThat(function.path("EventInvokeConfig").path("MaximumEventAgeInSeconds").asInt())
              .isBetween(60, 300);
          assertThat(
                  Stream.of("Schedule", "EventBridgeRule")
                      .flatMap(type -> events(function, type).values().stream()))
              .allMatch(event ->
                  event.path("RetryPolicy").path("MaximumEventAgeInSeconds").asInt(86_400) <= 3600);
        });
    JsonNode failure =
        Template.function("DestroyClusterFunc")
            .path("EventInvokeConfig")
            .path("DestinationConfig")
            .path("OnFailure");
    assertThat(failure.path("Type").asText()).isEqualTo("SQS");
    // Lambda takes the ARN of a queue, and a reference to one is its address.
    assertThat(texts(failure.path("Destination").path("Fn::GetAtt")))
        .containsExactly("FailedSweeps", "Arn");
  }

  // --- the tasks ---

  static Set<String> tasks() {
    return Set.of("CreateTask", "DestroyTask");
  }

  private static Map<String, JsonNode> containers(String task) {
    return stream(properties(task).path("ContainerDefinitions"))
        .collect(Collectors.toMap(container -> container.path("Name").asText(), one -> one));
  }

  private static JsonNode container(String task, String name) {
    return stream(properties(task).path("ContainerDefinitions"))
        .filter(container -> container.path("Name").asText().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static Map<String, String> environment(JsonNode container) {
    Map<String, String> environment = new TreeMap<>();
    stream(container.path("Environment"))
        .forEach(variable ->
            environment.put(variable.path("Name").asText(), variable.path("Value").toString()));
    return environment;
  }

  @Test
  void thereIsATaskForEachKind() {
    assertThat(tasks().stream().map(task -> properties(task).path("Family").asText()))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(TaskKind.values()).map(kind -> "eksp-" + kind.text()).toList());
    assertThat(properties("EcsCluster").path("ClusterName").asText()).isEqualTo("eksp");
    // Insights are billed by the metric.
    assertThat(stream(properties("EcsCluster").path("ClusterSettings")))
        .singleElement()
        .satisfies(setting -> {
          assertThat(setting.path("Name").asText()).isEqualTo("containerInsights");
          assertThat(setting.path("Value").asText()).isEqualTo("disabled");
        });
  }

  @ParameterizedTest
  @MethodSource("tasks")
  void aTaskIsOneForFargate(String task) {
    JsonNode properties = properties(task);
    assertThat(texts(properties.path("RequiresCompatibilities"))).containsExactly("FARGATE");
    assertThat(properties.path("NetworkMode").asText()).isEqualTo("awsvpc");
    assertThat(properties.path("RuntimePlatform").path("CpuArchitecture").asText())
        .isEqualTo("X86_64");
    assertThat(target(properties.path("TaskRoleArn"))).isEqualTo("TaskRole");
    assertThat(target(properties.path("ExecutionRoleArn"))).isEqualTo("TaskExecutionRole");
    // Pairs that Fargate has: a quarter of a vCPU with 512, 1024 or 2048 MB. eksctl needs more than
    // the least.
    assertThat(properties.path("Cpu").asText()).isEqualTo("256");
    assertThat(properties.path("Memory").asText())
        .isEqualTo(task.equals("CreateTask") ? "1024" : "512");
    Set<String> volumes =
        stream(properties.path("Volumes"))
            .map(volume -> volume.path("Name").asText())
            .collect(Collectors.toSet());
    containers(task)
        .forEach((name, container) -> {
          assertThat(stream(container.path("MountPoints")))
              .allMatch(mount -> volumes.contains(mount.path("SourceVolume").asText()));
          if (!target(container.path("Image")).equals("EksctlImage")) {
            assertThat(container.at("/LinuxParameters/InitProcessEnabled").asBoolean())
                .as("%s ends when it is told to", name)
                .isTrue();
          }
          assertThat(container.at("/LogConfiguration/Options/awslogs-stream-prefix").asText())
              .isEqualTo(task.equals("CreateTask") ? "create" : "destroy");
        });
    assertThat(containers(task).values())
        .allSatisfy(container -> {
          JsonNode log = container.path("LogConfiguration");
          assertThat(log.path("LogDriver").asText()).isEqualTo("awslogs");
          assertThat(target(log.path("Options").path("awslogs-group"))).isEqualTo("TaskLog");
          if (target(container.path("Image")).equals("EksctlImage")) {
            assertThat(environment(container))
                .containsEntry("AWS_REGION", "{\"Ref\":\"AWS::Region\"}")
                .containsEntry("AWS_DEFAULT_REGION", "{\"Ref\":\"AWS::Region\"}");
          }
          // After it, containers that wait for this one would give up.
          assertThat(container.has("StartTimeout")).isFalse();
        });
  }

  /** That nothing else can be made of it, whatever RunTask overrides, is for EntryPointTest. */
  @Test
  void whatIsToldWhichClusterItIsRunsAScript() {
    Map<String, String> scripts = new TreeMap<>();
    for (String task : tasks()) {
      containers(task)
          .forEach((name, container) -> {
            if (target(container.path("Image")).equals("AwsCliImage")) {
              JsonNode entryPoint = container.path("EntryPoint");
              assertThat(texts(entryPoint)).startsWith("/bin/bash", "-p", "-c");
              assertThat(container.has("Command")).isFalse();
              scripts.put(name, entryPoint.path(entryPoint.size() - 1).asText());
            }
          });
    }
    assertThat(scripts)
        .isEqualTo(
            Map.of(
                "prepare", "prepare.sh",
                "report-nodes", "report-nodes.sh",
                "report", "report.sh",
                "teardown", "teardown.sh"));
    assertThat(scripts.values()).allMatch(script -> Files.isExecutable(Path.of("task", script)));
  }

  @Test
  void theCreationGoesFromOneContainerToTheNextAndEndsWithItsReport() {
    Map<String, JsonNode> containers = containers("CreateTask");
    assertThat(containers)
        .containsOnlyKeys(
            "prepare", "eksctl-cluster", "report-nodes", "eksctl-nodegroup", "report");
    Map<String, List<String>> waitsFor = new TreeMap<>();
    containers.forEach((name, container) -> {
      assertThat(container.path("Essential").asBoolean(true)).isEqualTo(name.equals("report"));
      stream(container.path("DependsOn"))
          .forEach(other ->
              waitsFor
                  .computeIfAbsent(name, _ -> new ArrayList<>())
                  .add(
                      other.path("ContainerName").asText()
                          + " "
                          + other.path("Condition").asText()));
    });
    assertThat(waitsFor)
        .isEqualTo(
            Map.of(
                "eksctl-cluster",
                List.of("prepare SUCCESS"),
                "report-nodes",
                List.of("eksctl-cluster SUCCESS"),
                "eksctl-nodegroup",
                List.of("eksctl-cluster SUCCESS", "report-nodes COMPLETE"),
                "report",
                List.of("eksctl-nodegroup COMPLETE")));
    assertThat(containers("DestroyTask")).containsOnlyKeys("teardown");
    assertThat(container("DestroyTask", "teardown").path("Essential").asBoolean()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "eksctl-cluster, create cluster --without-nodegroup -f /shared/cluster.yaml --timeout 25m"
        + " --write-kubeconfig=false -C false",
    "eksctl-nodegroup, create nodegroup -f /shared/nodegroup.yaml --timeout 15m -C false"
  })
  void eksctlIsGivenAFileAndNothingElse(String name, String command) {
    JsonNode eksctl = container("CreateTask", name);
    assertThat(target(eksctl.path("Image"))).isEqualTo("EksctlImage");
    // In the entry point, which RunTask cannot override.
    assertThat(eksctl.has("Command")).isFalse();
    assertThat(String.join(" ", texts(eksctl.path("EntryPoint")))).isEqualTo("/eksctl " + command);
    assertThat(environment(eksctl)).containsOnlyKeys("AWS_REGION", "AWS_DEFAULT_REGION");
  }

  @ParameterizedTest
  @CsvSource({"prepare, false", "eksctl-cluster, true", "eksctl-nodegroup, true"})
  void onlyPrepareWritesWhatEksctlReads(String name, boolean isReadOnly) {
    assertThat(stream(container("CreateTask", name).path("MountPoints")))
        .singleElement()
        .satisfies(mount -> {
          assertThat(mount.path("SourceVolume").asText()).isEqualTo("shared");
          assertThat(mount.path("ContainerPath").asText()).isEqualTo("/shared");
          assertThat(mount.path("ReadOnly").asBoolean()).isEqualTo(isReadOnly);
        });
  }

  /** What eksctl may wait for ends before the control plane gives the creation up. */
  @Test
  void eksctlGivesUpInTime() {
    Duration both =
        containers("CreateTask").values().stream()
            .map(container -> texts(container.path("EntryPoint")))
            .filter(command -> command.contains("--timeout"))
            .map(command -> Duration.parse("PT" + command.get(command.indexOf("--timeout") + 1)))
            .reduce(Duration.ZERO, Duration::plus);
    assertThat(both).isPositive().isLessThanOrEqualTo(Lifecycle.CREATE_DEADLINE.minusMinutes(5));
  }

  // --- the rest ---

  /** IAM's patterns know * and ?, and both stand for slashes, too. */
  @Test
  void recordsCanBeWrittenAndTheListOfVersionsCannot() {
    ClusterId id = ClusterId.parse("01a20423-5bec-7087-be32-80521e52d1bd").orElseThrow();
    List<Pattern> writable =
        Template.statements("SteeringPolicy").stream()
            .filter(statement -> texts(statement.path("Action")).contains("s3:PutObject"))
            .flatMap(statement -> stream(statement.path("Resource")))
            .map(resource ->
                resource.path("Fn::Sub").asText().replaceFirst(".*\\$\\{ClusterBucket}/", ""))
            .map(glob ->
                Pattern.compile(glob.replace(".", "[.]").replace("?", ".").replace("*", ".*")))
            .toList();
    assertThat(writable).hasSizeGreaterThan(2);
    assertThat(List.of(StoreKeys.record(id), StoreKeys.archive(id), StoreKeys.claim("dev")))
        .allMatch(key -> writable.stream().anyMatch(glob -> glob.matcher(key).matches()));
    assertThat(List.of(StoreKeys.VERSIONS, "something-else.json"))
        .noneMatch(key -> writable.stream().anyMatch(glob -> glob.matcher(key).matches()));
  }

  @Test
  void outputsAreDescribed() {
    assertThat(stream(Template.outputs()))
        .allMatch(output -> !output.path("Description").asText().isBlank());
    assertThat(Template.outputs().path("EKSphemeralAPIEndpoint").path("Value").toString())
        .contains("https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}\"");
    assertThat(Template.outputs().has("TaskLogGroup")).isTrue();
  }
}
