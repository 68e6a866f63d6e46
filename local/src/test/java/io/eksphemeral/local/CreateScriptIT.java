package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Asking for a cluster in AWS: where its task runs, what it costs, and how it is used. */
@Tag("account")
class CreateScriptIT {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";
  private static final String ESTIMATE =
      """
      {"name":"dev","timeout":30,"cost":{"usual":0.2061,"most":1.05,"hourly":0.1,"assumes":"one spot node"}}
      """;

  private final Account account;
  private final Scripts scripts;

  CreateScriptIT(@TempDir Path scratch) throws IOException {
    account = new Account(scratch).stack("UPDATE_COMPLETE");
    scripts = account.scripts();
    account.standIn(
        "kubectl",
        """
        #!/usr/bin/env bash
        printf '%s\\n' "$*" >>"$ACCOUNT/kubectl.calls"
        echo 'NAME     STATUS'
        echo 'ip-10-1  Ready'
        """);
  }

  @AfterEach
  void close() throws IOException {
    account.close();
  }

  @Test
  void aClusterIsPricedAskedForAndUsed() throws Exception {
    account
        .api()
        .answers(200, ESTIMATE)
        .answers(202, record("creating", ""))
        .answers(200, record("creating", ",\"usually\":900"))
        .answers(200, record("ready", READY));

    scripts
        .run("eksp-create.sh")
        .exits(0)
        .prints(ID + "\n")
        .says(
            """
            dev will cost about 0.21 USD for its 30 minutes, and at most 1.05 USD
              an hour more is 0.10 USD; one spot node
            """,
            """
            dev is ready (EKS)
              expires:    2026-11-22 15:36 UTC, in 30 minutes
            """,
            """
            use it:     export KUBECONFIG=~/.kube/eksphemeral/dev
                        NAME     STATUS
                        ip-10-1  Ready
            """
                .indent(2));

    assertThat(account.api().paths())
        .containsExactly(
            "POST /estimate", "POST /create", "GET /status/" + ID, "GET /status/" + ID);
    assertThat(account.api().asked().get(1).body()).doesNotContain("task");
    assertThat(account.calls())
        .anyMatch(call ->
            call.matches(
                "eks update-kubeconfig --kubeconfig \\S+ --name dev --alias dev --output json"));
    assertThat(account.file("kubectl.calls"))
        .hasContent("--kubeconfig " + kubeconfig() + " --request-timeout 20s get nodes");
    assertThat(kubeconfig())
        .hasContent(
            "# EKSphemeral cluster %s of %s%nkind: Config%ncurrent-context: dev%n"
                .formatted(ID, account.api().endpoint()));
    assertThat(Files.getPosixFilePermissions(kubeconfig()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.getPosixFilePermissions(kubeconfig().resolveSibling("")))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }

  private Path kubeconfig() {
    return Path.of(scripts.value("HOME"), ".kube/eksphemeral/dev");
  }

  @ParameterizedTest
  @CsvSource({"1.05, 1.05", "1.5, 1.50", "2, 2.00", "0.015, 0.02", "19.999, 20.00"})
  void pricesHaveTwoDecimals(String price, String said) throws Exception {
    account
        .api()
        .answers(200, ESTIMATE.replace("1.05", price))
        .answers(202, record("creating", ""));

    scripts.run("eksp-create.sh", "--no-wait").exits(0).says("and at most " + said + " USD\n");
  }

  @Test
  void whoDoesNotWaitGetsNoKubeconfig() throws Exception {
    account.api().answers(200, ESTIMATE).answers(202, record("creating", ""));

    scripts
        .run("eksp-create.sh", "--no-wait")
        .exits(0)
        .prints(ID + "\n")
        .says("dev is accepted (EKS)");

    assertThat(account.calls()).noneMatch(call -> call.contains("kubeconfig"));
  }

  @Test
  void aKubeconfigThatCannotBeWrittenIsNoFailureOfTheCluster() throws Exception {
    created();
    account.fails("eks update-kubeconfig*", "[Errno 13] Permission denied: '/root/.kube/config'");

    scripts
        .run("eksp-create.sh")
        .exits(0)
        .prints(ID + "\n")
        .says(
            "dev is ready",
            "there is no kubeconfig: [Errno 13] Permission denied",
            "try again: ",
            "/eksp-kubeconfig.sh dev\n");
    assertThat(account.file("kubectl.calls")).doesNotExist();
  }

  @Test
  void withoutKubectlItSaysWhichContextItIs() throws Exception {
    Files.delete(account.tools().resolve("kubectl"));
    created();

    scripts.run("eksp-create.sh").exits(0).says("export KUBECONFIG=", "(install kubectl first)");
  }

  @Test
  void kubectlThatFailsIsNoFailureOfTheCluster() throws Exception {
    account.standIn("kubectl", "#!/bin/sh\necho 'no route to host' >&2\nexit 1\n");
    created();

    scripts.run("eksp-create.sh").exits(0).prints(ID + "\n").says("no route to host");
  }

  @Test
  void rootIsToldThatItWillNotGetIn() throws Exception {
    account.answers(
        "sts *", "{\"Account\": \"123456789012\", \"Arn\": \"arn:aws:iam::123456789012:root\"}");
    created();

    scripts
        .run("eksp-create.sh")
        .exits(0)
        .says(
            "EKS cannot grant access to arn:aws:iam::123456789012:root",
            "access in the spec",
            "as a role or user under access: ",
            "/eksp-kubeconfig.sh dev\n");
    assertThat(account.calls()).noneMatch(call -> call.startsWith("eks update-kubeconfig"));
  }

  @Test
  void rootWhoLetsSomebodyInIsNotWarned() throws Exception {
    account.answers(
        "sts *", "{\"Account\": \"123456789012\", \"Arn\": \"arn:aws:iam::123456789012:root\"}");
    account.api().answers(200, ESTIMATE).answers(202, record("creating", ""));

    scripts
        .runOn(
            "{\"access\": [\"arn:aws:iam::123456789012:role/dev\"]}",
            "eksp-create.sh",
            "--no-wait",
            "-")
        .exits(0)
        .doesNotSay("EKS cannot grant access to");
  }

  // --- a kubeconfig ---

  @Test
  void aColleagueGetsAKubeconfigToo() throws Exception {
    account.api().answers(200, record("ready", READY));

    scripts.run("eksp-kubeconfig.sh", "dev").exits(0).prints(kubeconfig() + "\n");

    assertThat(account.api().paths()).containsExactly("GET /status/dev");
    assertThat(account.file("kubeconfig")).doesNotExist();
  }

  @Test
  void mergingLeavesAContextOfAnotherClusterAlone() throws Exception {
    contexts("dev arn:aws:eks:us-east-2:999999999999:cluster/dev", "prod", "");
    account.api().answers(200, record("ready", READY));

    scripts
        .run("eksp-kubeconfig.sh", "--merge", "dev")
        .exits(0)
        .prints(kubeconfig() + "\n")
        .says(
            "dev is in your kubeconfig as the context eksp-dev: dev is there already, for another cluster\n",
            "the current context is now eksp-dev\n  switch back: kubectl config use-context prod\n");
    assertThat(account.calls())
        .contains("eks update-kubeconfig --name dev --alias eksp-dev --output json");
  }

  @Test
  void mergingAgainChangesTheContextOfTheCluster() throws Exception {
    contexts("dev arn:aws:eks:us-east-2:123456789012:cluster/dev", "dev", "");
    account.api().answers(200, record("ready", READY));

    scripts
        .run("eksp-kubeconfig.sh", "--merge", "dev")
        .exits(0)
        .says("dev is in your kubeconfig as the context dev\n")
        .doesNotSay("current context");
  }

  @Test
  void aKubeconfigThatCannotBeReadIsNotMergedInto() throws Exception {
    contexts("", "", "echo 'error loading config: yaml' >&2; exit 1");
    account.api().answers(200, record("ready", READY));

    scripts
        .run("eksp-kubeconfig.sh", "--merge", "dev")
        .exits(1)
        .says("your kubeconfig cannot be read: error loading config: yaml");
    assertThat(account.file("kubeconfig")).doesNotExist();
  }

  /** A kubectl that knows a context, and which one was the current one until the aws CLI wrote. */
  private void contexts(String context, String current, String does) throws IOException {
    String[] words = context.split(" ", -1);
    account.standIn(
        "kubectl",
        """
        #!/usr/bin/env bash
        %s
        case "$*" in
          'config view -o json') echo '{"contexts": [{"name": "%s", "context": {"cluster": "%s"}}]}' ;;
          'config current-context')
            if [[ -e $ACCOUNT/kubeconfig ]]; then sed -n 's/^current-context: //p' "$ACCOUNT/kubeconfig"; else echo '%s'; fi ;;
        esac
        """
            .formatted(does, words[0], words[words.length - 1], current));
  }

  // --- the security group ---

  @Test
  void theTaskRunsWithTheGroupThatIsGivenAndInItsVpc() throws Exception {
    account.api().answers(200, ESTIMATE).answers(202, record("creating", ""));

    scripts.run("eksp-create.sh", "--no-wait", "default-cc.json", "sg-22222222").exits(0);

    assertThat(account.api().asked().getLast().body())
        .endsWith(",\"task\":{\"securitygroup\":\"sg-22222222\",\"subnets\":[\"subnet-a2\"]}}\n");
    assertThat(account.api().asked().getFirst().body())
        .isEqualTo(account.api().asked().getLast().body());
  }

  @Test
  void theVariableOf2019CountsAndSubnetsArePublicOnesWhereThereAreSome() throws Exception {
    account.api().answers(200, ESTIMATE).answers(202, record("creating", ""));

    scripts.with("EKSPHEMERAL_SG", "sg-11111112").run("eksp-create.sh", "--no-wait").exits(0);

    assertThat(account.api().asked().getLast().body())
        .contains("{\"securitygroup\":\"sg-11111112\",\"subnets\":[\"subnet-a1\",\"subnet-b1\"]}");
  }

  @Test
  void aTaskTakesSixteenSubnets() throws Exception {
    String subnets =
        IntStream.range(10, 30)
            .mapToObj("{\"SubnetId\": \"subnet-%d\", \"VpcId\": \"vpc-2\"}"::formatted)
            .collect(Collectors.joining(","));
    account.write("subnets.json", "{\"Subnets\": [" + subnets + "]}");
    account.api().answers(200, ESTIMATE).answers(202, record("creating", ""));

    scripts.run("eksp-create.sh", "--no-wait", "default-cc", "sg-22222222").exits(0);

    assertThat(account.api().asked().getLast().body())
        .contains("\"subnet-10\",\"subnet-11\"", "\"subnet-24\",\"subnet-25\"]");
  }

  @Test
  void whatTheSpecSaysOfItsTaskStays() throws Exception {
    String spec = "{\"task\": {\"securitygroup\": \"sg-33333333\"}}";
    account.api().answers(200, ESTIMATE).answers(202, record("creating", ""));

    scripts.runOn(spec, "eksp-create.sh", "--no-wait", "-", "sg-22222222").exits(0);

    assertThat(account.api().asked().getLast().body()).isEqualTo(spec);
    assertThat(account.calls()).noneMatch(call -> call.startsWith("ec2"));
  }

  @Test
  void aGroupThatIsNotThereIsRefused() throws Exception {
    scripts
        .run("eksp-create.sh", "default-cc.json", "sg-99999999")
        .exits(2)
        .prints("")
        .says(
            "security group sg-99999999 not found in region us-east-2",
            "aws ec2 describe-security-groups");
    assertThat(account.api().asked()).isEmpty();
  }

  @Test
  void whoMayNotLookAtGroupsIsTold() throws Exception {
    account.refuses(
        "ec2 *", "UnauthorizedOperation", "You are not authorized to perform this operation.");

    scripts
        .run("eksp-create.sh", "default-cc.json", "sg-11111111")
        .exits(1)
        .says("sg-11111111 cannot be looked up", "permissions");
  }

  // --- what is refused ---

  @Test
  void aNameThatExistsOutsideIsRefusedBeforeAnythingIsAsked() throws Exception {
    account.answers("eks describe-cluster *", "{\"cluster\": {\"name\": \"dev\", \"tags\": {}}}");

    scripts
        .run("eksp-create.sh", "--name", "dev")
        .exits(2)
        .prints("")
        .says(
            "a cluster named dev exists already, and EKSphemeral did not create it", "--name NAME");
    assertThat(account.api().asked()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "answers | {\"cluster\": {\"tags\": {\"eksphemeral:id\": \"x\"}}}",
        "refuses | alice may not eks:DescribeCluster"
      })
  void whetherOneOfOursHasTheNameTheServiceKnowsBest(String how, String what) throws Exception {
    if (how.equals("answers")) {
      account.answers("eks describe-cluster *", what);
    } else {
      account.refuses("eks describe-cluster *", "AccessDeniedException", what);
    }
    account
        .api()
        .answers(200, ESTIMATE)
        .answers(409, "{\"error\":\"the name dev is taken by the cluster x\"}");

    scripts.run("eksp-create.sh", "--name", "dev").exits(2).says("the name dev is taken");
  }

  @Test
  void aVersionThatEksRetiredIsRefusedWithThoseThatThereAre() throws Exception {
    account
        .api()
        .answers(
            400,
            "{\"error\":\"invalid spec:\",\"problems\":"
                + "[\"kubeversion must be one that is offered: 1.34, 1.35, not \\\"1.12\\\"\"]}");

    scripts
        .run("eksp-create.sh", "--version", "1.12")
        .exits(2)
        .prints("")
        .says("  - kubeversion must be one that is offered: 1.34, 1.35, not \"1.12\"\n");
    assertThat(account.api().paths()).containsExactly("POST /estimate");
  }

  @Test
  void aServiceThatKnowsNoPricesIsAskedAllTheSame() throws Exception {
    account.api().answers(404, "{\"message\":\"Not Found\"}").answers(202, record("creating", ""));

    scripts.run("eksp-create.sh", "--no-wait").exits(0).prints(ID + "\n").doesNotSay("will cost");
  }

  @Test
  void anImageThatCannotBePulledIsTheReason() throws Exception {
    account
        .api()
        .answers(200, ESTIMATE)
        .answers(202, record("creating", ""))
        .answers(
            200,
            record(
                "create-failed",
                ",\"log\":[\"last words\"],\"history\":[{\"state\":\"create-failed\",\"at\":\"x\","
                    + "\"why\":\"the task stopped: CannotPullContainerError: no such image\"}]"));

    scripts
        .run("eksp-create.sh")
        .exits(1)
        .prints("")
        .says(
            "dev was not created: the task stopped: CannotPullContainerError: no such image\n  | last words\n",
            "is being cleaned up automatically");
    assertThat(account.calls()).noneMatch(call -> call.contains("kubeconfig"));
  }

  private static final String READY =
      ",\"ready\":\"2026-11-22T15:06:07Z\",\"expires\":\"2026-11-22T15:36:07.123Z\",\"minutesleft\":30";

  private void created() {
    account.api().answers(200, ESTIMATE).answers(202, record("ready", READY));
  }

  private static String record(String state, String more) {
    return """
    {"name":"dev","numworkers":1,"status":{"id":"%s","state":"%s","provider":"EKS"%s}}\
    """
        .formatted(ID, state, more);
  }
}
