package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The commands with a control plane on this machine: the jar, in a home and at a port of its own.
 * The tests mostly wait, so they run side by side.
 */
@Execution(ExecutionMode.CONCURRENT)
class WalkThroughScriptIT {
  private static final Path START_LOCK = Scripts.checkout().resolve("local/target/being-started");

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path scratch;
  private final int port;
  private final Scripts scripts;

  WalkThroughScriptIT(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    port = Scripts.freePort();
    scripts = Scripts.local(scratch, port);
  }

  @AfterEach
  void down() throws Exception {
    scripts.run("eksp-down.sh", "--abandon-clusters").exits(0);
  }

  @Test
  void theWalkThroughOf2019() throws Exception {
    scripts.run("eksp-up.sh").exits(0).prints("").says("127.0.0.1:" + port, "builds nothing");
    scripts.run("eksp-list.sh").exits(0).prints("[]\n");

    Scripts.Outcome created = scripts.run("eksp-create.sh", "2node-111-30.json", "sg-1").exits(0);
    String id = created.line();
    created.says(
        "2node-111-30 is ready (simulated: builds nothing)",
        " UTC, in 30 minutes",
        "/eksp-prolong.sh " + id + " 30\n",
        "/eksp-destroy.sh " + id + "\n");
    scripts.run("eksp-list.sh").exits(0).prints("[\"" + id + "\"]\n");

    JsonNode shown = JSON.readTree(scripts.run("eksp-list.sh", id).exits(0).line());
    assertThat(shown.properties().stream().map(field -> field.getKey()))
        .containsExactly("name", "numworkers", "kubeversion", "timeout", "owner", "status");
    assertThat(shown.path("status").path("state").asText()).isEqualTo("ready");

    JsonNode longer = JSON.readTree(scripts.run("eksp-prolong.sh", id, "15").exits(0).line());
    assertThat(longer.path("status").path("minutesleft").asInt()).isBetween(44, 45);
    JsonNode shorter =
        JSON.readTree(scripts.run("eksp-prolong.sh", "2node-111-30", "-20").exits(0).line());
    assertThat(shorter.path("status").path("minutesleft").asInt()).isBetween(24, 25);

    Scripts.Outcome destroyed = scripts.run("eksp-destroy.sh", "2node-111-30").exits(0);
    destroyed.says("2node-111-30: destroying", "2node-111-30 is gone");
    assertThat(JSON.readTree(destroyed.line()).path("status").path("state").asText())
        .isEqualTo("gone");
    scripts.run("eksp-list.sh").exits(0).prints("[]\n");

    scripts.run("eksp-down.sh").exits(0).prints("").says("the control plane is down");
    scripts.run("eksp-list.sh").exits(1).says("is not running");
    for (String forgotten : List.of("bucket", "logs", "simulated", "clock.json")) {
      assertThat(scripts.home().resolve(forgotten)).doesNotExist();
    }
  }

  @Test
  void aHomeIsWhereItIsSaidFromWhereTheCommandIsCalled() throws Exception {
    scripts.from(scratch).with("EKSPHEMERAL_HOME", "a home/of mine");

    scripts.run("eksp-up.sh").exits(0);
    scripts.run("eksp-list.sh").exits(0).prints("[]\n");

    assertThat(scratch.resolve("a home/of mine/control-plane.pid")).exists();
  }

  @Test
  void createStartsWhatIsNotUpAndAWholeLifeCanBeWatched() throws Exception {
    scripts.run("eksp-up.sh", "--speed", "600").exits(0);
    scripts.run("eksp-up.sh").exits(0).says("already up at http://127.0.0.1:" + port);
    scripts
        .run("eksp-up.sh", "--speed", "60")
        .exits(1)
        .says("--speed is 600, not 60", "eksp-down.sh && ", "eksp-up.sh --speed 60\n");

    String id = scripts.run("eksp-create.sh", "--timeout", "1").exits(0).line();

    Scripts.until("that cluster " + id + " is gone", () -> stateOf(id).equals("gone"));
  }

