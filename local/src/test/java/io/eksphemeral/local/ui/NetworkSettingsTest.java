package io.eksphemeral.local.ui;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The same variables lead to the same way as with curl, which the commands use. */
class NetworkSettingsTest {
  private static final String API = "https://abc123.execute-api.us-east-2.amazonaws.com";

  @TempDir private Path scratch;

  private static Optional<String> proxy(String api, String variables) {
    Map<String, String> environment = new TreeMap<>();
    for (String one : variables.split(" ", -1)) {
      String[] pair = one.split("=", 2);
      environment.put(pair[0], pair.length == 1 ? "" : pair[1]);
    }
    return new NetworkSettings(environment, Optional.empty())
        .proxy(URI.create(api))
        .map(proxy -> "%s:%d %s".formatted(proxy.host(), proxy.port(), proxy.login()).strip());
  }

  @ParameterizedTest
  @CsvSource({
    "https_proxy=http://proxy.company:3128, proxy.company:3128",
    "HTTPS_PROXY=http://proxy.company:3128, proxy.company:3128",
    "https_proxy=proxy.company:3128, proxy.company:3128",
    "https_proxy=http://proxy.company:3128/, proxy.company:3128",
    "https_proxy=http://proxy.company, proxy.company:1080",
    "https_proxy=http://me:se%40cret@proxy.company:3128, proxy.company:3128 me:se@cret",
    "https_proxy=http://first:1 HTTPS_PROXY=http://second:2, first:1",
    "all_proxy=http://proxy.company:3128, proxy.company:3128",
    "ALL_PROXY=http://proxy.company:3128, proxy.company:3128",
    "https_proxy=http://first:1 all_proxy=http://second:2, first:1",
    "https_proxy=http://first:1 no_proxy=other.com, first:1",
    "https_proxy=http://first:1 no_proxy=aws.com, first:1"
  })
  void theProxyThatAVariableNamesIsUsed(String variables, String proxy) {
    assertThat(proxy(API, variables)).contains(proxy);
  }

  @ParameterizedTest
  @CsvSource({
    "''",
    "https_proxy=",
    "http_proxy=http://proxy.company:3128",
    "https_proxy=http://first:1 no_proxy=*",
    "https_proxy=http://first:1 no_proxy=amazonaws.com",
    "https_proxy=http://first:1 no_proxy=.amazonaws.com",
    "https_proxy=http://first:1 NO_PROXY=.AmazonAWS.com",
    "'https_proxy=http://first:1 no_proxy=localhost,.amazonaws.com'",
    "https_proxy=http://first:1 no_proxy=abc123.execute-api.us-east-2.amazonaws.com"
  })
  void otherwiseThereIsNone(String variables) {
    assertThat(proxy(API, variables)).isEmpty();
  }

  @Test
  void withoutTlsOnlyTheLowerCaseVariableCounts() {
    assertThat(proxy("http://api.example", "http_proxy=http://first:1")).isPresent();
    assertThat(proxy("http://api.example", "HTTP_PROXY=http://first:1")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https_proxy=socks5://proxy.company:1080",
        "all_proxy=socks5h://proxy.company",
        "https_proxy=https://proxy.company:3128",
        "https_proxy=http://me:se[cret@proxy.company:3128",
        "https_proxy=http://"
      })
  void aProxyThatCannotBeUsedIsNotLeftOut(String variables) {
    assertThatThrownBy(() -> proxy(API, variables))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("https_proxy")
        .hasMessageNotContaining("cret");
  }

  @ParameterizedTest
  @CsvSource({"''", "this is no certificate"})
  void aFileWithoutCertificatesIsNotTakenForOneThatTrustsNone(String text) throws IOException {
    Path file = Files.writeString(scratch.resolve("ca.pem"), text);
    assertThatThrownBy(() ->
            new NetworkSettings(Map.of(), Optional.of(file))
                .applyTo(HttpClient.newBuilder(), URI.create(API)))
        .isInstanceOfAny(GeneralSecurityException.class, IOException.class);
  }
}
