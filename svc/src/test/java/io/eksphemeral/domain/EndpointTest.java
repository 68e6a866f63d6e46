package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EndpointTest {
  @ParameterizedTest
  @CsvSource({
    "a1b2c3.execute-api.eu-central-1.amazonaws.com, https://a1b2c3.execute-api.eu-central-1.amazonaws.com",
    "a1b2c3.execute-api.cn-north-1.amazonaws.com.cn, https://a1b2c3.execute-api.cn-north-1.amazonaws.com.cn",
    "EKSP.Example.com, https://eksp.example.com",
    "127.0.0.1:8470, http://127.0.0.1:8470",
    "localhost:8470, http://127.0.0.1:8470",
    "[::1]:1, http://127.0.0.1:1",
    "LocalHost:65535, http://127.0.0.1:65535",
  })
  void aHostBecomesTheUrlOfItsApi(String host, String url) {
    assertThat(Endpoint.at(host)).contains(new Endpoint(url));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(
      strings = {
        "",
        "localhost",
        "example",
        "example.com:443",
        "example.com/",
        "example.com; reboot",
        "$(reboot).example.com",
        "example.com\nname",
        "example.com\n",
        "user@example.com",
        "-a.example.com",
        "a-.example.com",
        ".example.com",
        "example..com",
        "example.com.",
        "ex\u00e4mple.com",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:84700 x",
        "127.0.0.1:123456",
        "127.0.0.2:8470",
      })
  void anythingElseBecomesNone(String host) {
    assertThat(Endpoint.at(host)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "https://",
        "https://localhost:1",
        "http://example.com",
        "ftp://example.com",
        "https://example.com ",
        "https://example.com?a",
        "http://127.0.0.1:1;x",
      })
  void aUrlOfAnotherShapeIsRejected(String url) {
    assertThatThrownBy(() -> new Endpoint(url)).isInstanceOf(IllegalArgumentException.class);
    assertThat(Endpoint.at("a".repeat(64) + ".com")).isEmpty();
    assertThat(Endpoint.at("a.".repeat(130) + "com")).isEmpty();
  }
}
