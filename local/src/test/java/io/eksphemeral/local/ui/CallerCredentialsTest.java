package io.eksphemeral.local.ui;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.local.ui.CallerCredentials.Keys;
import io.eksphemeral.local.ui.CallerCredentials.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the caller's credentials are fetched again, by a clock that the test sets. */
class CallerCredentialsTest {
  private static final Instant START = Instant.parse("2026-11-30T10:00:00Z");
  private static final Instant HOUR = START.plus(Duration.ofHours(1));

  @TempDir private Path scripts;
  private Instant now = START;
  private CallerCredentials credentials = from(Path.of("."));

  @BeforeEach
  void script() throws IOException {
    Files.createDirectories(scripts.resolve("lib"));
    Files.writeString(
        scripts.resolve("lib/export-credentials.sh"),
        """
        cd "$(dirname "$0")" && echo >>fetches
        [ -e keys ] && exec cat keys
        echo 'export-credentials.sh: the session is over' >&2
        echo '  sign in again: aws sso login' >&2
        exit 1
        """);
    credentials = from(scripts);
  }

  private CallerCredentials from(Path folder) {
    return new CallerCredentials(
        new LibraryScript(folder, "export-credentials.sh", List.of(), "eksp COMMAND"), () -> now);
  }

  /** What the script prints from now on. */
  private Keys given(String id, Instant expires) throws IOException {
    Files.writeString(
        scripts.resolve("lib/keys"),
        "%s\nsecret\ntoken\n%d\n".formatted(id, expires.getEpochSecond()));
    return new Keys(id, "secret", "token", Optional.of(expires));
  }

  private void givenNone() throws IOException {
    Files.delete(scripts.resolve("lib/keys"));
  }

  private int fetches() throws IOException {
    return Files.readAllLines(scripts.resolve("lib/fetches")).size();
  }

  private void expectCurrent(Keys keys) {
    assertThat(credentials.current()).isEqualTo(new Outcome.Available(keys));
  }

  @Test
  void theyAreFetchedOnceForAllRequestsUntilShortlyBeforeTheyExpire() throws Exception {
    Keys first = given("first", HOUR);
    expectCurrent(first);
    now = HOUR.minusSeconds(150);
    expectCurrent(first);
    assertThat(fetches()).isEqualTo(1);

    Keys second = given("second", HOUR.plusSeconds(3600));
    now = HOUR.minusSeconds(110);
    expectCurrent(second);
    assertThat(fetches()).isEqualTo(2);
  }

  @Test
  void nearTheirEndTheyAreNotFetchedForEachRequest() throws Exception {
    Keys keys = given("first", HOUR);
    now = HOUR.minusSeconds(60);
    for (int i = 0; i < 20; i++) {
      expectCurrent(keys);
    }
    assertThat(fetches()).isEqualTo(1);
    now = now.plusSeconds(10);
    expectCurrent(keys);
    assertThat(fetches()).isEqualTo(2);
  }

  @Test
  void oldOnesAreUsedUntilTheyHaveExpiredIfThereAreNoNewOnes() throws Exception {
    Keys keys = given("first", HOUR);
    expectCurrent(keys);
    givenNone();
    now = HOUR.minusSeconds(1);
    expectCurrent(keys);

    now = HOUR;
    assertThat(credentials.current())
        .isEqualTo(new Outcome.Unavailable("the session is over\n  sign in again: aws sso login"));
    now = HOUR.plusSeconds(10);
    expectCurrent(given("second", HOUR.plusSeconds(3600)));
  }

  @Test
  void whileThereAreNoneTheScriptIsNotRunForEachRequest() throws Exception {
    for (int i = 0; i < 20; i++) {
      assertThat(credentials.current()).isInstanceOf(Outcome.Unavailable.class);
    }
    assertThat(fetches()).isEqualTo(1);
  }

  @Test
  void thoseThatAwsRejectsAreFetchedAgain() throws Exception {
    Keys first = given("first", HOUR);
    expectCurrent(first);
    now = now.plusSeconds(10);
    Keys second = given("second", HOUR);
    assertThat(credentials.after(first)).isEqualTo(new Outcome.Available(second));
    // Others that were rejected meanwhile get the new ones without another fetch.
    assertThat(credentials.after(first)).isEqualTo(new Outcome.Available(second));
    assertThat(fetches()).isEqualTo(2);
  }

  @Test
  void noTextHasTheKeys() throws Exception {
    given("first", HOUR);
    assertThat(credentials.current().toString()).doesNotContain("first", "secret", "token");
  }
}
