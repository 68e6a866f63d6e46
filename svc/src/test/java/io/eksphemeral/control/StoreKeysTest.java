package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys are what roles, the bucket's rules and the tasks' scripts go by, and never change. */
final class StoreKeysTest {
  private static final String ID = "9be65bee-3baa-4fd0-aa3e-032325d5390c";

  private final ClusterId id = new ClusterId(ID);
  private final TaskKey task = new TaskKey(id, TaskKind.DESTROY, 2);

  @Test
  void eachThingHasItsKey() {
    assertThat(StoreKeys.record(id)).isEqualTo(ID + ".json");
    assertThat(StoreKeys.claim("dev")).isEqualTo("names/dev");
    assertThat(StoreKeys.config(id)).isEqualTo("tasks/" + ID + "/cluster.yaml");
    assertThat(StoreKeys.fence(task)).isEqualTo("tasks/" + ID + "/destroy-2.fence");
    assertThat(StoreKeys.result(task)).isEqualTo("tasks/" + ID + "/destroy-2.result");
    assertThat(StoreKeys.request(task)).isEqualTo("tasks/" + ID + "/destroy-2.request");
    assertThat(StoreKeys.progress(task)).isEqualTo("tasks/" + ID + "/destroy-2.progress");
    assertThat(StoreKeys.archive(id)).isEqualTo("gone/" + ID + ".json");
    assertThat(StoreKeys.VERSIONS).isEqualTo("config/versions.json");
  }

  @Test
  void aRecordIsKnownByItsKey() {
    assertThat(StoreKeys.recordId(ID + ".json")).contains(id);
  }

  /** Of two keys that stood for one record, one would be looked for and the other be there. */
  @ParameterizedTest
  @ValueSource(strings = {"", ".json", ID, ID + ".yaml", ID + "xjson", "gone/" + ID + ".json"})
  void nothingElseIsARecord(String key) {
    assertThat(StoreKeys.recordId(key)).isEmpty();
    assertThat(StoreKeys.recordId(ID.toUpperCase(Locale.ROOT) + ".json")).isEmpty();
  }

  @Test
  void theShellHasTheSameKeys() throws Exception {
    assertThat(inShell("claims")).isEqualTo(StoreKeys.CLAIMS);
    assertThat(inShell("tasks")).isEqualTo(StoreKeys.TASKS);
    assertThat(inShell("archive")).isEqualTo(StoreKeys.ARCHIVE);
    assertThat(inShell("versions")).isEqualTo(StoreKeys.VERSIONS);
    assertThat(inShell("config", ID)).isEqualTo(StoreKeys.config(id));
    assertThat(inShell("fence", ID, task.label())).isEqualTo(StoreKeys.fence(task));
    assertThat(inShell("result", ID, task.label())).isEqualTo(StoreKeys.result(task));
    assertThat(inShell("progress", ID, task.label())).isEqualTo(StoreKeys.progress(task));
    assertThat(inShell("teardown-state", ID)).startsWith(StoreKeys.tasks(id));
    assertThat(inShell("former-teardown-state", ID)).startsWith(StoreKeys.tasks(id));
  }

  private static String inShell(String... words) throws Exception {
    List<String> program = List.of("bash", "-euc", ". task/keys.sh; object_key \"$@\"", "bash");
    Process process =
        new ProcessBuilder(Stream.concat(program.stream(), Stream.of(words)).toList())
            .redirectErrorStream(true)
            .start();
    String key = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(key).isZero();
    return key;
  }
}
