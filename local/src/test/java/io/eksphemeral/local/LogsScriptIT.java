package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code eksp-logs.sh} with a control plane on this machine. */
@Execution(ExecutionMode.CONCURRENT)
class LogsScriptIT {
  private static final String CREATED =
      """
      creating EKS cluster "dev" in "simulated" region
      deploying stack "eksctl-dev-cluster"
      EKS cluster "dev" in "simulated" region is ready
      deploying stack "eksctl-dev-nodegroup-workers"
      created 1 managed nodegroup(s) in cluster "dev"
      ready: cluster dev is up (simulated)
      """;
  private static final String DESTROYED =
      """
      deleting stack eksctl-dev-cluster
      stack eksctl-dev-cluster DELETE_COMPLETE
      absent: deletion verified
      """;

  private final Scripts scripts;

  LogsScriptIT(@TempDir Path scratch) throws IOException {
    scripts = Scripts.local(scratch, Scripts.freePort());
  }

  @BeforeEach
  void up() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
  }

  @AfterEach
  void down() throws Exception {
    scripts.run("eksp-down.sh", "--abandon-clusters").exits(0);
    assertThat(scripts.home().resolve("logs")).doesNotExist();
  }

  private String create(String... options) throws Exception {
    return scripts.run("eksp-create.sh", options).exits(0).line();
  }

  /** The lines of a log without their times, which they must have. */
  private static String withoutTimes(Scripts.Outcome logs) {
    assertThat(logs.out().lines())
        .allMatch(line -> line.matches("20[0-9-]{8}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z .+"));
    return logs.out().replaceAll("(?m)^\\S+ ", "");
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev", "ID"})
  void theTasksOfAClusterArePrintedOldestFirstAlsoWhenItIsGone(String idOrName) throws Exception {
    String id = create("--name", "dev");
    String asked = idOrName.replace("ID", id);
    Scripts.Outcome logs = scripts.run("eksp-logs.sh", asked).exits(0).says("create-1:\n");
    assertThat(withoutTimes(logs)).isEqualTo(CREATED);

    scripts.run("eksp-destroy.sh", id).exits(0);

    logs = scripts.run("eksp-logs.sh", asked).exits(0).says("create-1:\n", "destroy-1:\n");
    assertThat(withoutTimes(logs)).isEqualTo(CREATED + DESTROYED);
  }

  @Test
  void itFollowsUntilTheClusterIsReadyAndUntilItIsGone() throws Exception {
    String id = create("--no-wait", "--name", "dev");

    assertThat(withoutTimes(scripts.run("eksp-logs.sh", "--follow", "dev").exits(0)))
        .isEqualTo(CREATED);
    scripts.run("eksp-destroy.sh", "--no-wait", id).exits(0);
    assertThat(withoutTimes(scripts.run("eksp-logs.sh", "-f", id).exits(0)))
        .isEqualTo(CREATED + DESTROYED);
  }

  @Test
  void anInterruptEndsIt() throws Exception {
    scripts.run("eksp-down.sh").exits(0);
    scripts.with("EKSPHEMERAL_SIMULATE_SECONDS", "60").run("eksp-up.sh").exits(0);
    create("--no-wait", "--name", "dev");
    Scripts.Running following = scripts.start("", "eksp-logs.sh", "-f", "dev");
    following.untilItSays("create-1:");

    assertThat(
            new ProcessBuilder("kill", "-TERM", Long.toString(following.process().pid()))
                .start()
                .waitFor())
        .isZero();

    Scripts.Outcome outcome = following.outcome().exits(130);
    assertThat(CREATED).startsWith(withoutTimes(outcome));
  }

  @Test
  void logsThatAreGoneAreSaidToBe() throws Exception {
    String id = create("--name", "dev");
    Files.delete(scripts.home().resolve("logs").resolve(id).resolve("create-1.log"));

    scripts.run("eksp-logs.sh", "dev").exits(1).prints("").says("no longer available");
  }

  @Test
  void whatDoesNotExistHasNoLogs() throws Exception {
    scripts
        .run("eksp-logs.sh", "dev")
        .exits(2)
        .prints("")
        .says("there is no cluster dev", "list clusters: ");
  }

  /** The process may die between the removal of a record and that of its logs. */
  @Test
  void logsWithoutARecordAreRemovedAtTheNextStart() throws Exception {
    String id = create("--name", "dev");
    Path logs = scripts.home().resolve("logs");
    Path orphan = Files.createDirectory(logs.resolve("01999999-0000-7000-8000-000000000001"));
    Files.writeString(orphan.resolve("create-1.log"), "2026-11-22T10:00:00Z old\n");
    long pid =
        Long.parseLong(Files.readString(scripts.home().resolve("control-plane.pid")).strip());
    ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
    process.destroyForcibly();
    Scripts.until("that it died", () -> !process.isAlive());

    scripts.run("eksp-up.sh").exits(0);

    assertThat(orphan).doesNotExist();
    assertThat(withoutTimes(scripts.run("eksp-logs.sh", id).exits(0))).isEqualTo(CREATED);
  }
}