  @Test
  void aControlPlaneThatDoesNotAnswerIsStoppedAndItsRecordsKept() throws Exception {
    scripts.run("eksp-create.sh", "--no-wait").exits(0);
    String pid = Files.readString(scripts.home().resolve("control-plane.pid")).strip();
    kill("STOP", Long.parseLong(pid));

    scripts.run("eksp-down.sh").exits(0).says("did not respond and was stopped", "are kept in");

    scripts.run("eksp-up.sh").exits(0);
    assertThat(scripts.home().resolve("control-plane.pid")).content().isNotEqualTo(pid + "\n");
    assertThat(JSON.readTree(scripts.run("eksp-list.sh").exits(0).line())).hasSize(1);
  }

  @Test
  void aControlPlaneThatHangsIsNotCalledDown() throws Exception {
    scripts.run("eksp-create.sh", "--no-wait").exits(0);
    String pid = Files.readString(scripts.home().resolve("control-plane.pid")).strip();
    kill("STOP", Long.parseLong(pid));
    try {
      for (String command : List.of("eksp-up.sh", "eksp-list.sh", "eksp-create.sh")) {
        scripts
            .run(command)
            .exits(1)
            .prints("")
            .says("process " + pid + ", does not respond: ", "eksp-down.sh\n", "control-plane.log");
      }
    } finally {
      kill("CONT", Long.parseLong(pid));
    }
    assertThat(JSON.readTree(scripts.run("eksp-list.sh").exits(0).line())).hasSize(1);
  }

  @Test
  void settingsThatDifferFromThoseOfTheOneThatIsUpAreSaid() throws Exception {
    scripts.with("EKSPHEMERAL_MAX_CLUSTERS", "3").with("EKSPHEMERAL_MAX_MINUTES", "060");
    scripts.run("eksp-up.sh").exits(0);
    scripts.run("eksp-up.sh").exits(0).says("already up");
    scripts.with("EKSPHEMERAL_MAX_MINUTES", "60").without("EKSPHEMERAL_MAX_CLUSTERS");
    scripts.run("eksp-up.sh", "--speed", "1").exits(0).says("already up");

    scripts
        .with("EKSPHEMERAL_MAX_CLUSTERS", "4")
        .with("EKSPHEMERAL_MAX_WORKERS", "11")
        .with("EKSPHEMERAL_SIMULATE_FAULTS", "create:fail:1")
        .with("EKSPHEMERAL_PORT", Integer.toString(port + 1));
    String[] differences = {
      "EKSPHEMERAL_MAX_CLUSTERS is 3, not 4\n",
      "EKSPHEMERAL_MAX_WORKERS is 10, not 11\n",
      "EKSPHEMERAL_SIMULATE_FAULTS is not set, not create:fail:1\n",
      "EKSPHEMERAL_PORT is %d, not %d\n".formatted(port, port + 1)
    };
    scripts
        .run("eksp-up.sh")
        .exits(1)
        .prints("")
        .says(differences)
        .says("eksp-down.sh && ", "eksp-up.sh\n");
    scripts.run("eksp-create.sh", "--no-wait").exits(0).says(differences);
  }

  @Test
  void aControlPlaneWhoseHomeWasRemovedEndsAndItsPortIsFree() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    long pid =
        Long.parseLong(Files.readString(scripts.home().resolve("control-plane.pid")).strip());
    Files.move(scripts.home(), scratch.resolve("removed"));

    Scripts.until(
        "that it has ended", () -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
    scripts.run("eksp-list.sh").exits(1).says("the control plane is not running");
    scripts.run("eksp-up.sh").exits(0);
  }

  @Test
  void theControlPlaneOfAnotherHomeThatHasThePortIsNamed() throws Exception {
    Path other = scratch.resolve("other home");
    scripts.with("EKSPHEMERAL_HOME", other.toString()).run("eksp-up.sh").exits(0);
    String pid = Files.readString(other.resolve("control-plane.pid")).strip();
    try {
      scripts
          .with("EKSPHEMERAL_HOME", scripts.home().toString())
          .run("eksp-up.sh")
          .exits(1)
          .says(
              "port %d is in use by the control plane of %s, process %s"
                  .formatted(port, other, pid),
              "kill " + pid + "\n",
              "EKSPHEMERAL_PORT=" + (port + 1));
    } finally {
      scripts.with("EKSPHEMERAL_HOME", other.toString()).run("eksp-down.sh").exits(0);
      scripts.with("EKSPHEMERAL_HOME", scripts.home().toString());
    }
  }

