package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * Debian's Chromium, without a window. What a page does against its Content-Security-Policy, and
 * scripts that fail, are remembered, see {@link #expectNoTrouble}.
 */
final class Chromium implements AutoCloseable {
  /** Runs before the page's own scripts; only the browser's own tools can do that. */
  private static final String WATCH =
      """
      window.trouble = [];
      addEventListener('securitypolicyviolation', e => trouble.push('CSP: ' + e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));
      addEventListener('error', e => trouble.push('error: ' + e.message));
      addEventListener('unhandledrejection', e => trouble.push('rejection: ' + e.reason));
      window.alert = text => trouble.push('alert: ' + text);
      """;

  private final ChromeDriver driver;
  private Duration patience = Duration.ofSeconds(20);

  Chromium(Path scratch) {
    ChromeOptions options = new ChromeOptions();
    options.setBinary(Scripts.onPath("chromium").toString());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--lang=en-GB",
        "--window-size=1280,860",
        "--user-data-dir=" + scratch.resolve("chromium"));
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logs);
    // With the driver named, Selenium does not look for one.
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(new File(Scripts.onPath("chromedriver").toString()))
            .usingAnyFreePort()
            .build();
    driver = new ChromeDriver(service, options);
    tool("Page.addScriptToEvaluateOnNewDocument", Map.of("source", WATCH));
  }

  /** How long it waits for anything, if not 20 seconds. */
  Chromium patient(Duration longest) {
    patience = longest;
    return this;
  }

  ChromeDriver driver() {
    return driver;
  }

  /** Calls one of the browser's own tools (the DevTools protocol). */
  void tool(String command, Map<String, Object> parameters) {
    driver.executeCdpCommand(command, parameters);
  }

  /** Light or dark, as the reader's system has it. */
  void scheme(String scheme) {
    tool(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  void size(int width, int height, boolean isPhone) {
    tool(
        "Emulation.setDeviceMetricsOverride",
        Map.of(
            "width",
            width,
            "height",
            height,
            "deviceScaleFactor",
            isPhone ? 2 : 1,
            "mobile",
            isPhone));
  }

  void open(String url) {
    driver.get(url);
  }

  /** Goes to another view of the page without loading it again. */
  void go(String hash) {
    run("location.hash = arguments[0]", hash);
  }

  @Nullable Object run(String script, Object... arguments) {
    return ((JavascriptExecutor) driver).executeScript(script, arguments);
  }

  /** The first visible element; waits until there is one. */
  WebElement find(String css) {
    return until(
        css,
        () ->
            driver.findElements(By.cssSelector(css)).stream()
                .filter(WebElement::isDisplayed)
                .findFirst()
                .orElse(null));
  }

  /** The first visible button or link with this text, or with it as its name. */
  WebElement button(String text) {
    return until(
        text,
        () ->
            driver.findElements(By.cssSelector("button, a, summary, label")).stream()
                .filter(WebElement::isDisplayed)
                .filter(one ->
                    text.equals(one.getText()) || text.equals(one.getAttribute("aria-label")))
                .findFirst()
                .orElse(null));
  }

  boolean has(String css) {
    return driver.findElements(By.cssSelector(css)).stream().anyMatch(WebElement::isDisplayed);
  }

  /** All text that can be seen. */
  String text() {
    return driver.findElement(By.tagName("body")).getText();
  }

  /** The field in focus has this text. */
  void expectTextInFocus(String text) {
    until("the focus", () -> text.equals(run("return document.activeElement.value")) ? text : null);
  }

  void sees(String text) {
    until("the text '" + text + "'", () -> text().contains(text) ? text : null);
  }

  void seesNot(String text) {
    until("no text '" + text + "'", () -> text().contains(text) ? null : text);
  }

  /** Waits until there is something. */
  <T> T until(String what, Supplier<@Nullable T> found) {
    long end = System.nanoTime() + patience.toNanos();
    while (true) {
      @Nullable T one = null;
      try {
        one = found.get();
      } catch (StaleElementReferenceException _) {
        // The page changed meanwhile.
      }
      if (one != null) {
        return one;
      }
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("%s in:%n%s".formatted(what, text()));
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Finds no barriers for people with disabilities in what is shown now. */
  void expectAccessible(String what) throws IOException {
    Path axe = Scripts.checkout().resolve(".browser/axe.min.js");
    assertThat(axe).as("local/src/test/browser/install.sh installs it").exists();
    List<Object> before = trouble();
    run(Files.readString(axe));
    Object found =
        driver.executeAsyncScript(
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
              result => done(result.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | '))),
              error => done(['axe failed: ' + error]));
            """);
    assertThat((List<?>) found).as("barriers in %s", what).isEmpty();
    // What axe itself does is not the page's doing.
    run("window.trouble = arguments[0]", before);
  }

  private List<Object> trouble() {
    return run("return window.trouble ?? []") instanceof List<?> all
        ? new ArrayList<>(all)
        : List.of();
  }

  /** No policy was violated, no script failed, and nothing was loaded from anywhere else. */
  void expectNoTrouble() {
    assertThat(trouble()).as("what the page did").isEmpty();
    assertThat(
            (List<?>)
                run(
                    "return performance.getEntriesByType('resource').map(one => one.name)"
                        + ".filter(one => !one.startsWith(location.origin + '/'))"))
        .as("what was loaded from other hosts")
        .isEmpty();
  }

  void picture(Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
