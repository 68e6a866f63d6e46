package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.lambda.ErrorCode;
import io.eksphemeral.local.ApiGatewayEvents.Call;
import io.eksphemeral.local.ApiGatewayEvents.Match;
import java.io.IOException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * What API Gateway is in AWS: HTTP on the one side, events and functions on the other. It listens
 * on loopback only, and refuses what a web page, or a name that somebody pointed at this machine,
 * could have a browser send.
 */
final class Gateway {
  private static final Set<String> FROM_HERE = Set.of("none", "same-origin");

  /** For browsers that do not say where a call comes from: no page gets to make use of it. */
  private static final Map<String, String> NOT_FOR_PAGES =
      Map.of("X-Content-Type-Options", "nosniff", "Cross-Origin-Resource-Policy", "same-origin");

  /** How much of a path the log has. */
  private static final int LOGGED = 200;

  private final HttpListener listener;
  private final Semaphore calls;
  private final Set<String> hosts;

  private Gateway(HttpListener listener) {
    this.listener = listener;
    this.calls = new Semaphore(listener.bounds().calls(), true);
    int port = listener.port();
    this.hosts = Set.of("127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port);
  }

  /**
   * Takes a port, and answers nobody yet.
   *
   * @param port 0 for any that is free
   * @throws java.net.BindException if it is taken
   */
  static Gateway bind(int port, HttpListener.Bounds bounds) throws IOException {
    return new Gateway(HttpListener.bind(port, bounds));
  }

  String url() {
    return "http://127.0.0.1:" + listener.port();
  }

  /** How calls are answered. */
  record Service(
      LambdaInvoker functions,
      ApiGatewayEvents events,
      Map<String, String> headers,
      InstantSource clock,
      Log log) {}

  /** Begins to answer. */
  void start(Service service, Executor threads) {
    listener.start(
        new HttpListener.Responder() {
          @Override
          public HttpReply answer(HttpRequest request) {
            return reply(Gateway.this.answer(request, service), service);
          }

          @Override
          public HttpReply refuse(ErrorCode code, String error) {
            return reply(code.response(error), service);
          }
        },
        threads);
  }

  /** Waits up to a second for what is being answered, and answers nobody any more. */
  void stop() {
    listener.stop();
  }

  private static HttpReply reply(APIGatewayV2HTTPResponse response, Service service) {
    Map<String, String> headers = new HashMap<>(NOT_FOR_PAGES);
    headers.putAll(service.headers());
    if (response.getHeaders() != null) {
      headers.putAll(response.getHeaders());
    }
    String body = response.getBody();
    return new HttpReply(response.getStatusCode(), headers, body == null ? "" : body);
  }

  private APIGatewayV2HTTPResponse answer(HttpRequest request, Service service) {
    APIGatewayV2HTTPResponse response;
    try {
      response = foreign(request).orElseGet(() -> route(request, service));
    } catch (RuntimeException | Error e) {
      service.log().failure("a call failed", e);
      response = ErrorCode.INTERNAL.response("internal error; the log has it");
    }
    if (!request.method().equals("GET") || response.getStatusCode() >= 500) {
      String target = request.target();
      String shown = target.length() <= LOGGED ? target : target.substring(0, LOGGED) + "…";
      service.log().line("%s %s: %d".formatted(request.method(), shown, response.getStatusCode()));
    }
    return response;
  }

  /** The refusal of a call that is not let in; empty if it is. */
  private Optional<APIGatewayV2HTTPResponse> foreign(HttpRequest request) {
    List<String> host = request.all("Host");
    if (host.size() != 1 || !hosts.contains(host.getFirst().toLowerCase(Locale.ROOT))) {
      return Optional.of(
          ErrorCode.FORBIDDEN.response("this is not the host that the call was meant for"));
    }
    if (!request.all("Origin").stream().allMatch(("http://" + host.getFirst())::equalsIgnoreCase)
        || !FROM_HERE.containsAll(request.all("Sec-Fetch-Site"))) {
      return Optional.of(ErrorCode.FORBIDDEN.response("calls from web pages are not answered"));
    }
    return Optional.empty();
  }

  private APIGatewayV2HTTPResponse route(HttpRequest request, Service service) {
    String target = request.target();
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    String query = question < 0 ? "" : target.substring(question + 1);
    List<Match> there;
    try {
      there = ApiGatewayEvents.match(path);
    } catch (IllegalArgumentException _) {
      return ErrorCode.INVALID_REQUEST.response("a % in the path is not followed by two digits");
    }
    if (there.isEmpty()) {
      return ErrorCode.NOT_FOUND.response("there is nothing at this path");
    }
    String method = request.method().equals("HEAD") ? "GET" : request.method();
    Optional<Match> match =
        there.stream().filter(one -> one.route().method().equals(method)).findFirst();
    if (match.isEmpty()) {
      return notAllowed(there);
    }
    Call call = new Call(request.method(), path, query, request.headers(), request.body());
    return call(call, match.get(), service);
  }

  private static APIGatewayV2HTTPResponse notAllowed(List<Match> there) {
    String allowed =
        String.join(
            ", ",
            there.stream()
                .map(match -> match.route().method())
                .map(method -> method.equals("GET") ? "GET, HEAD" : method)
                .toList());
    APIGatewayV2HTTPResponse response =
        ErrorCode.METHOD_NOT_ALLOWED.response("this path is for " + allowed);
    response.getHeaders().put("allow", allowed);
    return response;
  }

  /** Has a function answer, as soon as there are few enough calls for that. */
  private APIGatewayV2HTTPResponse call(Call call, Match match, Service service) {
    try {
      if (!calls.tryAcquire(listener.bounds().queueing().toMillis(), TimeUnit.MILLISECONDS)) {
        return ErrorCode.TOO_MANY_REQUESTS.response(
            "too many requests at a time; try again in a moment");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return ErrorCode.UNAVAILABLE.response("the control plane is stopping");
    }
    try {
      APIGatewayV2HTTPEvent event =
          service.events().of(call, match, UUID.randomUUID().toString(), service.clock().instant());
      return service.functions().call(match.route().function(), event);
    } finally {
      calls.release();
    }
  }
}
