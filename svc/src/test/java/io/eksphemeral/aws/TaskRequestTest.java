package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import software.amazon.awssdk.services.ecs.model.ContainerOverride;
import software.amazon.awssdk.services.ecs.model.KeyValuePair;
import software.amazon.awssdk.services.ecs.model.RunTaskRequest;
import software.amazon.awssdk.services.ecs.model.Tag;

final class TaskRequestTest {
  private static final Pattern VARIABLE = Pattern.compile("EKSPHEMERAL_[A-Z]+");

  /** Set where there is no ECS to say it. */
  private static final Set<String> WITHOUT_ECS = Set.of("EKSPHEMERAL_HANDLE");

  private static final FargateSettings.Definition DEFINITION =
      new FargateSettings.Definition("eksp-create", List.of("prepare", "report-nodes", "report"));

  private static final FargateSettings SETTINGS =
      new FargateSettings(
          "eksp",
          Map.of(TaskKind.CREATE, DEFINITION, TaskKind.DESTROY, DEFINITION),
          List.of("subnet-1"),
          List.of("sg-1"),
          "records");

  @Test
  void whatTheTaskScriptsSayThatTheyAreToldIsWhatTheyAreTold() throws IOException {
    Cluster cluster = Samples.admitted("one");

    Set<String> told =
        TaskRequest.of(cluster, cluster.openTask().orElseThrow(), SETTINGS).environment().keySet();

    // The kind is for people who look at a task; the scripts know theirs.
    assertThat(told).containsAll(wanted()).hasSize(wanted().size() + 1);
    assertThat(told).contains("EKSPHEMERAL_KIND");
  }

  /** Whatever a record says, it reaches a task as a variable, and its command is the template's. */
  @ParameterizedTest
  @FieldSource("io.eksphemeral.control.HostileTexts#TEXTS")
  void nothingThatIsToldBecomesACommand(String text) {
    Spec spec =
        new SpecBuilder()
            .name(text)
            .numworkers(2)
            .kubeversion(text)
            .owner(text)
            .access(text)
            .task(new Placement(text, List.of(text)))
            .build();
    Cluster cluster =
        Cluster.requested(Samples.newId(), spec, text, Samples.START)
            .destroying("asked", Samples.START);
    Task task = cluster.openTask().orElseThrow();

    TaskRequest request = TaskRequest.of(cluster, task, SETTINGS);
    RunTaskRequest call = request.toRunTask(cluster.key(task));

    assertThat(call.overrides().containerOverrides())
        .extracting(ContainerOverride::name)
        .containsExactly("prepare", "report-nodes", "report");
    for (ContainerOverride override : call.overrides().containerOverrides()) {
      assertThat(override.hasCommand()).isFalse();
      assertThat(override.environment())
          .filteredOn(variable -> !variable.name().equals("EKSPHEMERAL_NAME"))
          .noneMatch(variable -> variable.value().equals(text));
      assertThat(override.environment())
          .filteredOn(variable -> variable.name().equals("EKSPHEMERAL_NAME"))
          .extracting(KeyValuePair::value)
          .containsExactly(text);
    }
    assertThat(call.taskDefinition()).isEqualTo("eksp-create");
    assertThat(call.clientToken() + call.startedBy()).matches("[a-z0-9-]+");
    assertThat(call.tags()).extracting(Tag::value).allMatch(value -> value.matches("[a-z0-9-]+"));
    assertThat(TaskRequest.decode(request.encode())).contains(request);
  }

  /** The variables that the head of the scripts' common part lists. */
  private static Set<String> wanted() throws IOException {
    return Files.readAllLines(Path.of("task", "common.sh")).stream()
        .takeWhile(line -> line.startsWith("#"))
        .flatMap(line -> VARIABLE.matcher(line).results())
        .map(found -> found.group())
        .filter(name -> !WITHOUT_ECS.contains(name))
        .collect(Collectors.toSet());
  }
}
