package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.local.HttpEvents.Call;
import io.eksphemeral.local.HttpEvents.Match;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;

/**
 * What API Gateway is in AWS: HTTP on the one side, events and functions on the other. It listens
 * on loopback only, and refuses what a web page, or a name that somebody pointed at this machine,
 * could have a browser send.
 */
final class Gateway {
  /** API Gateway's own limit is near it; a function's is what people meet. */
  static final int MOST_BYTES = 6 * 1024 * 1024;

  private static final Set<String> FROM_HERE = Set.of("none", "same-origin");

  /** For browsers that do not say where a call comes from: no page gets to make use of it. */
  private static final Map<String, String> NOT_FOR_PAGES =
      Map.of("X-Content-Type-Options", "nosniff", "Cross-Origin-Resource-Policy", "same-origin");

  private final HttpServer server;
  private final Set<String> hosts;

  private Gateway(HttpServer server) {
    this.server = server;
    int port = server.getAddress().getPort();
    this.hosts = Set.of("127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port);
  }

  /**
   * Takes a port, and answers nobody yet.
   *
   * @param port 0 for any that is free
   * @throws java.net.BindException if it is taken
   */
  static Gateway bind(int port) throws IOException {
    // Answers of two packets on connections that are kept would wait for the first one's receipt.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    // Whoever sends a request drop by drop is not waited for.
    System.setProperty("sun.net.httpserver.maxReqTime", "60");
    byte[] loopback = {127, 0, 0, 1};
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getByAddress("127.0.0.1", loopback), port);
    return new Gateway(HttpServer.create(address, 0));
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** How calls are answered. */
  record Service(
      Functions functions,
      HttpEvents events,
      Map<String, String> headers,
      InstantSource clock,
      Log log) {}

  /** Begins to answer. */
  void start(Service service, Executor executor) {
    server.setExecutor(executor);
    server.createContext("/", exchange -> answer(exchange, service));
    server.start();
  }

  /** Ends what is being answered, which may take up to a second, and answers nobody any more. */
  void stop() {
    server.stop(1);
  }

  private record Answer(int status, Map<String, String> headers, String body) {}

  private void answer(HttpExchange exchange, Service service) throws IOException {
    try (exchange) {
      Answer answer;
      try {
        answer = answerTo(exchange, service);
      } catch (RuntimeException e) {
        service.log().failure("a call failed", e);
        answer = error(500, "internal error; the log has it");
      }
      if (!exchange.getRequestMethod().equals("GET") || answer.status() >= 500) {
        service
            .log()
            .line(
                "%s %s: %d"
                    .formatted(
                        exchange.getRequestMethod(), exchange.getRequestURI(), answer.status()));
      }
      Headers headers = exchange.getResponseHeaders();
      NOT_FOR_PAGES.forEach(headers::set);
      service.headers().forEach(headers::set);
      answer.headers().forEach(headers::set);
      byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
      boolean silent = exchange.getRequestMethod().equals("HEAD") || body.length == 0;
      exchange.sendResponseHeaders(answer.status(), silent ? -1 : body.length);
      if (!silent) {
        exchange.getResponseBody().write(body);
        // Closing waits for the rest of what is being sent, and who sends it for this.
        exchange.getResponseBody().flush();
      }
    }
  }

  private Answer answerTo(HttpExchange exchange, Service service) throws IOException {
    Optional<String> foreign = foreign(exchange.getRequestHeaders());
    if (foreign.isPresent()) {
      return error(403, foreign.get());
    }
    String method = exchange.getRequestMethod();
    String target = exchange.getRequestURI().toString().replaceFirst("#.*", "");
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    String query = question < 0 ? "" : target.substring(question + 1);
    Optional<Match> match = HttpEvents.match(method, path);
    if (match.isEmpty()) {
      return error(404, "there is nothing at this path");
    }
    byte[] body = exchange.getRequestBody().readNBytes(MOST_BYTES + 1);
    if (body.length > MOST_BYTES) {
      return error(413, "a body has at most %d MiB".formatted(MOST_BYTES >> 20));
    }
    APIGatewayV2HTTPEvent event =
        service
            .events()
            .of(
                new Call(method, path, query, exchange.getRequestHeaders(), ByteBuffer.wrap(body)),
                match.get(),
                UUID.randomUUID().toString(),
                service.clock().instant());
    return answer(service.functions().call(match.get().route().function(), event));
  }

  /** Why a call is not let in; empty if it is. */
  private Optional<String> foreign(Headers headers) {
    List<String> host = headers.getOrDefault("Host", List.of());
    if (host.size() != 1 || !hosts.contains(host.getFirst().toLowerCase(Locale.ROOT))) {
      return Optional.of("this is not the host that the call was meant for");
    }
    List<String> origins = headers.getOrDefault("Origin", List.of());
    if (!origins.stream().allMatch(("http://" + host.getFirst())::equalsIgnoreCase)
        || !FROM_HERE.containsAll(headers.getOrDefault("Sec-Fetch-Site", List.of()))) {
      return Optional.of("calls from web pages are not answered");
    }
    return Optional.empty();
  }

  private static Answer answer(APIGatewayV2HTTPResponse response) {
    Map<String, String> headers = response.getHeaders();
    String body = response.getBody();
    return new Answer(
        response.getStatusCode(), headers == null ? Map.of() : headers, body == null ? "" : body);
  }

  private static Answer error(int status, String error) {
    ObjectNode body = JsonNodeFactory.instance.objectNode().put("error", error);
    body.putArray("problems");
    return new Answer(
        status,
        Map.of("content-type", "application/json", "cache-control", "no-store"),
        body.toString());
  }
}
