package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static Entered session = new Entered("", "");

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
    session = new UiProxyIT().enter();
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

  /** What the browser has that has used the link. */
  record Entered(String cookie, String key) {
    String cookieName() {
      return cookie.substring(0, cookie.indexOf('='));
    }
  }

  /** Uses the link. */
  private Entered enter() throws IOException, InterruptedException {
    HttpResponse<String> response = send("GET", token());
    String cookie = response.headers().firstValue("Set-Cookie").orElseThrow();
    return new Entered(cookie.substring(0, cookie.indexOf(';')), key(response.body()));
  }

  private static String key(String page) {
    Matcher key = Pattern.compile("data-key=\"([0-9a-f]*)\"").matcher(page);
    assertThat(key.find()).as(page).isTrue();
    return key.group(1);
  }

  /** The same as a page of the session sends it. */
  private HttpResponse<String> sendAs(
      Entered session, String method, String path, String... headers)
      throws IOException, InterruptedException {
    return send(
        method,
        path,
        Stream.concat(
                Stream.of("Cookie", session.cookie(), "Eksphemeral-Key", session.key()),
                Stream.of(headers))
            .toArray(String[]::new));
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

    assertThat(enter().key()).isNotEmpty();
  }

  @Test
  void theLinkMayBeOpenedFromAnywhereAndLeadsOnFromThisSite() throws Exception {
    own = fresh();
    HttpResponse<String> response =
        send("GET", token(), "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).contains("src=\"entered.js\"");
    assertThat(key(response.body())).matches("[0-9a-f]{64}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/app.js", "/clusters", "/status", "/ui/about", "/ui/logs/x", "/none"})
  void withoutTheCookieThereIsNothing(String path) throws Exception {
    long before = passedOn();
    String name = session.cookieName();
    String key = session.key();

    assertThat(send("GET", path).statusCode()).isEqualTo(403);
    for (String cookie : List.of(name + "=" + "0".repeat(64), "x" + session.cookie())) {
      assertThat(send("GET", path, "Cookie", cookie, "Eksphemeral-Key", key).statusCode())
          .isEqualTo(403);
    }
    assertThat(passedOn()).isEqualTo(before);
  }

  /** As a server gets it that another user runs at another port of this machine. */
  @Test
  void theCookieAloneIsNoUse() throws Exception {
    long before = passedOn();
    String cookie = session.cookie();

    for (String path : List.of("/clusters", "/status", "/ui/about", "/ui/logs/x", "/none")) {
      assertThat(send("GET", path, "Cookie", cookie).statusCode()).isEqualTo(403);
      assertThat(send("GET", path, "Cookie", cookie, "Eksphemeral-Key", "0").statusCode())
          .isEqualTo(403);
    }
    assertThat(send("POST", "/destroy/x", "Cookie", cookie).statusCode()).isEqualTo(403);
    assertThat(passedOn()).isEqualTo(before);
    assertThat(key(send("GET", token(), "Cookie", cookie).body())).isEmpty();
    assertThat(send("GET", "/", "Cookie", cookie).body()).doesNotContain(session.key());
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

    assertThat(sendAs(session, "GET", "/clusters", header, value).statusCode()).isEqualTo(403);
    assertThat(sendAs(session, "POST", "/destroy/x", header, value).statusCode()).isEqualTo(403);
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
    assertThat(sendAs(session, method, path).statusCode()).isEqualTo(status);
  }

  /** What servers in a row could read differently. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST /create HTTP/1.1|HOST|SESSION|Idempotency-Key: \u00e9|Content-Length: 0",
        "POST /create HTTP/1.1|HOST|SESSION|Idempotency-Key: a\tb|Content-Length: 0",
        "POST /create HTTP/1.1|HOST|SESSION|Content-Length: 0|Content-Length: 5",
        "POST /create HTTP/1.1|HOST|SESSION|Content-Length: 0|Transfer-Encoding: chunked",
        "POST /create HTTP/1.1|HOST|SESSION|Transfer-Encoding: xchunked",
        "POST /create HTTP/1.1|HOST|SESSION|Content-Length : 0",
        "POST /create HTTP/1.1|HOST|SESSION|Accept: a| b|Content-Length: 0",
        "GET http://evil.example/clusters HTTP/1.1|HOST|SESSION",
        "GET /clusters HTTP/1.1|HOST|Host: evil.example|SESSION",
        "GET /clusters HTTP/1.0|SESSION",
        "GET /status/x%0d%0aX:1 HTTP/1.1|HOST|SESSION",
        "GET /status/..%2fclusters HTTP/1.1|HOST|SESSION",
        "GET /status/x;/../../clusters HTTP/1.1|HOST|SESSION",
        "GET /ui/../../../etc/passwd HTTP/1.1|HOST|SESSION",
        "GET /..%5c..%5cetc/passwd HTTP/1.1|HOST|SESSION",
        "CONNECT evil.example:80 HTTP/1.1|HOST|SESSION"
      })
  void ambiguousRequestsAreNotPassedOn(String request) throws Exception {
    long before = passedOn();
    String sent =
        request
                .replace("|", "\r\n")
                .replace("HOST", "Host: " + URI.create(proxy().url()).getAuthority())
                .replace(
                    "SESSION",
                    "Cookie: %s\r\nEksphemeral-Key: %s".formatted(session.cookie(), session.key()))
            + "\r\n\r\n";
    try (Socket socket =
        new Socket(InetAddress.getLoopbackAddress(), URI.create(proxy().url()).getPort())) {
      socket.getOutputStream().write(sent.getBytes(StandardCharsets.ISO_8859_1));
      String status =
          new BufferedReader(
                  new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1))
              .readLine();
      assertThat(status).matches("HTTP/1\\.[01] 4[0-9]{2} .*");
    }
    assertThat(passedOn()).isEqualTo(before);
  }

  @Test
  void aBodyThatIsTooLargeIsNotPassedOn() throws Exception {
    long before = passedOn();
    HttpResponse<String> response =
        CLIENT.send(
            java.net.http.HttpRequest.newBuilder(URI.create(proxy().url() + "/create"))
                .headers("Cookie", session.cookie(), "Eksphemeral-Key", session.key())
                .POST(BodyPublishers.ofByteArray(new byte[1024 * 1024]))
                .build(),
            BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(413);
    assertThat(passedOn()).isEqualTo(before);
  }

  @Test
  void everyResponseKeepsThePageStrict() throws Exception {

    for (String path : List.of("/", "/app.js", "/clusters", "/none")) {
      HttpResponse<String> response = sendAs(session, "GET", path);
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
      HttpResponse<String> response = sendAs(enter(), "GET", "/clusters");

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
