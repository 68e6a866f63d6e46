package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code eksp-logs.sh} with an installation on AWS, whose logs are in CloudWatch Logs. */
@Tag("account")
class AwsLogsScriptIT {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";
  private static final String GET =
      "logs get-log-events --log-group-name /eksphemeral/tasks" + " --log-stream-name ";

  private final Account account;
  private final Scripts scripts;

  AwsLogsScriptIT(@TempDir Path scratch) throws IOException {
    account = new Account(scratch).stack("UPDATE_COMPLETE");
    scripts = account.scripts();
  }

  @BeforeEach
  void streams() throws IOException {
    account.refuses(
        GET + "*", "ResourceNotFoundException", "The specified log stream does not exist.");
  }

  @AfterEach
  void close() throws IOException {
    account.close();
  }

  private static String record(String state, String tasks) {
    return """
    {"name":"dev","status":{"id":"%s","state":"%s","tasks":[%s],"history":[]}}\
    """
        .formatted(ID, state, tasks);
  }

  private static String task(String kind, int attempt, String task) {
    return """
    {"kind":"%s","attempt":%d,"handle":"arn:aws:ecs:us-east-2:123456789012:task/eksp/%s"}\
    """
        .formatted(kind, attempt, task);
  }

  /** A stream with pages of a line each, then with an empty one whose token is the last. */
  private void stream(String name, String... lines) throws IOException {
    for (int i = 0; i <= lines.length; i++) {
      String events =
          i == lines.length
              ? ""
              : "{\"timestamp\": 1795341600999, \"message\": \"%s\"}".formatted(lines[i]);
      account.answers(
          GET
              + name
              + " --start-from-head"
              + (i == 0 ? " --output*" : " --next-token f/" + i + " *"),
          "{\"events\": [%s], \"nextForwardToken\": \"f/%d\"}"
              .formatted(events, Math.min(i + 1, lines.length)));
    }
  }

  @Test
  void theContainersOfEachTaskArePrintedInTheirOrder() throws Exception {
    account
        .api()
        .answers(200, record("gone", task("create", 1, "a1") + "," + task("destroy", 1, "b2")));
    stream("create/report/a1", "ready");
    stream("create/prepare/a1", "eksctl may start");
    stream("create/eksctl-cluster/a1", "first", "sec\\nond");
    stream("destroy/teardown/b2", "deleted");

    scripts
        .run("eksp-logs.sh", ID)
        .exits(0)
        .prints(
            """
            2026-11-22T10:00:00Z eksctl may start
            2026-11-22T10:00:00Z first
            2026-11-22T10:00:00Z sec ond
            2026-11-22T10:00:00Z ready
            2026-11-22T10:00:00Z deleted
            """)
        .says("create-1, prepare:\n", "create-1, eksctl-cluster:\n", "destroy-1, teardown:\n");
  }

  @Test
  void followingPrintsEachLineOnce() throws Exception {
    String task = task("create", 1, "a1");
    account.api().answers(200, record("creating", task)).answers(200, record("ready", task));
    stream("create/prepare/a1", "eksctl may start");
    stream("create/eksctl-cluster/a1", "creating");

    scripts
        .run("eksp-logs.sh", "-f", "dev")
        .exits(0)
        .prints(
            """
            2026-11-22T10:00:00Z eksctl may start
            2026-11-22T10:00:00Z creating
            """);
    assertThat(account.api().paths()).containsExactly("GET /status/dev", "GET /status/" + ID);
  }

  @Test
  void whoMayNotReadThemIsToldWhatIsMissingAndWhoGrantsIt() throws Exception {
    account.api().answers(200, record("ready", task("create", 1, "a1")));
    account.refuses(
        GET + "create/prepare/*",
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: logs:GetLogEvents");

    scripts
        .run("eksp-logs.sh", "dev")
        .exits(1)
        .prints("")
        .says(
            "you may not read the logs of the tasks",
            "needs logs:GetLogEvents on the log group /eksphemeral/tasks",
            "an administrator of the account grants it");
  }

  @Test
  void logsThatHaveExpiredAreSaidToHave() throws Exception {
    account.api().answers(200, record("gone", task("create", 1, "a1")));
    scripts.run("eksp-logs.sh", ID).exits(1).prints("").says("kept for 30 days");
  }

  @Test
  void aTaskThatWasNotLaunchedHasNoLog() throws Exception {
    account.api().answers(200, record("creating", "{\"kind\":\"create\",\"attempt\":1}"));
    scripts.run("eksp-logs.sh", ID).exits(1).prints("").says("no task of dev has been launched");
  }

  @Test
  void noPartOfARecordBecomesPartOfACall() throws Exception {
    account
        .api()
        .answers(
            200,
            record(
                "ready",
                task("create", 1, "a1 --endpoint-url=x")
                    + ","
                    + task("../../x", 1, "a1")
                    + ","
                    + task("create", 1, "*")));
    scripts.run("eksp-logs.sh", ID).exits(1).prints("");

    assertThat(account.calls()).noneMatch(call -> call.startsWith("logs"));
  }
}
