package io.eksphemeral.local.ui;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.eksphemeral.lambda.ErrorCode;
import io.eksphemeral.local.HttpListener;
import io.eksphemeral.local.HttpRequest;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/**
 * Serves the page on loopback and passes its requests on to the API of a control plane, until it is
 * stopped or has not been asked for anything for some time.
 */
public final class UiProxy {
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  /** A few people, with a few tabs each; see the memory that eksp-ui.sh grants. */
  private static final HttpListener.Bounds BOUNDS =
      new HttpListener.Bounds(256, 16, 16, Duration.ofSeconds(30), Duration.ofSeconds(10));

  /** Nothing but the page's own files is loaded, and no text becomes markup or code. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src"
              + " 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
              + " require-trusted-types-for 'script'; trusted-types 'none'",
          "Cross-Origin-Opener-Policy",
          "same-origin",
          "Cross-Origin-Resource-Policy",
          "same-origin",
          "Permissions-Policy",
          "camera=(), geolocation=(), microphone=()",
          "Referrer-Policy",
          "no-referrer",
          "X-Content-Type-Options",
          "nosniff");

  private final UiSettings settings;
  private final HttpListener listener;
  private final Browser browser;
  private final Session session;
  private final ApiProxy api;
  private final LogFollowers logs;
  private volatile long lastRequest = System.nanoTime();

  /** Exits with 0 after some time without a request, and with 1 if it cannot start. */
  public static void main(String[] arguments) {
    try {
      UiProxy proxy = new UiProxy(UiSettings.of(List.of(arguments)));
      Runtime.getRuntime().addShutdownHook(new Thread(proxy::stop));
      proxy.serve();
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      System.err.println("eksphemeral: the page cannot be served: " + e.getMessage());
      System.exit(1);
    }
  }

  private UiProxy(UiSettings settings) throws IOException, GeneralSecurityException {
    this.settings = settings;
    listener = HttpListener.bind(0, BOUNDS);
    InstantSource clock = InstantSource.system();
    HttpClient.Builder client = Upstream.client();
    if (settings.isOnAws()) {
      new NetworkSettings(System.getenv(), settings.certificates()).applyTo(client, settings.api());
    } else {
      client.proxy(HttpClient.Builder.NO_PROXY);
    }
    Optional<ApiProxy.Signing> signing =
        settings
            .region()
            .map(region ->
                new ApiProxy.Signing(
                    new RequestSigner(region),
                    new CallerCredentials(library("export-credentials.sh", List.of()), clock)));
    List<String> edition = settings.command().contains(" --local") ? List.of("--local") : List.of();
    ApiLocation location = new ApiLocation(settings.api(), library("find-api.sh", edition), clock);
    api = new ApiProxy(new Upstream(client), location, signing, "start it: " + command("up"));
    logs = new LogFollowers(logCommand(edition));
    session = new Session(listener.port(), new SecureRandom(), this::linkUsed);
    browser = Browser.prepare(listener.url() + session.link());
  }

  private LibraryScript library(String name, List<String> options) {
    return new LibraryScript(settings.scripts(), name, options, settings.command());
  }

  private void linkUsed() {
    browser.delete();
  }

  private String command(String name) {
    return settings.command().replace("COMMAND", name);
  }

  private List<String> logCommand(List<String> edition) {
    List<String> all = new ArrayList<>(List.of("bash", "-p"));
    all.add(settings.scripts().resolve("eksp").toString());
    all.add("logs");
    all.addAll(edition);
    all.add("--follow");
    return all;
  }

  private void serve() throws IOException {
    listener.start(this::respond, HEADERS, Executors.newVirtualThreadPerTaskExecutor());
    // Loads the HTTP client, and fetches the credentials, while the browser starts.
    Thread.ofVirtual()
        .start(
            () -> api.respond(new HttpRequest("GET", "/status", Map.of(), ByteBuffer.allocate(0))));
    System.out.println(listener.url() + session.link());
    if (settings.opener().isPresent()) {
      browser.open(settings.opener().get());
    }
    while (System.nanoTime() - lastRequest < settings.idle().toNanos()) {
      LockSupport.parkNanos(LOOK_EVERY.toNanos());
      logs.endUnwatched();
    }
    System.err.println("no page has asked for anything for a while, so this ends");
    System.exit(0);
  }

  private APIGatewayV2HTTPResponse respond(HttpRequest request) {
    try {
      Optional<APIGatewayV2HTTPResponse> refused = session.admit(request);
      if (refused.isEmpty()) {
        lastRequest = System.nanoTime();
      }
      return refused.orElseGet(() -> serve(request));
    } catch (RuntimeException | Error e) {
      System.err.println("a request failed: " + e);
      return ErrorCode.INTERNAL.response("internal error of the proxy: " + e);
    }
  }

  private APIGatewayV2HTTPResponse serve(HttpRequest request) {
    return api.respond(request)
        .or(() -> logs.respond(request))
        .or(() -> request.path().equals("/ui/about") ? Optional.of(about()) : Optional.empty())
        .or(() ->
            request.method().equals("GET") ? StaticFiles.at(request.path()) : Optional.empty())
        .orElseGet(() -> ErrorCode.NOT_FOUND.response("not found: no such path"));
  }

  private APIGatewayV2HTTPResponse about() {
    return Answers.json(
        JsonNodeFactory.instance
            .objectNode()
            .put("edition", settings.isOnAws() ? "aws" : "local")
            .put("where", settings.where())
            .put("caller", settings.caller())
            .put("owner", settings.owner())
            .put("command", settings.command()));
  }

  private void stop() {
    listener.stop();
    logs.endAll();
    browser.delete();
  }
}
