package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The file of the caller's settings. */
class ConfigScriptIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int MOST_BYTES = 8192;

  private final StubApi api = new StubApi();
  private final Scripts scripts;
  private final Path config;

  ConfigScriptIT(@TempDir Path scratch) throws IOException {
    scripts = Scripts.in(scratch).with("EKSPHEMERAL_URL", api.url());
    config = Path.of(scripts.value("HOME"), ".config/eksphemeral/config");
    Files.createDirectories(config.getParent());
    api.responds(202, StubApi.record("creating", ""));
  }

  @AfterEach
  void close() {
    api.close();
  }

  private Scripts.Outcome rejected() throws Exception {
    Scripts.Outcome outcome =
        scripts.patient(Duration.ofSeconds(60)).run("eksp", "create", "--no-wait");
    outcome.exits(2).prints("").says("invalid settings in " + config + ":\n");
    assertThat(api.requests()).isEmpty();
    scripts.run("eksp", "create", "--help").exits(0);
    return outcome;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "owner=a.b+c@corp.io",
        "\t owner\t=  it's@corp.io \r",
        "workers=1",
        "workers = 1000",
        "version=1.35",
        "region=us-gov-west-1",
        "endpoint=https://abc.execute-api.us-east-2.amazonaws.com/",
        "endpoint=http://127.0.0.1:8470",
        "endpoint=http://[::1]:8470/x",
        "# owner=nonsense\n   \n\r\n#",
        ""
      })
  void whatIsValidIsTaken(String text) throws Exception {
    Files.writeString(config, text);

    scripts.run("eksp", "create", "--no-wait").exits(0);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "owner | a@b",
        "owner | a b@corp.io",
        "owner | you",
        "owner | \"a@corp.io\"",
        "owner | ''",
        "owner | a@corp.io # me",
        "owner | ä@corp.io",
        "workers | 0",
        "workers | two",
        "workers | 1.5",
        "workers | -1",
        "workers | 00000",
        "workers | 10000",
        "workers | a[$(id)]",
        "version | 1",
        "version | v1.35",
        "version | 2.0",
        "version | 1.350.1",
        "region | US",
        "region | us east 2",
        "endpoint | abc.execute-api.us-east-2.amazonaws.com",
        "endpoint | file:///etc/passwd",
        "endpoint | https://",
        "endpoint | https://x y"
      })
  void aValueThatCannotBeIsRejected(String key, String value) throws Exception {
    Files.writeString(config, "\n%s=%s\n".formatted(key, value));

    rejected().says("  - line 2: " + key + " must be ");
  }

  @Test
  void everyProblemIsNamedWithItsLine() throws Exception {
    Files.writeString(
        config,
        "ower=a@corp.io\nowner=x@corp.io\nworkers\n\nowner=y@corp.io\nworkers=none\nOWNER=a@corp.io\nregion=x\000\nworkers=3");

    rejected()
        .says(
            """
              - line 1: unknown setting ower
              - line 3 is not KEY=VALUE
              - line 5: owner is set in line 2 already
              - line 6: workers must be a whole number, such as 2
              - line 7: unknown setting OWNER
              - line 8: region must be a region of AWS, such as us-east-2
              - line 9: workers is set in line 6 already
            """)
        .doesNotSay("ignored null byte");
  }

  @Test
  void manyProblemsAreCounted() throws Exception {
    Files.writeString(config, "x=1\n".repeat(500));

    Scripts.Outcome outcome = rejected().says("and 480 more");
    assertThat(outcome.err().lines()).hasSizeLessThan(30);
  }

  /** Bytes, not characters. */
  @ParameterizedTest
  @CsvSource({"0, true", "1, false"})
  void aFileHasAtMostEightKibibytes(int more, boolean isValid) throws Exception {
    String text = "owner=a@corp.io\n# " + "ä".repeat((MOST_BYTES - 18) / 2) + "\n".repeat(more);
    assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSize(MOST_BYTES + more);
    Files.writeString(config, text);

    if (isValid) {
      scripts.run("eksp", "create", "--no-wait").exits(0);
    } else {
      rejected().says("  - it is larger than 8192 bytes\n");
    }
  }

  @Test
  void aHugeFileIsNotRead() throws Exception {
    Files.writeString(config, "x".repeat(3_000_000));

    rejected().says("it is larger than 8192 bytes");
  }

  @Test
  void whatIsNoFileIsNotRead() throws Exception {
    scripts.run("mkfifo", config.toString()).exits(0);
    rejected().says("it is not a file");
    Files.delete(config);
    Files.createDirectory(config);
    rejected().says("it is not a file");
  }

  @Test
  void aLinkLeadsToAFile() throws Exception {
    Path target = config.resolveSibling("target");
    Files.createSymbolicLink(config, target);
    rejected().says("it is a link to a file that does not exist");

    Files.writeString(target, "owner=a@corp.io\n");
    scripts.run("eksp", "create", "--no-wait").exits(0);
  }

  /** Also for root, who may open every file. */
  @Test
  void aFileThatCannotBeReadIsRejected() throws Exception {
    Files.createSymbolicLink(config, Path.of("/proc/self/mem"));

    rejected().says("it cannot be read");
  }

  @Test
  void withoutAFileThereAreNoSettings() throws Exception {
    scripts.run("eksp", "create", "--no-wait").exits(0);
    scripts.without("HOME").run("eksp", "create", "--no-wait").exits(0);
  }

  @Test
  void whatIsInForceIsListed() throws Exception {
    Files.writeString(config, "region=us-east-1\nversion=1.34\nworkers=2\n");
    scripts.with("AWS_DEFAULT_REGION", "eu-west-1").with("EKSPHEMERAL_WORKERS", "3");

    JsonNode settings = JSON.readTree(scripts.run("eksp", "config").exits(0).line());

    assertThat(setting(settings, "region")).isEqualTo("eu-west-1 AWS_DEFAULT_REGION");
    assertThat(setting(settings, "version")).isEqualTo("1.34 " + config);
    assertThat(setting(settings, "workers")).isEqualTo("3 EKSPHEMERAL_WORKERS");
    assertThat(setting(settings, "endpoint")).isEqualTo(api.url() + " EKSPHEMERAL_URL");
    assertThat(settings.has("owner")).isFalse();
  }

  private static String setting(JsonNode settings, String key) {
    return settings.at("/" + key + "/value").asText()
        + " "
        + settings.at("/" + key + "/from").asText();
  }
}
