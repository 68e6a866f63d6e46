package io.eksphemeral.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The spec files that the documents use. */
final class ExampleSpecsTest {
  private static final String NOTIFIED = "hausenbl+notif@amazon.com";

  static final Map<String, Spec> EXAMPLES =
      Map.of(
          "2node-111-30.json", spec("2node-111-30", 2, "1.11", 30, NOTIFIED),
          "1node-112-10.json", spec("1node-112-10", 1, "1.12", 10, NOTIFIED),
          "2node-135-30.json", spec("2node-135-30", 2, "1.35", 30, "nobody@example.com"),
          "default-cc.json", spec("made-up", 1, "1.34", 20, "nobody@example.com"));

  static final List<String> FILES = EXAMPLES.keySet().stream().sorted().toList();

  @ParameterizedTest
  @FieldSource("FILES")
  void eachIsReadAndGivesExactlyItsSpec(String file) throws IOException {
    SpecParser.Reading reading = SpecParser.read(Files.readAllBytes(Path.of(file)));
    assertThat(reading.problems()).isEmpty();

    Result<Spec> result =
        SpecValidator.validate(
            reading.fields(), "made-up", Limits.DEFAULT, Versions.any("1.34"), Instant.EPOCH);

    assertThat(result).isEqualTo(Result.success(Objects.requireNonNull(EXAMPLES.get(file))));
  }

  @Test
  void thereIsNoOther() throws IOException {
    try (Stream<Path> files = Files.list(Path.of(""))) {
      assertThat(files.map(Path::toString))
          .filteredOn(name -> name.endsWith(".json") && !name.endsWith(".schema.json"))
          .containsExactlyInAnyOrderElementsOf(FILES);
    }
  }

  @Test
  void theExampleOf2019IsByteForByteWhatItWas() throws IOException {
    assertThat(Files.readString(Path.of("2node-111-30.json")))
        .isEqualTo(
            """
            {
                "name": "2node-111-30",
                "numworkers": 2,
                "kubeversion": "1.11",
                "timeout": 30,
                "owner": "hausenbl+notif@amazon.com"
            }
            """);
  }

  @Test
  void theDefaultLeavesTheVersionToTheService() throws IOException {
    assertThat(SpecParser.read(Files.readAllBytes(Path.of("default-cc.json"))).fields())
        .doesNotContainKey("kubeversion");
  }

  private static Spec spec(String name, int workers, String version, int timeout, String owner) {
    return new SpecBuilder()
        .name(name)
        .numworkers(workers)
        .kubeversion(version)
        .timeout(timeout)
        .owner(owner)
        .build();
  }
}