  /** Of a command that was killed, whose number another process has by now. */
  @Test
  @ResourceLock("start lock")
  void aStartLockOfAProcessThatIsNoMoreIsTaken() throws Exception {
    long alive = ProcessHandle.current().pid();
    for (String holder : List.of(alive + " 1", Long.toString(alive), "999999999 1")) {
      holdStartLock(holder);

      scripts.run("eksp-up.sh").exits(0);
      scripts.run("eksp-down.sh").exits(0);

      assertThat(startLockHolder()).isNotEqualTo(holder);
    }
  }

  @Test
  @ResourceLock("start lock")
  void aStartLockOfAnotherCommandIsWaitedFor() throws Exception {
    Process holder = new ProcessBuilder("sleep", "60").start();
    Path stat = Path.of("/proc/%d/stat".formatted(holder.pid()));
    assumeThat(stat).exists();
    String start = Files.readString(stat).replaceFirst(".*\\) ", "").split(" ", -1)[19];
    holdStartLock(holder.pid() + " " + start);
    Scripts.Running starting = scripts.start("", "eksp-up.sh");
    starting.untilItSays("waiting for another command");

    holder.destroyForcibly().onExit().join();

    starting.outcome().exits(0);
  }

  /** Takes the lock of this checkout, which tests that run beside this one take as well. */
  private static void holdStartLock(String holder) throws InterruptedException {
    Scripts.until(
        "that no other command starts a control plane",
        () -> {
          try {
            Files.createSymbolicLink(START_LOCK, Path.of(holder));
            return true;
          } catch (FileAlreadyExistsException _) {
            return false;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static String startLockHolder() throws IOException {
    try {
      return Files.readSymbolicLink(START_LOCK).toString();
    } catch (NoSuchFileException _) {
      return "";
    }
  }

  @Test
  void recordsThatCannotBeReadAreNotRemovedWithoutAWord() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    String id = "01930000-0000-7000-8000-000000000001";
    Path broken = scripts.home().resolve("bucket/" + id + ".json");
    Files.writeString(broken, "{\"status\": {\"format\": 2}}");
    Files.writeString(
        scripts.home().resolve("bucket/" + id.replace("8000", "8001") + ".json"),
        "{\"name\": \"old\"}");

    scripts
        .run("eksp-down.sh")
        .exits(2)
        .says(id + ", which is unreadable", "old, a record from 2019");
    scripts.run("eksp-down.sh", "--destroy-clusters").exits(1).says(id, "--abandon-clusters");

    assertThat(broken).exists();
  }

  @Test
  void theDefaultSpecMakesAnyNumberOfClusters() throws Exception {
    String one = scripts.run("eksp-create.sh", "--no-wait").exits(0).line();
    String two = scripts.run("eksp-create.sh", "--no-wait", "default-cc.json").exits(0).line();

    scripts.run("eksp-list.sh").exits(0).prints("[\"%s\",\"%s\"]\n".formatted(one, two));
  }

  @Test
  void twoAtOnceStartOneControlPlane() throws Exception {
    List<Scripts.Running> both = new ArrayList<>();
    for (String name : List.of("one", "two")) {
      both.add(scripts.start("", "eksp-create.sh", "--no-wait", "--name", name));
    }
    for (Scripts.Running running : both) {
      running.outcome().exits(0);
    }

    assertThat(JSON.readTree(scripts.run("eksp-list.sh").exits(0).line())).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void anInterruptEndsTheWaitingAndNotTheCluster(String signal) throws Exception {
    scripts.with("EKSPHEMERAL_SIMULATE_SECONDS", "30");
    scripts.run("eksp-up.sh").exits(0);
    Scripts.Running creating = scripts.start("", "eksp-create.sh", "--local", "--name", "left");
    creating.untilItSays("left is accepted");
    assumeThat(ignores(creating.process(), signal))
        .as("the environment of this test ignores SIG%s", signal)
        .isFalse();

    kill(signal, creating.process().pid());

    Scripts.Outcome outcome = creating.outcome().exits(130).prints("");
    JsonNode ids = JSON.readTree(scripts.run("eksp-list.sh").exits(0).line());
    assertThat(ids).hasSize(1);
    outcome.says(
        "left is still being created in the background",
        "/eksp-list.sh --local " + ids.path(0).asText() + "\n",
        "/eksp-destroy.sh --local " + ids.path(0).asText() + "\n");
  }

  /** A terminal sends the signal to all that the command has started, and not only to it. */
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM", "HUP"})
  void noSignalToTheCommandsGroupReachesTheControlPlane(String signal) throws Exception {
    scripts.with("EKSPHEMERAL_SIMULATE_SECONDS", "30");
    Scripts.Running creating =
        scripts.start("", "setsid", command("eksp-create.sh"), "--name", "left");
    creating.untilItSays("left is accepted");

    kill(signal, -creating.process().pid());

    creating.process().waitFor();
    assertThat(JSON.readTree(scripts.run("eksp-list.sh").exits(0).line())).hasSize(1);
  }

  private static String command(String name) {
    return Scripts.checkout().resolve(name).toString();
  }

  @Test
  void aFailedCreationSaysWhyAndIsRemovedByItself() throws Exception {
    scripts.with("EKSPHEMERAL_SIMULATE_FAULTS", "create:fail:1");

    Scripts.Outcome failed = scripts.run("eksp-create.sh", "--name", "unlucky").exits(1);

    failed.prints("").says("eksp-create.sh: unlucky was not created: ", "\n  | ");
    failed.says("is being cleaned up automatically");
    Scripts.until("that nothing is left", () -> noCluster());
  }

  @Test
  void aFailedDestructionSaysSo() throws Exception {
    scripts.with("EKSPHEMERAL_SIMULATE_FAULTS", "destroy:fail:1");
    String id = scripts.run("eksp-create.sh").exits(0).line();

    scripts.run("eksp-destroy.sh", id).exits(1).prints("").says("could not be destroyed: ");
    scripts
        .run("eksp-destroy.sh", id)
        .exits(0)
        .says("default-eksp-" + id.substring(28) + " is gone");
  }

  @Test
  void aDestructionThatLeavesSomethingSaysWhat() throws Exception {
    scripts.with("EKSPHEMERAL_SIMULATE_FAULTS", "destroy:leftovers:2");
    String id = scripts.run("eksp-create.sh").exits(0).line();
    String name = "default-eksp-" + id.substring(28);
    String left = "\n  %s still has: volume of %s\n".formatted(name, name);

    scripts
        .run("eksp-destroy.sh", id)
        .exits(1)
        .says("could not be destroyed: the teardown left resources behind\n", left);
    scripts
        .run("eksp-down.sh", "--destroy-clusters")
        .exits(1)
        .says("some clusters could not be destroyed", left);
    scripts.run("eksp-destroy.sh", id).exits(0).says(name + " is gone");
  }

  @Test
  void badInputHasAllItsProblemsSaidAndNothingIsStored() throws Exception {
    scripts
        .runOn("{\"timout\": 5, \"numworkers\": \"2\", \"name\": \"a b\"}", "eksp-create.sh", "-")
        .exits(2)
        .prints("")
        .says("did you mean timeout?", "numworkers", "\n  - name");
    scripts.runOn("[]", "eksp-create.sh", "-").exits(2).prints("");
    scripts.runOn("", "eksp-create.sh", "-").exits(2).prints("");
    scripts.runOn("{} x", "eksp-create.sh", "-").exits(2).prints("");
    scripts
        .runOn("{\"name\":\"%s\"}".formatted("a".repeat(65 * 1024)), "eksp-create.sh", "-")
        .exits(2);
    for (String timeout : List.of("0", "-5", "1441", "abc", "12345678901234567890", "2.5")) {
      scripts.run("eksp-create.sh", "--timeout", timeout).exits(2).prints("").says("timeout");
    }
    for (String id : List.of("../x", "a b", "nobody", "01890a5d-ac96-774b-bcce-b302099a8057")) {
      scripts.run("eksp-list.sh", id).exits(2).prints("");
      scripts.run("eksp-destroy.sh", id).exits(2).prints("");
      scripts.run("eksp-prolong.sh", id, "5").exits(2).prints("");
    }
    scripts.run("eksp-list.sh").exits(0).prints("[]\n");
  }

  @Test
  void whatIsInTheWayOfAProlongationIsSaid() throws Exception {
    String id = scripts.run("eksp-create.sh", "--name", "dev").exits(0).line();

    for (String minutes : List.of("0", "abc", "99999", "5.5")) {
      scripts.run("eksp-prolong.sh", id, minutes).exits(2).prints("");
    }
    scripts.run("eksp-create.sh", "--name", "dev").exits(2).says(id);
    scripts.run("eksp-destroy.sh", id).exits(0);
    scripts.run("eksp-prolong.sh", id, "5").exits(2).prints("");
  }

  @Test
  void clustersThatAreLeftKeepItUpUntilSomebodyDecides() throws Exception {
    String id = scripts.run("eksp-create.sh", "--no-wait", "--name", "dev").exits(0).line();

    scripts
        .run("eksp-down.sh")
        .exits(2)
        .prints("")
        .says(id + " dev", "eksp-down.sh --destroy-clusters", "eksp-down.sh --abandon-clusters");
    scripts.run("eksp-list.sh").exits(0).prints("[\"" + id + "\"]\n");

    scripts.run("eksp-down.sh", "--destroy-clusters").exits(0).says("the control plane is down");
    scripts.run("eksp-list.sh").exits(1).says("is not running");
    assertThat(scripts.home().resolve("control-plane.pid")).doesNotExist();
  }

  @Test
  void aPortOfSomebodyElsesIsSaid() throws Exception {
    HttpServer other =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    other.start();
    try {
      scripts
          .run("eksp-create.sh")
          .exits(1)
          .prints("")
          .says("eksp-create.sh: port " + port + " is taken", "EKSPHEMERAL_PORT=");

      // As a machine leaves them that lost its power.
      Files.writeString(scripts.home().resolve("control-plane.url"), "http://127.0.0.1:" + port);
      Files.writeString(scripts.home().resolve("control-plane.pid"), "1");
      scripts
          .run("eksp-list.sh")
          .exits(1)
          .prints("")
          .says("not running: another program responds at");
      scripts.run("eksp-up.sh").exits(1).says("port " + port + " is taken");
    } finally {
      other.stop(0);
    }
  }

  @Test
  void aControlPlaneThatWasKilledIsStartedAgainAndGoesOn() throws Exception {
    String id = scripts.run("eksp-create.sh", "--no-wait").exits(0).line();
    String pid = Files.readString(scripts.home().resolve("control-plane.pid")).strip();
    kill("KILL", Long.parseLong(pid));
    Scripts.until(
        "that the control plane is dead",
        () -> ProcessHandle.of(Long.parseLong(pid)).filter(ProcessHandle::isAlive).isEmpty());

    scripts.run("eksp-list.sh").exits(1).prints("").says("the control plane is not running");
    scripts.run("eksp-up.sh").exits(0);

    scripts.run("eksp-list.sh").exits(0).prints("[\"" + id + "\"]\n");
  }

  @Test
  void itIsFoundFromEverywhereAndThroughALink() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
    Path link = scratch.resolve("bin/eksp-list.sh");
    Files.createDirectories(scratch.resolve("bin"));
    Files.createSymbolicLink(link, Scripts.checkout().resolve("eksp-list.sh"));

    Scripts elsewhere = Scripts.in(scratch.resolve("bin"), scratch).with("EKSPHEMERAL_LOCAL", "1");

    elsewhere.run("eksp-list.sh").exits(0).prints("[]\n");
  }

  private String stateOf(String id) {
    try {
      Scripts.Outcome shown = scripts.run("eksp-list.sh", id).exits(0);
      return JSON.readTree(shown.line()).path("status").path("state").asText();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private boolean noCluster() {
    try {
      return scripts.run("eksp-list.sh").exits(0).out().equals("[]\n");
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void kill(String signal, long pid) throws IOException, InterruptedException {
    int exit = new ProcessBuilder("kill", "-" + signal, "--", Long.toString(pid)).start().waitFor();
    assertThat(exit).as("kill -%s %d", signal, pid).isZero();
  }

  /** Whether a process was born with a signal ignored, which a shell cannot change. */
  private static boolean ignores(Process process, String signal) throws IOException {
    Path status = Path.of("/proc", Long.toString(process.pid()), "status");
    if (!Files.exists(status)) {
      return false;
    }
    int number = List.of("HUP", "INT").indexOf(signal) + 1;
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("SigIgn:"))
        .map(line -> Long.parseUnsignedLong(line.substring("SigIgn:".length()).strip(), 16))
        .anyMatch(mask -> number > 0 && (mask >> (number - 1) & 1) == 1);
  }
}
