package io.eksphemeral.local;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLContext;

/**
 * An API that wants requests signed as AWS does (Signature Version 4, for execute-api), and gives
 * the answers that a test wants. Requests that are not signed by a known user are answered with 403
 * itself, as API Gateway does.
 */
final class SignedApi implements AutoCloseable {
  private static final Pattern AUTHORIZATION =
      Pattern.compile(
          "AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d{8})/([^/]+)/execute-api/aws4_request, "
              + "SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})");

  private final HttpServer server;
  private final Queue<Answer> answers = new ArrayDeque<>();
  private final List<Asked> asked = new CopyOnWriteArrayList<>();
  private final Map<String, Person> known = new ConcurrentHashMap<>();

  /** A request, with who has signed it and for which region; both empty if nobody it knows did. */
  record Asked(String method, String path, String body, String key, String region) {}

  private record Answer(int status, String body, Runnable before) {}

  private record Person(String secret, String token) {}

  SignedApi() throws IOException {
    this(HttpServer.create(anyPort(), 0));
  }

  private SignedApi(HttpServer server) {
    this.server = server;
    server.createContext("/", this::serve);
    server.start();
    knows(Account.KEY, Account.SECRET, Account.TOKEN);
  }

  /** The same behind TLS. */
  static SignedApi behind(SSLContext tls) throws IOException {
    HttpsServer server = HttpsServer.create(anyPort(), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    return new SignedApi(server);
  }

  private static InetSocketAddress anyPort() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Where it is, by a name like those of API Gateway; curl knows that it is this machine. */
  String endpoint() {
    return endpoint("abc123");
  }

  /** The same under the name of another API. */
  String endpoint(String id) {
    String scheme = server instanceof HttpsServer ? "https" : "http";
    return "%s://%s.execute-api.localhost:%d".formatted(scheme, id, server.getAddress().getPort());
  }

  /** Adds a known user; with an empty token, one with long-term keys. */
  void knows(String key, String secret, String token) {
    known.put(key, new Person(secret, token));
  }

  void forgets(String key) {
    known.remove(key);
  }

  /**
   * The next answer that it has not given yet; once there is none left, the last one is repeated.
   */
  SignedApi answers(int status, String body) {
    return answers(status, body, () -> {});
  }

  /** The same, with something that happens before. */
  SignedApi answers(int status, String body, Runnable before) {
    answers.add(new Answer(status, body, before));
    return this;
  }

  /** Everything that it was asked, refused or not. */
  List<Asked> asked() {
    return asked;
  }

  List<String> paths() {
    return asked.stream().map(one -> one.method() + " " + one.path()).toList();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private synchronized void serve(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String[] signer;
    try {
      signer = signer(exchange, body);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    asked.add(
        new Asked(
            exchange.getRequestMethod(),
            exchange.getRequestURI().getRawPath(),
            new String(body, StandardCharsets.UTF_8),
            signer[0],
            signer[1]));
    Answer answer = new Answer(403, "{\"message\":\"Forbidden\"}", () -> {});
    if (!signer[0].isEmpty()) {
      answer = answers.size() > 1 ? answers.remove() : answers.element();
    }
    answer.before().run();
    byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer.status(), bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  /** Key and region of a good signature, else two empty texts. */
  private String[] signer(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
    String[] nobody = {"", ""};
    Map<String, String> headers = new TreeMap<>();
    exchange
        .getRequestHeaders()
        .forEach((name, values) ->
            headers.put(name.toLowerCase(java.util.Locale.ROOT), values.getFirst().strip()));
    Matcher authorization = AUTHORIZATION.matcher(headers.getOrDefault("authorization", ""));
    if (!authorization.matches()) {
      return nobody;
    }
    Person person = known.get(authorization.group(1));
    if (person == null
        || !person.token().equals(headers.getOrDefault("x-amz-security-token", ""))) {
      return nobody;
    }
    String day = authorization.group(2);
    String region = authorization.group(3);
    List<String> signed = Arrays.asList(authorization.group(4).split(";"));
    String canonical =
        String.join(
            "\n",
            exchange.getRequestMethod(),
            exchange.getRequestURI().getRawPath().replace("%", "%25"),
            "",
            signed.stream()
                .map(name -> name + ":" + headers.get(name) + "\n")
                .collect(Collectors.joining()),
            authorization.group(4),
            hex(MessageDigest.getInstance("SHA-256").digest(body)));
    String scope = day + "/" + region + "/execute-api/aws4_request";
    String toSign =
        String.join(
            "\n",
            "AWS4-HMAC-SHA256",
            headers.getOrDefault("x-amz-date", ""),
            scope,
            hex(
                MessageDigest.getInstance("SHA-256")
                    .digest(canonical.getBytes(StandardCharsets.UTF_8))));
    byte[] key = ("AWS4" + person.secret()).getBytes(StandardCharsets.UTF_8);
    for (String part : List.of(day, region, "execute-api", "aws4_request")) {
      key = hmac(key, part);
    }
    return hex(hmac(key, toSign)).equals(authorization.group(5))
        ? new String[] {authorization.group(1), region}
        : nobody;
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
