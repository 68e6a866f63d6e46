package io.eksphemeral.lambda;

import io.eksphemeral.aws.AwsClients;
import io.eksphemeral.aws.EcsTaskRunner;
import io.eksphemeral.aws.FargateSettings;
import io.eksphemeral.aws.FargateSettings.Definition;
import io.eksphemeral.aws.S3ObjectStore;
import io.eksphemeral.aws.SesMailer;
import io.eksphemeral.aws.SnapshotSafeHttpClient;
import io.eksphemeral.aws.StubAwsHttpClient;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.EksctlConfig;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ses.SesClient;

/** Wires the functions in AWS from their environment, over S3, ECS and SES. */
final class AwsControlPlane {
  /** Estimates: a quarter of an hour in all. */
  private static final Map<Phase, Duration> USUAL_PHASES =
      Map.of(
          Phase.ACCEPTED, Duration.ofSeconds(40),
          Phase.TASK_STARTED, Duration.ofSeconds(30),
          Phase.CONTROL_PLANE, Duration.ofSeconds(600),
          Phase.NODES, Duration.ofSeconds(210),
          Phase.CHECKS, Duration.ofSeconds(20));

  private static final Duration USUAL_DESTRUCTION = Duration.ofMinutes(10);

  /** Without a list of versions in the bucket any is accepted, and EKS decides. */
  private static final Versions NO_LIST = Versions.any("1.35");

  /** As many records are read, and clusters swept, at a time. */
  private static final Executor THREADS =
      Executors.newFixedThreadPool(64, Thread.ofVirtual().factory());

  private final Settings settings;
  private final SdkHttpClient http;

  private AwsControlPlane(Settings settings, SdkHttpClient http) {
    this.settings = settings;
    this.http = http;
  }

