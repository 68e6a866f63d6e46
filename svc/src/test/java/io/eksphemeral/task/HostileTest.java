package io.eksphemeral.task;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.HostileTexts;
import io.eksphemeral.domain.SpecValidator;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a task is told, should a record ever say something else than names, ids and numbers. */
@Tag("tasks")
@Execution(ExecutionMode.CONCURRENT)
class HostileTest {
  private static final String ID = "01999999-0000-7000-8000-000000000001";

  static Stream<Arguments> everyTextForEveryScript() {
    return HostileTexts.TEXTS.stream()
        .filter(text -> !text.contains("\0")) // no environment has one
        .flatMap(text ->
            Stream.of("prepare.sh", "report-nodes.sh", "report.sh", "teardown.sh")
                .map(script -> Arguments.of(script, text)));
  }

  @ParameterizedTest
  @MethodSource("everyTextForEveryScript")
  void malformedInputIsRejectedBeforeAnyCall(String script, String text) throws Exception {
    Aws aws = Aws.empty();

    for (String variable : new String[] {"NAME", "ID", "ATTEMPT"}) {
      if (variable.equals("NAME") && SpecValidator.isName(text)) {
        continue;
      }
      Aws.Outcome outcome = aws.run(script, ID, "dev", 1, Map.of("EKSPHEMERAL_" + variable, text));

      assertThat(outcome.exit()).isEqualTo(1);
      assertThat(outcome.output())
          .matches(
              "EKSPHEMERAL_%s is not (a cluster name|an id|a number|set)\n".formatted(variable));
    }
    assertThat(aws.calls()).isEmpty();
  }
}
