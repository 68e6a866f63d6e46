package io.eksphemeral.local.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TaskLogsTest {
  private static final TaskKey TASK =
      new TaskKey(new ClusterId("01999999-0000-7000-8000-000000000001"), TaskKind.CREATE, 1);

  @TempDir Path home;

  private TaskLogs logs() {
    return new TaskLogs(
        home.resolve("logs"), InstantSource.fixed(Instant.parse("2026-11-22T10:00:00.9Z")));
  }

  private Path file() {
    return home.resolve("logs").resolve(TASK.cluster().value()).resolve("create-1.log");
  }

  @Test
  void aLogIsBounded() throws IOException {
    for (int i = 0; i < 300; i++) {
      logs().line(TASK, "x".repeat(400));
    }

    assertThat(Files.size(file())).isBetween(TaskLogs.LONGEST - 500L, (long) TaskLogs.LONGEST);
  }

  @Test
  void whatIsDeletedIsGone() throws IOException {
    assertThat(logs().clusters()).isEmpty();
    logs().delete(TASK.cluster());

    logs().line(TASK, "a line");
    assertThat(logs().clusters()).containsExactly(TASK.cluster());
    logs().delete(TASK.cluster());

    assertThat(logs().clusters()).isEmpty();
    assertThat(logs().exists(TASK)).isFalse();
  }
}
