package io.eksphemeral.local;

import static java.time.format.DateTimeFormatter.RFC_1123_DATE_TIME;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.lambda.ErrorCode;
import io.eksphemeral.local.ApiGatewayEvents.Match;
import io.eksphemeral.local.io.Log;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * In place of API Gateway: turns requests into events, and invokes the functions. Rejects {@link
 * ForeignRequests}.
 */
final class Gateway {
  /** Keep pages from using responses in browsers that do not say where a request comes from. */
  private static final Map<String, String> HEADERS =
      Map.of("X-Content-Type-Options", "nosniff", "Cross-Origin-Resource-Policy", "same-origin");

  private static final int MAX_LOGGED_TARGET = 200;

  private final HttpListener listener;
  private final LambdaInvoker functions;
  private final ApiGatewayEvents events;
  private final InstantSource clock;
  private final Log log;
  private final Semaphore calls;
  private final ForeignRequests foreign;

  Gateway(
      HttpListener listener,
      LambdaInvoker functions,
      ApiGatewayEvents events,
      InstantSource clock,
      Log log) {
    this.listener = listener;
    this.functions = functions;
    this.events = events;
    this.clock = clock;
    this.log = log;
    this.calls = new Semaphore(listener.bounds().calls(), true);
    this.foreign = new ForeignRequests(listener.port());
  }

  /**
   * Starts to respond.
   *
   * @param headers are added to every response
   */
  void start(Map<String, String> headers, Executor threads) {
    Map<String, String> all = new HashMap<>(HEADERS);
    all.putAll(headers);
    listener.start(this::respond, all, threads);
  }

  private APIGatewayV2HTTPResponse respond(HttpRequest request) {
    APIGatewayV2HTTPResponse response;
    try {
      response = foreign.reject(request).orElseGet(() -> route(request));
    } catch (RuntimeException | Error e) {
      log.failure("a request failed", e);
      response = ErrorCode.INTERNAL.response("internal error; details are in the log");
    }
    if (!request.method().equals("GET") || response.getStatusCode() >= 500) {
      String target = request.target();
      String shown =
          target.length() <= MAX_LOGGED_TARGET
              ? target
              : target.substring(0, MAX_LOGGED_TARGET) + "…";
      log.line("%s %s: %d".formatted(request.method(), shown, response.getStatusCode()));
    }
    // By the clock by which records have their times, so that callers can tell how long ago they
    // are.
    Map<String, String> headers = new HashMap<>(response.getHeaders());
    headers.put("Date", RFC_1123_DATE_TIME.format(clock.instant().atOffset(ZoneOffset.UTC)));
    response.setHeaders(headers);
    return response;
  }

  private APIGatewayV2HTTPResponse route(HttpRequest request) {
    List<Match> matches;
    try {
      matches = ApiGatewayEvents.match(request.path());
    } catch (IllegalArgumentException _) {
      return ErrorCode.INVALID_REQUEST.response("a % in the path is not followed by two digits");
    }
    if (matches.isEmpty()) {
      return ErrorCode.NOT_FOUND.response("not found: no such path");
    }
    String method = request.method().equals("HEAD") ? "GET" : request.method();
    return matches.stream()
        .filter(match -> match.route().method().equals(method))
        .findFirst()
        .map(match -> invoke(request, match))
        .orElseGet(() -> methodNotAllowed(matches));
  }

  private static APIGatewayV2HTTPResponse methodNotAllowed(List<Match> matches) {
    String allowed =
        String.join(
            ", ",
            matches.stream()
                .map(match -> match.route().method())
                .map(method -> method.equals("GET") ? "GET, HEAD" : method)
                .toList());
    APIGatewayV2HTTPResponse response =
        ErrorCode.METHOD_NOT_ALLOWED.response("allowed methods: " + allowed);
    response.getHeaders().put("allow", allowed);
    return response;
  }

  /** Invokes the function once few enough other calls are running. */
  private APIGatewayV2HTTPResponse invoke(HttpRequest request, Match match) {
    try {
      if (!calls.tryAcquire(listener.bounds().queueing().toMillis(), TimeUnit.MILLISECONDS)) {
        return ErrorCode.TOO_MANY_REQUESTS.response("too many requests at a time; try again");
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return ErrorCode.UNAVAILABLE.response("the control plane is stopping");
    }
    try {
      APIGatewayV2HTTPEvent event =
          events.of(request, match, UUID.randomUUID().toString(), clock.instant());
      return functions.invoke(match.route().function(), event);
    } finally {
      calls.release();
    }
  }
}
