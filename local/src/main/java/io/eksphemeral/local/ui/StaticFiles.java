package io.eksphemeral.local.ui;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The files of the page, which are in the jar; no others can be asked for. */
final class StaticFiles {
  private static final Map<String, String> TYPES =
      Map.of(
          ".html",
          "text/html",
          ".css",
          "text/css",
          ".js",
          "text/javascript",
          ".svg",
          "image/svg+xml");

  /** Written by the build of this page's folder: adding a file there means adding it here. */
  private static final String[] NAMES = {
    "/index.html",
    "/entered.html",
    "/entered.js",
    "/refused.html",
    "/style.css",
    "/icon.svg",
    "/app.js",
    "/api.js",
    "/dom.js",
    "/time.js",
    "/list.js",
    "/cluster.js",
    "/create.js",
    "/dialogs.js"
  };

  private static final Map<String, String> FILES = read();

  private StaticFiles() {}

  /** The file at a path. */
  static Optional<APIGatewayV2HTTPResponse> at(String path) {
    String name = path.equals("/") ? "/index.html" : path;
    return FILES.containsKey(name) ? Optional.of(page(200, name, Map.of())) : Optional.empty();
  }

  /** The page that a link leads to, with the key that it brings; empty for none. */
  static APIGatewayV2HTTPResponse entered(String key, Map<String, String> headers) {
    APIGatewayV2HTTPResponse page = page(200, "/entered.html", headers);
    page.setBody(page.getBody().replace("data-key=\"\"", "data-key=\"" + key + "\""));
    return page;
  }

  static APIGatewayV2HTTPResponse page(int status, String name, Map<String, String> headers) {
    String type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.')), "text/plain");
    return Answers.of(status, type + "; charset=utf-8", FILES.getOrDefault(name, ""), headers);
  }

  private static Map<String, String> read() {
    Map<String, String> files = new TreeMap<>();
    for (String name : NAMES) {
      try (InputStream in = StaticFiles.class.getResourceAsStream("/ui" + name)) {
        if (in == null) {
          throw new IllegalStateException("the jar lacks ui" + name);
        }
        files.put(name, new String(in.readAllBytes(), UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return files;
  }
}
