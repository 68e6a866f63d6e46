package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.Authorizer;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.Http;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent.RequestContext.IAM;
import io.eksphemeral.lambda.Route;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Turns requests into the events that API Gateway sends, in its payload format 2.0. */
final class ApiGatewayEvents {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);

  private final String user;

  /**
   * @param user the caller's name in the operating system
   */
  ApiGatewayEvents(String user) {
    this.user = user.isEmpty() ? "nobody" : user.replaceAll("[^A-Za-z0-9+=,.@_-]", "-");
  }

  /** A route that matches a path, and its path parameters. */
  record Match(Route route, Map<String, String> parameters) {}

  /**
   * The routes at a path, of all methods. A trailing slash is ignored. Segments are decoded after
   * they are compared, so that an encoded slash does not split one.
   *
   * @throws IllegalArgumentException if a segment cannot be decoded
   */
  static List<Match> match(String path) {
    boolean hasSlash = path.length() > 1 && path.endsWith("/");
    List<Match> plain = match(hasSlash ? path.substring(0, path.length() - 1) : path, false);
    // Missing minutes then get the same error as invalid ones.
    return plain.isEmpty() && hasSlash ? match(path, true) : plain;
  }

  private static List<Match> match(String path, boolean lastMayBeEmpty) {
    return Arrays.stream(Route.values())
        .flatMap(route ->
            parameters(route, path, lastMayBeEmpty).map(found -> new Match(route, found)).stream())
        .toList();
  }

  private static Optional<Map<String, String>> parameters(
      Route route, String path, boolean lastMayBeEmpty) {
    String[] wanted = route.path().split("/", -1);
    String[] given = path.split("/", -1);
    if (wanted.length != given.length) {
      return Optional.empty();
    }
    Map<String, String> parameters = new TreeMap<>();
    for (int i = 0; i < wanted.length; i++) {
      boolean mayBeEmpty = lastMayBeEmpty && i == wanted.length - 1;
      if (wanted[i].startsWith("{") && (mayBeEmpty || !given[i].isEmpty())) {
        parameters.put(wanted[i].substring(1, wanted[i].length() - 1), decode(given[i]));
      } else if (!wanted[i].equals(given[i])) {
        return Optional.empty();
      }
    }
    return Optional.of(parameters);
  }

  APIGatewayV2HTTPEvent of(HttpRequest request, Match match, String requestId, Instant now) {
    Map<String, String> headers = new TreeMap<>();
    request
        .headers()
        .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), join(values)));
    String cookies = headers.remove("cookie");
    Optional<String> text = text(request.body(), headers.getOrDefault("content-type", ""));
    return APIGatewayV2HTTPEvent.builder()
        .withVersion("2.0")
        .withRouteKey(match.route().key())
        .withRawPath(request.path())
        .withRawQueryString(request.query())
        .withCookies(cookies == null ? null : List.of(cookies.split("; *", -1)))
        .withHeaders(headers)
        .withQueryStringParameters(orNull(queryParameters(request.query())))
        .withPathParameters(orNull(match.parameters()))
        .withBody(
            request.body().hasRemaining() ? text.orElseGet(() -> base64(request.body())) : null)
        .withIsBase64Encoded(text.isEmpty())
        .withRequestContext(context(request, match, headers, requestId, now))
        .build();
  }

  private RequestContext context(
      HttpRequest request,
      Match match,
      Map<String, String> headers,
      String requestId,
      Instant now) {
    return RequestContext.builder()
        .withAccountId(EventBridgeEvents.ACCOUNT)
        .withApiId("local")
        .withDomainName(headers.getOrDefault("host", ""))
        .withDomainPrefix("local")
        .withStage("$default")
        .withRouteKey(match.route().key())
        .withRequestId(requestId)
        .withTime(TIME.format(now))
        .withTimeEpoch(now.toEpochMilli())
        .withAuthorizer(
            Authorizer.builder()
                .withIam(
                    IAM.builder()
                        .withAccountId(EventBridgeEvents.ACCOUNT)
                        .withUserArn(
                            "arn:aws:iam::%s:user/%s".formatted(EventBridgeEvents.ACCOUNT, user))
                        .build())
                .build())
        .withHttp(
            Http.builder()
                .withMethod(request.method())
                .withPath(request.path())
                .withProtocol("HTTP/1.1")
                .withSourceIp("127.0.0.1")
                .withUserAgent(headers.getOrDefault("user-agent", ""))
                .build())
        .build();
  }

  /** The body as text if its type says so and it is; otherwise it is passed on as base64. */
  private static Optional<String> text(ByteBuffer body, String type) {
    String kind = type.strip().toLowerCase(Locale.ROOT);
    boolean says =
        !body.hasRemaining()
            || kind.startsWith("text/")
            || kind.matches("application/(.*\\+)?json\\b.*");
    try {
      return says
          ? Optional.of(StandardCharsets.UTF_8.newDecoder().decode(body.duplicate()).toString())
          : Optional.empty();
    } catch (CharacterCodingException _) {
      return Optional.empty();
    }
  }

  private static String base64(ByteBuffer body) {
    return StandardCharsets.ISO_8859_1
        .decode(Base64.getEncoder().encode(body.duplicate()))
        .toString();
  }

  private static Map<String, String> queryParameters(String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "" : pair.substring(equals + 1);
      if (!name.isEmpty()) {
        parameters.merge(decodeForm(name), decodeForm(value), (a, b) -> a + "," + b);
      }
    }
    return parameters;
  }

  /** In a path a plus stands for itself. */
  private static String decode(String segment) {
    return decodeForm(segment.replace("+", "%2B"));
  }

  private static String decodeForm(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static String join(List<String> values) {
    return String.join(",", values);
  }

  /** API Gateway leaves out what is empty. */
  private static @Nullable Map<String, String> orNull(Map<String, String> map) {
    return map.isEmpty() ? null : map;
  }
}
