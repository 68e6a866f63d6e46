package io.eksphemeral.local;

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
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
      throw new IllegalStateException("secret internals");
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
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      OutputStream out = socket.getOutputStream();
      out.write(request.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
      out.write(body);
      out.flush();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int end = answer.indexOf("\r\n\r\n");
      return new Answer(answer.substring(0, end), answer.substring(end + 4));
    }
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
        "Host: ",
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: https://localhost:PORT",
        "Origin: http://localhost:3000",
        "Origin: http://127.0.0.1:PORT",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
      })
  void whatABrowserMayHaveBeenMadeToSendIsRefused(String header) throws IOException {
    Answer answer = call("POST", "/create", header.replace("PORT", Integer.toString(port)));

    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.body()).startsWith("{\"error\":\"");
    assertThat(calls).isEmpty();
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
