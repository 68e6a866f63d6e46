package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Measures the page with a thousand clusters, see {@code bench/ui.sh}. */
@Tag("bench")
class PageBenchIT {
  private static final int CLUSTERS = 1000;
  private static final int LOADS = 7;
  private static final int CALLS = 200;
  private static final int IDLE_SECONDS = 60;

  /** When all rows are there and have been drawn, by the page's own clock. */
  private static final String WATCH =
      """
      new MutationObserver((_, observer) => {
        const count = document.querySelector('.count');
        if (count === null || count.textContent !== '%d clusters') return;
        observer.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => { window.usable = performance.now(); }));
      }).observe(document, {childList: true, subtree: true, characterData: true});
      """
          .formatted(CLUSTERS);

  @TempDir private Path scratch;
  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void figures() throws Exception {
    Scripts scripts =
        Scripts.local(scratch, Scripts.freePort())
            .with("EKSPHEMERAL_PROVIDER", "simulated")
            .with("EKSPHEMERAL_MAX_CLUSTERS", "2000")
            .with("EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER", "2000");
    scripts.run("eksp-up.sh").exits(0);
    String api = Files.readString(scripts.home().resolve("control-plane.url")).strip();
    for (int i = 0; i < CLUSTERS; i++) {
      post(
          api + "/create",
          "{\"name\": \"cluster-%d\", \"timeout\": \"20h\", \"owner\": \"team%d@your-company.io\"}"
              .formatted(i, i % 9));
    }
    Scripts.until("that all are ready", () -> readyOnes(api) == CLUSTERS);
    try (Chromium browser = new Chromium(scratch);
        PageProxy proxy = PageProxy.before(api, scripts.home())) {
      browser.open(proxy.link());
      browser.sees(CLUSTERS + " clusters");
      browser.tool("Page.addScriptToEvaluateOnNewDocument", Map.of("source", WATCH));
      List<Double> loads = new ArrayList<>();
      for (int i = 0; i < LOADS; i++) {
        browser.open(proxy.url());
        loads.add(
            number(browser.until("usable", () -> browser.run("return window.usable ?? null"))));
      }
      double files =
          number(
              browser.run(
                  "return [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')"
                      + ".filter(one => !/(clusters|about)$/.test(one.name))].reduce((sum, one) => sum + one.decodedBodySize, 0)"));
      browser.run("performance.clearResourceTimings()");
      Thread.sleep(IDLE_SECONDS * 1000L);
      double asked = number(browser.run("return performance.getEntriesByType('resource').length"));
      double added = added(browser, api, proxy);
      write(median(loads), files, asked, added);
    } finally {
      scripts.run("eksp-down.sh", "--abandon-clusters");
    }
  }

  /** What the proxy adds to a call: the same call with and without it, in turn. */
  private double added(Chromium browser, String api, PageProxy proxy) throws Exception {
    String cookie = String.valueOf(browser.driver().manage().getCookies().iterator().next());
    List<Double> direct = new ArrayList<>();
    List<Double> through = new ArrayList<>();
    for (int i = 0; i < CALLS; i++) {
      direct.add(milliseconds(api + "/status", ""));
      through.add(milliseconds(proxy.url() + "/status", cookie.substring(0, cookie.indexOf(';'))));
    }
    return median(through) - median(direct);
  }

  private double milliseconds(String url, String cookie) throws Exception {
    var request = java.net.http.HttpRequest.newBuilder(URI.create(url));
    if (!cookie.isEmpty()) {
      request.header("Cookie", cookie);
    }
    long begin = System.nanoTime();
    int status = client.send(request.build(), BodyHandlers.ofString()).statusCode();
    assertThat(status).as(url).isEqualTo(200);
    return (System.nanoTime() - begin) / 1e6;
  }

  private void post(String url, String body) throws Exception {
    var request =
        java.net.http.HttpRequest.newBuilder(URI.create(url))
            .POST(BodyPublishers.ofString(body))
            .build();
    assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(202);
  }

  private long readyOnes(String api) {
    try {
      var request =
          java.net.http.HttpRequest.newBuilder(URI.create(api + "/clusters"))
              .header("Accept", "text/tab-separated-values")
              .build();
      return client
          .send(request, BodyHandlers.ofString())
          .body()
          .lines()
          .filter(line -> line.contains("\tready\t"))
          .count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  private static double number(@Nullable Object value) {
    return value instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  private static void write(double usable, double files, double asked, double added)
      throws IOException {
    String table =
        """
        | figure | result | allowed |
        |---|---|---|
        | from opening the page to all %d rows drawn, median of %d | %.0f ms | 500 ms |
        | all files of the page | %.0f KB | 150 KB |
        | requests of a tab that is looked at while nothing happens, per 5 s | %.2f | 1 |
        | what the proxy adds to a call, medians of %d | %.1f ms | 5 ms |
        """
            .formatted(
                CLUSTERS, LOADS, usable, files / 1000, asked * 5 / IDLE_SECONDS, CALLS, added);
    Path folder = Path.of(System.getProperty("eksphemeral.bench", "target/bench"));
    Files.writeString(Files.createDirectories(folder).resolve("ui.md"), table);
    System.out.println(table);
    assertThat(usable).isLessThan(500);
    assertThat(files).isLessThan(150_000);
    assertThat(asked * 5 / IDLE_SECONDS).isLessThan(1);
    assertThat(added).isLessThan(5);
  }
}
