package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Every kind of request with the curl of this machine and with the newest one, which {@code
 * local/src/test/curl/install.sh} fetches. What the oldest knows the stand-in of {@link Account}
 * checks in all tests.
 */
@Tag("account")
class CurlVersionsIT {
  static final List<Path> CURLS = curls();

  private final Path scratch;
  private final Account account;
  private final Scripts scripts;

  CurlVersionsIT(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    account = new Account(scratch).stack("UPDATE_COMPLETE");
    scripts = account.scripts();
  }

  @AfterEach
  void close() throws IOException {
    account.close();
  }

  @ParameterizedTest
  @FieldSource("CURLS")
  void aRequestIsSignedWithItsBodyAndToken(Path curl) throws Exception {
    account.curl(curl);
    account.api().answers(400, "{\"error\":\"no\"}");

    scripts.runOn("{\"timeout\": 5}", "eksp-create.sh", "-").exits(2).says("no");

    assertThat(account.api().asked())
        .containsExactly(
            new SignedApi.Asked("POST", "/estimate", "{\"timeout\": 5}", Account.KEY, "us-east-2"));
  }

  @ParameterizedTest
  @FieldSource("CURLS")
  void aRequestWithoutABodyIsSigned(Path curl) throws Exception {
    account.curl(curl);
    account.api().answers(200, "[]");

    scripts.run("eksp-list.sh").exits(0).prints("[]\n");
  }

  /** The signature is what such an API does not want, and the path stays as it was typed. */
  @ParameterizedTest
  @FieldSource("CURLS")
  void anEndpointOfOnesOwnGetsThePathAsItIs(Path curl) throws Exception {
    account.curl(curl);
    SignedApi.Asked asked;
    try (SignedApi own = new SignedApi().answers(200, "[]")) {
      String url = own.endpoint().replace("abc123.execute-api.localhost", "127.0.0.1");
      scripts.with("EKSPHEMERAL_URL", url).run("eksp-list.sh", "..").exits(1).says("Forbidden");
      asked = own.asked().getFirst();
    }

    assertThat(asked.path()).isEqualTo("/status/%2E%2E");
    assertThat(asked.key()).isEmpty();
  }

  @ParameterizedTest
  @FieldSource("CURLS")
  void aPrivateAuthorityIsTrustedOnceItIsNamed(Path curl) throws Exception {
    account.curl(curl);
    PrivateAuthority authority = PrivateAuthority.in(scratch);
    try (SignedApi api = SignedApi.behind(authority.tls()).answers(200, "[]")) {
      scripts.with("EKSPHEMERAL_URL", api.endpoint());

      scripts.run("eksp-list.sh").exits(1).says("does not trust the certificate", "AWS_CA_BUNDLE");
      assertThat(api.asked()).isEmpty();
      scripts
          .with("AWS_CA_BUNDLE", authority.certificate().toString())
          .run("eksp-list.sh")
          .exits(0)
          .prints("[]\n");
    }
  }

  @ParameterizedTest
  @FieldSource("CURLS")
  void theWayMayLeadThroughAProxy(Path curl) throws Exception {
    account.curl(curl);
    PrivateAuthority authority = PrivateAuthority.in(scratch);
    try (ConnectProxy proxy = new ConnectProxy();
        SignedApi api = SignedApi.behind(authority.tls()).answers(200, "[]")) {
      scripts
          .with("https_proxy", proxy.url())
          .with("AWS_CA_BUNDLE", authority.certificate().toString())
          .with("EKSPHEMERAL_URL", api.endpoint())
          .run("eksp-list.sh")
          .exits(0)
          .prints("[]\n");

      assertThat(proxy.connected()).containsExactly(api.endpoint().replace("https://", ""));
    }
  }

  private static List<Path> curls() {
    List<Path> curls = new ArrayList<>(List.of(Scripts.onPath("curl")));
    Path newest = Scripts.checkout().resolve(".curl/curl");
    if (Files.exists(newest) || Boolean.parseBoolean(System.getenv("CI"))) {
      curls.add(newest);
    }
    return List.copyOf(curls);
  }
}
