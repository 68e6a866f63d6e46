package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.local.FaultInjection.How;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FaultInjectionTest {
  @Test
  void blankIsNone() {
    assertThat(FaultInjection.parse("").next(TaskKind.CREATE, "dev")).isEmpty();
    assertThat(FaultInjection.parse("  ").next(TaskKind.CREATE, "dev")).isEmpty();
  }

  @Test
  void aNumberIsForTheNextTasksOfItsKind() {
    FaultInjection mishaps = FaultInjection.parse("create:fail:2, destroy:lost:1");

    assertThat(mishaps.next(TaskKind.CREATE, "a")).contains(How.FAIL);
    assertThat(mishaps.next(TaskKind.DESTROY, "a")).contains(How.LOST);
    assertThat(mishaps.next(TaskKind.CREATE, "b")).contains(How.FAIL);
    assertThat(mishaps.next(TaskKind.CREATE, "c")).isEmpty();
    assertThat(mishaps.next(TaskKind.DESTROY, "a")).isEmpty();
  }

  @Test
  void aNameIsForAllTasksOfThatCluster() {
    FaultInjection mishaps =
        FaultInjection.parse("destroy:leftovers:dev\tcreate:hang:1 create:foreign:dev");

    assertThat(mishaps.next(TaskKind.DESTROY, "other")).isEmpty();
    assertThat(mishaps.next(TaskKind.DESTROY, "dev")).contains(How.LEFTOVERS);
    assertThat(mishaps.next(TaskKind.DESTROY, "dev")).contains(How.LEFTOVERS);
    assertThat(mishaps.next(TaskKind.CREATE, "dev")).contains(How.HANG);
    assertThat(mishaps.next(TaskKind.CREATE, "dev")).contains(How.FOREIGN);
  }

  @ParameterizedTest
  @CsvSource({
    "create, is not what:how:which",
    "create:fail, is not what:how:which",
    "build:fail:1, begins neither with create nor with destroy",
    "create:explode:1, a create task can fail",
    "create:leftovers:1, a create task can fail",
    "destroy:foreign:1, a destroy task can fail",
    "create:fail:0, ends neither with a number from 1 nor",
    "create:fail:-1, ends neither with a number from 1 nor",
    "create:fail:, ends neither with a number from 1 nor",
    "create:fail:../x, ends neither with a number from 1 nor",
  })
  void whatCannotBeUnderstoodIsSaid(String text, String why) {
    assertThatThrownBy(() -> FaultInjection.parse("destroy:fail:1," + text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining(why);
  }
}
