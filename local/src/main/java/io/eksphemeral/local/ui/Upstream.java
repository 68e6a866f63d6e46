package io.eksphemeral.local.ui;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Sends requests to the API. */
final class Upstream {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /** API Gateway responds within 29 s. */
  private static final Duration RESPOND = Duration.ofSeconds(32);

  /** In bytes; a response of Lambda has at most 6 MB. */
  private static final long MOST_BODY = 7 * 1024 * 1024;

  /** What the client sets by itself. */
  private static final Set<String> OWN_HEADERS = Set.of("host", "content-length");

  private final HttpClient client;

  Upstream(HttpClient.Builder client) {
    this.client =
        client
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .followRedirects(HttpClient.Redirect.NEVER)
            .executor(command -> Thread.ofVirtual().start(command))
            .build();
  }

  /** For a client that sends the Host header it is given, and a password to a proxy for TLS. */
  static HttpClient.Builder client() {
    System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
    System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
    return HttpClient.newBuilder();
  }

  /**
   * Where to connect to. As for curl, names below localhost are this machine, which not every
   * resolver knows.
   */
  private static URI address(URI uri) {
    return uri.getScheme().equals("http") && String.valueOf(uri.getHost()).endsWith(".localhost")
        ? URI.create(
            "http://127.0.0.1:" + (uri.getPort() < 0 ? 80 : uri.getPort()) + uri.getRawPath())
        : uri;
  }

  /**
   * Sends a request and waits for the response.
   *
   * @throws IOException if there is none
   */
  HttpResponse<String> send(String method, URI uri, Map<String, List<String>> headers, byte[] body)
      throws IOException {
    java.net.http.HttpRequest.Builder request =
        java.net.http.HttpRequest.newBuilder(address(uri))
            .header("Host", uri.getAuthority())
            .timeout(RESPOND)
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    headers.forEach((name, values) -> {
      if (!OWN_HEADERS.contains(name.toLowerCase(java.util.Locale.ROOT))) {
        values.forEach(value -> request.header(name, value));
      }
    });
    try {
      return client.send(
          request.build(), BodyHandlers.limiting(BodyHandlers.ofString(UTF_8), MOST_BODY));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
