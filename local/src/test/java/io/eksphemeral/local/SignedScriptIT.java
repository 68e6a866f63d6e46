package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How the commands find the API in AWS, sign what they ask it, and what they make of its answers.
 */
@Tag("account")
class SignedScriptIT {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";
  private static final String OTHER_KEY = "ASIAQEXAMPLE";
  private static final String OTHER_SECRET = "another/secret+EXAMPLE";
  private static final String FORBIDDEN = "{\"message\":\"Forbidden\"}";

  private final Account account;
  private final Scripts scripts;
  private final Path remembered;

  SignedScriptIT(@TempDir Path scratch) throws IOException {
    account = new Account(scratch).stack("UPDATE_COMPLETE");
    scripts = account.scripts();
    remembered = scripts.home().resolve("endpoints/123456789012-us-east-2");
  }

  @AfterEach
  void close() throws IOException {
    account.close();
  }

  // --- where it is ---

  @Test
  void itIsLookedUpOnceAndRemembered() throws Exception {
    account.api().answers(200, "[]");

    scripts.run("eksp-list.sh").exits(0).prints("[]\n");
    assertThat(account.calls()).anyMatch(call -> call.startsWith("cloudformation describe-stacks"));
    account.forgetCalls();
    scripts.run("eksp-list.sh").exits(0).prints("[]\n");

    assertThat(account.calls()).noneMatch(call -> call.startsWith("cloudformation"));
    assertThat(remembered).hasContent(account.api().endpoint());
  }

  @Test
  void itIsRememberedForEachAccountAndRegion() throws Exception {
    remember(account.api().endpoint());
    account.refuses(
        "cloudformation describe-stacks*", "ValidationError", "Stack with id eksp does not exist");

    scripts
        .with("AWS_REGION", "eu-west-1")
        .run("eksp-list.sh")
        .exits(2)
        .prints("")
        .says(
            "EKSphemeral is not installed in region eu-west-1 of account 123456789012",
            "it is in us-east-2: AWS_REGION=us-east-2 ",
            "install it: ",
            account.root().toString().replace(" ", "\\ ") + "/eksp-up.sh\n",
            "/eksp-list.sh --local\n");
    account.answers(
        "sts *",
        "{\"Account\": \"999999999999\", \"Arn\": \"arn:aws:iam::999999999999:user/bob\"}");
    scripts.run("eksp-list.sh").exits(2).says("not installed").doesNotSay("it is in us-east-2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "eksp-list.sh",
        "eksp-create.sh default-cc.json",
        "eksp-prolong.sh x 5",
        "eksp-destroy.sh x"
      })
  void whereItIsNotInstalledItSaysHow(String call) throws Exception {
    Files.delete(account.file("stack.json"));
    List<String> words = List.of(call.split(" "));

    scripts
        .run(words.getFirst(), words.subList(1, words.size()).toArray(String[]::new))
        .exits(2)
        .prints("")
        .says("EKSphemeral is not installed in region us-east-2", "/eksp-up.sh\n", ".sh --local");
  }

