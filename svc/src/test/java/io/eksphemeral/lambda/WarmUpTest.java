package io.eksphemeral.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.ClusterStatus;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.Mailer;
import io.eksphemeral.control.MemoryObjectStore;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskStatus;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What priming does goes all the way, or it would leave out what the first call then loads. */
final class WarmUpTest {
  private static final ProviderInfo PRESENTATION =
      new ProviderInfo("nobody", Duration.ofMinutes(1), Duration.ofMinutes(1), null);

  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);
  private final Set<TaskKind> launched = new HashSet<>();
  private final Set<String> subjects = new HashSet<>();

  @Test
  void aClusterIsBuiltWarnedOfAndTornDown() {
    live("alice@eksphemeral.io", Limits.DEFAULT);

    assertThat(launched).containsOnly(TaskKind.values());
    assertThat(subjects)
        .map(subject -> subject.replaceAll("^.*cluster [^ ]+ ", ""))
        .containsOnly("is ready", "is about to be destroyed", "is gone");
  }

  @Test
  void itGoesAllTheWayWithTheLowestLimits() {
    live("alice@eksphemeral.io", new Limits(1, 1, 1, 1));
    assertThat(launched).containsOnly(TaskKind.values());
  }

  @Test
  void withNobodyToMailNobodyIsMailed() {
    live("", Limits.DEFAULT);
    assertThat(launched).containsOnly(TaskKind.values());
    assertThat(subjects).isEmpty();
  }

  @Test
  void whatLooksIsShownACluster() {
    List<String> asked = new ArrayList<>();
    WarmUp.ofViewing(
        store,
        clock -> {
          asked.add("made");
          return new AwsControlPlane.Viewing(
              new ClusterStatus(store),
              PRESENTATION,
              clock,
              () -> Versions.any("1.35"),
              TimeLimit.NONE);
        });
    assertThat(asked).hasSize(1);
    assertThat(store.list())
        .map(stored -> ((Stored.Live) stored).cluster())
        .allSatisfy(cluster -> assertThat(cluster.tasks()).hasSize(1))
        .map(Cluster::state)
        .containsExactly(State.READY, State.CREATING);
    assertThat(store.claimOn("trial")).isPresent();
  }

  private void live(String owner, Limits limits) {
    WarmUp.ofChanging(
        owner,
        clock ->
            new AwsControlPlane.Changing(
                ControlPlane.of(
                    store,
                    new Launches(),
                    new Notifications(this::send, null, ""),
                    Samples.CONFIG,
                    limits,
                    Versions.any("1.35"),
                    clock,
                    _ -> {},
                    Runnable::run),
                PRESENTATION,
                RandomGenerator.getDefault(),
                TimeLimit.NONE));
  }

  private Mailer.Delivery send(Mailer.Mail mail) {
    subjects.add(mail.subject());
    return new Mailer.Delivery.Sent();
  }

  private final class Launches implements TaskRunner {
    @Override
    public LaunchResult launch(Cluster cluster, Task task) {
      launched.add(task.kind());
      return new LaunchResult.Launched(cluster.key(task).token());
    }

    @Override
    public TaskStatus status(String handle) {
      return new TaskStatus.Running();
    }

    @Override
    public List<String> running(io.eksphemeral.domain.ClusterId cluster) {
      return List.of();
    }

    @Override
    public void stop(String handle, String why) {
      throw new AssertionError("nothing was to be stopped: " + why);
    }
  }
}
