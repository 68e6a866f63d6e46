package io.eksphemeral.local.ui;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.local.ForeignRequests;
import io.eksphemeral.local.HttpRequest;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Who may use the proxy: the browser that opened its link first. The link's token works once, and
 * is exchanged for a cookie that no script can read and no other site can have sent, and for a key
 * that only pages of this port can read. With the cookie alone, which browsers send to every port
 * of the machine, there is nothing but the page's files.
 */
final class Session {
  private static final String TOKEN = "token=";
  private static final String KEY = "Eksphemeral-Key";
  private static final int BYTES = 32;

  private final ForeignRequests foreign;
  private final String cookie;
  private final String token;
  private final String secret;
  private final String key;
  private final AtomicBoolean isTokenUsed = new AtomicBoolean();
  private final Runnable onUse;

  /**
   * @param onUse what to do once the link was used
   */
  Session(int port, SecureRandom random, Runnable onUse) {
    this.foreign = new ForeignRequests(port);
    // Cookies are shared by all ports of a host.
    this.cookie = "eksp-ui-" + port;
    this.token = random(random);
    this.secret = random(random);
    this.key = random(random);
    this.onUse = onUse;
  }

  private static String random(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** The path and query of the link that begins the session. */
  String link() {
    return "/?" + TOKEN + token;
  }

  /** The response to a request that does not belong to the session, or begins it. */
  Optional<APIGatewayV2HTTPResponse> admit(HttpRequest request) {
    boolean isLink = request.path().equals("/") && request.query().startsWith(TOKEN);
    // A link may be opened from a file, a terminal or a mail; its token shows that it is ours.
    Optional<APIGatewayV2HTTPResponse> rejected =
        isLink ? foreign.rejectHost(request) : foreign.reject(request);
    if (rejected.isPresent()) {
      return rejected;
    }
    if (isLink) {
      return Optional.of(begin(request));
    }
    boolean isFile = request.method().equals("GET") && StaticFiles.at(request.path()).isPresent();
    return hasCookie(request) && (isFile || hasKey(request))
        ? Optional.empty()
        : Optional.of(refuse(request));
  }

  /**
   * Responds with a page that leads on. A redirect would still belong to the site from which the
   * link was opened, and the browser would not send the cookie.
   */
  private APIGatewayV2HTTPResponse begin(HttpRequest request) {
    String given = request.query().substring(TOKEN.length());
    if (request.method().equals("GET")
        && isEqual(given, token)
        && isTokenUsed.compareAndSet(false, true)) {
      onUse.run();
      return StaticFiles.entered(
          key,
          Map.of(
              "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=Strict".formatted(cookie, secret)));
    }
    // The browser that used the link has the key; another one may have got the cookie.
    return hasCookie(request) ? StaticFiles.entered("", Map.of()) : refuse(request);
  }

  private static APIGatewayV2HTTPResponse refuse(HttpRequest request) {
    return request.header("Accept").stream().anyMatch(types -> types.contains("text/html"))
        ? StaticFiles.page(403, "/refused.html", Map.of())
        : Answers.error(
            403, "no-session", "this page is not connected any more; run the command again");
  }

  private boolean hasCookie(HttpRequest request) {
    return request.header("Cookie").stream()
        .flatMap(all -> Arrays.stream(all.split(";", -1)))
        .map(String::strip)
        .filter(one -> one.startsWith(cookie + "="))
        .anyMatch(one -> isEqual(one.substring(cookie.length() + 1), secret));
  }

  private boolean hasKey(HttpRequest request) {
    return request.header(KEY).stream().anyMatch(given -> isEqual(given, key));
  }

  /** In constant time. */
  private static boolean isEqual(String given, String wanted) {
    return MessageDigest.isEqual(given.getBytes(UTF_8), wanted.getBytes(UTF_8));
  }
}
