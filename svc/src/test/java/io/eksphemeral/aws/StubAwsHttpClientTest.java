package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ClusterStoreContract;
import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.Mailer;
import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskStatus;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** What priming plays with is as good a bucket as any, and near enough to the rest of AWS. */
final class StubAwsHttpClientTest extends ClusterStoreContract {
  private final StubAwsHttpClient aws = new StubAwsHttpClient("us-east-2");
  private final S3ObjectStore bucket = aws.bucket();
  private final ClusterStore store =
      new ClusterStore(bucket, Executors.newVirtualThreadPerTaskExecutor());

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void plant(String key, String text) {
    bucket.put(key, text);
  }

  @Override
  protected String text(String key) {
    return bucket
        .get(key)
        .flatMap(io.eksphemeral.control.ObjectStore.StoredObject::asText)
        .orElseThrow();
  }

  @Test
  void tasksRunFromTheirLaunchOn() {
    FargateSettings.Definition definition =
        new FargateSettings.Definition("any", List.of("teardown"));
    EcsTaskRunner runner =
        new EcsTaskRunner(
            aws.ecs(),
            bucket,
            new FargateSettings(
                "eksp",
                Map.of(TaskKind.CREATE, definition, TaskKind.DESTROY, definition),
                List.of("subnet-1"),
                List.of("sg-1"),
                "records"));
    Cluster cluster = Samples.admitted("one");

    LaunchResult launch = runner.launch(cluster, cluster.openTask().orElseThrow());

    assertThat(launch)
        .isInstanceOfSatisfying(
            LaunchResult.Launched.class,
            launched -> {
              assertThat(runner.status(launched.handle())).isEqualTo(new TaskStatus.Running());
              assertThat(runner.running(cluster.id())).containsExactly(launched.handle());
              runner.stop(launched.handle(), "enough");
            });
  }

  @Test
  void mailsAreTaken() {
    Mailer mailer = new SesMailer(aws.ses(), "eksp@eksphemeral.io");
    assertThat(mailer.send(new Mailer.Mail("alice@eksphemeral.io", "Subject", "Body\n")))
        .isEqualTo(new Mailer.Delivery.Sent());
  }
}
