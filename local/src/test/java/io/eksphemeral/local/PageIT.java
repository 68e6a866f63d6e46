package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;

/** The page in a browser, with a control plane on this machine. */
@Tag("browser")
class PageIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir private static Path scratch;
  private static Chromium browser;
  private static Scripts scripts;
  private static UiCommand page;
  private static String api = "";
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @BeforeAll
  static void up() throws Exception {
    browser = new Chromium(scratch);
    scripts =
        Scripts.local(scratch, Scripts.freePort())
            .with("EKSPHEMERAL_PROVIDER", "simulated")
            .with("EKSPHEMERAL_SIMULATE_SECONDS", "2");
    scripts.run("eksp-up.sh", "--speed", "60").exits(0);
    api = Files.readString(scripts.home().resolve("control-plane.url")).strip();
    page = UiCommand.start(scripts);
    browser.open(page.link());
    browser.sees("No clusters");
  }

  @AfterAll
  static void down() throws Exception {
    page.close();
    browser.close();
    scripts.run("eksp-down.sh", "--abandon-clusters");
  }

  @AfterEach
  void nothingWentWrong() {
    browser.expectNoTrouble();
  }

  private static void show(String hash) {
    browser.open(page.home());
    browser.go(hash);
  }

  private static JsonNode call(String method, String path, String body) throws Exception {
    return JSON.readTree(
        CLIENT
            .send(
                java.net.http.HttpRequest.newBuilder(URI.create(api + path))
                    .method(method, BodyPublishers.ofString(body))
                    .build(),
                BodyHandlers.ofString())
            .body());
  }

  /** Creates a cluster, and returns its id once it is ready. */
  private static String ready(String name, String timeout) throws Exception {
    call("POST", "/create", "{\"name\": \"%s\", \"timeout\": \"%s\"}".formatted(name, timeout));
    Scripts.until(name + " is ready", () -> state(name).equals("ready"));
    return status(name).path("id").asText();
  }

  private static JsonNode status(String cluster) throws Exception {
    return call("GET", "/status/" + cluster, "").path("status");
  }

  private static String state(String cluster) {
    try {
      return status(cluster).path("state").asText();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static Instant expires(String cluster) throws Exception {
    return Instant.parse(status(cluster).path("expires").asText());
  }

  private static void type(String css, String text) {
    WebElement field = browser.find(css);
    field.clear();
    field.sendKeys(text);
  }

  // --- a life ---

  @Test
  void aLifeFromCreatingToGoneIsSeenWithoutAReload() throws Exception {
    show("#/new");
    browser.run("window.sameDocument = true");
    type("#name", "short-life");
    type("#timeout", "3m");
    browser.sees("3 min from when it is ready");
    browser.expectAccessible("the form");
    browser.button("Create cluster").click();

    browser.sees("being created");
    browser.sees("Creation");
    browser.sees("left; expires");
    browser.expectAccessible("a cluster that is ready");
    browser.sees("being deleted");
    browser.sees("nothing of it was found");
    assertThat(browser.text()).contains("deletion verified", "by the control plane");
    browser.expectAccessible("a cluster that is gone");
    assertThat(browser.run("return window.sameDocument")).isEqualTo(true);
  }

  @Test
  void theCountdownRunsByTheControlPlanesClock() throws Exception {
    String id = ready("counted", "20h");
    show("#/clusters/" + id);
    browser.sees("left; expires");

    for (int i = 0; i < 3; i++) {
      // What the page shows lies between what is left before and after it is read.
      Duration before = left(id);
      Duration shown = shown(browser.find(".big").getText());
      Duration after = left(id);
      assertThat(shown)
          .isBetween(after.minusSeconds(60 * 3), before.plusSeconds(60 * 3)); // the page's second
      Thread.sleep(1500);
    }
    call("POST", "/destroy/" + id, "");
  }

  private static Duration left(String id) throws Exception {
    var response =
        CLIENT.send(
            java.net.http.HttpRequest.newBuilder(URI.create(api + "/status/" + id)).build(),
            BodyHandlers.ofString());
    Instant now =
        ZonedDateTime.parse(
                response.headers().firstValue("Date").orElseThrow(),
                DateTimeFormatter.RFC_1123_DATE_TIME)
            .toInstant();
    return Duration.between(
        now, Instant.parse(JSON.readTree(response.body()).at("/status/expires").asText()));
  }

  private static Duration shown(String countdown) {
    Matcher parts = Pattern.compile("(?:(\\d+)h )?(?:(\\d+)m)?(?: ?(\\d+)s)?").matcher(countdown);
    assertThat(parts.matches()).as(countdown).isTrue();
    long seconds = 0;
    for (int i = 1; i <= 3; i++) {
      String part = parts.group(i);
      seconds = seconds * 60 + (part == null ? 0 : Long.parseLong(part));
    }
    return Duration.ofSeconds(seconds);
  }

  // --- changes ---

  @Test
  void extendingShowsTheNewExpiryBeforeItIsConfirmed() throws Exception {
    String id = ready("longer", "10h");
    Instant before = expires(id);
    show("#/clusters/" + id);

    browser.button("+30 min").click();
    browser.sees("Expires");
    browser.expectAccessible("the question how much longer");
    browser.button("Cancel").click();
    assertThat(expires(id)).isEqualTo(before);
    browser.button("+2 h").click();
    browser.find("dialog .preview");
    browser.find("dialog button[type=submit]").click();
    browser.sees("longer expires");
    assertThat(expires(id)).isEqualTo(before.plus(Duration.ofHours(2)));

    browser.button("Other…").click();
    assertThat(browser.find("dialog button[type=submit]").isEnabled()).isFalse();
    type("#other", "soon");
    browser.sees("That is not a duration.");
    type("#other", "-30m");
    browser.find("dialog button[type=submit]:enabled").click();
    browser.until(
        "the expiry",
        () -> unchecked(() -> expires(id)).equals(before.plusSeconds(5400)) ? id : null);
    browser.sees("shortened");

    browser.button("Other…").click();
    type("#other", "900h");
    browser.find("dialog button[type=submit]:enabled").click();
    browser.sees("would exceed the maximum lifetime");
    browser.find("dialog").sendKeys(Keys.ESCAPE);
    call("POST", "/destroy/" + id, "");
  }

  private interface Asking<T> {
    T ask() throws Exception;
  }

  private static <T> T unchecked(Asking<T> asking) {
    try {
      return asking.ask();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aRowHasButtonsAndDestroyingIsConfirmed() throws Exception {
    String id = ready("in-a-row", "10h");
    Instant before = expires(id);
    show("#/");

    browser.button("Extend in-a-row").click();
    browser.find("dialog button[type=submit]:enabled").click();
    browser.sees("in-a-row expires");
    assertThat(expires(id)).isEqualTo(before.plus(Duration.ofMinutes(30)));
    browser.button("Destroy in-a-row").click();
    browser.expectAccessible("the question whether to destroy");
    browser.button("Cancel").click();
    assertThat(state(id)).isEqualTo("ready");
    browser.button("Destroy in-a-row").click();
    browser.find("dialog button[type=submit]:enabled").click();
    browser.sees("in-a-row is being destroyed");
    browser.sees("in-a-row is gone");
    assertThat(state(id)).isEqualTo("gone");
  }

  @Test
  void theNameIsTypedWhereAnotherCallerCreatedIt() throws Exception {
    String id = ready("of-another", "10h");
    try (PageProxy proxy = PageProxy.before(api, scripts.home())) {
      browser.open(proxy.link());
      browser.button("Destroy of-another").click();
      browser.sees("Another caller created it");
      WebElement confirm = browser.find("dialog button[type=submit]");
      assertThat(confirm.isEnabled()).isFalse();
      type("#typed", "of-anothe");
      assertThat(confirm.isEnabled()).isFalse();
      browser.find("#typed").sendKeys("r");
      browser.find("dialog button[type=submit]:enabled").click();
      browser.sees("of-another is being destroyed");
      browser.expectNoTrouble();
    }
    Scripts.until("it ends", () -> state(id).equals("gone"));
    browser.open(page.home());
  }

  @Test
  void twoTabsSeeTheSame() throws Exception {
    String id = ready("seen-twice", "10h");
    show("#/clusters/" + id);
    String first = browser.driver().getWindowHandle();
    browser.driver().switchTo().newWindow(WindowType.TAB);
    show("#/clusters/" + id);
    browser.button("+2 h").click();
    browser.find("dialog button[type=submit]:enabled").click();
    browser.sees("seen-twice expires");
    browser.expectNoTrouble();
    browser.driver().close();
    browser.driver().switchTo().window(first);
    browser.sees("extended");
    call("POST", "/destroy/" + id, "");
    browser.sees("nothing of it was found");
  }

  // --- the form ---

  @Test
  void problemsAreShownAtTheirFields() {
    show("#/new");
    type("#name", "-x");
    type("#numworkers", "99");
    type("#timeout", "long");
    type("#owner", "you");
    browser.sees("must be a whole number from 1 to 10");
    browser.button("Create cluster").click();

    for (String field : new String[] {"name", "numworkers", "timeout", "owner"}) {
      browser.until(
          "the problem of " + field,
          () ->
              browser.find("#" + field + "-problem").getText().startsWith("must be")
                  ? field
                  : null);
      assertThat(browser.find("#" + field).getAttribute("aria-invalid")).isEqualTo("true");
    }
    browser.expectTextInFocus("-x");
  }

  @Test
  void theFormSaysWhatIsTaken() throws Exception {
    String id = ready("taken", "10h");
    show("#/new");
    type("#name", "taken");
    browser.sees("is taken by the cluster");
    call("POST", "/destroy/" + id, "");
  }

  // --- the log ---

  @Test
  void theLogIsShownAndFollowed() throws Exception {
    String id = ready("logged", "10h");
    show("#/clusters/" + id);
    browser.find("summary").click();
    browser.sees("cluster logged is up");
    browser.expectAccessible("the log");

    browser.button("Destroy").click();
    browser.find("dialog button[type=submit]:enabled").click();
    browser.sees("destroy-1:");
  }

  // --- keyboard ---

  @Test
  void everythingIsReachedByKeyboard() throws Exception {
    String id = ready("by-keys", "10h");
    show("#/");
    browser.sees("by-keys");
    WebElement name = browser.driver().findElement(By.linkText("by-keys"));
    name.sendKeys(Keys.ENTER);
    browser.sees("left; expires");
    browser.button("+30 min").sendKeys(Keys.ENTER);
    browser.find("dialog");
    browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
    browser.sees("by-keys expires");
    call("POST", "/destroy/" + id, "");
  }

  // --- what goes wrong ---

  @Test
  void aClusterThatDoesNotExistIsSaidSo() throws Exception {
    show("#/clusters/no-such-cluster");
    browser.sees("No such cluster");
    browser.expectAccessible("a missing cluster");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "503 | {\"error\": \"temporarily unavailable; try again\", \"code\": \"unavailable\"} | temporarily unavailable",
        "500 | {\"error\": \"denied access\", \"code\": \"misconfigured\"} | denied access",
        "429 | {\"error\": \"too many requests\", \"code\": \"too-many-requests\"} | too many requests",
        "403 | {\"message\": \"Forbidden\"} | Forbidden",
        "500 | not JSON <b>at all</b> | status 500"
      })
  void failuresAreSaidAndEndByThemselves(int status, String body, String words) throws Exception {
    try (FakePlane plane = new FakePlane().lists(FakePlane.lines(3))) {
      plane.responds("GET /clusters", status, body);
      try (PageProxy proxy = PageProxy.before(plane.url(), scripts.home())) {
        browser.open(proxy.link());
        browser.sees(words);
        browser.expectAccessible("a failure");
        plane.lists(FakePlane.lines(3));
        browser.button("Try again").click();
        browser.sees("cluster-2");
        browser.seesNot(words);
        browser.expectNoTrouble();
      }
    }
    browser.open(page.home());
  }

  @Test
  void offlineAndBackAgain() throws Exception {
    FakePlane plane = new FakePlane().lists(FakePlane.lines(3));
    try (PageProxy proxy = PageProxy.before(plane.url(), scratch.resolve("no home"))) {
      browser.open(proxy.link());
      browser.sees("cluster-2");
      plane.close();
      browser.sees("the control plane on this machine does not respond");
      browser.sees("./eksp up --local");
      assertThat(browser.text()).contains("cluster-2"); // what was known stays
      browser.expectAccessible("an unreachable control plane");
      proxy.kill();
      browser.button("Try again").click();
      browser.sees("./eksp ui --local");
      browser.expectNoTrouble();
    }
    browser.open(page.home());
  }

  @Test
  void aControlPlaneThatIsStartedAgainElsewhereIsFollowed() throws Exception {
    Path folder = Files.createDirectories(scratch.resolve("moves"));
    Scripts own =
        Scripts.local(folder, Scripts.freePort()).with("EKSPHEMERAL_PROVIDER", "simulated");
    own.run("eksp-create.sh", "--name", "stays-known", "--timeout", "10h").exits(0);
    try (UiCommand moved = UiCommand.start(own)) {
      browser.open(moved.link());
      browser.sees("stays-known");
      stop(own.home());
      browser.sees("the control plane on this machine does not respond");
      browser.sees("start it: ");
      own.with("EKSPHEMERAL_PORT", Integer.toString(Scripts.freePort())).run("eksp-up.sh").exits(0);
      browser.patient(Duration.ofMinutes(2)).seesNot("does not respond");
      browser.patient(Duration.ofSeconds(20)).button("Extend stays-known").click();
      browser.find("dialog button[type=submit]:enabled").click();
      browser.sees("stays-known expires");
      browser.expectNoTrouble();
    } finally {
      own.run("eksp-down.sh", "--abandon-clusters");
    }
    browser.open(page.home());
  }

  /** As it ends with the machine; its records stay. */
  private static void stop(Path home) throws Exception {
    String pid = Files.readString(home.resolve("control-plane.pid")).strip();
    ProcessHandle process = ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    process.destroy();
    process.onExit().join();
  }

  @Test
  void aPageOfAnEarlierCommandSaysSo() throws Exception {
    try (FakePlane plane = new FakePlane().lists(FakePlane.lines(1));
        PageProxy proxy = PageProxy.before(plane.url(), scripts.home())) {
      browser.open(proxy.link());
      browser.sees("cluster-0");
      browser.driver().manage().deleteAllCookies();
      browser.sees("This page belongs to a command that has ended");
      browser.open(proxy.link());
      browser.sees("This link has been used");
      browser.expectAccessible("a used link");
    }
    browser.driver().manage().deleteAllCookies();
    page.close();
    page = UiCommand.start(scripts);
    browser.open(page.link());
  }

  @Test
  void loadingIsShown() throws Exception {
    try (FakePlane plane = new FakePlane().lists(FakePlane.lines(1));
        PageProxy proxy = PageProxy.before(plane.url(), scripts.home())) {
      plane.hold();
      browser.open(proxy.link());
      browser.sees("Loading the clusters…");
      browser.expectAccessible("loading");
      plane.release();
      browser.sees("cluster-0");
      browser.expectNoTrouble();
    }
    browser.open(page.home());
  }

  // --- many, and hidden ---

  @Test
  void aThousandClustersAreScrolledFilteredAndSorted() throws Exception {
    try (FakePlane plane = new FakePlane().lists(FakePlane.lines(1000));
        PageProxy proxy = PageProxy.before(plane.url(), scripts.home())) {
      browser.open(proxy.link());
      browser.sees("1000 clusters");
      browser.run("document.querySelector('tbody tr:last-child').scrollIntoView()");
      WebElement last = browser.find("tbody tr:last-child .left");
      String before = last.getText();
      browser.until("its countdown", () -> last.getText().equals(before) ? null : last);

      browser.run("scrollTo(0, 0)");
      browser.button("Time left").click();
      browser.button("Time left").click();
      assertThat(browser.find("tbody tr").getText()).contains("cluster-999");
      type("#text", "cluster-77");
      browser.sees("11 of 1000 clusters");
      browser.find("#mine").click();
      browser.sees("5 of 1000 clusters");
      type("#text", "nothing like it");
      browser.sees("No cluster matches");
      browser.expectAccessible("no match");
      browser.button("Show all clusters").click();
      browser.sees("1000 clusters");
      browser.expectNoTrouble();
    }
    browser.open(page.home());
  }

  @Test
  void aHiddenTabAsksForNothing() throws Exception {
    try (FakePlane plane = new FakePlane().lists(FakePlane.lines(2));
        PageProxy proxy = PageProxy.before(plane.url(), scripts.home())) {
      browser.open(proxy.link());
      browser.sees("cluster-1");
      hide(true);
      int before = plane.requests().size();
      Thread.sleep(8000); // longer than between two requests of a page that is seen
      assertThat(plane.requests()).hasSize(before);
      plane.lists(FakePlane.line(5, "came-meanwhile", "ready", "100"));
      hide(false);
      browser.sees("came-meanwhile");
      browser.expectNoTrouble();
    }
    browser.open(page.home());
  }

  private static void hide(boolean isHidden) {
    browser.run(
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => arguments[0]});"
                .replace("arguments[0]", Boolean.toString(isHidden))
            + "document.dispatchEvent(new Event('visibilitychange'))");
  }

  // --- how it looks ---

  @ParameterizedTest
  @CsvSource({"light, 1280, 860", "dark, 1280, 860", "light, 390, 800", "dark, 320, 700"})
  void everyStateIsAccessibleInLightAndDarkFromPhoneToWide(String scheme, int width, int height)
      throws Exception {
    try (FakePlane plane = new FakePlane()) {
      plane.lists(
          FakePlane.line(0, "soon-over", "ready", "100"),
          FakePlane.line(1, "lives", "ready", "3000"),
          FakePlane.line(2, "comes", "creating", ""),
          FakePlane.line(3, "goes", "destroying", ""),
          FakePlane.line(4, "failed", "create-failed", ""),
          FakePlane.line(5, "stuck", "destroy-failed", ""),
          FakePlane.line(6, "old", "unmanaged", ""),
          FakePlane.line(7, "", "unreadable", ""));
      plane.responds(
          "GET /status/" + FakePlane.id(5), 200, Hostile.record("stuck", "destroy-failed"));
      plane.responds("POST /estimate", 200, Hostile.estimate("dev"));
      try (PageProxy proxy = PageProxy.before(plane.url(), scripts.home())) {
        browser.scheme(scheme);
        browser.size(width, height, width < 600);
        browser.open(proxy.link());
        browser.sees("soon-over");
        browser.expectAccessible("the table");
        expectNoSidewaysScrolling();
        browser.go("#/clusters/" + FakePlane.id(5));
        browser.sees("volume of stuck");
        browser.expectAccessible("a cluster");
        expectNoSidewaysScrolling();
        browser.go("#/new");
        browser.sees("about $0.42");
        browser.expectAccessible("the form");
        expectNoSidewaysScrolling();
        browser.expectNoTrouble();
      } finally {
        browser.tool("Emulation.clearDeviceMetricsOverride", Map.of());
        browser.scheme("light");
      }
    }
    browser.open(page.home());
  }

  private static void expectNoSidewaysScrolling() {
    assertThat(
            browser.run(
                "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
        .as("all of it fits")
        .isEqualTo(true);
  }

  // --- hostile text ---

  @Test
  void textFromAnywhereIsOnlyText() throws Exception {
    String attack = Hostile.TEXT;
    try (FakePlane plane = new FakePlane()) {
      plane.lists(Hostile.line());
      plane.responds("GET /status/" + FakePlane.id(0), 200, Hostile.record(attack, attack));
      plane.responds("GET /status/" + FakePlane.id(1), 200, Hostile.undated("ready"));
      plane.responds("GET /status/" + FakePlane.id(2), 200, Hostile.undated("creating"));
      plane.responds("POST /estimate", 200, Hostile.estimate(attack));
      plane.responds("POST /create", 400, Hostile.error());
      plane.responds("POST /destroy/" + FakePlane.id(0), 409, Hostile.error());
      plane.responds("POST /prolong/" + FakePlane.id(0) + "/30", 409, Hostile.error());
      try (PageProxy proxy =
          PageProxy.before(plane.url(), scripts.home(), "--where", attack, "--command", attack)) {
        browser.open(proxy.link());
        browser.sees("<img src=x");
        for (String hash :
            new String[] {
              "#/clusters/" + FakePlane.id(0),
              "#/clusters/" + FakePlane.id(1),
              "#/clusters/" + FakePlane.id(2),
              "#/new"
            }) {
          browser.go(hash);
          browser.sees("<img src=x");
          browser.until(
              "the view",
              () ->
                  browser.text().contains(hash.equals("#/new") ? "What you get" : "What happened")
                      ? hash
                      : null);
          expectNothingOfTheAttack();
        }
        browser.button("Create cluster").click();
        browser.until("the error", () -> browser.has(".problem span") ? attack : null);
        expectNothingOfTheAttack();
        browser.go("#/");
        plane.responds("GET /clusters", 500, Hostile.error());
        browser.find("#banner strong");
        browser.sees("<img src=x");
        expectNothingOfTheAttack();
        browser.expectNoTrouble();
      }
    }
    browser.open(page.home());
  }

  @Test
  void aLogIsOnlyText() throws Exception {
    Path folder = Files.createDirectories(scratch.resolve("hostile"));
    Files.writeString(folder.resolve("eksp"), "cat \"$0.text\"\n");
    Files.writeString(folder.resolve("eksp.text"), (Hostile.TEXT + "\n").repeat(3));
    try (FakePlane plane = new FakePlane()) {
      plane.responds("GET /status/" + FakePlane.id(0), 200, Hostile.record("dev", "gone"));
      try (PageProxy proxy =
          PageProxy.before(plane.url(), scripts.home(), "--scripts", folder.toString())) {
        browser.open(proxy.link());
        browser.go("#/clusters/" + FakePlane.id(0));
        browser.find("summary").click();
        browser.sees(Hostile.TEXT);
        expectNothingOfTheAttack();
        browser.expectNoTrouble();
      }
    }
    browser.open(page.home());
  }

  /** They are pasted into a shell. */
  @Test
  void commandsToCopyConsistOfNothingButCommandsAndNames() throws Exception {
    try (FakePlane plane = new FakePlane()) {
      for (String name : new String[] {"$(reboot)", "x; reboot", "x\nreboot", Hostile.TEXT}) {
        plane.responds("GET /status/" + FakePlane.id(0), 200, Hostile.record(name, "ready"));
        try (PageProxy proxy = PageProxy.before(plane.url(), scripts.home())) {
          browser.open(proxy.link());
          browser.go("#/clusters/" + FakePlane.id(0));
          browser.find(".commands code");
          for (WebElement code : browser.driver().findElements(By.cssSelector(".commands code"))) {
            assertThat(code.getText())
                .matches("\\./eksp [a-z]+ --local " + FakePlane.id(0) + "( 30m)?");
          }
        }
      }
    }
    browser.open(page.home());
  }

  @Test
  void anAttackInTheFieldsOfTheFormIsOnlyText() {
    show("#/new");
    for (String field : new String[] {"#name", "#timeout", "#kubeversion", "#owner"}) {
      type(field, Hostile.TEXT);
    }
    browser.sees("must be 1 to 63 letters");
    expectNothingOfTheAttack();
    show("#/clusters/%3Cimg%20src=x%20onerror=alert(1)%3E");
    browser.sees("New cluster");
    expectNothingOfTheAttack();
  }

  private static void expectNothingOfTheAttack() {
    assertThat(
            browser.run(
                "return document.querySelectorAll('img[src=\"x\"], main script, svg, iframe, [onerror]').length"))
        .isEqualTo(0L);
  }
}
