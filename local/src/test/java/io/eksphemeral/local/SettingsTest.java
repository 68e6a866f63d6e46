package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.local.simulated.SimulatedProvider;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SettingsTest {
  @Test
  void allSettingsHaveDefaults() throws StartException {
    Settings settings = Settings.of(List.of(), Map.of());

    assertThat(settings.home()).isAbsolute().hasFileName(".eksphemeral");
    assertThat(settings.port()).isEqualTo(8470);
    assertThat(settings.speed()).isEqualTo(1);
    assertThat(settings.limits()).isEqualTo(Limits.DEFAULT);
    assertThat(settings.pace()).isEqualTo(SimulatedProvider.Pace.usualAt(1));
  }

  @Test
  void optionsOverrideTheEnvironment() throws StartException {
    Settings settings =
        Settings.of(
            List.of("--home", "/tmp/x", "--port", "0", "--speed", "60"),
            Map.of(
                "EKSPHEMERAL_HOME", "/tmp/y",
                "EKSPHEMERAL_PORT", "9000",
                "EKSPHEMERAL_MAX_CLUSTERS", "100",
                "EKSPHEMERAL_OWNER_DOMAINS", "corp.io",
                "EKSPHEMERAL_SIMULATE_SECONDS", "0.1"));

    assertThat(settings.home()).isEqualTo(Path.of("/tmp/x"));
    assertThat(settings.port()).isZero();
    assertThat(settings.speed()).isEqualTo(60);
    assertThat(settings.limits().clusters()).isEqualTo(100);
    assertThat(settings.limits().owners().domains()).containsExactly("corp.io");
    assertThat(settings.pace().create()).isEqualTo(Duration.ofMillis(100));
    assertThat(settings.pace().destroy()).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void invalidOptionsAreReported() {
    refused(List.of("--sped", "60"), "unknown option '--sped'");
    refused(List.of("--speed"), "the option --speed needs a value");
    refused(List.of("--speed", "0"), "--speed is '0', and must be a whole number from 1 to 3600");
    refused(List.of("--speed", "3601"), "--speed is '3601'");
    refused(List.of("--speed", "fast"), "--speed is 'fast'");
    refused(List.of("--port", "65536"), "--port is '65536'");
    refused(List.of("--port", "99999999999999999999"), "--port is '99999999999999999999'");
    refused(List.of("--home", "a\0b"), "is not a valid path");
  }

  @Test
  void invalidVariablesAreReported() {
    refused("EKSPHEMERAL_MAX_CLUSTERS", "0", "must be a whole number from 1");
    refused("EKSPHEMERAL_MAX_MINUTES", "1e3", "must be a whole number from 1");
    refused("EKSPHEMERAL_OWNER_DOMAINS", "corp.io,@x", "'@x' is not a mail domain");
    refused("EKSPHEMERAL_ALLOW_TYPES", "t3.*;", "'t3.*;' is not a pattern of instance types");
    refused("EKSPHEMERAL_MAX_DISK", "19", "must be a whole number from 20");
    refused("EKSPHEMERAL_NODE_IMAGES", "1.35=a\n1.36=b", "is not VERSION=IMAGE");
    refused("EKSPHEMERAL_SIMULATE_SECONDS", "soon", "must be a number of seconds");
    refused("EKSPHEMERAL_SIMULATE_SECONDS", "-1", "must be a number of seconds");
    refused(
        "EKSPHEMERAL_SIMULATE_FAULTS",
        "create:explode:1",
        "FAULT of a create task must be one of fail");
  }

  @Test
  void atEverySpeedTasksMeetTheirDeadlines() throws StartException {
    for (int speed : List.of(1, 60, 674, 675, 1000, 3600)) {
      Settings settings = Settings.of(List.of("--speed", Integer.toString(speed)), Map.of());

      assertThat(settings.pace().create().multipliedBy(speed)).isLessThan(Duration.ofMinutes(45));
      assertThat(settings.pace().destroy().multipliedBy(speed)).isLessThan(Duration.ofMinutes(60));
      assertThat(settings.pace().create()).isPositive();
    }
    assertThat(Settings.of(List.of("--speed", "300"), Map.of()).pace())
        .isEqualTo(SimulatedProvider.Pace.usualAt(1));
  }

  @Test
  void theVariablesInEffectAreDescribed() throws StartException {
    assertThat(Settings.of(List.of(), Map.of()).described())
        .isEqualTo(
            """
            EKSPHEMERAL_MAX_MINUTES=1440
            EKSPHEMERAL_MAX_WORKERS=10
            EKSPHEMERAL_MAX_CLUSTERS=10
            EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER=5
            EKSPHEMERAL_OWNER_DOMAINS=
            EKSPHEMERAL_ALLOW_TYPES=t3.*,t3a.*,t4g.*
            EKSPHEMERAL_MAX_DISK=100
            EKSPHEMERAL_SIMULATE_SECONDS=
            EKSPHEMERAL_SIMULATE_FAULTS=
            EKSPHEMERAL_NODE_IMAGES=
            """);
    assertThat(
            Settings.of(
                    List.of(),
                    Map.of(
                        "EKSPHEMERAL_MAX_CLUSTERS", "003",
                        "EKSPHEMERAL_SIMULATE_FAULTS", "create:fail:1\ndestroy:fail:1"))
                .described())
        .contains("_CLUSTERS=3\n", "_FAULTS=create:fail:1 destroy:fail:1\n");
  }

  @Test
  void earlierNamesAreRead() throws StartException {
    Settings settings =
        Settings.of(
            List.of(),
            Map.of(
                "EKSPHEMERAL_MAX_CLUSTERS_PER_ASKER", "4",
                "EKSPHEMERAL_REHEARSAL_SECONDS", "0.1",
                "EKSPHEMERAL_REHEARSAL_FAILS", "create:fail:1"));

    assertThat(settings.pace().create()).isEqualTo(Duration.ofMillis(100));
    assertThat(settings.limits().clustersPerCaller()).isEqualTo(4);
    assertThat(settings.faults().next(TaskKind.CREATE, "dev")).isPresent();
  }

  private static void refused(List<String> arguments, String why) {
    refused(arguments, Map.of(), why);
  }

  private static void refused(String variable, String value, String why) {
    refused(List.of(), Map.of(variable, value), variable);
    refused(List.of(), Map.of(variable, value), why);
  }

  private static void refused(List<String> arguments, Map<String, String> environment, String why) {
    assertThatExceptionOfType(StartException.class)
        .isThrownBy(() -> Settings.of(arguments, environment))
        .withMessageContaining(why)
        .satisfies(e -> assertThat(e.reason().exitCode()).isEqualTo(2));
  }
}
