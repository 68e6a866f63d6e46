package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LimitsTest {
  @Test
  void theSmallestLimitIsOne() {
    assertThatNoException().isThrownBy(() -> new Limits(1, 1, 1, 1));
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 1, 1", "1, 0, 1, 1", "1, 1, 0, 1", "1, 1, 1, 0", "-1, 1, 1, 1"})
  void smallerLimitsAreRejected(int minutes, int workers, int clusters, int clustersPerCaller) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Limits(minutes, workers, clusters, clustersPerCaller));
  }
}
