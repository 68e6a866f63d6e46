package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.MarkFormat.Taken;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.domain.Versions;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MarkFormatTest {
  @ParameterizedTest
  @EnumSource(Outcome.class)
  void aResultComesBackAsItWent(Outcome outcome) {
    TaskResult result =
        new TaskResult(outcome, Samples.START, "so it went", List.of("volume vol-1"), List.of("x"));
    assertThat(MarkFormat.result(MarkFormat.encode(result))).contains(result);
  }

  @Test
  void aResultThatATasksOwnProgramWroteNeedsNoLists() {
    assertThat(
            MarkFormat.result(
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
    assertThat(MarkFormat.result(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"volume vol-1\"", "{\"volume\":\"vol-1\"}", "1", "true", "null"})
  void leftOversThatAreNotUnderstoodDoNotPassForNone(String leftovers) {
    assertThat(
            MarkFormat.result(
                "{\"outcome\":\"absent\",\"at\":\"2026-11-22T10:00:00Z\",\"leftovers\":"
                    + leftovers
                    + "}"))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"the last line\"", "{}", "1"})
  void aResultWhoseLogIsNoListIsNone(String log) {
    assertThat(
            MarkFormat.result(
                "{\"outcome\":\"failed\",\"at\":\"2026-11-22T10:00:00Z\",\"log\":" + log + "}"))
        .isEmpty();
  }

  @Test
  void aLeftOverOfAnyShapeIsALeftOver() {
    assertThat(
            MarkFormat.result(
                    "{\"outcome\":\"absent\",\"at\":\"2026-11-22T10:00:00Z\",\"leftovers\":[{}]}")
                .orElseThrow()
                .provesAbsence())
        .isFalse();
  }

  @Test
  void aFenceComesBackAsItWentAndOneThatCannotBeReadIsATasks() {
    Taken closed = new Taken(Fence.CLOSED, "control-plane");
    Taken taken = new Taken(Fence.TAKEN, "task-1");
    assertThat(MarkFormat.taken(MarkFormat.encode(closed))).isEqualTo(closed);
    assertThat(MarkFormat.taken(MarkFormat.encode(taken))).isEqualTo(taken);
    assertThat(MarkFormat.taken("{").as()).isEqualTo(Fence.TAKEN);
    assertThat(MarkFormat.taken("").as()).isEqualTo(Fence.TAKEN);
  }

  @Test
  void aClaimComesBackAsItWentAndOneThatCannotBeReadIsNone() {
    Claim claim = new Claim("dev", Samples.newId(), Samples.START);
    assertThat(MarkFormat.claim("dev", MarkFormat.encode(claim))).contains(claim);
    assertThat(MarkFormat.claim("dev", "{")).isEmpty();
    assertThat(MarkFormat.claim("dev", "{\"id\":\"dev\",\"since\":\"2026-11-22T10:00:00Z\"}"))
        .isEmpty();
    assertThat(MarkFormat.claim("dev", MarkFormat.encode(claim).replace("2026", "20x6"))).isEmpty();
  }

  @Test
  void aListOfVersionsComesBackAsItWentAndOneThatCannotBeReadIsNone() {
    Versions versions = new Versions(List.of("1.35", "1.34", "1.32"), List.of("1.32"), "1.34");
    assertThat(MarkFormat.versions(MarkFormat.encode(versions))).contains(versions);
    assertThat(MarkFormat.versions("{}")).isEmpty();
    assertThat(MarkFormat.versions("{\"preferred\":\"latest\"}")).isEmpty();
    assertThat(MarkFormat.versions("{\"offered\":[\"1.x\"],\"preferred\":\"1.35\"}")).isEmpty();
    assertThat(MarkFormat.versions("{\"extended\":[\"1.x\"],\"preferred\":\"1.35\"}")).isEmpty();
    assertThat(MarkFormat.versions("{\"extended\":\"1.32\",\"preferred\":\"1.35\"}")).isEmpty();
  }

  @Test
  void aListOfVersionsThatDoesNotSayHowTheyAreSupportedIsRead() {
    assertThat(MarkFormat.versions("{\"offered\":[\"1.35\",\"1.34\"],\"preferred\":\"1.34\"}"))
        .contains(new Versions(List.of("1.35", "1.34"), List.of(), "1.34"));
  }

  @Test
  void whatATaskLeavesIsCutToWhatARecordCanHold() {
    List<String> lines = IntStream.range(0, 80).mapToObj(i -> i + "x".repeat(1000)).toList();
    TaskResult result =
        new TaskResult(TaskResult.Outcome.FAILED, Samples.START, lines.getFirst(), lines, lines);

    TaskResult kept = MarkFormat.result(MarkFormat.encode(result)).orElseThrow();

    assertThat(kept.message()).hasSize(501).endsWith("…");
    assertThat(kept.leftovers()).hasSize(50).first().asString().startsWith("0x");
    assertThat(kept.log()).hasSize(50).last().asString().startsWith("79x");
  }

  @ParameterizedTest
  @CsvSource({"499, 499", "500, 500", "501, 501", "502, 501"})
  void aLineOf500CharactersIsKeptAsItIs(int length, int kept) {
    String line = "x".repeat(length);
    TaskResult read =
        MarkFormat.result(
                MarkFormat.encode(
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
        MarkFormat.result(
                MarkFormat.encode(
                    new TaskResult(Outcome.FAILED, Samples.START, "no", lines, lines)))
            .orElseThrow();

    assertThat(read.leftovers()).isEqualTo(lines.subList(0, kept));
    assertThat(read.log()).isEqualTo(lines.subList(count - kept, count));
  }
}
