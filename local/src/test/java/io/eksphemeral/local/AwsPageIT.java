package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.WebElement;

/**
 * The page in a browser, with an installation in the emulated AWS account, which checks signatures
 * and permissions. Clusters live for hours here, so that no test depends on how long another takes.
 */
@Tag("browser")
@TestMethodOrder(OrderAnnotation.class)
class AwsPageIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Duration LONG = Duration.ofMinutes(6);
  private static final String SENDER = "eksphemeral@your-company.io";
  private static final String DEVELOPERS = "developers";

  /** What the page of a developer needs; see docs/ui.md. */
  private static final List<String> GRANTED =
      List.of("execute-api:Invoke", "cloudformation:DescribeStacks", "logs:GetLogEvents");

  /**
   * Version 2 of the aws CLI, as far as the account's, a version 1, lacks it: it exports the
   * caller's credentials, which are in a file, and signs with them.
   */
  private static final String CLI_2 =
      """
      #!/bin/sh
      if [ "$1" = --version ]; then
        PATH=${PATH#*:}
        exec aws "$@"
      elif [ ! -s "$KEYS_OF_CALLER" ]; then
        echo 'Error when retrieving token from sso: Token has expired and refresh failed' >&2
        exit 255
      elif [ "$1 $2" = 'configure export-credentials' ]; then
        echo exported >>"$KEYS_OF_CALLER.calls"
        exec cat "$KEYS_OF_CALLER"
      fi
      AWS_ACCESS_KEY_ID=$(jq -r .AccessKeyId "$KEYS_OF_CALLER")
      AWS_SECRET_ACCESS_KEY=$(jq -r .SecretAccessKey "$KEYS_OF_CALLER")
      AWS_SESSION_TOKEN=$(jq -r '.SessionToken // ""' "$KEYS_OF_CALLER")
      [ -n "$AWS_SESSION_TOKEN" ] || unset AWS_SESSION_TOKEN
      export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
      PATH=${PATH#*:}
      exec aws "$@"
      """;

  /** Keeps everything that the page gets, for {@link #nothingWentWrong}. */
  private static final String LISTEN =
      """
      window.received = [];
      const send = window.fetch;
      window.fetch = async (...request) => {
        const response = await send(...request);
        received.push(JSON.stringify([...response.headers]) + await response.clone().text());
        return response;
      };
      """;

  @TempDir private static Path scratch;
  private static EmulatedAws aws;
  private static Scripts alice;
  private static Chromium browser;
  private static UiCommand page;

  /** All keys and tokens that callers ever had. */
  private static final List<String> SECRETS = new ArrayList<>();

  @BeforeAll
  static void up() throws Exception {
    aws = new EmulatedAws(scratch);
    alice = installed(aws.scripts());
    SECRETS.add(aws.variable("AWS_SECRET_ACCESS_KEY"));
    browser = new Chromium(scratch).patient(Duration.ofMinutes(3));
    browser.tool("Page.addScriptToEvaluateOnNewDocument", Map.of("source", LISTEN));
    Path cli = Files.createDirectories(scratch.resolve("cli 2")).resolve("aws");
    Path source = Files.writeString(scratch.resolve("aws.sh"), CLI_2);
    new ProcessBuilder("install", "-m", "755", source.toString(), cli.toString()).start().waitFor();
    alice.run("eksp-up.sh", "--notify", SENDER).exits(0);
    aws.aws(
        "iam",
        "create-role",
        "--role-name",
        DEVELOPERS,
        "--assume-role-policy-document",
        """
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
          "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]}\
        """);
    allow("put-role-policy", "--role-name", DEVELOPERS, GRANTED);
    writeKeys("bob", session("bob"));
    page = UiCommand.start(caller("bob"));
    browser.open(page.link());
    browser.sees("region us-east-2 of account 123456789012");
  }

  @AfterAll
  static void down() throws Exception {
    if (page != null) {
      page.close();
    }
    if (browser != null) {
      browser.close();
    }
    if (aws != null) {
      aws.close();
    }
  }

  private static Scripts installed(Scripts scripts) {
    return scripts
        .with("EKSPHEMERAL_SVC_BUCKET", "eks-svc")
        .with("EKSPHEMERAL_CLUSTERMETA_BUCKET", "eks-cluster-meta");
  }

  private static void allow(String call, String option, String name, List<String> actions)
      throws Exception {
    ObjectNode policy = JSON.createObjectNode().put("Version", "2012-10-17");
    ObjectNode statement = policy.putArray("Statement").addObject();
    statement.put("Effect", "Allow").put("Resource", "*");
    statement.set("Action", JSON.valueToTree(actions));
    aws.call(
            "iam",
            call,
            option,
            name,
            "--policy-name",
            "granted",
            "--policy-document",
            policy.toString())
        .exits(0);
  }

  // --- callers, whose credentials are in files ---

  /** A session of the developers' role, whose name becomes part of the caller's ARN. */
  private static ObjectNode session(String name) throws Exception {
    return (ObjectNode)
        aws.aws(
                "sts",
                "assume-role",
                "--role-arn",
                "arn:aws:iam::123456789012:role/" + DEVELOPERS,
                "--role-session-name",
                name)
            .path("Credentials");
  }

  private static ObjectNode user(String name, List<String> granted) throws Exception {
    aws.aws("iam", "create-user", "--user-name", name);
    allow("put-user-policy", "--user-name", name, granted);
    return accessKey(name);
  }

  private static ObjectNode accessKey(String user) throws Exception {
    return (ObjectNode) aws.aws("iam", "create-access-key", "--user-name", user).path("AccessKey");
  }

  private static Path keys(String caller) {
    return scratch.resolve("keys of " + caller);
  }

  /** What the aws CLI exports for a caller from now on. */
  private static void writeKeys(String caller, ObjectNode keys) throws IOException {
    SECRETS.add(keys.path("SecretAccessKey").asText());
    if (keys.has("SessionToken")) {
      SECRETS.add(keys.path("SessionToken").asText());
    }
    Path whole = scratch.resolve("keys that are written");
    Files.writeString(whole, keys.put("Version", 1).toString());
    Files.move(whole, keys(caller), StandardCopyOption.ATOMIC_MOVE);
  }

  private static Scripts caller(String name) throws IOException {
    Scripts scripts = installed(aws.scripts());
    return scripts
        .without("AWS_ACCESS_KEY_ID")
        .without("AWS_SECRET_ACCESS_KEY")
        .with("PATH", scratch.resolve("cli 2") + ":" + scripts.value("PATH"))
        .with("KEYS_OF_CALLER", keys(name).toString());
  }

  private static int exports(String caller) {
    try {
      return Files.readAllLines(Path.of(keys(caller) + ".calls")).size();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  // --- clusters, as the commands see them ---

  /** Ids of clusters that are ready; alice has created them. */
  private static String ready(String name) throws Exception {
    if (alice.run("eksp-list.sh", name).exit() != 0) {
      alice.run("eksp-create.sh", "--no-wait", "--name", name, "--timeout", "10h").exits(0);
    }
    until(name + " is ready", () -> state(name).equals("ready"));
    return status(name).path("id").asText();
  }

  private static JsonNode status(String cluster) {
    try {
      return JSON.readTree(alice.run("eksp-list.sh", cluster).exits(0).line()).path("status");
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String state(String cluster) {
    return status(cluster).path("state").asText();
  }

  private static Instant expires(String cluster) {
    return Instant.parse(status(cluster).path("expires").asText());
  }

  private static void until(String what, BooleanSupplier isSo) throws InterruptedException {
    Scripts.until(what, LONG, isSo);
  }

  private static void show(UiCommand page, String hash) {
    browser.open(page.home());
    browser.go(hash);
  }

  private static void type(String css, String text) {
    WebElement field = browser.find(css);
    field.clear();
    field.sendKeys(text);
  }

  @AfterEach
  void nothingWentWrong() {
    browser.expectNoTrouble();
    expectNoSecrets(page);
  }

  /**
   * None is in what the page shows, was sent and keeps, or in what users of the machine can see.
   */
  private static void expectNoSecrets(UiCommand page) {
    List<String> seen = new ArrayList<>(page.shown());
    seen.add(
        String.valueOf(
            browser.run(
                """
                return [received, document.documentElement.outerHTML, document.cookie, location.href,
                  JSON.stringify(localStorage), JSON.stringify(sessionStorage)].join()
                """)));
    assertThat(seen).allSatisfy(one -> assertThat(one).doesNotContain(SECRETS));
  }

  // --- the tests ---

  @Test
  @Order(1)
  void anInstallationWithoutClustersSaysWhatToDo() throws Exception {
    show(page, "#/");
    browser.sees("No clusters");
    browser.sees("eksp create");
    browser.expectAccessible("an empty installation");
  }

  @Test
  @Order(2)
  void aLifeFromTheFormToTheVerifiedDeletion() throws Exception {
    show(page, "#/new");
    type("#name", "made-on-the-page");
    type("#timeout", "10h");
    browser.sees("about $");
    browser.sees("at most $");
    browser.expectAccessible("the form");
    browser.button("Create cluster").click();
    browser.sees("Creation");
    until("it is ready", () -> state("made-on-the-page").equals("ready"));
    String id = status("made-on-the-page").path("id").asText();

    browser.sees("left; expires");
    browser.sees("assumed-role/" + DEVELOPERS + "/bob");
    browser.sees("at most $");
    browser.sees("kubeconfig made-on-the-page");
    browser.find("summary").click();
    browser.sees("ready: the cluster is up");
    browser.expectAccessible("a cluster");

    browser.button("Destroy").click();
    browser.find("dialog button[type=submit]:enabled").click(); // it is the caller's own
    until("it is gone", () -> state(id).equals("gone"));
    browser.sees("nothing of it was found");
    browser.sees("deletion verified");
  }

  @Test
  @Order(3)
  void itIsExtendedFromItsRow() throws Exception {
    String id = ready("theirs");
    Instant before = expires(id);
    show(page, "#/");
    browser.sees("$0.");

    browser.button("Extend theirs").click();
    browser.sees("instead of");
    browser.expectAccessible("the question how much longer");
    assertThat(expires(id)).isEqualTo(before);
    browser.find("dialog button[type=submit]:enabled").click();
    browser.sees("theirs expires");
    assertThat(expires(id)).isEqualTo(before.plus(Duration.ofMinutes(30)));
  }

  @Test
  @Order(4)
  void credentialsAreRenewedBeforeTheyExpire() throws Exception {
    ready("theirs");
    // AWS accepts both sessions for long; the first is said to end soon.
    String soon = Instant.now().plusSeconds(60).toString();
    writeKeys("carol", session("carol-first").put("Expiration", soon));
    try (UiCommand own = UiCommand.start(caller("carol"))) {
      browser.open(own.link());
      browser.sees("theirs");
      writeKeys("carol", session("carol-second"));
      int before = exports("carol");
      until("they are fetched again", () -> exports("carol") > before);
      browser.button("Extend theirs").click();
      browser.find("dialog button[type=submit]:enabled").click();
      browser.sees("theirs expires");
      assertThat(status("theirs").path("history").toString()).contains("/carol-second");
      browser.expectNoTrouble();
      expectNoSecrets(own);
    }
    browser.open(page.home());
  }

  @Test
  @Order(5)
  void expiredCredentialsAreSaidAndRenewedOnesAreUsed() throws Exception {
    ready("theirs");
    ObjectNode first = user("dave", GRANTED);
    writeKeys("dave", first);
    try (UiCommand own = UiCommand.start(caller("dave"))) {
      browser.open(own.link());
      browser.sees("theirs");

      // AWS no longer accepts them.
      String key = first.path("AccessKeyId").asText();
      aws.call("iam", "delete-access-key", "--user-name", "dave", "--access-key-id", key).exits(0);
      browser.sees("Credentials needed");
      browser.sees("no longer valid");
      assertThat(browser.text()).contains("theirs"); // what was known stays
      browser.expectAccessible("invalid credentials");

      // The CLI has none.
      Files.delete(keys("dave"));
      browser.sees("aws sso login");

      // And new ones.
      writeKeys("dave", accessKey("dave"));
      browser.seesNot("Credentials needed");
      browser.button("Extend theirs").click();
      browser.find("dialog button[type=submit]:enabled").click();
      browser.sees("theirs expires");
      browser.expectNoTrouble();
      expectNoSecrets(own);
    }
    browser.open(page.home());
  }

  @Test
  @Order(6)
  void whoMayNotCallTheApiIsToldWhatToAskFor() throws Exception {
    writeKeys("mallory", user("mallory", List.of("cloudformation:DescribeStacks")));
    try (UiCommand own = UiCommand.start(caller("mallory"))) {
      browser.open(own.link());
      browser.sees("Not allowed");
      browser.sees("execute-api:Invoke");
      browser.sees("You are arn:aws:iam::123456789012:user/mallory");
      browser.expectAccessible("a caller without permission");
      allow("put-user-policy", "--user-name", "mallory", GRANTED);
      browser.seesNot("Not allowed");
      browser.expectNoTrouble();
      expectNoSecrets(own);
    }
    browser.open(page.home());
  }

  @Test
  @Order(7)
  void withoutANetworkThePageSaysSo() throws Exception {
    try (UiCommand own =
        UiCommand.start(
            caller("bob")
                .with(
                    "EKSPHEMERAL_URL",
                    "http://gone.execute-api.localhost:" + Scripts.freePort()))) {
      browser.open(own.link());
      browser.sees("Not connected");
      browser.sees("is there a network connection?");
      browser.expectNoTrouble();
    }
    browser.open(page.home());
  }

  /** As after a removal and an installation, which give it another address. */
  @ParameterizedTest
  @ValueSource(strings = {"responds", "does not respond"})
  @Order(8)
  void anInstallationThatHasMovedIsFollowed(String old) throws Exception {
    ready("theirs");
    int port =
        old.equals("responds")
            ? URI.create(aws.variable("AWS_ENDPOINT_URL")).getPort()
            : Scripts.freePort();
    Path home = Files.createDirectories(scratch.resolve("home that " + old));
    Files.writeString(
        Files.createDirectories(home.resolve("endpoints")).resolve("123456789012-us-east-2"),
        "http://0123456789.execute-api.localhost:%d\n".formatted(port));
    try (UiCommand own = UiCommand.start(caller("bob").with("EKSPHEMERAL_HOME", home.toString()))) {
      browser.open(own.link());
      browser.sees("theirs");
      browser.expectNoTrouble();
    }
    browser.open(page.home());
  }

  @Test
  @Order(9)
  void whatAnotherCallerCreatedIsDestroyedByItsName() throws Exception {
    String id = ready("theirs");
    show(page, "#/clusters/" + id);
    browser.sees("left; expires");
    browser.button("Destroy").click();
    browser.sees("Another caller created it: arn:aws:iam::123456789012:user/alice");
    WebElement confirm = browser.find("dialog button[type=submit]");
    assertThat(confirm.isEnabled()).isFalse();
    type("#typed", "their");
    assertThat(confirm.isEnabled()).isFalse();
    browser.expectAccessible("the question for the name");
    browser.find("#typed").sendKeys("s");
    browser.find("dialog button[type=submit]:enabled").click();
    browser.sees("theirs is being destroyed");
    until("it is gone", () -> state(id).equals("gone"));
    browser.sees("nothing of it was found");
    browser.sees("/bob");
  }
}
