package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code eksp ui} with an API behind TLS, as AWS has it, and with what is in between. */
class UiNetworkIT {
  private final Account account;
  private final PrivateAuthority authority;
  private final SignedApi api;
  private final Scripts scripts;

  UiNetworkIT(@TempDir Path scratch) throws Exception {
    account = new Account(scratch).stack("UPDATE_COMPLETE");
    Files.copy(
        Scripts.checkout().resolve("eksp"),
        account.root().resolve("eksp"),
        StandardCopyOption.COPY_ATTRIBUTES);
    // The page's proxy is in the jar that the build has made.
    Files.createSymbolicLink(
        account.root().resolve("local/target"), Scripts.checkout().resolve("local/target"));
    authority = PrivateAuthority.in(account.file("."));
    api = SignedApi.behind(authority.tls()).answers(200, "[]");
    scripts = account.scripts().with("EKSPHEMERAL_URL", api.endpoint());
  }

  @AfterEach
  void close() throws IOException {
    api.close();
    account.close();
  }

  /** What the page gets for a list. */
  private static HttpResponse<String> list(UiCommand page) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> entered =
          client.send(
              java.net.http.HttpRequest.newBuilder(URI.create(page.link())).build(),
              BodyHandlers.ofString());
      String cookie = entered.headers().firstValue("Set-Cookie").orElseThrow();
      return client.send(
          java.net.http.HttpRequest.newBuilder(URI.create(page.home() + "status"))
              .headers(
                  "Cookie",
                  cookie.substring(0, cookie.indexOf(';')),
                  "Eksphemeral-Key",
                  entered.body().replaceFirst("(?s).*data-key=\"([0-9a-f]+)\".*", "$1"))
              .build(),
          BodyHandlers.ofString());
    }
  }

  private void expectSigned(HttpResponse<String> response) {
    assertThat(response.body()).isEqualTo("[]");
    assertThat(api.asked())
        .isNotEmpty()
        .allSatisfy(one -> {
          assertThat(one.key()).isEqualTo(Account.KEY);
          assertThat(one.region()).isEqualTo("us-east-2");
        });
  }

  @Test
  void aProxyAndTheAuthorityOfACompanyAreUsed() throws Exception {
    scripts.with("AWS_CA_BUNDLE", authority.certificate().toString());
    try (ConnectProxy company = new ConnectProxy();
        UiCommand page = UiCommand.start(scripts.with("https_proxy", company.url()))) {
      expectSigned(list(page));
      assertThat(company.connected()).contains(URI.create(api.endpoint()).getAuthority());
    }
  }

  @Test
  void aProxyThatWantsALoginGetsIt() throws Exception {
    scripts.with("AWS_CA_BUNDLE", authority.certificate().toString());
    try (ConnectProxy company = new ConnectProxy("me:pass word");
        UiCommand page =
            UiCommand.start(
                scripts.with("https_proxy", company.url().replace("://", "://me:pass%20word@")))) {
      expectSigned(list(page));
      assertThat(page.shown()).noneMatch(text -> text.contains("pass"));
    }
  }

  @Test
  void certificatesAfterCommentsAreFound() throws Exception {
    Path bundle = account.file("bundle.pem");
    Files.writeString(
        bundle,
        "# Issuer: CN=Some - Root O=Some\n# Label: \"Some - Root\"\n\n"
            + Files.readString(authority.certificate()));
    scripts.with("AWS_CA_BUNDLE", bundle.toString());
    try (ConnectProxy company = new ConnectProxy();
        UiCommand page = UiCommand.start(scripts.with("https_proxy", company.url()))) {
      expectSigned(list(page));
    }
  }

  @Test
  void aServerThatNobodyVouchesForIsNotBelieved() throws Exception {
    try (ConnectProxy company = new ConnectProxy();
        UiCommand page = UiCommand.start(scripts.with("https_proxy", company.url()))) {
      HttpResponse<String> response = list(page);
      assertThat(response.statusCode()).isEqualTo(502);
      assertThat(response.body()).contains("\"code\":\"unreachable\"");
      assertThat(api.asked()).isEmpty();
    }
  }
}
