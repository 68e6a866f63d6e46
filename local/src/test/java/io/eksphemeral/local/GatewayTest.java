package io.eksphemeral.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import io.eksphemeral.control.ManualClock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class GatewayTest {
  private final ManualClock clock = new ManualClock(Instant.parse("2026-11-22T14:03:07Z"));
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  private final List<APIGatewayV2HTTPEvent> events =
      Collections.synchronizedList(new ArrayList<>());
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private Gateway gateway;
  private int port;
  private boolean broken;

  @BeforeEach
  void start() throws IOException {
    gateway = Gateway.bind(0);
    port = URI.create(gateway.url()).getPort();
    Log lines = new Log(new PrintStream(log, true, StandardCharsets.UTF_8), clock);
    gateway.start(
        new Gateway.Service(
            new Functions(
                (event, context) -> answer("create", event, context),
                (event, context) -> answer("status", event, context),
                this::destroy,
                clock,
                lines),
            new HttpEvents("alice"),
            Map.of("Eksphemeral-Speed", "60"),
            clock,
            lines),
        threads);
  }

  @AfterEach
  void stop() {
    gateway.stop();
    threads.close();
  }

  private APIGatewayV2HTTPResponse answer(
      String function, APIGatewayV2HTTPEvent event, Context context) {
    if (broken) {
      throw new IllegalStateException("secret internals\n2026-11-22T14:03:07Z forged");
    }
    assertThat(context.getRemainingTimeInMillis()).isEqualTo(30_000);
    assertThat(context.getAwsRequestId()).isEqualTo(event.getRequestContext().getRequestId());
    calls.add(function + " " + event.getRouteKey());
    events.add(event);
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(207)
        .withHeaders(Map.of("x-from", function))
        .withBody("grüße\n")
        .build();
  }

  private void destroy(InputStream input, OutputStream output, Context context) {
    APIGatewayV2HTTPEvent event =
        LambdaEventSerializers.serializerFor(
                APIGatewayV2HTTPEvent.class, GatewayTest.class.getClassLoader())
            .fromJson(input);
    LambdaEventSerializers.serializerFor(
            APIGatewayV2HTTPResponse.class, GatewayTest.class.getClassLoader())
        .toJson(answer("destroy", event, context), output);
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
  void aCallComesToItsFunctionAndTheAnswerBack() throws IOException {
    Answer answer = get("/status/de%76?x=1");

    assertThat(answer.head())
        .startsWith("HTTP/1.1 207")
        .containsIgnoringCase("x-from: status")
        .containsIgnoringCase("Eksphemeral-Speed: 60");
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
  void aBodyComesAsItWasSent() throws IOException {
    byte[] body = "{\"name\":\"ü\"}".getBytes(StandardCharsets.UTF_8);
    post("application/json", body);
    post("application/octet-stream", body);

    assertThat(events.get(0).getBody()).isEqualTo("{\"name\":\"ü\"}");
    assertThat(events.get(1).getBody()).isEqualTo("eyJuYW1lIjoiw7wifQ==");
    assertThat(events.get(1).getIsBase64Encoded()).isTrue();
  }

  @Test
  void aHugeBodyIsRefused() throws IOException {
    byte[] body = new byte[Gateway.MOST_BYTES + 1];
    Answer answer = post("application/json", body);

    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body()).contains("\"error\":\"a body has at most 6 MiB\"");
    assertThat(calls).isEmpty();
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
  void whatABrowserMayHaveBeenMadeToSendIsRefused(String header) throws IOException {
    Answer answer = call("POST", "/create", header.replace("PORT", Integer.toString(port)));

    assertThat(answer.status()).isEqualTo(403);
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
  void aPageOfAnotherSiteIsNotAnswered(String method, String path, String header)
      throws IOException {
    for (String from : List.of("Origin: http://evil.example", "Sec-Fetch-Site: cross-site")) {
      Answer answer = call(method, path, header, from);

      assertThat(answer.status()).isEqualTo(403);
      assertThat(answer.head()).doesNotContainIgnoringCase("access-control");
    }
    assertThat(calls).isEmpty();
  }

  @Test
  void noAnswerIsForOtherPagesNorAnythingButWhatItSays() throws IOException {
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
  void aTrickInAPathStaysInItsSegment(String target, String id) throws IOException {
    get(target);
    get("/status/a%00b");

    assertThat(calls).containsExactly("status GET /status/{id}", "status GET /status/{id}");
    assertThat(events)
        .extracting(event -> event.getPathParameters().get("id"))
        .containsExactly(id, "a\0b");
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
        "http://localhost:PORT/status",
        "//localhost:PORT/status",
        "mailto:status",
      })
  void whatOnlyLooksLikeAPathLeadsNowhere(String target) throws IOException {
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
  void aRequestWithTwoEndsIsNone(String rest) throws IOException {
    trouble("POST /create HTTP/1.1\nHost: HOST\n" + rest + "GET /status HTTP/1.1\nHost: HOST\n\n");

    assertNobodyWasCalledYetAllAreAnswered();
  }

  @Test
  void whatIsTooLongIsNotReadToItsEnd() throws IOException {
    String much = "a".repeat(500_000);
    trouble("GET /status/" + much + " HTTP/1.1\nHost: HOST\n\n");
    trouble("GET /status HTTP/1.1\nHost: HOST\nX: " + much + "\n\n");
    trouble("GET /status HTTP/1.1\nHost: HOST\n" + headers(1000) + "\n");

    assertNobodyWasCalledYetAllAreAnswered();
  }

  /** A page may send any text; it is not to be read as the next request of the connection. */
  @ParameterizedTest
  @ValueSource(ints = {0, 100, 65_536, 70_000, 700_000})
  void theBodyOfARefusedCallIsNoCall(int before) throws IOException {
    String body = "a".repeat(before) + "POST /create HTTP/1.1\r\nHost: HOST\r\n\r\n";
    trouble(
        "POST /create HTTP/1.1\nHost: HOST\nOrigin: http://evil.example\nContent-Length: %d\n\n"
                .formatted(hosted(body).length())
            + body);

    assertNobodyWasCalledYetAllAreAnswered();
  }

  @Test
  void aBodyWithoutAnEndIsCutOff() throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(wire("POST /create HTTP/1.1\nHost: HOST\nTransfer-Encoding: chunked\n\n"));
      byte[] chunk = wire("10000\n" + " ".repeat(0x10000) + "\n");
      for (int sent = 0; sent <= Gateway.MOST_BYTES; sent += 0x10000) {
        out.write(chunk);
      }
      byte[] status = socket.getInputStream().readNBytes(12);
      assertThat(new String(status, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 413");
    }

    assertNobodyWasCalledYetAllAreAnswered();
  }

  @Test
  void whatIsAskedForgesNoLineOfTheLog() throws IOException {
    for (String method :
        List.of(
            "\u001b[2JX\n2026-11-22T14:03:07Z\tforged", "A\u0085B\u009bC\rD", "\u202e\u2028X")) {
      for (Charset charset : List.of(StandardCharsets.UTF_8, ISO_8859_1)) {
        String request = method + " /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        assertThat(sendBytes(request.getBytes(charset)).status()).isEqualTo(403);
      }
    }

    assertThat(log.toString(StandardCharsets.UTF_8).lines())
        .isNotEmpty()
        .allMatch(line -> line.startsWith("2026-11-22T14:03:07Z "))
        .allMatch(line -> line.matches("[^\\p{C}\\p{Zl}\\p{Zp}]+ /x: 403"));
  }

  @Test
  void aTraceStandsBelowItsLineAndForgesNone() throws IOException {
    broken = true;
    get("/status");

    assertThat(log.toString(StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("\t")))
        .hasSize(2);
  }

  @Test
  void aForeignHostLearnsNothingOfThePaths() throws IOException {
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
  void whatComesFromHereIsAnswered(String header) throws IOException {
    assertThat(get("/status", header.replace("PORT", Integer.toString(port))).status())
        .isEqualTo(207);
  }

  @Test
  void whereNothingIsIsNothing() throws IOException {
    for (String target : List.of("/", "/nothing", "/create", "/status/", "/x/../status")) {
      Answer answer = get(target);
      assertThat(answer.status()).as(target).isEqualTo(404);
      assertThat(answer.body())
          .isEqualTo("{\"error\":\"there is nothing at this path\",\"problems\":[]}");
    }
    assertThat(get("//status").status()).isEqualTo(404);
    assertThat(get("http://localhost:" + port + "/status").status()).isEqualTo(404);
    assertThat(call("DELETE", "/status").status()).isEqualTo(404);
    assertThat(call("HEAD", "/status").status()).isEqualTo(404);
    assertThat(get("/status/%zz").status()).isEqualTo(400);
    assertThat(calls).isEmpty();
  }

  @Test
  void aFunctionThatBreaksTellsNobodyWhy() throws IOException {
    broken = true;
    Answer answer = get("/status");

    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.body()).contains("internal error").doesNotContain("secret", "Exception");
    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("secret internals", "IllegalStateException");
  }

  @Test
  void aTakenPortIsAnAnswerAtOnce() {
    assertThatThrownBy(() -> Gateway.bind(port)).isInstanceOf(BindException.class);
  }

  @Test
  void nobodyButThisMachineReachesIt() throws IOException {
    for (InetAddress address : InetAddress.getAllByName(InetAddress.getLocalHost().getHostName())) {
      if (!address.isLoopbackAddress()) {
        try (Socket socket = new Socket()) {
          assertThatThrownBy(() -> socket.connect(new InetSocketAddress(address, port), 1000))
              .isInstanceOf(IOException.class);
        }
      }
    }
    assertThat(URI.create(gateway.url()).getHost()).isEqualTo("127.0.0.1");
  }
}
