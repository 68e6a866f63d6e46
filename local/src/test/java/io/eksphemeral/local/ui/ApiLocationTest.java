package io.eksphemeral.local.ui;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When an API is looked up again, and what is believed. */
class ApiLocationTest {
  private static final URI OLD = URI.create("https://old.execute-api.us-east-2.amazonaws.com");
  private static final URI NEW = URI.create("https://new.execute-api.us-east-2.amazonaws.com");

  @TempDir private Path scratch;
  private Path scripts = Path.of(".");
  private Instant now = Instant.parse("2026-11-30T10:00:00Z");

  /** One whose script does this. */
  private ApiLocation location(String bash) throws IOException {
    scripts = scratch.resolve("my commands");
    Files.createDirectories(scripts.resolve("lib"));
    Files.writeString(scripts.resolve("lib/find-api.sh"), "echo >>\"$0.looks\"\n" + bash + "\n");
    return new ApiLocation(
        OLD, new LibraryScript(scripts, "find-api.sh", List.of(), "./eksp COMMAND"), () -> now);
  }

  private int looks() throws IOException {
    return Files.readAllLines(scripts.resolve("lib/find-api.sh.looks")).size();
  }

  @Test
  void anApiThatHasMovedIsFoundOnceForAll() throws Exception {
    ApiLocation location = location("echo " + NEW);
    assertThat(location.hasMovedFrom(OLD)).isTrue();
    assertThat(location.hasMovedFrom(OLD)).isTrue();
    assertThat(location.current()).isEqualTo(NEW);
    assertThat(looks()).isEqualTo(1);
  }

  @Test
  void whileItStaysItIsNotLookedUpForEachRequest() throws Exception {
    ApiLocation location = location("echo " + OLD);
    for (int i = 0; i < 10; i++) {
      assertThat(location.hasMovedFrom(OLD)).isFalse();
    }
    assertThat(looks()).isEqualTo(1);
    now = now.plusSeconds(20);
    assertThat(location.hasMovedFrom(OLD)).isFalse();
    assertThat(looks()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "exit 1",
        "echo https://new.example; exit 1",
        "echo",
        "echo https://user@evil.example",
        "echo https://new.example/path",
        "echo file:///etc/passwd",
        "echo https://one.example; echo https://two.example"
      })
  void nothingElseIsTakenForAnApi(String bash) throws Exception {
    ApiLocation location = location(bash);
    assertThat(location.hasMovedFrom(OLD)).isFalse();
    assertThat(location.current()).isEqualTo(OLD);
    assertThat(location.missing()).isEmpty();
  }

  @Test
  void anInstallationThatIsGoneIsSaidToBe() throws Exception {
    ApiLocation location = location("echo 'find-api.sh: EKSphemeral is not installed' >&2; exit 2");
    assertThat(location.hasMovedFrom(OLD)).isFalse();
    assertThat(location.missing()).contains("EKSphemeral is not installed");
  }
}
