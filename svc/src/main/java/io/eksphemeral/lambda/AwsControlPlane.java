package io.eksphemeral.lambda;

import io.eksphemeral.aws.AwsClients;
import io.eksphemeral.aws.EcsTaskRunner;
import io.eksphemeral.aws.FargateSettings;
import io.eksphemeral.aws.FargateSettings.Definition;
import io.eksphemeral.aws.S3ObjectStore;
import io.eksphemeral.aws.SesMailer;
import io.eksphemeral.aws.SnapshotSafeHttpClient;
import io.eksphemeral.aws.StubAwsHttpClient;
import io.eksphemeral.control.ClusterStatus;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.EksctlConfig;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Versions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ses.SesClient;

/**
 * The control plane in AWS: each function puts its part together from its environment, over S3, ECS
 * and SES, and has it primed before Lambda takes a snapshot of it.
 */
final class AwsControlPlane {
  private static final Duration USUAL_CREATION = Duration.ofMinutes(15);
  private static final Duration USUAL_DESTRUCTION = Duration.ofMinutes(10);

  /** Where the bucket has no list of versions nobody is refused one; EKS says what it thinks. */
  private static final Versions NO_LIST = Versions.any("1.35");

  /** How many clusters are worked on at a time, and how many records are read. */
  private static final int THREADS = 64;

  private final Settings settings;
  private final Executor threads =
      Executors.newFixedThreadPool(THREADS, Thread.ofVirtual().factory());

  private AwsControlPlane(Settings settings) {
    this.settings = settings;
  }

