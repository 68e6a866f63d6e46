package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MailAddressTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "nobody@example.com",
        "hausenbl+notif@amazon.com",
        "o'neil.x_y-z@a.b.c.eksphemeral.io",
        "1@2.de"
      })
  void validAddressesAreAccepted(String text) {
    assertThat(MailAddress.isValid(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "alice",
        "@eksphemeral.io",
        "alice@",
        "alice@localhost",
        "alice@@eksphemeral.io",
        "a@b@eksphemeral.io",
        "alice@eksphemeral.io\n",
        "alice@eksphemeral.io\r\nBcc: all@eksphemeral.io",
        "alice @eksphemeral.io",
        "<alice@eksphemeral.io>",
        "alice@eksphemeral.io,bob@eksphemeral.io",
        "älice@eksphemeral.io",
        "alice@eksphemeral..io",
        "alice@.io"
      })
  void invalidAddressesAreRejected(String text) {
    assertThat(MailAddress.isValid(text)).isFalse();
  }

  @Test
  void anAddressHasAtMost254Characters() {
    String domain = "@" + "d".repeat(250 - 11) + ".io";
    assertThat(MailAddress.isValid("a".repeat(12) + domain)).isFalse();
    assertThat(MailAddress.isValid("a".repeat(11) + domain)).isTrue();
    assertThat(MailAddress.isValid("a".repeat(65) + "@eksphemeral.io")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nobody@example.com",
        "nobody@EXAMPLE.com",
        "a@b.example.net",
        "a@example.org",
        "a@any.test",
        "a@any.invalid",
        "a@any.example"
      })
  void reservedDomainsAreRecognised(String address) {
    assertThat(MailAddress.isReserved(address)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a@amazon.com",
        "a@notexample.com",
        "a@example.com.de",
        "a@latest",
        "example.com@aws.dev"
      })
  void otherDomainsAreNotReserved(String address) {
    assertThat(MailAddress.isReserved(address)).isFalse();
  }
}