  /**
   * What all functions are configured with.
   *
   * @param notifyAddress the operator's, from which mail is sent; empty if there is no mail
   */
  private record Settings(
      String region,
      String bucket,
      String notifyAddress,
      Limits limits,
      Nodes nodes,
      ProviderInfo provider) {
    static Settings of(Environment environment) {
      String region = environment.text("AWS_REGION");
      String notifyAddress = environment.textOrNone("EKSPHEMERAL_NOTIFY_ADDRESS");
      Nodes nodes =
          new Nodes(
              environment.texts("EKSPHEMERAL_INSTANCE_TYPES"),
              environment.isTrue("EKSPHEMERAL_SPOT"));
      return new Settings(
          region,
          environment.text("EKSPHEMERAL_BUCKET"),
          notifyAddress,
          new Limits(
              environment.number("EKSPHEMERAL_MAX_MINUTES"),
              environment.number("EKSPHEMERAL_MAX_WORKERS"),
              environment.number("EKSPHEMERAL_MAX_CLUSTERS"),
              environment.number(
                  "EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "EKSPHEMERAL_MAX_CLUSTERS_PER_ASKER"),
              environment.ownerDomains("EKSPHEMERAL_OWNER_DOMAINS"),
              environment.nodeLimits("EKSPHEMERAL_ALLOW_TYPES", "EKSPHEMERAL_MAX_DISK", nodes)),
          nodes,
          new ProviderInfo(
              "eksctl on Fargate in %s%s"
                  .formatted(region, notifyAddress.isEmpty() ? ", without mail" : ""),
              USUAL_PHASES,
              USUAL_DESTRUCTION,
              List.of(),
              nodes));
    }
  }

  /**
   * What {@code StatusFunc} needs.
   *
   * @param time limits the calls to AWS of each invocation
   */
  record StatusFunc(ClusterStore store, ProviderInfo provider, TimeLimit time) {
    Versions versions() {
      return store.versions().orElse(NO_LIST);
    }
  }

  /**
   * What {@code CreateClusterFunc} and {@code DestroyClusterFunc} need.
   *
   * @param time limits the calls to AWS of each invocation
   */
  record ClusterFuncs(ControlPlane plane, ProviderInfo provider, TimeLimit time) {}

  /**
   * Wires {@code StatusFunc}.
   *
   * @throws IllegalStateException if variables that it needs are invalid; the message has all
   */
  static StatusFunc statusFunc(Map<String, String> variables) {
    Environment environment = new Environment(variables);
    Settings settings = Settings.of(environment);
    environment.check();

    SnapshotSafeHttpClient http = AwsClients.connections();
    StatusFunc function =
        new AwsControlPlane(settings, http).statusFunc(new TimeLimit(http::allow));
    StatusFunc stubbed =
        new AwsControlPlane(settings, new StubAwsHttpClient(settings.bucket()))
            .statusFunc(TimeLimit.NONE);
    WarmUp.beforeSnapshot(() -> {
      WarmUp.status(stubbed);
      read(http, function.store());
    });
    return function;
  }

  private StatusFunc statusFunc(TimeLimit time) {
    return new StatusFunc(new ClusterStore(objects(), THREADS), settings.provider(), time);
  }

  /**
   * Wires the functions that change clusters.
   *
   * @throws IllegalStateException if variables are invalid; the message has all
   */
  static ClusterFuncs clusterFuncs(Map<String, String> variables) {
    Environment environment = new Environment(variables);
    Settings settings = Settings.of(environment);
    FargateSettings fargate = fargate(environment, settings.bucket());
    EksctlConfig config =
        new EksctlConfig(
            new EksctlConfig.Settings(
                settings.region(),
                environment.text("EKSPHEMERAL_SERVICE_ROLE"),
                environment.text("EKSPHEMERAL_NODE_ROLE"),
                environment.text("EKSPHEMERAL_CNI_ROLE"),
                environment.text("EKSPHEMERAL_EBS_CSI_ROLE"),
                settings.nodes(),
                environment.tags("EKSPHEMERAL_TAGS")));
    environment.check();

    SnapshotSafeHttpClient http = AwsClients.connections();
    ClusterFuncs functions =
        new AwsControlPlane(settings, http)
            .clusterFuncs(fargate, config, new TimeLimit(http::allow));
    StubAwsHttpClient stub = new StubAwsHttpClient(settings.bucket());
    ClusterFuncs stubbed =
        new AwsControlPlane(settings, stub).clusterFuncs(fargate, config, TimeLimit.NONE);
    WarmUp.beforeSnapshot(() -> {
      String owner = settings.notifyAddress();
      WarmUp.changes(stubbed, settings.limits().owners().allow(owner) ? owner : "", stub::clear);
      read(http, functions.plane().store());
    });
    return functions;
  }

  private ClusterFuncs clusterFuncs(FargateSettings fargate, EksctlConfig config, TimeLimit time) {
    S3ObjectStore objects = objects();
    ClusterStore store = new ClusterStore(objects, THREADS);
    EcsClient ecs = AwsClients.ecs().httpClient(http).region(region()).build();
    ControlPlane plane =
        ControlPlane.of(
            store,
            new EcsTaskRunner(ecs, objects, fargate),
            notifications(() -> store.versions().orElse(NO_LIST)),
            config,
            settings.limits(),
            () -> NO_LIST,
            InstantSource.system(),
            Sleeper.system(),
            THREADS);
    return new ClusterFuncs(plane, settings.provider(), time);
  }

  /** Reads from S3 over a connection, then closes it, since none survives a snapshot. */
  private static void read(SnapshotSafeHttpClient http, ClusterStore store) {
    Runnable reads =
        () -> {
          store.ids();
          store.find(WarmUp.CLUSTER);
        };
    reads.run();
    http.leavingNone(reads);
  }

  private static FargateSettings fargate(Environment environment, String bucket) {
    return new FargateSettings(
        environment.text("EKSPHEMERAL_ECS_CLUSTER"),
        Map.of(
            TaskKind.CREATE,
            new Definition(
                environment.text("EKSPHEMERAL_CREATE_TASK"),
                List.of("prepare", "report-nodes", "report")),
            TaskKind.DESTROY,
            new Definition(environment.text("EKSPHEMERAL_DESTROY_TASK"), List.of("teardown"))),
        environment.texts("EKSPHEMERAL_SUBNETS"),
        List.of(environment.text("EKSPHEMERAL_SECURITY_GROUP")),
        bucket);
  }

  /** Mail is sent from the operator's address; without one there is none. */
  private Notifications notifications(Supplier<Versions> versions) {
    String address = settings.notifyAddress();
    if (address.isEmpty()) {
      return new Notifications(null, null, "");
    }
    SesClient ses = AwsClients.ses().httpClient(http).region(region()).build();
    return new Notifications(
        new SesMailer(ses, address), address, "", () -> settings.provider().costs(versions));
  }

  private S3ObjectStore objects() {
    return new S3ObjectStore(
        AwsClients.s3().httpClient(http).region(region()).build(),
        settings.bucket(),
        Sleeper.system());
  }

  private Region region() {
    return Region.of(settings.region());
  }
}
