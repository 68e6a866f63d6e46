package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eksphemeral.local.kind.StandIns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which provider a home gets, with stand-ins for kind and docker. */
final class ProvidersTest {
  @TempDir Path scratch;
  private StateDirectory home;
  private StandIns standIns;
  private Map<String, String> machine = Map.of();

  @BeforeEach
  void open() throws IOException {
    home = StateDirectory.acquire(scratch.resolve("home")).orElseThrow();
    standIns = new StandIns(scratch.resolve("stand-ins"));
    machine = standIns.environment();
  }

  @AfterEach
  void close() throws IOException {
    home.close();
  }

  private Providers.Choice choose(boolean isUsed, String... settings)
      throws IOException, StartException {
    Map<String, String> environment = new HashMap<>();
    for (int i = 0; i < settings.length; i += 2) {
      environment.put(settings[i], settings[i + 1]);
    }
    List<String> speed = List.of("--speed", environment.getOrDefault("speed", "1"));
    return Providers.choose(
        Settings.of(speed, environment),
        home,
        isUsed,
        machine,
        ScaledClock.start(InstantSource.system(), 1, home.files()),
        InstantSource.system(),
        _ -> false);
  }

  private void refused(String why, boolean isUsed, String... settings) {
    assertThatExceptionOfType(StartException.class)
        .isThrownBy(() -> choose(isUsed, settings))
        .withMessageContaining(why)
        .satisfies(e -> assertThat(e.reason().exitCode()).isEqualTo(2));
  }

  @Test
  void kindIsUsedWhereItCanBe() throws Exception {
    Providers.Choice choice = choose(false);

    assertThat(choice.name()).isEqualTo("kind");
    assertThat(choice.why()).isEmpty();
    assertThat(choice.removal()).isEqualTo("kind delete cluster --name eksp-ID");
    assertThat(choice.provider().description()).isEqualTo("kind on docker");
  }

  @ParameterizedTest
  @CsvSource({
    "down, docker does not answer: Cannot connect",
    "denied, docker does not answer: permission denied",
  })
  void withoutAnEngineItIsSimulatedAndSaysWhy(String how, String why) throws Exception {
    standIns.tell(how, "");
    Providers.Choice choice = choose(false);

    assertThat(choice.name()).isEqualTo("simulated");
    assertThat(choice.why()).startsWith("no real clusters: " + why);
    assertThat(choice.removal()).isEmpty();
  }

  @Test
  void withoutKindItIsSimulatedAndSaysWhereToGetIt() throws Exception {
    Path folder = Files.createDirectories(scratch.resolve("bin"));
    Path docker = Path.of("src/test/kind/stand-in/docker").toAbsolutePath();
    Files.createSymbolicLink(folder.resolve("docker"), docker);
    machine = new HashMap<>(machine);
    machine.put("PATH", folder + ":/usr/bin:/bin");

    assertThat(choose(false).why()).contains("kind is not installed; get it: https://");
  }

  @Test
  void anOldKindIsNotUsed() throws Exception {
    standIns.tell("version", "0.17.0\n");

    assertThat(choose(false).why()).contains("kind 0.17.0 is too old");
  }

  @Test
  void withoutAnyEngineItSaysSo() throws Exception {
    machine = Map.of("PATH", scratch.resolve("nothing").toString());

    assertThat(choose(false).why()).contains("neither docker nor podman is installed");
  }

  @Test
  void theChoiceOfTheUserCounts() throws Exception {
    assertThat(choose(false, "EKSPHEMERAL_PROVIDER", "simulated").name()).isEqualTo("simulated");
    assertThat(choose(false, "EKSPHEMERAL_PROVIDER", "kind").name()).isEqualTo("kind");
    assertThat(choose(false, "EKSPHEMERAL_SIMULATE_SECONDS", "1").name()).isEqualTo("simulated");
    refused("EKSPHEMERAL_PROVIDER is 'eks'", false, "EKSPHEMERAL_PROVIDER", "eks");
    standIns.tell("down", "");
    refused("kind cannot be used: docker does not", false, "EKSPHEMERAL_PROVIDER", "kind");
  }

  /** A provider finds nothing of another one's clusters, and would report them as deleted. */
  @Test
  void clustersKeepTheProviderThatBuiltThem() throws Exception {
    choose(false, "EKSPHEMERAL_PROVIDER", "kind");
    standIns.tell("down", "");

    assertThat(choose(true).name()).isEqualTo("kind");
    assertThat(choose(true).why())
        .startsWith("its clusters cannot be reached: docker does not answer");
    refused("destroy them first", true, "EKSPHEMERAL_PROVIDER", "simulated");
    assertThat(choose(false).name()).isEqualTo("simulated");
    standIns.forget("down");
    assertThat(choose(true).name()).isEqualTo("simulated");
  }

  @Test
  void clustersOfEarlierVersionsAreSimulated() throws Exception {
    assertThat(choose(true).name()).isEqualTo("simulated");
    refused("of the provider simulated", true, "EKSPHEMERAL_PROVIDER", "kind");
  }

  @Test
  void aSpeedAtWhichTasksMissTheirDeadlinesIsRejected() {
    refused(
        "at speed 3600 every task would miss its deadline",
        false,
        "speed",
        "3600",
        "EKSPHEMERAL_SIMULATE_SECONDS",
        "4");
    refused(
        "at speed 3600 every task would miss its deadline",
        false,
        "speed",
        "3600",
        "EKSPHEMERAL_PROVIDER",
        "kind");
  }
}
