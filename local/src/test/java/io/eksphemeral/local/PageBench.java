package io.eksphemeral.local;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Measures the page: {@code PageBench SCRATCH LINK CLUSTERS}, where LINK is the one that {@code
 * eksp ui} has printed, of a control plane with as many clusters. Prints a name and a number a
 * line. {@code bench/ui.sh} runs it.
 */
final class PageBench {
  private static final int LOADS = 9;
  private static final int CALLS = 300;
  private static final int WARM_UP = 300;
  private static final int IDLE_SECONDS = 60;

  /** Notes when the page shows as many rows and has drawn them, so that it can respond. */
  private static final String WATCH =
      """
      window.usable = null;
      addEventListener('DOMContentLoaded', () => new MutationObserver((changes, observer) => {
        const table = document.querySelector('table.clusters');
        if (!table || table.hidden || document.querySelectorAll('tbody tr').length < ROWS) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.usable = performance.now(); }));
      }).observe(document, {subtree: true, childList: true, attributes: true}));
      """;

  private PageBench() {}

  public static void main(String[] arguments) throws Exception {
    Path scratch = Path.of(arguments[0]);
    try (Chromium browser = new Chromium(scratch)) {
      page(browser, arguments[1], Integer.parseInt(arguments[2]));
    }
    try (FakePlane plane = new FakePlane().lists(FakePlane.lines(10))) {
      proxy(scratch, plane);
    }
    System.exit(0);
  }

  private static void print(String name, double number) {
    System.out.println(name + " " + Math.round(number * 10) / 10.0);
  }

  private static double median(double... numbers) {
    double[] sorted = numbers.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  // --- in the browser ---

  private static void page(Chromium browser, String link, int clusters) throws Exception {
    browser.tool(
        "Page.addScriptToEvaluateOnNewDocument",
        Map.of("source", WATCH.replace("ROWS", Integer.toString(clusters))));
    browser.open(link);
    usable(browser);
    double[] loads = new double[LOADS];
    for (int i = 0; i < LOADS; i++) {
      browser.open(link.substring(0, link.indexOf('?')));
      loads[i] = usable(browser);
    }
    print("usable", median(loads));
    print(
        "kilobytes",
        number(
                browser,
                """
                return ['navigation', 'resource'].flatMap(type => performance.getEntriesByType(type))
                  .filter(one => !/\\/(clusters|ui\\/about)$/.test(one.name))
                  .reduce((all, one) => all + one.transferSize, 0)
                """)
            / 1000);
    print("list", number(browser, sizeOf("/clusters")) / 1000);
    browser.run("performance.clearResourceTimings()");
    Thread.sleep(IDLE_SECONDS * 1000L);
    print("requests", number(browser, "return performance.getEntriesByType('resource').length"));
    print("idle", IDLE_SECONDS);
  }

  private static String sizeOf(String path) {
    return "return Math.max(...performance.getEntriesByType('resource')"
        + ".filter(one => one.name.endsWith('%s')).map(one => one.transferSize))".formatted(path);
  }

  private static double usable(Chromium browser) {
    return browser.until("a usable page", () -> asNumber(browser.run("return window.usable")));
  }

  private static double number(Chromium browser, String script) {
    Double number = asNumber(browser.run(script));
    return number == null ? Double.NaN : number;
  }

  private static @Nullable Double asNumber(@Nullable Object result) {
    return result instanceof Number number ? number.doubleValue() : null;
  }

  // --- what the proxy adds ---

  /** A call directly and through the proxy, in turn, of a control plane that responds at once. */
  private static void proxy(Path scratch, FakePlane plane) throws Exception {
    Path script =
        Files.createDirectories(scratch.resolve("scripts/lib")).resolve("export-credentials.sh");
    Files.writeString(script, "printf '%s\\n' AKIAEXAMPLE secret token 4102444800\n");
    try (PageProxy local = PageProxy.before(plane.url(), scratch);
        PageProxy signing =
            PageProxy.before(
                plane.url(),
                scratch,
                "--region",
                "us-east-2",
                "--scripts",
                scratch.resolve("scripts").toString())) {
      HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      added(client, plane, local, "passing");
      added(client, plane, signing, "signing");
    }
  }

  private static void added(HttpClient client, FakePlane plane, PageProxy proxy, String name)
      throws IOException, InterruptedException {
    HttpResponse<String> entered = send(client, proxy.link());
    String cookie = entered.headers().firstValue("Set-Cookie").orElseThrow();
    String[] session = {
      "Cookie",
      cookie.substring(0, cookie.indexOf(';')),
      "Eksphemeral-Key",
      entered.body().replaceFirst("(?s).*data-key=\"([0-9a-f]+)\".*", "$1")
    };
    double[] direct = new double[CALLS];
    double[] proxied = new double[CALLS];
    for (int i = -WARM_UP; i < CALLS; i++) {
      long begun = System.nanoTime();
      send(client, plane.url() + "/clusters");
      long between = System.nanoTime();
      send(client, proxy.url() + "/clusters", session);
      if (i >= 0) {
        direct[i] = (between - begun) / 1e6;
        proxied[i] = (System.nanoTime() - between) / 1e6;
      }
    }
    print(name + "-direct", median(direct));
    print(name, median(proxied) - median(direct));
  }

  private static HttpResponse<String> send(HttpClient client, String url, String... headers)
      throws IOException, InterruptedException {
    java.net.http.HttpRequest.Builder request =
        java.net.http.HttpRequest.newBuilder(URI.create(url));
    if (headers.length > 0) {
      request.headers(headers);
    }
    HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(url + ": " + response.statusCode() + " " + response.body());
    }
    return response;
  }
}
