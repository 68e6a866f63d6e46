package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ClusterIdTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final String TEXT = "9be65bee-3baa-4fd0-aa3e-032325d5390c";

  private final RandomGenerator random = new Random(1);

  @Test
  void aGeneratedIdHasVersion7AndTheTime() {
    for (int i = 0; i < 1000; i++) {
      UUID uuid = UUID.fromString(ClusterId.generate(NOW, random).value());

      assertThat(uuid.version()).isEqualTo(7);
      assertThat(uuid.variant()).isEqualTo(2);
      assertThat(uuid.getMostSignificantBits() >>> 16).isEqualTo(NOW.toEpochMilli());
    }
  }

  /** 12 bits beside the version, 62 beside the variant. */
  @Test
  void theRestOfAnIdIsRandom() {
    assertThat(ClusterId.generate(NOW, () -> -1L).value()).endsWith("-7fff-bfff-ffffffffffff");
    assertThat(ClusterId.generate(NOW, () -> 0L).value()).endsWith("-7000-8000-000000000000");
  }

  @Test
  void generatedIdsAreUnique() {
    List<ClusterId> ids = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      ids.add(ClusterId.generate(NOW, random));
    }
    assertThat(ids).doesNotHaveDuplicates();
  }

  @Test
  void generatedIdsSortByTime() {
    List<ClusterId> ids = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      ids.add(ClusterId.generate(NOW.plusMillis(i * 977L), random));
    }
    List<ClusterId> sorted = new ArrayList<>(ids);
    Collections.shuffle(sorted, new Random(2));
    Collections.sort(sorted);
    assertThat(sorted).isEqualTo(ids);
  }

  @Test
  void idsAreParsedInAnyCaseAndStoredInLowerCase() {
    assertThat(ClusterId.parse(TEXT.toUpperCase(Locale.ROOT))).contains(new ClusterId(TEXT));
    assertThat(ClusterId.parse(TEXT)).contains(new ClusterId(TEXT));
    assertThat(new ClusterId(TEXT)).hasToString(TEXT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "dev",
        "9be65bee-3baa-4fd0-aa3e-032325d5390",
        "9be65bee-3baa-4fd0-aa3e-032325d5390cc",
        "9be65bee3baa4fd0aa3e032325d5390c",
        "9be65bee-3baa-4fd0-aa3e-032325d5390g",
        " 9be65bee-3baa-4fd0-aa3e-032325d5390c",
        "9be65bee-3baa-4fd0-aa3e-032325d5390c\n",
        "{9be65bee-3baa-4fd0-aa3e-032325d5390c}",
        "../65bee-3baa-4fd0-aa3e-032325d5390c"
      })
  void onlyUuidsAreIds(String text) {
    assertThat(ClusterId.parse(text)).isEmpty();
    assertThatIllegalArgumentException().isThrownBy(() -> new ClusterId(text));
  }

  @Test
  void anIdMustBeInCanonicalForm() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClusterId(TEXT.toUpperCase(Locale.ROOT)));
  }

  @Test
  void theDefaultNameDependsOnTheIdAndIsValid() {
    ClusterId id = new ClusterId(TEXT);
    assertThat(id.defaultName()).isEqualTo("default-eksp-25d5390c");
    assertThat(SpecValidator.isName(id.defaultName())).isTrue();
  }

  @Test
  void theTokenOfATaskIsUniqueAndFitsEcs() {
    ClusterId id = new ClusterId(TEXT);
    assertThat(new TaskKey(id, TaskKind.CREATE, 1).token()).isEqualTo(TEXT + "-create-1");
    assertThat(new TaskKey(id, TaskKind.DESTROY, 2).label()).isEqualTo("destroy-2");
    assertThat(new TaskKey(id, TaskKind.DESTROY, Integer.MAX_VALUE).token().length())
        .isLessThanOrEqualTo(64);
  }
}
