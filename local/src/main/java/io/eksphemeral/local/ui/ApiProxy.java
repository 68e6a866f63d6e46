package io.eksphemeral.local.ui;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.lambda.ErrorCode;
import io.eksphemeral.lambda.Route;
import io.eksphemeral.local.HttpRequest;
import io.eksphemeral.local.ui.CallerCredentials.Outcome;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;

/** Passes the API's own requests on, signed where the API is on AWS. */
final class ApiProxy {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** Each response may be large. */
  private static final int MOST_CALLS = 8;

  private static final List<String> REQUEST_HEADERS =
      List.of("Accept", "Content-Type", "If-None-Match", "Idempotency-Key");

  /** Signatures and servers agree on these. */
  private static final Pattern VALUE = Pattern.compile("[ -~]{0,1000}");

  private static final List<String> RESPONSE_HEADERS =
      List.of(
          "Content-Type",
          "Date",
          "ETag",
          "Eksphemeral-Omitted",
          "Eksphemeral-Provider",
          "Eksphemeral-Speed",
          "Location",
          "Retry-After");

  private final Upstream upstream;
  private final ApiLocation location;
  private final Optional<Signing> signing;
  private final String notRunning;
  private final Semaphore calls = new Semaphore(MOST_CALLS, true);

  /** With what requests are signed. */
  record Signing(RequestSigner signer, CallerCredentials credentials) {}

  /**
   * @param notRunning what to do if a control plane on one machine does not respond
   */
  ApiProxy(Upstream upstream, ApiLocation location, Optional<Signing> signing, String notRunning) {
    this.upstream = upstream;
    this.location = location;
    this.signing = signing;
    this.notRunning = notRunning;
  }

  /**
   * A route as a pattern. Parameters are ids, names and minutes, none of which needs encoding,
   * which signatures would have to agree on.
   */
  private record Known(Route route, Pattern path) {
    Known(Route route) {
      this(route, Pattern.compile(route.path().replaceAll("\\{[a-z]+}", "[A-Za-z0-9-]{1,64}")));
    }
  }

  private static final List<Known> ROUTES = Arrays.stream(Route.values()).map(Known::new).toList();

  /** The response to a request for one of the API's paths; empty for any other path. */
  Optional<APIGatewayV2HTTPResponse> respond(HttpRequest request) {
    List<Known> matches =
        ROUTES.stream().filter(known -> known.path().matcher(request.path()).matches()).toList();
    if (matches.isEmpty()) {
      return Optional.empty();
    }
    if (matches.stream().noneMatch(known -> known.route().method().equals(request.method()))
        || !request.query().isEmpty()) {
      return Optional.of(ErrorCode.METHOD_NOT_ALLOWED.response("the API has no such request"));
    }
    if (!REQUEST_HEADERS.stream()
        .flatMap(name -> request.header(name).stream())
        .allMatch(value -> VALUE.matcher(value).matches())) {
      return Optional.of(ErrorCode.INVALID_REQUEST.response("a header is not plain, short text"));
    }
    calls.acquireUninterruptibly();
    try {
      return Optional.of(forward(request));
    } finally {
      calls.release();
    }
  }

  private APIGatewayV2HTTPResponse forward(HttpRequest request) {
    Map<String, String> headers = new HashMap<>();
    for (String name : REQUEST_HEADERS) {
      request.header(name).stream().findFirst().ifPresent(value -> headers.put(name, value));
    }
    Call call = new Call(request, headers);
    URI api = location.current();
    Attempt attempt = attempt(api, call);
    if (attempt.isAstray() && location.hasMovedFrom(api)) {
      attempt = attempt(location.current(), call);
    }
    return attempt.isAstray() && location.missing().isPresent()
        ? unreachable(location.missing().get())
        : attempt.response();
  }

  private record Call(HttpRequest request, Map<String, String> headers) {
    String method() {
      return request.method();
    }