  /** Each partition has hosts of its own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "us-gov-west-1.amazonaws.com",
        "cn-north-1.amazonaws.com.cn",
        "us-iso-east-1.c2s.ic.gov",
        "us-isob-east-1.sc2s.sgov.gov",
        "eu-isoe-west-1.cloud.adc-e.uk"
      })
  void aRequestIsSignedForTheRegionOfItsApiInEachPartition(String host) throws Exception {
    account.curlDoes("[[ $* == '-q --version' ]] || { echo 'curl: (7) not here' >&2; exit 7; }");

    scripts.with("EKSPHEMERAL_URL", "https://abc.execute-api." + host).run("eksp-list.sh").exits(1);

    assertThat(account.curls())
        .filteredOn(call -> call.contains("https://abc."))
        .isNotEmpty()
        .allMatch(
            call -> call.contains("--aws-sigv4 aws:amz:" + host.replaceFirst("[.].*", "") + ":"));
  }

  @Test
  void aStackWithoutAnApiIsSaid() throws Exception {
    account.answers(
        "cloudformation describe-stacks*",
        "{\"Stacks\": [{\"StackStatus\": \"ROLLBACK_COMPLETE\"}]}");

    scripts.run("eksp-list.sh").exits(2).says("its stack is in ROLLBACK_COMPLETE", "/eksp-up.sh\n");
  }

  @Test
  void whoMayNotLookIsTold() throws Exception {
    account.refuses(
        "cloudformation *", "AccessDenied", "alice may not cloudformation:DescribeStacks");

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .says("the stack of EKSphemeral cannot be looked up: alice may not", "permissions");
  }

  @Test
  void oneThatMovedIsFoundAgain() throws Exception {
    remember("http://before.execute-api.localhost:1");
    account.api().answers(200, "[]");

    scripts.run("eksp-list.sh").exits(0).prints("[]\n");

    assertThat(remembered).hasContent(account.api().endpoint());
  }

  @Test
  void oneWhoseNameIsNotKnownAnyMoreIsFoundAgain() throws Exception {
    remember("http://before.execute-api.localhost:1");
    account.curlDoes(
        "[[ $* != *before* ]] || { echo 'curl: (6) Could not resolve host: x' >&2; exit 6; }");
    account.api().answers(200, "[]");

    scripts.run("eksp-list.sh").exits(0).prints("[]\n");

    assertThat(remembered).hasContent(account.api().endpoint());
  }

  @ParameterizedTest
  @ValueSource(ints = {403, 404})
  void oneThatTheGatewayDoesNotKnowAnyMoreIsFoundAgain(int status) throws Exception {
    SignedApi before = new SignedApi().answers(status, "{\"message\":\"Not Found\"}");
    try (before) {
      remember(before.endpoint("before"));
      account.api().answers(200, "[]");

      scripts.run("eksp-list.sh").exits(0).prints("[]\n");
    }

    assertThat(before.asked()).hasSize(1);
    assertThat(remembered).hasContent(account.api().endpoint());
  }

  @Test
  void oneThatWasRemovedIsForgotten() throws Exception {
    remember(account.api().endpoint());
    account.api().answers(404, "{\"message\":\"Not Found\"}");
    Files.delete(account.file("stack.json"));

    scripts.run("eksp-list.sh").exits(2).says("EKSphemeral is not installed");

    assertThat(remembered).doesNotExist();
  }

  @Test
  void itIsLookedForOnlyOnce() throws Exception {
    remember(account.api().endpoint());
    account.api().answers(403, FORBIDDEN);

    scripts.run("eksp-list.sh").exits(1);

    assertThat(account.calls().stream().filter(call -> call.startsWith("cloudformation")))
        .hasSize(1);
    assertThat(account.api().asked()).hasSize(1);
  }

  @Test
  void aClusterThatIsNotThereIsNoReasonToLookElsewhere() throws Exception {
    remember(account.api().endpoint());
    account.api().answers(404, "{\"error\":\"no such cluster\",\"problems\":[]}");

    scripts.run("eksp-list.sh", "x").exits(2).says("no such cluster", "list clusters: ");

    assertThat(account.calls()).noneMatch(call -> call.startsWith("cloudformation"));
  }

  @Test
  void anOldAwsCliMustNotMistakeTheRealAwsForAnother() throws Exception {
    account.on("--version", "echo aws-cli/2.12.0");

    scripts
        .with("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
        .run("eksp-list.sh")
        .exits(1)
        .says("AWS_ENDPOINT_URL_STS is set, but aws-cli/2.12.0 does not support it");

    assertThat(account.calls()).containsExactly("--version");
  }

  // --- signing ---

  @Test
  void aRequestIsSignedWithItsBody() throws Exception {
    account.api().answers(400, "{\"error\":\"no\"}");

    scripts.runOn("{\"timeout\": 5}", "eksp-create.sh", "-").exits(2);

    SignedApi.Asked asked = account.api().asked().getFirst();
    assertThat(asked)
        .isEqualTo(
            new SignedApi.Asked("POST", "/estimate", "{\"timeout\": 5}", Account.KEY, "us-east-2"));
    assertThat(account.curls())
        .anyMatch(call -> call.contains("--aws-sigv4 aws:amz:us-east-2:execute-api -K -"));
  }

  @Test
  void aLargeBodyIsSignedToo() throws Exception {
    String spec = "{\"name\": \"" + "x".repeat(60_000) + "\"}";
    account.api().answers(413, "{\"error\":\"too large\"}");

    scripts.runOn(spec, "eksp-create.sh", "-").exits(2).says("too large");

    assertThat(account.api().asked().getFirst().body()).isEqualTo(spec);
  }

  @Test
  void keysInTheEnvironmentCount() throws Exception {
    account.api().knows(OTHER_KEY, OTHER_SECRET, "");
    account.api().answers(200, "[]");

    scripts
        .with("AWS_ACCESS_KEY_ID", OTHER_KEY)
        .with("AWS_SECRET_ACCESS_KEY", OTHER_SECRET)
        .run("eksp-list.sh")
        .exits(0);

    assertThat(account.api().asked().getFirst().key()).isEqualTo(OTHER_KEY);
    assertThat(account.calls()).noneMatch(call -> call.startsWith("configure export"));
  }

  @Test
  void anOlderAwsCliStillHandsOutTheKeysOfAProfile() throws Exception {
    account.api().knows(OTHER_KEY, OTHER_SECRET, "");
    account.api().answers(200, "[]");
    account.fails(
        "configure export-credentials*",
        "usage: … aws: error: argument subcommand: Invalid choice, valid choices are:");
    account.on("configure get aws_access_key_id", "echo " + OTHER_KEY);
    account.on("configure get aws_secret_access_key", "echo " + OTHER_SECRET);

    scripts.run("eksp-list.sh").exits(0);

    assertThat(account.api().asked().getFirst().key()).isEqualTo(OTHER_KEY);
    account.api().knows(OTHER_KEY, OTHER_SECRET, "of-a-session");
    account.on("configure get aws_session_token", "echo of-a-session");
    scripts.run("eksp-list.sh").exits(0);
  }

  @Test
  void theOlderNameOfTheRegionCountsToo() throws Exception {
    account.api().answers(200, "[]");

    scripts.without("AWS_REGION").with("AWS_DEFAULT_REGION", "us-east-2").run("eksp-list.sh");

    assertThat(remembered).exists();
  }

  @Test
  void anOlderAwsCliHandsOutNothingOfARole() throws Exception {
    account.fails(
        "configure export-credentials*",
        "aws: error: argument subcommand: Invalid choice, valid choices are:");

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .says("there are no credentials to sign with", "install version 2");
  }

  @Test
  void theRegionIsThatOfTheApi() throws Exception {
    account.curlDoes(
        "if [[ $* != *--version* ]]; then cat >/dev/null; printf 'HTTP/1.1 200 OK\\r\\n\\r\\n[]200'; exit; fi");

    scripts
        .with("EKSPHEMERAL_URL", "https://abc.execute-api.eu-west-1.amazonaws.com/")
        .run("eksp-list.sh")
        .exits(0)
        .prints("[]\n");

    assertThat(account.curls().getLast())
        .endsWith(
            "-X GET --aws-sigv4 aws:amz:eu-west-1:execute-api -K -"
                + " https://abc.execute-api.eu-west-1.amazonaws.com/status");
    assertThat(account.calls()).noneMatch(call -> call.startsWith("cloudformation"));
  }

  @Test
  void anEndpointOfOnesOwnIsNotSigned() throws Exception {
    account.curlDoes("printf 'HTTP/1.1 200 OK\\r\\n\\r\\n[]200'; exit");

    scripts.with("EKSPHEMERAL_URL", "http://localhost:1").run("eksp-list.sh").exits(0);

    assertThat(account.curls().getLast()).doesNotContain("sigv4");
    assertThat(account.calls()).isEmpty();
  }

  /** What curl would be asked for anywhere else, asks the network nothing. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | curl: option --aws-sigv4: is unknown | option --aws-sigv4: is unknown",
        "43 | curl: (43) Cannot use sigv4 authentication | Cannot use sigv4 authentication",
        "48 | curl: (48) An unknown option was passed in to libcurl | An unknown option",
        "127 | curl: not found | not found"
      })
  void aFaultOfCurlIsNotTakenForOneOfTheNetwork(int code, String said, String why)
      throws Exception {
    account.curlDoes(
        "[[ $* == *--version* ]] || { echo '%s' >&2; exit %d; }".formatted(said, code));

    scripts
        .run("eksp-destroy.sh", "dev")
        .exits(1)
        .prints("")
        .says("curl cannot send the request: ", why, "the cause is on this machine")
        .doesNotSay("network connection?")
        .doesNotSay("retrying in");
  }

  @Test
  void aHandshakeThatFailsIsNoMissingNetwork() throws Exception {
    account.curlDoes(
        "[[ $* == *--version* ]] || { echo 'curl: (35) wrong version number' >&2; exit 35; }");

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .says("wrong version number", "the TLS handshake failed")
        .doesNotSay("network connection?");
  }

  // --- certificates ---

  @Test
  void anAuthorityInTheConfigOfTheAwsCliIsTrustedByCurlToo() throws Exception {
    PrivateAuthority authority = PrivateAuthority.in(account.file("."));
    Path config = Path.of(scripts.value("HOME")).resolve(".aws/config");
    Files.createDirectories(config.getParent());
    Files.writeString(config, "[default]\nca_bundle = " + authority.certificate() + "\n");
    account.on("configure get ca_bundle", "echo '" + authority.certificate() + "'");
    try (SignedApi api = SignedApi.behind(authority.tls()).answers(200, "[]")) {
      scripts.with("EKSPHEMERAL_URL", api.endpoint()).run("eksp-list.sh").exits(0).prints("[]\n");
    }
  }

  @Test
  void anAuthorityThatTheCliDoesNotTrustIsSaid() throws Exception {
    account.fails("sts *", "SSL validation failed for https://sts.us-east-2.amazonaws.com/");

    scripts.run("eksp-list.sh").exits(1).says("SSL validation failed", "AWS_CA_BUNDLE=");
  }

  // --- settings of the aws CLI ---

  @ParameterizedTest
  @ValueSource(strings = {"json", "yaml", "text", "table", "enhanced", "legacy"})
  void howTheCliWordsErrorsDoesNotMatter(String format) throws Exception {
    account.refuses("cloudformation *", "AccessDenied", "alice may not");
    String reason = "the stack of EKSphemeral cannot be looked up: alice may not\n";

    scripts.with("AWS_CLI_ERROR_FORMAT", format).run("eksp-list.sh").exits(1).says(reason);
    account.write("config", "cli_error_format=" + format + "\n");
    scripts.without("AWS_CLI_ERROR_FORMAT").run("eksp-list.sh").exits(1).says(reason);
  }

  @Test
  void nobodyIsPromptedByTheCli() throws Exception {
    account.api().answers(200, "[]");

    for (String mode : List.of("on", "on-partial")) {
      scripts.with("AWS_CLI_AUTO_PROMPT", mode).run("eksp-list.sh").exits(0).prints("[]\n");
      account.write("config", "cli_auto_prompt=" + mode + "\n");
      scripts.without("AWS_CLI_AUTO_PROMPT").run("eksp-list.sh").exits(0).prints("[]\n");
    }
  }

  /** Those are seen with no stand-in of a CLI that would take notice. */
  @Test
  void everySettingThatChangesWhatTheCliPrintsIsFixed() throws Exception {
    account.api().answers(200, "[]");
    account.on(
        "sts *",
        "printf '%s|' \"$AWS_PAGER\" $AWS_DEFAULT_OUTPUT $AWS_CLI_FILE_ENCODING"
            + " $AWS_CLI_OUTPUT_ENCODING >\"$ACCOUNT/settings\"\n"
            + "echo '{\"Account\": \"123456789012\", \"Arn\": \"arn:aws:iam::123456789012:user/a\"}'");

    scripts
        .with("AWS_PAGER", "less")
        .with("AWS_DEFAULT_OUTPUT", "yaml-stream")
        .with("AWS_CLI_FILE_ENCODING", "UTF-16")
        .with("AWS_CLI_OUTPUT_ENCODING", "UTF-16")
        .run("eksp-list.sh")
        .exits(0);

    assertThat(account.file("settings")).hasContent("|json|UTF-8|UTF-8|");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "aws: [ERROR]: Could not connect to the endpoint URL: x | Could not connect to the endpoint URL: x\n",
        "aws: [ERROR]: argument x: Found invalid choice 'y' usage: aws [options] | argument x: Found invalid choice 'y'\n",
        "usage: aws [options] aws: error: argument x: Invalid choice, valid choices are: a, b | argument x: Invalid choice\n",
        "aws: [ERROR]: An error occurred (X) when calling the Y operation: because Additional error details: Type: Sender | because\n",
      })
  void whatTheCliSaysBesideTheReasonIsLeftOut(String said, String reason) throws Exception {
    account.fails("sts *", said);

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .says("identity cannot be looked up: " + reason.replace("\\n", "\n"));
  }

  // --- the region ---

  @Test
  void allAboutClustersIsAskedWhereTheApiIs() throws Exception {
    account.curlDoes(
        """
        [[ $* != *--version* ]] || { echo 'curl 8.1.0 (x)'; exit; }
        cat >/dev/null
        if [[ $* == */estimate ]]; then body='{}'; else body='%s'; fi
        printf 'HTTP/1.1 200 OK\\r\\n\\r\\n%%s200' "$body"
        exit\
        """
            .formatted(record("ready", ",\"ready\":\"x\",\"expires\":\"2026-11-22T15:36:07Z\"")));
    for (String call : List.of("eks *", "sts *")) {
      account.on(
          call,
          """
          echo "$1 $2 $AWS_REGION $AWS_DEFAULT_REGION" >>"$ACCOUNT/regions"
          [[ $1 == sts ]] || error X 'not now'
          echo '{"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/a"}'
          """);
    }
    scripts.with("EKSPHEMERAL_URL", "https://abc.execute-api.eu-west-1.amazonaws.com");

    for (String region : List.of("us-east-2", "")) {
      scripts
          .with("AWS_REGION", region)
          .run("eksp-create.sh", "--name", "dev")
          .exits(0)
          .says("there is no kubeconfig: not now");
    }

    assertThat(Files.readAllLines(account.file("regions")))
        .containsOnly(
            "sts get-caller-identity eu-west-1 eu-west-1",
            "eks describe-cluster eu-west-1 eu-west-1",
            "eks update-kubeconfig eu-west-1 eu-west-1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"eksp-list.sh", "eksp-up.sh"})
  void aRegionThatIsNotEnabledIsSaidWithHow(String command) throws Exception {
    account.on(
        "sts *",
        "if [[ $AWS_REGION == us-east-1 ]]; then echo '{}'; else"
            + " error InvalidClientTokenId 'The security token included in the request is invalid.'; fi");

    scripts
        .with("AWS_REGION", "me-south-1")
        .run(command)
        .exits(1)
        .says(
            "region me-south-1 is not enabled",
            "aws account enable-region --region-name me-south-1\n")
        .doesNotSay("the keys are invalid");
  }

  @Test
  void keysThatAreKnownNowhereAreNoQuestionOfTheRegion() throws Exception {
    account.refuses("sts *", "InvalidClientTokenId", "The security token is invalid.");

    scripts
        .with("AWS_REGION", "me-south-1")
        .run("eksp-list.sh")
        .exits(1)
        .says("the keys are invalid")
        .doesNotSay("enable-region");
  }

  @Test
  void anOldCurlIsSaid() throws Exception {
    account.curlDoes("[[ $* != *--version* ]] || { echo 'curl 7.74.0 (x)'; exit; }");

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .says("curl 7.74.0 cannot sign requests", "install curl 7.75");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a*", "../clusters", "ü", "a b", "a?b"})
  void whatIsNoNameIsNotAskedFor(String name) throws Exception {
    scripts.run("eksp-destroy.sh", name).exits(2).says("no such cluster");

    assertThat(account.api().asked()).isEmpty();
  }

  /** Everybody on the machine can look at the arguments of everything that runs. */
  @Test
  void nobodyWhoListsProcessesSeesAKey() throws Exception {
    Path seen = account.file("seen");
    account.curlDoes("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' >>'" + seen + "'");
    account.api().answers(200, "[]").answers(200, "[]");

    scripts.run("eksp-list.sh").exits(0);
    scripts
        .with("AWS_ACCESS_KEY_ID", Account.KEY)
        .with("AWS_SECRET_ACCESS_KEY", Account.SECRET)
        .with("AWS_SESSION_TOKEN", Account.TOKEN)
        .run("eksp-list.sh")
        .exits(0);

    assertThat(Files.readString(seen))
        .contains("eksp-list.sh", "--aws-sigv4")
        .doesNotContain(Account.SECRET, Account.TOKEN, Account.KEY);
  }

  // --- while time goes by ---

  @Test
  void credentialsThatRanOutAreFetchedAnew() throws Exception {
    account.api().knows(OTHER_KEY, OTHER_SECRET, "");
    account
        .api()
        .answers(202, record("destroying", ""), this::renewCredentials)
        .answers(200, record("gone", ""));

    scripts.run("eksp-destroy.sh", "dev").exits(0).says("dev is gone").doesNotSay("not allowed");

    assertThat(account.api().asked().stream().map(SignedApi.Asked::key))
        .containsExactly(Account.KEY, "", OTHER_KEY);
  }

  /** In all the ways in which programs that hand out credentials write a time. */
  @ParameterizedTest
  @ValueSource(strings = {"+00:00", "+0000", "Z", ".5Z", ".123456+00:00"})
  void credentialsThatAreAboutToRunOutAreFetchedBefore(String ending) throws Exception {
    account.api().knows(OTHER_KEY, OTHER_SECRET, "");
    credentialsUntil(Instant.now().plusSeconds(40), ending);
    account
        .api()
        .answers(202, record("destroying", ""), () -> replaceCredentials(OTHER_KEY, OTHER_SECRET))
        .answers(200, record("gone", ""));

    scripts.run("eksp-destroy.sh", "dev").exits(0);

    assertThat(account.api().asked().stream().map(SignedApi.Asked::key))
        .containsExactly(Account.KEY, OTHER_KEY);
  }

  @Test
  void credentialsThatLastAreKept() throws Exception {
    credentialsUntil(Instant.now().plusSeconds(300), "Z");
    account.api().answers(202, record("destroying", "")).answers(200, record("gone", ""));

    scripts.run("eksp-destroy.sh", "dev").exits(0);

    assertThat(account.calls().stream().filter(call -> call.startsWith("configure export")))
        .hasSize(1);
  }

  private void credentialsUntil(Instant end, String ending) throws IOException {
    String time = end.truncatedTo(ChronoUnit.SECONDS).toString().replace("Z", ending);
    account.write(
        "credentials.json",
        """
        {"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s", "SessionToken": "%s",
         "Expiration": "%s"}
        """
            .formatted(Account.KEY, Account.SECRET, Account.TOKEN, time));
  }

  @Test
  void anExpiredSessionIsSaidAndWhatGoesOn() throws Exception {
    account
        .api()
        .answers(
            202,
            record("destroying", ""),
            () -> {
              account.api().forgets(Account.KEY);
              refuse(
                  "sts *", "ExpiredToken", "The security token included in the request is expired");
            })
        .answers(200, record("gone", ""));

    scripts
        .run("eksp-destroy.sh", "dev")
        .exits(1)
        .prints("")
        .says(
            "the credentials are no longer valid: The security token included in the request is expired",
            "aws sso login",
            "what was requested goes on in the background",
            "/eksp-list.sh " + ID);
  }

  // --- what it answers ---

  @Test
  void whoMayNotAskIsToldWhatItTakes() throws Exception {
    account.api().answers(403, FORBIDDEN);

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .prints("")
        .says(
            "not allowed: Forbidden",
            "you are arn:aws:iam::123456789012:user/alice",
            "execute-api:Invoke",
            "arn:aws:execute-api:us-east-2:123456789012:abc123/*");
  }

  @Test
  void whatTheServiceForbidsIsItsOwnWord() throws Exception {
    account.api().answers(403, "{\"error\":\"this cluster is bob's\"}");

    scripts
        .run("eksp-destroy.sh", "x")
        .exits(1)
        .says("not allowed: this cluster is bob's")
        .doesNotSay("execute-api");
  }

  @Test
  void tooManyRequestsAreAskedAgain() throws Exception {
    account.api().answers(429, "{\"message\":\"Too Many Requests\"}").answers(200, "[]");

    scripts.run("eksp-list.sh").exits(0).prints("[]\n").says("no usable response (429), retrying");
  }

  @Test
  void farTooManyAreGivenUp() throws Exception {
    account.api().answers(429, "{\"message\":\"Too Many Requests\"}");

    scripts
        .run("eksp-prolong.sh", "dev", "5")
        .exits(1)
        .says("too many requests: Too Many Requests", "wait a minute and try again");

    assertThat(account.api().asked()).hasSize(5);
  }

  @Test
  void aFailureSaysWhereTheLogIs() throws Exception {
    account.api().answers(500, "{\"message\":\"Internal Server Error\"}");

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .says(
            "the control plane failed with status 500: Internal Server Error",
            "aws logs tail /eksphemeral/status --since 15m --region us-east-2");
    assertThat(account.api().asked()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "6, Could not resolve host: abc123.execute-api.localhost",
    "7, Failed to connect to abc123.execute-api.localhost port 443",
    "28, Operation timed out after 30001 milliseconds"
  })
  void noAnswerIsSaid(int code, String why) throws Exception {
    account.curlDoes(
        "[[ $* == *--version* ]] || { echo 'curl: (%d) %s' >&2; exit %d; }"
            .formatted(code, why, code));

    scripts
        .run("eksp-list.sh")
        .exits(1)
        .prints("")
        .says(
            "no response from " + account.api().endpoint() + ": " + why,
            "is there a network connection?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "abc123.execute-api.localhost"})
  void whoNeverAnswersIsNotWaitedForForEver(String host) throws Exception {
    // Half a minute is a second here.
    account.curlDoes(
        """
        words=()
        for word in "$@"; do
          [[ $word != 30 ]] || word=1
          words+=("$word")
        done
        exec "$ACCOUNT/curl" "${words[@]}"
        """);
    try (ServerSocket silent = new ServerSocket(0, 9, InetAddress.getLoopbackAddress())) {
      scripts
          .patient(Duration.ofSeconds(30))
          .with("EKSPHEMERAL_URL", "http://%s:%d".formatted(host, silent.getLocalPort()))
          .run("eksp-prolong.sh", "dev", "5")
          .exits(1)
          .prints("")
          .says("no response from http://" + host, "timed out");
    }
  }

  @Test
  void withoutANetworkWhatIsRememberedStays() throws Exception {
    remember(account.api().endpoint());
    account.curlDoes(
        "[[ $* == *--version* ]] || { echo 'curl: (6) Could not resolve host: x' >&2; exit 6; }");
    account.fails("cloudformation *", "Could not connect to the endpoint URL");

    scripts.run("eksp-list.sh").exits(1).says("no response from", "Could not resolve host: x");

    assertThat(remembered).exists();
  }

  @ParameterizedTest
  @CsvSource({"0.3749, 0.37", "1.05, 1.05", "1.5, 1.50", "12, 12.00", "0.004, 0.00"})
  void whatAClusterHasCostIsSaid(String cost, String said) throws Exception {
    account
        .api()
        .answers(202, record("destroying", ""))
        .answers(200, record("gone", ",\"cost\":" + cost));

    scripts
        .run("eksp-destroy.sh", "dev")
        .exits(0)
        .says("dev is gone; it cost at most " + said + " USD\n");
  }

  private void remember(String endpoint) throws IOException {
    Files.createDirectories(remembered.getParent());
    Files.writeString(remembered, endpoint + "\n");
  }

  private void renewCredentials() {
    account.api().forgets(Account.KEY);
    replaceCredentials(OTHER_KEY, OTHER_SECRET);
  }

  private void replaceCredentials(String key, String secret) {
    try {
      account.credentials(key, secret, "");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void refuse(String pattern, String code, String message) {
    try {
      account.refuses(pattern, code, message);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static String record(String state, String more) {
    return """
    {"name":"dev","numworkers":1,"status":{"id":"%s","state":"%s","provider":"EKS"%s}}\
    """
        .formatted(ID, state, more);
  }
}
