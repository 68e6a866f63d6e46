package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.Cluster;
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

final class TaskRequestTest {
  private static final Pattern VARIABLE = Pattern.compile("EKSPHEMERAL_[A-Z]+");

  /** Set where there is no ECS to say it. */
  private static final Set<String> WITHOUT_ECS = Set.of("EKSPHEMERAL_HANDLE");

  @Test
  void whatTheTaskScriptsSayThatTheyAreToldIsWhatTheyAreTold() throws IOException {
    Cluster cluster = Samples.admitted("one");
    FargateSettings.Definition definition =
        new FargateSettings.Definition("eksp-create", List.of("prepare", "report"));
    FargateSettings settings =
        new FargateSettings(
            "eksp",
            Map.of(TaskKind.CREATE, definition, TaskKind.DESTROY, definition),
            List.of("subnet-1"),
            List.of("sg-1"),
            "records");

    Set<String> told =
        TaskRequest.of(cluster, cluster.openTask().orElseThrow(), settings).environment().keySet();

    // The kind is for people who look at a task; the scripts know theirs.
    assertThat(told).containsAll(wanted()).hasSize(wanted().size() + 1);
    assertThat(told).contains("EKSPHEMERAL_KIND");
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
