package io.eksphemeral.local.simulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.local.simulated.FaultInjection.Fault;
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
    FaultInjection faults = FaultInjection.parse("create:fail:2, destroy:lost:1");

    assertThat(faults.next(TaskKind.CREATE, "a")).contains(Fault.FAIL);
    assertThat(faults.next(TaskKind.DESTROY, "a")).contains(Fault.LOST);
    assertThat(faults.next(TaskKind.CREATE, "b")).contains(Fault.FAIL);
    assertThat(faults.next(TaskKind.CREATE, "c")).isEmpty();
    assertThat(faults.next(TaskKind.DESTROY, "a")).isEmpty();
  }

  @Test
  void aNameIsForAllTasksOfThatCluster() {
    FaultInjection faults =
        FaultInjection.parse("destroy:leftovers:dev\tcreate:hang:1 create:foreign:dev");

    assertThat(faults.next(TaskKind.DESTROY, "other")).isEmpty();
    assertThat(faults.next(TaskKind.DESTROY, "dev")).contains(Fault.LEFTOVERS);
    assertThat(faults.next(TaskKind.DESTROY, "dev")).contains(Fault.LEFTOVERS);
    assertThat(faults.next(TaskKind.CREATE, "dev")).contains(Fault.HANG);
    assertThat(faults.next(TaskKind.CREATE, "dev")).contains(Fault.FOREIGN);
  }

  @ParameterizedTest
  @CsvSource({
    "create, is not KIND:FAULT:WHICH",
    "create:fail, is not KIND:FAULT:WHICH",
    "build:fail:1, KIND must be create or destroy",
    "create:explode:1, FAULT of a create task must be one of fail",
    "create:leftovers:1, FAULT of a create task must be one of fail",
    "destroy:foreign:1, FAULT of a destroy task must be one of fail",
    "create:fail:0, WHICH must be a number from 1 or",
    "create:fail:-1, WHICH must be a number from 1 or",
    "create:fail:, WHICH must be a number from 1 or",
    "create:fail:../x, WHICH must be a number from 1 or",
  })
  void whatCannotBeUnderstoodIsSaid(String text, String why) {
    assertThatThrownBy(() -> FaultInjection.parse("destroy:fail:1," + text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + text + "'")
        .hasMessageContaining(why);
  }
}
