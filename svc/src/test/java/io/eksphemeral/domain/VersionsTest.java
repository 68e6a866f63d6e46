package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class VersionsTest {
  private final Versions offered =
      new Versions(List.of("1.35", "1.34", "1.32"), List.of("1.32"), "1.34");

  @ParameterizedTest
  @CsvSource({
    "1.35, true",
    "1.34, true",
    "1.32, true",
    "1.33, false",
    "1.31, false",
    "1.11, false",
    "1.36, true",
    "1.99, true"
  })
  void offeredAndNewerVersionsAreAccepted(String version, boolean fine) {
    assertThat(offered.offers(version)).isEqualTo(fine);
  }

  @Test
  void withoutAListEveryVersionIsAccepted() {
    assertThat(Versions.any("1.35").offers("1.11")).isTrue();
    assertThat(Versions.any("1.35").preferred()).isEqualTo("1.35");
  }

  @ParameterizedTest
  @CsvSource({"1.35, STANDARD", "1.34, STANDARD", "1.32, EXTENDED", "1.36, STANDARD"})
  void theListTellsTheSupportOfAVersion(String version, Versions.Support support) {
    assertThat(offered.supports(version)).isEqualTo(support);
  }
}
