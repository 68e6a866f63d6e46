package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who gets what from the page's proxy, by requests that no browser sends. */
class UiProxyIT {
  @TempDir private static Path scratch;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static FakePlane plane;
  private static PageProxy shared;
  private static String cookie = "";

  /** In the place of the shared one. */
  private @Nullable PageProxy own;

  private PageProxy proxy() {
    return own == null ? shared : own;
  }

  /** What was passed on; each proxy itself begins with a look at the ids. */
  private static long passedOn() {
    return plane.requests().stream().filter(one -> !one.equals("GET /status")).count();
  }

  @BeforeAll
  static void start() throws Exception {
    plane = new FakePlane().lists(FakePlane.lines(1)).responds("GET /status", 200, "[]");
    shared = fresh();
    cookie = new UiProxyIT().enter();
  }

  @AfterAll
  static void end() {
    shared.close();
    plane.close();
  }

  private static PageProxy fresh(String... options) throws IOException {
    return PageProxy.before(plane.url(), scratch.resolve("home"), options);
  }

  @AfterEach
  void endItsOwn() {
    if (own != null) {
      own.close();
    }
  }

  private HttpResponse<String> send(String method, String path, String... headers)
      throws IOException, InterruptedException {
    java.net.http.HttpRequest.Builder request =
        java.net.http.HttpRequest.newBuilder(URI.create(proxy().url() + path))
            .method(method, BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofString());
  }

  private String token() {
    return proxy().link().substring(proxy().url().length());
  }

  /** Uses the link, and returns the cookie. */
  private String enter() throws IOException, InterruptedException {
    String cookie = send("GET", token()).headers().firstValue("Set-Cookie").orElseThrow();
    return cookie.substring(0, cookie.indexOf(';'));
  }

  @Test
  void theLinkWorksOnceAndBecomesAStrictCookie() throws Exception {
    own = fresh();
    HttpResponse<String> first = send("GET", token());

    assertThat(first.statusCode()).isEqualTo(200);
    assertThat(first.headers().allValues("Set-Cookie"))
        .singleElement()
        .asString()
        .matches("eksp-ui-[0-9]+=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict");
    HttpResponse<String> second = send("GET", token());
    assertThat(second.statusCode()).isEqualTo(403);
    assertThat(second.headers().allValues("Set-Cookie")).isEmpty();
  }

  @Test
  void whoLooksAtTheLinkDoesNotUseItUp() throws Exception {
    own = fresh();
    send("HEAD", token());
    send("POST", token());
    send("GET", token() + "0");
    send("GET", "/?token=");

    assertThat(enter()).isNotEmpty();
  }

  @Test
  void theLinkMayBeOpenedFromAnywhereAndLeadsOnFromThisSite() throws Exception {
    own = fresh();
    HttpResponse<String> response =
        send("GET", token(), "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("http-equiv=\"refresh\" content=\"0;url=/\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/app.js", "/clusters", "/status", "/ui/about", "/ui/logs/x", "/none"})
  void withoutTheCookieThereIsNothing(String path) throws Exception {
    long before = passedOn();
    String name = cookie.substring(0, cookie.indexOf('='));

    assertThat(send("GET", path).statusCode()).isEqualTo(403);
    assertThat(send("GET", path, "Cookie", name + "=" + "0".repeat(64)).statusCode())
        .isEqualTo(403);
    assertThat(send("GET", path, "Cookie", "x" + cookie).statusCode()).isEqualTo(403);
    assertThat(passedOn()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "Host, evil.example:80",
    "Host, 127.0.0.1",
    "Origin, http://evil.example",
    "Origin, null",
    "Origin, http://127.0.0.1:1",
    "Sec-Fetch-Site, cross-site",
    "Sec-Fetch-Site, same-site"
  })
  void foreignRequestsAreRefusedWithTheCookieToo(String header, String value) throws Exception {
    long before = passedOn();

    assertThat(send("GET", "/clusters", "Cookie", cookie, header, value).statusCode())
        .isEqualTo(403);
    assertThat(send("POST", "/destroy/x", "Cookie", cookie, header, value).statusCode())
        .isEqualTo(403);
    assertThat(passedOn()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /clusters, 200",
    "GET, /, 200",
    "GET, /style.css, 200",
    "POST, /clusters, 405",
    "DELETE, /status/x, 405",
    "GET, /clusters?x=1, 405",
    "GET, /status/a%2Fb, 404",
    "GET, /status/../clusters, 404",
    "GET, /ui/logs/-x, 404",
    "POST, /ui/logs/x, 405",
    "GET, /ui/logs/x?after=y, 405",
    "GET, //evil.example/clusters, 404",
    "GET, /entered.html/../index.html, 404",
    "GET, /io/eksphemeral/local/ui/UiProxy.class, 404"
  })
  void onlyTheApisRoutesAndThePagesFilesAreThere(String method, String path, int status)
      throws Exception {
    assertThat(send(method, path, "Cookie", cookie).statusCode()).isEqualTo(status);
  }

  @Test
  void everyResponseKeepsThePageStrict() throws Exception {

    for (String path : List.of("/", "/app.js", "/clusters", "/none")) {
      HttpResponse<String> response = send("GET", path, "Cookie", cookie);
      assertThat(response.headers().firstValue("Content-Security-Policy").orElse(""))
          .startsWith("default-src 'none'; script-src 'self'; style-src 'self'")
          .contains("frame-ancestors 'none'", "require-trusted-types-for 'script'")
          .doesNotContain("unsafe");
      assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
      assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
      assertThat(response.headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
      assertThat(response.headers().firstValue("Eksphemeral-Control-Plane")).isEmpty();
    }
  }

  @Test
  void anotherProgramInThePlaceOfTheControlPlaneIsNotBelieved() throws Exception {
    try (PageProxy astray = PageProxy.before(shared.url(), scratch.resolve("home"))) {
      own = astray;
      HttpResponse<String> response = send("GET", "/clusters", "Cookie", enter());

      assertThat(response.statusCode()).isEqualTo(502);
      assertThat(response.body()).contains("\"code\":\"unreachable\"", "./eksp up --local");
    }
  }

  @Test
  void itEndsAfterSomeTimeWithoutARequest() throws Exception {
    try (PageProxy quick = fresh("--idle-seconds", "1")) {
      assertThat(quick.exitCode()).isZero();
    }
  }

  @Test
  void ctrlCEndsItAndLeavesNoFile() throws Exception {
    own = fresh();
    proxy().interrupt();

    assertThat(proxy().exitCode()).isEqualTo(143);
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (Stream<Path> files = java.nio.file.Files.list(temporary)) {
      assertThat(
              files
                  .filter(file -> file.getFileName().toString().startsWith("eksphemeral-"))
                  .filter(file -> contains(file, proxy().url())))
          .isEmpty();
    }
  }

  private static boolean contains(Path file, String text) {
    try {
      return java.nio.file.Files.isRegularFile(file)
          && java.nio.file.Files.readString(file).contains(text);
    } catch (IOException _) {
      return false;
    }
  }
}