  /**
   * What an installation says to each of its functions.
   *
   * @param notifyAddress where mails come from, and whose the installation is; empty if nobody is
   *     mailed
   */
  private record Settings(
      String region,
      String bucket,
      String notifyAddress,
      Limits limits,
      Nodes nodes,
      ProviderInfo presentation) {
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
              environment.number("EKSPHEMERAL_MAX_CLUSTERS_PER_ASKER"),
              environment.ownerDomains("EKSPHEMERAL_OWNER_DOMAINS")),
          nodes,
          new ProviderInfo(
              "eksctl on Fargate in %s%s"
                  .formatted(region, notifyAddress.isEmpty() ? ", and nobody is mailed" : ""),
              USUAL_CREATION,
              USUAL_DESTRUCTION,
              nodes));
    }
  }

  /**
   * What a function is made of that only looks.
   *
   * @param time limits what its calls of services take together
   */
  record Viewing(
      ClusterStatus status,
      ProviderInfo presentation,
      InstantSource clock,
      Supplier<Versions> versions,
      TimeLimit time) {}

  /**
   * What a function is made of that changes clusters.
   *
   * @param random where ids come from. All that is restored from one snapshot goes on with the same
   *     random numbers, but for a SecureRandom's, which Lambda's runtime keeps apart; {@code
   *     UUID.randomUUID()} has one, too
   * @param time limits what its calls of services take together
   */
  record Changing(
      ControlPlane plane, ProviderInfo presentation, RandomGenerator random, TimeLimit time) {}

  /**
   * Puts together what only looks, from that part of the environment which this takes.
   *
   * @throws IllegalStateException if something is wrong with that part, with all that is
   */
  static Viewing viewing(Map<String, String> variables) {
    Environment environment = new Environment(variables);
    Settings settings = Settings.of(environment);
    environment.check();
    AwsControlPlane aws = new AwsControlPlane(settings);

    SnapshotSafeHttpClient connections = AwsClients.connections();
    ClusterStore store = aws.store(aws.bucket(connections));
    Priming.beforeSnapshot(
        () -> {
          ClusterStore pretended = aws.store(new StubAwsHttpClient(settings.region()).bucket());
          WarmUp.ofViewing(pretended, clock -> aws.viewing(pretended, clock, TimeLimit.NONE));
        },
        () -> aws.forReal(connections, () -> WarmUp.look(store)));
    return aws.viewing(store, InstantSource.system(), new TimeLimit(connections::allow));
  }

  /**
   * Puts together what changes clusters.
   *
   * @throws IllegalStateException if something is wrong with the environment, with all that is
   */
  static Changing changing(Map<String, String> variables) {
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
                settings.nodes(),
                environment.tags("EKSPHEMERAL_TAGS")));
    environment.check();
    AwsControlPlane aws = new AwsControlPlane(settings);

    Region region = Region.of(settings.region());
    SnapshotSafeHttpClient connections = AwsClients.connections();
    S3ObjectStore bucket = aws.bucket(connections);
    ClusterStore store = aws.store(bucket);
    EcsClient ecs = AwsClients.ecs().httpClient(connections).region(region).build();
    TaskRunner tasks = new EcsTaskRunner(ecs, bucket, fargate);
    SesClient ses = AwsClients.ses().httpClient(connections).region(region).build();
    Changing changing =
        aws.changing(
            store,
            tasks,
            aws.letters(ses),
            config,
            InstantSource.system(),
            new TimeLimit(connections::allow));
    Priming.beforeSnapshot(
        () -> {
          StubAwsHttpClient pretended = new StubAwsHttpClient(settings.region());
          ClusterStore pretendedStore = aws.store(pretended.bucket());
          WarmUp.ofChanging(
              settings.limits().owners().allow(settings.notifyAddress())
                  ? settings.notifyAddress()
                  : "",
              clock ->
                  aws.changing(
                      pretendedStore,
                      new EcsTaskRunner(pretended.ecs(), pretended.bucket(), fargate),
                      aws.letters(pretended.ses()),
                      config,
                      clock,
                      TimeLimit.NONE));
        },
        () -> aws.forReal(connections, () -> WarmUp.look(store, tasks)));
    return changing;
  }

  /**
   * Looks twice, at the services that there are, as calls and as sweeps do it: on this thread and
   * on one of the others. The first time connections are kept, as they will be; each is then the
   * next call's, which has it closed.
   */
  private void forReal(SnapshotSafeHttpClient connections, Runnable look) {
    look.run();
    connections.leavingNone(() -> CompletableFuture.runAsync(look, threads).join());
  }

  private static FargateSettings fargate(Environment environment, String bucket) {
    return new FargateSettings(
        environment.text("EKSPHEMERAL_ECS_CLUSTER"),
        Map.of(
            TaskKind.CREATE,
            new Definition(
                environment.text("EKSPHEMERAL_CREATE_TASK"), List.of("prepare", "report")),
            TaskKind.DESTROY,
            new Definition(environment.text("EKSPHEMERAL_DESTROY_TASK"), List.of("teardown"))),
        environment.texts("EKSPHEMERAL_SUBNETS"),
        List.of(environment.text("EKSPHEMERAL_SECURITY_GROUP")),
        bucket);
  }

  /** Mails come from the address that is the operator's, too; without one there are none. */
  private Notifications letters(SesClient ses) {
    String notifyAddress = settings.notifyAddress();
    return notifyAddress.isEmpty()
        ? new Notifications(null, null, "")
        : new Notifications(new SesMailer(ses, notifyAddress), notifyAddress, "");
  }

  private S3ObjectStore bucket(SnapshotSafeHttpClient connections) {
    return new S3ObjectStore(
        AwsClients.s3().httpClient(connections).region(Region.of(settings.region())).build(),
        settings.bucket(),
        Sleeper.system());
  }

  private ClusterStore store(S3ObjectStore bucket) {
    return new ClusterStore(bucket, threads);
  }

  private Viewing viewing(ClusterStore store, InstantSource clock, TimeLimit time) {
    return new Viewing(
        new ClusterStatus(store),
        settings.presentation(),
        clock,
        () -> store.versions().orElse(NO_LIST),
        time);
  }

  private Changing changing(
      ClusterStore store,
      TaskRunner tasks,
      Notifications letters,
      EksctlConfig config,
      InstantSource clock,
      TimeLimit time) {
    return new Changing(
        ControlPlane.of(
            store,
            tasks,
            letters,
            config,
            settings.limits(),
            NO_LIST,
            clock,
            Sleeper.system(),
            threads),
        settings.presentation(),
        new SecureRandom(),
        time);
  }
}