    URI at(URI api) {
      return URI.create(api + request.path());
    }

    byte[] body() {
      byte[] bytes = new byte[request.body().remaining()];
      request.body().duplicate().get(bytes);
      return bytes;
    }
  }

  /**
   * One try to have a request answered.
   *
   * @param isAstray whether the API may be somewhere else, and sending it again does no harm
   */
  private record Attempt(APIGatewayV2HTTPResponse response, boolean isAstray) {}

  private Attempt attempt(URI api, Call call) {
    try {
      return signing.isPresent()
          ? attemptSigned(api, call, signing.get())
          : attemptLocal(api, call);
    } catch (IOException e) {
      boolean isUnsent = e instanceof ConnectException || e instanceof HttpConnectTimeoutException;
      return new Attempt(
          unreachable(
              signing.isPresent()
                  ? "no response from the control plane's API: %s\nis there a network connection?"
                      .formatted(reason(e))
                  : "the control plane on this machine does not respond\n" + notRunning),
          isUnsent || call.method().equals("GET"));
    }
  }

  private Attempt attemptLocal(URI api, Call call) throws IOException {
    HttpResponse<String> response =
        upstream.send(call.method(), call.at(api), plain(call.headers()), call.body());
    return response.headers().firstValue("Eksphemeral-Control-Plane").isPresent()
        ? new Attempt(answer(response), false)
        : new Attempt(
            unreachable("another program responds in place of the control plane\n" + notRunning),
            true);
  }

  private Attempt attemptSigned(URI api, Call call, Signing by) throws IOException {
    URI uri = call.at(api);
    Outcome outcome = by.credentials().current();
    for (boolean isRetry = false; ; isRetry = true) {
      if (!(outcome instanceof Outcome.Available(CallerCredentials.Keys keys))) {
        return new Attempt(unavailable(outcome), false);
      }
      HttpResponse<String> response =
          upstream.send(
              call.method(),
              uri,
              by.signer().sign(call.method(), uri, call.headers(), call.body(), keys),
              call.body());
      int status = response.statusCode();
      if ((status != 403 && status != 404) || !isGateways(response.body())) {
        return new Attempt(answer(response), false);
      }
      if (status == 404) {
        return new Attempt(unreachable("the control plane is not at " + api + " any more"), true);
      }
      Outcome rejected = outcome;
      outcome = by.credentials().after(keys);
      if (isRetry || outcome.equals(rejected)) {
        return new Attempt(
            Answers.error(
                403,
                "not-allowed",
                "API Gateway rejects the request\n"
                    + "you need the permission execute-api:Invoke on this API"),
            true);
      }
    }
  }

  private static APIGatewayV2HTTPResponse unreachable(String reason) {
    return Answers.error(502, "unreachable", reason);
  }

  private static APIGatewayV2HTTPResponse unavailable(Outcome outcome) {
    return Answers.error(
        401,
        "credentials",
        outcome instanceof Outcome.Unavailable(String reason)
            ? reason
            : "there are no credentials");
  }

  /** The functions report an "error", API Gateway a "message". */
  private static boolean isGateways(String body) {
    try {
      JsonNode json = JSON.readTree(body);
      return json == null || !json.has("error");
    } catch (JsonProcessingException _) {
      return true;
    }
  }

  private static APIGatewayV2HTTPResponse answer(HttpResponse<String> response) {
    Map<String, String> headers = new HashMap<>();
    for (String name : RESPONSE_HEADERS) {
      response.headers().firstValue(name).ifPresent(value -> headers.put(name, value));
    }
    headers.putIfAbsent("Content-Type", "application/json");
    String type = headers.getOrDefault("Content-Type", "");
    return Answers.of(response.statusCode(), type, response.body(), headers);
  }

  private static Map<String, List<String>> plain(Map<String, String> headers) {
    Map<String, List<String>> all = new HashMap<>();
    headers.forEach((name, value) -> all.put(name, List.of(value)));
    return all;
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
