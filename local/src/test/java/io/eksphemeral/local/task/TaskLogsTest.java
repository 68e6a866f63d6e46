package io.eksphemeral.local.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TaskLogsTest {
  private static final TaskKey TASK =
      new TaskKey(new ClusterId("01999999-0000-7000-8000-000000000001"), TaskKind.CREATE, 1);

  @TempDir Path home;
  private Instant now = Instant.parse("2026-11-22T10:00:00Z");

  private TaskLogs logs() {
    return new TaskLogs(home.resolve("logs"), InstantSource.fixed(now));
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
  void asManyAreKeptAsAreAllowedTheLatestOnes() throws IOException {
    TaskLogs same = new TaskLogs(home.resolve("logs"), () -> now);
    for (int i = 1; i <= TaskLogs.MOST + 2; i++) {
      now = now.plusSeconds(1);
      same.line(task(i), "a line");
      if (i == TaskLogs.MOST) {
        same.line(task(1), "which is used again");
      }
    }
    now = now.plusSeconds(1);
    logs().line(task(TaskLogs.MOST + 3), "of another process");

    assertThat(logs().clusters()).hasSize(TaskLogs.MOST);
    assertThat(logs().exists(task(1))).isTrue();
    assertThat(logs().exists(task(4))).isFalse();
    assertThat(logs().exists(task(5))).isTrue();
    assertThat(logs().exists(task(TaskLogs.MOST + 3))).isTrue();
  }

  /** A cluster whose destruction fails for months has a log of each attempt. */
  @Test
  void theyAreKeptForThirtyDays() throws IOException {
    TaskKey later = new TaskKey(TASK.cluster(), TaskKind.DESTROY, 1);
    logs().line(TASK, "a line");
    now = now.plus(Duration.ofDays(20));
    logs().line(later, "a line");
    now = now.plus(Duration.ofDays(10));
    logs().deleteOld();
    assertThat(logs().exists(TASK)).isTrue();

    now = now.plusSeconds(1);
    logs().deleteOld();
    assertThat(logs().exists(TASK)).isFalse();
    assertThat(logs().exists(later)).isTrue();

    now = now.plus(Duration.ofDays(30));
    logs().deleteOld();
    assertThat(home.resolve("logs")).isEmptyDirectory();
  }

  private static TaskKey task(int number) {
    String id = "01999999-0000-7000-8000-%012d".formatted(number);
    return new TaskKey(new ClusterId(id), TaskKind.CREATE, 1);
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
