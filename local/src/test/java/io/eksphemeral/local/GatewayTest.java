package io.eksphemeral.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.control.ManualClock;
import io.eksphemeral.local.io.Log;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GatewayTest {
  private static final HttpListener.Bounds BOUNDS =
      new HttpListener.Bounds(150, 4, 2, Duration.ofSeconds(2), Duration.ofMillis(500));
  private static final int MOST_BYTES = 128 * 1024;

  /** What HTTP does not take for the name of a host, or for one name. */
  private static final Pattern NO_HOST = Pattern.compile("Host: *$|Host.*[,@]|Host.*\nHost|\n ");

  private final ManualClock clock = new ManualClock(Instant.parse("2026-11-22T14:03:07Z"));
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  private final List<APIGatewayV2HTTPEvent> events =
      Collections.synchronizedList(new ArrayList<>());
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private HttpListener listener;
  private int port;
  private boolean broken;
  private volatile String answerBody = "grüße\n";
  private volatile Wait whileCalled = () -> {};

  @BeforeEach
  void start() throws IOException {
    listener = HttpListener.bind(0, BOUNDS);
    port = listener.port();
    Log lines = new Log(new PrintStream(log, true, StandardCharsets.UTF_8), clock);
    new Gateway(
            listener,
            new LambdaInvoker(
                (event, context) -> answer("create", event, context),
                (event, context) -> answer("status", event, context),
                (event, context) -> answer("destroy", event, context),
                clock,
                lines),
            new ApiGatewayEvents("alice"),
            clock,
            lines)
        .start(Map.of("Eksphemeral-Speed", "60"), threads);
  }

  @AfterEach
  void stop() {
    listener.stop();
    threads.close();
  }

  private APIGatewayV2HTTPResponse answer(
      String function, APIGatewayV2HTTPEvent event, Context context) {
    if (broken) {
      throw new IllegalStateException(
          "secret internals\n2026-11-22T14:03:07Z forged \u001b[2J\u202e");
    }
    assertThat(context.getRemainingTimeInMillis()).isEqualTo(30_000);
    assertThat(context.getAwsRequestId()).isEqualTo(event.getRequestContext().getRequestId());
    whileCalled();
    calls.add(function + " " + event.getRouteKey());
    events.add(event);
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(207)
        .withHeaders(Map.of("x-from", function))
        .withBody(answerBody)
        .build();
  }

  private void whileCalled() {
    try {
      whileCalled.run();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What takes a while. */
  private interface Wait {
    void run() throws InterruptedException;
  }

  /** An answer as it came over the wire. */
  private record Answer(String head, String body) {
    int status() {
      return Integer.parseInt(head.substring(9, 12));
    }
  }

  private Answer send(String request, byte... body) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(request.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    all.writeBytes(body);
    return sendBytes(all.toByteArray());
  }

  private Answer sendBytes(byte[] request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(request);
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int end = answer.indexOf("\r\n\r\n");
      return new Answer(answer.substring(0, end), answer.substring(end + 4));
    }
  }

  /** Sends what need not be answered, and waits until it is, or is refused. */
  private void trouble(String request) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.getOutputStream().write(wire(request));
      socket.shutdownOutput();
      socket.getInputStream().readAllBytes();
    } catch (SocketException e) {
      // It was closed before all was sent, or read.
    }
  }

  private static String headers(int number) {
    return IntStream.range(0, number).mapToObj("X%d: a\n"::formatted).collect(Collectors.joining());
  }

  private byte[] wire(String request) {
    return hosted(request).replaceAll("\r?\n", "\r\n").getBytes(StandardCharsets.UTF_8);
  }

  private String hosted(String request) {
    return request.replace("HOST", "localhost:" + port);
  }

  private void assertNobodyWasCalledYetAllAreAnswered() throws IOException {
    assertThat(calls).isEmpty();
    assertThat(get("/status").status()).isEqualTo(207);
  }

  private Answer get(String target, String... headers) throws IOException {
    return call("GET", target, headers);
  }

  private Answer call(String method, String target, String... headers) throws IOException {
    String lines = String.join("", List.of(headers).stream().map(line -> line + "\n").toList());
    String host = lines.contains("Host:") ? "" : "Host: localhost:" + port + "\n";
    return send(method + " " + target + " HTTP/1.1\n" + host + lines + "Connection: close\n\n");
  }

  private Answer post(String type, byte... body) throws IOException {
    return send(
        """
        POST /create HTTP/1.1
        Host: 127.0.0.1:%d
        Content-Type: %s
        Content-Length: %d
        Connection: close

        """
            .formatted(port, type, body.length),
        body);
  }

  @Test
  void aRequestReachesItsFunctionAndTheResponseReturns() throws IOException {
    Answer answer = get("/status/de%76?x=1");

    assertThat(answer.head())
        .startsWith("HTTP/1.1 207")
        .containsIgnoringCase("x-from: status")
        .containsIgnoringCase("Eksphemeral-Speed: 60")
        .contains("\r\nDate: Sun, 22 Nov 2026 ");
    assertThat(answer.body()).isEqualTo("grüße\n");
    assertThat(events.getFirst().getRawPath()).isEqualTo("/status/de%76");
    assertThat(events.getFirst().getRawQueryString()).isEqualTo("x=1");
    assertThat(events.getFirst().getPathParameters()).isEqualTo(Map.of("id", "dev"));
    assertThat(events.getFirst().getRequestContext().getAuthorizer().getIam().getUserArn())
        .isEqualTo("arn:aws:iam::000000000000:user/alice");
  }

  @Test
  void eachRouteHasItsFunction() throws IOException {
    get("/status");
    get("/clusters");
    call("POST", "/create");
    call("POST", "/estimate");
    call("POST", "/prolong/dev/5");
    Answer destroyed = call("POST", "/destroy/dev");

    assertThat(destroyed.status()).isEqualTo(207);
    assertThat(destroyed.body()).isEqualTo("grüße\n");
    assertThat(calls)
        .containsExactly(
            "status GET /status",
            "status GET /clusters",
            "create POST /create",
            "create POST /estimate",
            "create POST /prolong/{id}/{minutes}",
            "destroy POST /destroy/{id}");
  }

  @Test
  void aBodyArrivesUnchanged() throws IOException {
    byte[] body = "{\"name\":\"ü\"}".getBytes(StandardCharsets.UTF_8);
    post("application/json", body);
    post("application/octet-stream", body);

    assertThat(events.get(0).getBody()).isEqualTo("{\"name\":\"ü\"}");
    assertThat(events.get(1).getBody()).isEqualTo("eyJuYW1lIjoiw7wifQ==");
    assertThat(events.get(1).getIsBase64Encoded()).isTrue();
  }

  @Test
  void aHugeBodyIsRejected() throws IOException {
    for (int length : List.of(MOST_BYTES + 1, 6 * 1024 * 1024 + 1)) {
      Answer answer = post("application/json", new byte[length]);

      assertThat(answer.status()).isEqualTo(413);
      assertThat(answer.body())
          .isEqualTo(
              "{\"error\":\"a request has at most 128 KiB\",\"code\":\"too-large\",\"problems\":[]}");
    }
    assertThat(calls).isEmpty();

    assertThat(post("application/json", new byte[MOST_BYTES]).status()).isEqualTo(207);
    assertThat(events.getFirst().getBody()).hasSize(MOST_BYTES);
  }

  @Test
  void aBodyMayComeInChunks() throws IOException {
    Answer answer =
        send(
            """
            POST /create HTTP/1.1
            Host: localhost:%d
            Content-Type: application/json
            Transfer-Encoding: chunked
            Connection: close

            3;x=y
            {"a
            A
            ":"bcdefg"
            1
            }
            0
            Trailer: ignored

            """
                .formatted(port));

    assertThat(answer.status()).isEqualTo(207);
    assertThat(events.getFirst().getBody()).isEqualTo("{\"a\":\"bcdefg\"}");
  }

  @Test
  void expect100ContinueIsAnswered() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              wire(
                  "POST /create HTTP/1.1\nHost: HOST\nExpect: 100-continue\nContent-Length: 2\n\n"));
      assertThat(new String(socket.getInputStream().readNBytes(25), ISO_8859_1))
          .isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
      socket.getOutputStream().write(wire("{}"));
      assertThat(new String(socket.getInputStream().readNBytes(12), ISO_8859_1))
          .isEqualTo("HTTP/1.1 207");
    }
    Answer tooMuch =
        send(
            hosted(
                "POST /create HTTP/1.1\nHost: HOST\nExpect: 100-continue\nContent-Length: 200000\n\n"));
    assertThat(tooMuch.status()).isEqualTo(413);
  }

  @Test
  void aConnectionServesSeveralRequests() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              wire(
                  "GET /status HTTP/1.1\nHost: HOST\n\n"
                      + "POST /create HTTP/1.1\nHost: HOST\nContent-Length: 2\n\n{}"
                      + "HEAD /clusters HTTP/1.1\nHost: HOST\n\n"
                      + "GET /status/x HTTP/1.1\nHost: HOST\nConnection: Close\n\n"
                      + "POST /create HTTP/1.1\nHost: HOST\n\n"));
      String answers = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answers.split("HTTP/1.1 207", -1)).hasSize(5);
    }
    assertThat(calls)
        .containsExactly(
            "status GET /status",
            "create POST /create",
            "status GET /clusters",
            "status GET /status/{id}");
  }

  /** However many send however slowly, others are served, and the slow ones are cut off. */
  @Test
  void slowSendersAreCutOffAndDelayNoOneElse() throws IOException {
    List<Socket> slow = new ArrayList<>();
    try {
      for (String beginning :
          List.of(
              "",
              "POST /cre",
              "POST /create HTTP/1.1\nHost: HOST\nX: ",
              "POST /create HTTP/1.1\nHost: HOST\nContent-Length: 100000\n\n{",
              "POST /create HTTP/1.1\nHost: HOST\nContent-Length: 100000\n\n" + " ".repeat(50_000),
              "POST /create HTTP/1.1\nHost: HOST\nTransfer-Encoding: chunked\n\n5\n{")) {
        for (int i = 0; i < 20; i++) {
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
          slow.add(socket);
          socket.getOutputStream().write(wire(beginning));
        }
      }
      assertThat(get("/status").status()).isEqualTo(207);
      assertThat(post("application/json", new byte[8 * 1024]).status()).isEqualTo(207);
      // All that large bodies get is taken by those who do not go on.
      Answer large = post("application/json", new byte[100_000]);
      assertThat(large.status()).isEqualTo(429);
      assertThat(large.head()).containsIgnoringCase("\r\nretry-after: ");

      Instant start = Instant.now();
      for (Socket socket : slow) {
        trickle(socket);
      }
      assertThat(Duration.between(start, Instant.now())).isLessThan(Duration.ofSeconds(5));
      assertThat(post("application/json", new byte[100_000]).status()).isEqualTo(207);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  /** Sends a byte now and then, until that is not possible any more. */
  private static void trickle(Socket socket) throws IOException {
    socket.setSoTimeout(100);
    try {
      int got = 0;
      while (got >= 0) {
        try {
          got = socket.getInputStream().read();
        } catch (SocketTimeoutException _) {
          socket.getOutputStream().write(' ');
        }
      }
    } catch (SocketException _) {
      // It was closed from the other side.
    }
  }

  @Test
  void clientsThatDoNotReadTheResponseAreCutOff() throws Exception {
    answerBody = "x".repeat(20_000_000);
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        slow.add(socket);
        socket.getOutputStream().write(wire("GET /status HTTP/1.1\nHost: HOST\n\n"));
      }
      Thread.sleep(3000);
      for (Socket socket : slow) {
        assertThat(readAll(socket)).isLessThan(20_000_000);
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private static long readAll(Socket socket) throws IOException {
    long all = 0;
    byte[] part = new byte[65_536];
    try {
      for (int got = 0; got >= 0; got = socket.getInputStream().read(part)) {
        all += got;
      }
    } catch (SocketException _) {
      // It was closed half-way.
    }
    return all;
  }

  @Test
  void tooManyConnectionsGetA429() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < BOUNDS.connections(); i++) {
        idle.add(new Socket(InetAddress.getLoopbackAddress(), port));
      }
      // Those that the system took may have to wait until they are accepted.
      Scripts.until("that there is no room", () -> statusOfStatus() == 429);
      Answer answer = get("/status");
      assertThat(answer.status()).isEqualTo(429);
      assertThat(answer.head()).containsIgnoringCase("\r\nretry-after: ");
      assertThat(answer.body()).contains("\"code\":\"too-many-requests\"");
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }
    Scripts.until("that there is room again", () -> statusOfStatus() == 207);
  }

  private int statusOfStatus() {
    try {
      return get("/status").status();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A function ends by itself; only what others send and read is cut off. */
  @Test
  void aFunctionMayTakeLongerThanARequestMayTakeToArrive() throws IOException {
    whileCalled = () -> Thread.sleep(BOUNDS.patience().plusMillis(700));

    assertThat(get("/status").status()).isEqualTo(207);
  }

  @Test
  void tooManyCallsWaitAndThenGetA429() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(BOUNDS.calls());
    whileCalled =
        () -> {
          begun.countDown();
          end.await();
        };
    List<Future<Answer>> busy = new ArrayList<>();
    for (int i = 0; i < BOUNDS.calls(); i++) {
      busy.add(threads.submit(() -> get("/status")));
    }
    begun.await();

    Answer answer = call("POST", "/create");

    assertThat(answer.status()).isEqualTo(429);
    assertThat(answer.head()).containsIgnoringCase("\r\nretry-after: ");
    assertThat(answer.body()).contains("\"code\":\"too-many-requests\"");
    end.countDown();
    for (Future<Answer> one : busy) {
      assertThat(one.get().status()).isEqualTo(207);
    }
    assertThat(calls).containsExactly("status GET /status", "status GET /status");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: evil.example",
        "Host: localhost",
        "Host: 127.0.0.1:1",
        "Host: 0.0.0.0:PORT",
        "Host: localhost.evil.example:PORT",
        "Host: localhost:PORT\nHost: evil.example",
        "Host: localhost:PORT\nHost: localhost:PORT",
        "Host: localhost:PORT\n evil.example",
        "Host: localhost.:PORT",
        "Host: localhost:PORT@evil.example",
        "Host: evil.example@localhost:PORT",
        "Host: localhost:PORT, evil.example",
        "Host: 127.1:PORT",
        "Host: [::ffff:127.0.0.1]:PORT",
        "Host: evil.example\nX-Forwarded-Host: localhost:PORT",
        "Host: ",
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: https://localhost:PORT",
        "Origin: http://localhost:3000",
        "Origin: http://127.0.0.1:PORT",
        "Origin: http://localhost:PORT.evil.example",
        "Origin: http://localhost:PORT\nOrigin: http://evil.example",
        "Origin: http://localhost:PORT http://evil.example",
        "Origin: ",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
        "Sec-Fetch-Site: none\nSec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: whatever-comes-next",
      })
  void crossSiteRequestsAreForbidden(String header) throws IOException {
    Answer answer = call("POST", "/create", header.replace("PORT", Integer.toString(port)));

    assertThat(answer.status()).isEqualTo(NO_HOST.matcher(header).find() ? 400 : 403);
    assertThat(answer.body()).startsWith("{\"error\":\"");
    assertThat(calls).isEmpty();
  }

  /** What a browser sends for a page of another site without asking whether it may. */
  @ParameterizedTest
  @CsvSource({
    "GET, /clusters, X-Is: an image",
    "HEAD, /status, X-Is: a script",
    "POST, /create, Content-Type: text/plain",
    "POST, /create, Content-Type: application/x-www-form-urlencoded",
    "POST, /destroy/dev, Content-Type: multipart/form-data; boundary=b",
    "OPTIONS, /create, Access-Control-Request-Method: POST",
    "OPTIONS, /create, Access-Control-Request-Private-Network: true",
  })
  void requestsFromOtherSitesAreForbidden(String method, String path, String header)
      throws IOException {
    for (String from : List.of("Origin: http://evil.example", "Sec-Fetch-Site: cross-site")) {
      Answer answer = call(method, path, header, from);

      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.head()).doesNotContainIgnoringCase("access-control");
    }
    assertThat(calls).isEmpty();
  }

  @Test
  void responsesForbidCrossOriginUseAndSniffing() throws IOException {
    for (String target : List.of("/status", "/nothing", "/status/%zz")) {
      assertThat(get(target).head()).doesNotContainIgnoringCase("access-control");
    }
    for (Answer answer : List.of(get("/status"), get("/nothing"), get("/", "Host: evil.example"))) {
      assertThat(answer.head())
          .containsIgnoringCase("x-content-type-options: nosniff")
          .containsIgnoringCase("cross-origin-resource-policy: same-origin");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/status/%2e%2e, ..",
    "/status/.., ..",
    "/status/a%2Fb, a/b",
    "/status/a%5Cb, a\\b",
    "/status/a;b, a;b",
    "/status/a%3Fb%23c, a?b#c",
    "/status/%252e, %2e",
    "/status/%c0%ae, \ufffd\ufffd",
    "/status/a+b, a+b",
  })
  void encodedSlashesStayInTheirSegment(String target, String id) throws IOException {
    get(target);
    assertThat(get("/status/a%00b").status()).isEqualTo(400);

    assertThat(calls).containsExactly("status GET /status/{id}");
    assertThat(events.getFirst().getPathParameters()).isEqualTo(Map.of("id", id));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/%73tatus",
        "/STATUS",
        "/status%2Fdev",
        "/status/a/../b",
        "/./status",
        "/status;x",
        "\\status",
        "*",
        "status",
        "http://evil.example/status",
        "//localhost:PORT/status",
        "mailto:status",
      })
  void lookAlikePathsAreNotFound(String target) throws IOException {
    trouble("GET " + target.replace("PORT", Integer.toString(port)) + " HTTP/1.1\nHost: HOST\n\n");

    assertNobodyWasCalledYetAllAreAnswered();
  }

  /** Where one begins and ends is not to be read in two ways. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n",
        "Transfer-Encoding: chunked\nContent-Length: 5\n\n0\n\n",
        "Content-Length: 0\nContent-Length: 30\n\n",
        "Content-Length: -1\n\n",
        "Content-Length: 99999999999999999999\n\n",
        "Transfer-Encoding: xchunked\n\n0\n\n",
        "Transfer-Encoding: chunked\n\nzz\n",
        "Transfer-Encoding: chunked\n\nffffffffffffffff\n",
        "Transfer-Encoding: chunked\n\n-2\n{}\n0\n\n",
        "Content-Length : 0\n\n",
        "X\u0000: 0\n\n",
      })
  void ambiguousRequestFramingIsRejected(String rest) throws IOException {
    trouble("POST /create HTTP/1.1\nHost: HOST\n" + rest + "GET /status HTTP/1.1\nHost: HOST\n\n");

    assertNobodyWasCalledYetAllAreAnswered();
  }

  @Test
  void overlongRequestsAreNotReadCompletely() throws IOException {
    String much = "a".repeat(500_000);
    trouble("GET /status/" + much + " HTTP/1.1\nHost: HOST\n\n");
    trouble("GET /status HTTP/1.1\nHost: HOST\nX: " + much + "\n\n");
    trouble("GET /status HTTP/1.1\nHost: HOST\n" + headers(4000) + "\n");

    assertNobodyWasCalledYetAllAreAnswered();
  }

  /** A page may send any text; it is not to be read as the next request of the connection. */
  @ParameterizedTest
  @ValueSource(ints = {0, 100, 65_536, 70_000, 700_000})
  void theBodyOfARejectedRequestIsNotARequest(int before) throws IOException {
    String body = "a".repeat(before) + "POST /create HTTP/1.1\r\nHost: HOST\r\n\r\n";
    trouble(
        "POST /create HTTP/1.1\nHost: HOST\nOrigin: http://evil.example\nContent-Length: %d\n\n"
                .formatted(hosted(body).length())
            + body);

    assertNobodyWasCalledYetAllAreAnswered();
  }

  @Test
  void anEndlessBodyIsCutOff() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(wire("POST /create HTTP/1.1\nHost: HOST\nTransfer-Encoding: chunked\n\n"));
      byte[] chunk = wire("10000\n" + " ".repeat(0x10000) + "\n");
      for (int sent = 0; sent <= MOST_BYTES; sent += 0x10000) {
        out.write(chunk);
      }
      byte[] status = socket.getInputStream().readNBytes(12);
      assertThat(new String(status, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 413");
    }

    assertNobodyWasCalledYetAllAreAnswered();
  }

  @Test
  void requestsCannotForgeLogLines() throws IOException {
    for (String method :
        List.of(
            "\u001b[2JX\n2026-11-22T14:03:07Z\tforged", "A\u0085B\u009bC\rD", "\u202e\u2028X")) {
      for (Charset charset : List.of(StandardCharsets.UTF_8, ISO_8859_1)) {
        for (String line : List.of(method + " /x", "POST /x" + method, "POST /x?" + method)) {
          String request = line + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
          assertThat(sendBytes(request.getBytes(charset)).status()).isIn(400, 403);
        }
      }
    }
    call("POST", "/" + "y".repeat(10_000));

    assertThat(log.toString(StandardCharsets.UTF_8).lines())
        .isNotEmpty()
        .allMatch(line -> line.startsWith("2026-11-22T14:03:07Z "))
        .allMatch(line -> line.length() < 300)
        .allMatch(line -> line.matches("[^\\p{C}\\p{Zl}\\p{Zp}]+"));
  }

  @Test
  void stackTracesCannotForgeLogLines() throws IOException {
    broken = true;
    get("/status");

    assertThat(log.toString(StandardCharsets.UTF_8).lines())
        .allMatch(line -> line.matches("\t?[^\\p{C}\\p{Zl}\\p{Zp}]+"))
        .filteredOn(line -> !line.startsWith("\t"))
        .hasSize(2);
  }

  @Test
  void aForeignHostIsForbiddenOnEveryPath() throws IOException {
    assertThat(get("/nothing", "Host: evil.example").status()).isEqualTo(403);
    assertThat(send("GET /status HTTP/1.0\n\n").status()).isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Host: 127.0.0.1:PORT",
        "Host: LOCALHOST:PORT",
        "Host: [::1]:PORT",
        "Origin: http://localhost:PORT",
        "Sec-Fetch-Site: none",
        "Sec-Fetch-Site: same-origin",
      })
  void requestsFromThisHostAreAnswered(String header) throws IOException {
    assertThat(get("/status", header.replace("PORT", Integer.toString(port))).status())
        .isEqualTo(207);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/nothing", "/x/../status", "//status", "/status//"})
  void unknownPathsAreNotFound(String target) throws IOException {
    Answer answer = get(target);

    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.head()).containsIgnoringCase("\r\ncontent-type: application/json\r\n");
    assertThat(answer.body())
        .isEqualTo(
            "{\"error\":\"not found: no such path\",\"code\":\"not-found\",\"problems\":[]}");
    assertThat(calls).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /status/%zz HTTP/1.1\nHost: HOST\n\n",
        "GET /status/% HTTP/1.1\nHost: HOST\n\n",
        "GET /a b HTTP/1.1\nHost: HOST\n\n",
        "GET /status\n\n",
        "GET\n\n",
        "GET * HTTP/1.1\nHost: HOST\n\n",
        "GET http://x/status HTTP/1.1\nHost: HOST\n\n",
        "GET /status HTTP/2.0\nHost: HOST\n\n",
        "\u0016\u0003\u0001\u0000\n",
        "GET /status HTTP/1.1\nHost : HOST\n\n",
        "GET /status HTTP/1.1\nHost: HOST\n folded\n\n",
        "POST /create HTTP/1.1\nHost: HOST\nContent-Length: 1x\n\n",
        "POST /create HTTP/1.1\nHost: HOST\nContent-Length: 2\nContent-Length: 2\n\n{}",
        "POST /create HTTP/1.1\nHost: HOST\nTransfer-Encoding: gzip, chunked\n\n",
      })
  void malformedRequestsGetJsonErrors(String request) throws IOException {
    Answer answer = sendBytes(wire(request));

    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.head())
        .containsIgnoringCase("\r\ncontent-type: application/json\r\n")
        .containsIgnoringCase("\r\nEksphemeral-Speed: 60\r\n");
    assertThat(answer.body())
        .startsWith("{\"error\":\"")
        .endsWith(",\"code\":\"invalid-request\",\"problems\":[]}");
    assertThat(calls).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "DELETE, /status, 'GET, HEAD'",
    "POST, /status/dev, 'GET, HEAD'",
    "OPTIONS, /clusters, 'GET, HEAD'",
    "get, /clusters, 'GET, HEAD'",
    "GET, /create, POST",
    "HEAD, /create, POST",
    "PUT, /prolong/dev/5, POST",
    "GET, /destroy/dev/, POST",
  })
  void anotherMethodIsNotAllowed(String method, String target, String allowed) throws IOException {
    Answer answer = call(method, target);

    assertThat(answer.status()).isEqualTo(405);
    assertThat(answer.head()).containsIgnoringCase("\r\nallow: " + allowed + "\r\n");
    assertThat(answer.body())
        .isEqualTo(
            method.equals("HEAD")
                ? ""
                : "{\"error\":\"allowed methods: %s\",\"code\":\"method-not-allowed\",\"problems\":[]}"
                    .formatted(allowed));
    assertThat(calls).isEmpty();
  }

  @Test
  void headIsGetWithoutTheBody() throws IOException {
    Answer head = call("HEAD", "/status/dev");

    assertThat(head.status()).isEqualTo(207);
    assertThat(head.head())
        .containsIgnoringCase("\r\ncontent-length: 8\r\n")
        .containsIgnoringCase("\r\nx-from: status\r\n");
    assertThat(head.body()).isEmpty();
    assertThat(calls).containsExactly("status GET /status/{id}");
  }

  /** As HTTP/1.1 demands; proxies and some clients send it. */
  @Test
  void anAbsoluteTargetIsAccepted() throws IOException {
    assertThat(get("http://localhost:%d/status/dev?x=1".formatted(port)).status()).isEqualTo(207);

    assertThat(events.getFirst().getRawPath()).isEqualTo("/status/dev");
    assertThat(events.getFirst().getRawQueryString()).isEqualTo("x=1");
  }

  @Test
  void aTrailingSlashIsIgnored() throws IOException {
    get("/status/");
    get("/status/dev/?x");
    call("POST", "/create/");

    assertThat(calls)
        .containsExactly("status GET /status", "status GET /status/{id}", "create POST /create");
    assertThat(events.get(1).getPathParameters()).isEqualTo(Map.of("id", "dev"));
  }

  @Test
  void aFailedFunctionShowsNoInternals() throws IOException {
    broken = true;
    Answer answer = get("/status");

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).contains("internal error").doesNotContain("secret", "Exception");
    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("secret internals", "IllegalStateException");
  }

  @Test
  void aTakenPortFailsAtOnce() {
    assertThatThrownBy(() -> HttpListener.bind(port, BOUNDS)).isInstanceOf(BindException.class);
  }

  @Test
  void onlyLoopbackIsListenedOn() throws IOException {
    for (InetAddress address : InetAddress.getAllByName(InetAddress.getLocalHost().getHostName())) {
      if (!address.isLoopbackAddress()) {
        try (Socket socket = new Socket()) {
          assertThatThrownBy(() -> socket.connect(new InetSocketAddress(address, port), 1000))
              .isInstanceOf(IOException.class);
        }
      }
    }
    assertThat(URI.create(listener.url()).getHost()).isEqualTo("127.0.0.1");
  }
}
