package io.eksphemeral.local;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import io.eksphemeral.local.kind.StandIns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * The actions for GitHub's workflows: their steps, run as a runner runs them, on stand-ins for
 * docker and kind.
 */
class ActionIT {
  private final Path temp;
  private final StandIns standIns;
  private final Scripts scripts;

  ActionIT(@TempDir Path scratch) throws IOException {
    temp = Files.createDirectories(scratch.resolve("runner temp"));
    standIns = new StandIns(scratch.resolve("stand-ins"));
    scripts =
        Scripts.in(scratch)
            .with("EKSPHEMERAL_PORT", Integer.toString(Scripts.freePort()))
            .with("STAND_IN", scratch.resolve("stand-ins").toString())
            .with("PATH", StandIns.PATH);
  }

  /**
   * An action, read from its file.
   *
   * @param step its only one
   */
  private record Action(Path folder, Map<?, ?> inputs, Map<?, ?> step) {
    static Action in(String folder) throws IOException {
      Path path = Scripts.checkout().resolve(folder);
      String text = Files.readString(path.resolve("action.yml"));
      Map<?, ?> content = map(new Load(LoadSettings.builder().build()).loadFromString(text));
      Object steps = map(content.get("runs")).get("steps");
      assertThat(steps).asInstanceOf(LIST).hasSize(1);
      return new Action(
          path, map(content.get("inputs")), map(((List<?>) requireNonNull(steps)).getFirst()));
    }

    String run() {
      return requireNonNull(step.get("run")).toString();
    }
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return (Map<?, ?>) requireNonNull(value);
  }

  /** Runs the only step of an action; returns what it wrote to its outputs and the environment. */
  private Map<String, String> run(int exit, String folder, Map<String, String> given)
      throws Exception {
    Action action = Action.in(folder);
    for (Map.Entry<?, ?> entry : map(action.step().get("env")).entrySet()) {
      scripts.with(
          entry.getKey().toString(), evaluated(entry.getValue().toString(), action, given));
    }
    Path written = Files.writeString(temp.resolve("written"), "");
    scripts
        .with("GITHUB_ACTION_PATH", action.folder().toString())
        .with("GITHUB_OUTPUT", written.toString())
        .with("GITHUB_ENV", written.toString());
    assertThat(action.run()).doesNotContain("${{");
    Path script = Files.writeString(temp.resolve("step.sh"), action.run());
    scripts.run("bash", "--noprofile", "--norc", "-eo", "pipefail", script.toString()).exits(exit);
    Map<String, String> values = new HashMap<>();
    try (Stream<String> lines = Files.lines(written)) {
      lines.forEach(line -> values.put(line.split("=", 2)[0], line.split("=", 2)[1]));
    }
    return values;
  }

  private String evaluated(String text, Action action, Map<String, String> given) {
    String value = text.replace("${{ runner.temp }}", temp.toString());
    for (Map.Entry<?, ?> input : action.inputs().entrySet()) {
      Object preset = map(input.getValue()).get("default");
      String name = input.getKey().toString();
      value =
          value.replace(
              "${{ inputs.%s }}".formatted(name),
              given.getOrDefault(name, preset == null ? "" : preset.toString()));
    }
    assertThat(value).doesNotContain("${{");
    return value;
  }

  @Test
  void aWorkflowCreatesAClusterAndDestroysIt() throws Exception {
    Map<String, String> outputs = run(0, "", Map.of("workers", "2", "name", "ci"));
    String id = requireNonNull(outputs.get("id"));
    assertThat(standIns.clusters()).containsOnly("eksp-" + id).hasSize(3);
    Path kubeconfig = Path.of(requireNonNull(outputs.get("kubeconfig")));
    assertThat(kubeconfig).content().contains("current-context: \"ci\"");
    assertThat(outputs).containsEntry("KUBECONFIG", kubeconfig.toString());

    run(0, "destroy", Map.of("id", id));
    assertThat(standIns.list("containers")).isEmpty();
    assertThat(kubeconfig).doesNotExist();
    assertThat(temp.resolve("eksphemeral/control-plane.pid")).doesNotExist();
  }

  @Test
  void aFailedCreationFailsTheStepAndIsCleanedUp() throws Exception {
    standIns.tell("fails", "no space left on device");
    assertThat(run(1, "", Map.of())).isEmpty();

    run(0, "destroy", Map.of("id", ""));
    assertThat(standIns.list("containers")).isEmpty();
  }

  @Test
  void inputsAreNoCommands() throws Exception {
    Path proof = temp.resolve("proof");
    run(2, "", Map.of("name", "$(touch '" + proof + "')"));
    assertThat(proof).doesNotExist();
    run(0, "destroy", Map.of("id", ""));
  }
}
