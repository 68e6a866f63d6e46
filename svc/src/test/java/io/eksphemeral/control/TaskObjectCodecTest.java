package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.Versions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TaskObjectCodecTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"phases\":{}}",
        "{\"phases\":[\"nodes\"]}",
        "{\"phases\":[{\"phase\":\"nodes\"}]}",
        "{\"phases\":[{\"phase\":\"nodes\",\"at\":\"now\"}]}"
      })
  void progressThatCannotBeReadIsNone(String text) {
    assertThat(TaskObjectCodec.progress(text)).isEmpty();
  }

  @Test
  void progressHasEachKnownPhaseOnceAndInItsOrder() {
    String phase = "{\"phase\":\"%s\",\"at\":\"2026-11-22T10:00:0%dZ\"}";
    String text =
        IntStream.range(0, 10_000)
            .mapToObj(i -> phase.formatted("more-" + i, 1))
            .collect(
                Collectors.joining(
                    ",",
                    "{\"phases\":[%s,%s,%s,%s,"
                        .formatted(
                            phase.formatted("nodes", 3),
                            phase.formatted("accepted", 1),
                            phase.formatted("task-started", 2),
                            phase.formatted("nodes", 4)),
                    "]}"));

    assertThat(TaskObjectCodec.progress(text).orElseThrow())
        .containsExactly(
            new Phase.Begun(Phase.TASK_STARTED, Samples.START.plusSeconds(2)),
            new Phase.Begun(Phase.NODES, Samples.START.plusSeconds(3)));
  }

  @ParameterizedTest
  @EnumSource(Outcome.class)
  void aResultComesBackAsItWent(Outcome outcome) {
    TaskResult result =
        new TaskResult(outcome, Samples.START, "so it went", List.of("volume vol-1"), List.of("x"));
    assertThat(TaskObjectCodec.result(TaskObjectCodec.encode(result))).contains(result);
  }

  @Test
  void aResultThatATasksOwnProgramWroteNeedsNoLists() {
    assertThat(
            TaskObjectCodec.result(
                "{\"outcome\":\"absent\",\"at\":\"2026-11-22T10:00:00Z\",\"message\":\"done\"}"))
        .contains(new TaskResult(Outcome.ABSENT, Samples.START, "done", List.of(), List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "null",
        "[]",
        "{}",
        "{\"outcome\":\"absent\"}",
        "{\"outcome\":\"done\",\"at\":\"2026-11-22T10:00:00Z\"}",
        "{\"outcome\":\"absent\",\"at\":\"now\"}"
      })
  void aResultThatCannotBeReadIsNone(String text) {
    assertThat(TaskObjectCodec.result(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"volume vol-1\"", "{\"volume\":\"vol-1\"}", "1", "true", "null"})
  void leftOversThatAreNotUnderstoodDoNotPassForNone(String leftovers) {
    assertThat(
            TaskObjectCodec.result(
                "{\"outcome\":\"absent\",\"at\":\"2026-11-22T10:00:00Z\",\"leftovers\":"
                    + leftovers
                    + "}"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"the last line\"", "{}", "1"})
  void aResultWhoseLogIsNoListIsNone(String log) {
    assertThat(
            TaskObjectCodec.result(
                "{\"outcome\":\"failed\",\"at\":\"2026-11-22T10:00:00Z\",\"log\":" + log + "}"))
        .isEmpty();
  }

  @Test
  void aLeftOverOfAnyShapeIsALeftOver() {
    assertThat(
            TaskObjectCodec.result(
                    "{\"outcome\":\"absent\",\"at\":\"2026-11-22T10:00:00Z\",\"leftovers\":[{}]}")
                .orElseThrow()
                .provesAbsence())
        .isFalse();
  }

  @Test
  void aFenceComesBackAsItWentAndOneThatCannotBeReadIsATasks() {
    FenceHolder closed = new FenceHolder(Fence.CLOSED, "control-plane");
    FenceHolder taken = new FenceHolder(Fence.TAKEN, "task-1");
    assertThat(TaskObjectCodec.taken(TaskObjectCodec.encode(closed))).isEqualTo(closed);
    assertThat(TaskObjectCodec.taken(TaskObjectCodec.encode(taken))).isEqualTo(taken);
    assertThat(TaskObjectCodec.taken("{").as()).isEqualTo(Fence.TAKEN);
    assertThat(TaskObjectCodec.taken("").as()).isEqualTo(Fence.TAKEN);
  }

  @Test
  void aClaimComesBackAsItWentAndOneThatCannotBeReadIsNone() {
    Claim claim = new Claim("dev", Samples.newId(), Samples.START);
    assertThat(TaskObjectCodec.claim("dev", TaskObjectCodec.encode(claim))).contains(claim);
    assertThat(TaskObjectCodec.claim("dev", "{")).isEmpty();
    assertThat(TaskObjectCodec.claim("dev", "{\"id\":\"dev\",\"since\":\"2026-11-22T10:00:00Z\"}"))
        .isEmpty();
    assertThat(TaskObjectCodec.claim("dev", TaskObjectCodec.encode(claim).replace("2026", "20x6")))
        .isEmpty();
  }

  @Test
  void aListOfVersionsComesBackAsItWentAndOneThatCannotBeReadIsNone() {
    Versions versions = new Versions(List.of("1.35", "1.34", "1.32"), List.of("1.32"), "1.34");
    assertThat(TaskObjectCodec.versions(TaskObjectCodec.encode(versions))).contains(versions);
    assertThat(TaskObjectCodec.versions("{}")).isEmpty();
    assertThat(TaskObjectCodec.versions("{\"preferred\":\"latest\"}")).isEmpty();
    assertThat(TaskObjectCodec.versions("{\"offered\":[\"1.x\"],\"preferred\":\"1.35\"}"))
        .isEmpty();
    assertThat(TaskObjectCodec.versions("{\"extended\":[\"1.x\"],\"preferred\":\"1.35\"}"))
        .isEmpty();
    assertThat(TaskObjectCodec.versions("{\"extended\":\"1.32\",\"preferred\":\"1.35\"}"))
        .isEmpty();
  }

  @Test
  void aListOfVersionsThatDoesNotSayHowTheyAreSupportedIsRead() {
    assertThat(TaskObjectCodec.versions("{\"offered\":[\"1.35\",\"1.34\"],\"preferred\":\"1.34\"}"))
        .contains(new Versions(List.of("1.35", "1.34"), List.of(), "1.34"));
  }

  @Test
  void whatATaskLeavesIsCutToWhatARecordCanHold() {
    List<String> lines = IntStream.range(0, 80).mapToObj(i -> i + "x".repeat(1000)).toList();
    TaskResult result =
        new TaskResult(TaskResult.Outcome.FAILED, Samples.START, lines.getFirst(), lines, lines);

    TaskResult kept = TaskObjectCodec.result(TaskObjectCodec.encode(result)).orElseThrow();

    assertThat(kept.message()).hasSize(501).endsWith("…");
    assertThat(kept.leftovers()).hasSize(50).first().asString().startsWith("0x");
    assertThat(kept.log()).hasSize(50).last().asString().startsWith("79x");
  }

  @ParameterizedTest
  @CsvSource({"499, 499", "500, 500", "501, 501", "502, 501"})
  void aLineOf500CharactersIsKeptAsItIs(int length, int kept) {
    String line = "x".repeat(length);
    TaskResult read =
        TaskObjectCodec.result(
                TaskObjectCodec.encode(
                    new TaskResult(Outcome.FAILED, Samples.START, line, List.of(line), List.of())))
            .orElseThrow();

    assertThat(read.message()).hasSize(kept).isEqualTo(read.leftovers().getFirst());
    assertThat(read.message().endsWith("…")).isEqualTo(length > 500);
  }

  @ParameterizedTest
  @CsvSource({"49, 49", "50, 50", "51, 50"})
  void fiftyLinesAreKept(int count, int kept) {
    List<String> lines = IntStream.range(0, count).mapToObj(String::valueOf).toList();
    TaskResult read =
        TaskObjectCodec.result(
                TaskObjectCodec.encode(
                    new TaskResult(Outcome.FAILED, Samples.START, "no", lines, lines)))
            .orElseThrow();

    assertThat(read.leftovers()).isEqualTo(lines.subList(0, kept));
    assertThat(read.log()).isEqualTo(lines.subList(count - kept, count));
  }
}
