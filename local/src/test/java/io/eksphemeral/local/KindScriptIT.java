package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.local.kind.StandIns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The commands with clusters in containers, on stand-ins for docker and kind. */
@Execution(ExecutionMode.CONCURRENT)
class KindScriptIT {
  private final StandIns standIns;
  private final Scripts scripts;

  KindScriptIT(@TempDir Path scratch) throws IOException {
    standIns = new StandIns(scratch.resolve("stand-ins"));
    scripts =
        Scripts.in(scratch)
            .with("EKSPHEMERAL_PORT", Integer.toString(Scripts.freePort()))
            .with("EKSPHEMERAL_LOCAL", "1")
            .with("STAND_IN", scratch.resolve("stand-ins").toString())
            .with("PATH", StandIns.PATH);
  }

  @AfterEach
  void down() throws Exception {
    scripts.run("eksp-down.sh", "--abandon-clusters").exits(0);
  }

  @Test
  void aClusterIsCreatedUsedAndDestroyed() throws Exception {
    String id =
        scripts
            .run("eksp", "create", "--name", "dev", "--workers", "2")
            .exits(0)
            .says("(kind on docker)", "export KUBECONFIG=~/.kube/eksphemeral/dev")
            .doesNotSay("no real clusters")
            .line();
    assertThat(standIns.clusters()).containsOnly("eksp-" + id).hasSize(3);
    assertThat(Path.of(scripts.value("HOME"), ".kube/eksphemeral/dev"))
        .content()
        .contains("current-context: \"dev\"");
    assertThat(scripts.run("eksp-logs.sh", "dev").exits(0).out()).contains("Joining worker nodes");

    scripts.run("eksp-destroy.sh", "dev").exits(0);
    assertThat(standIns.list("containers")).isEmpty();
    assertThat(standIns.list("volumes")).isEmpty();
    assertThat(scripts.home().resolve("kubeconfig").resolve(id)).doesNotExist();
  }

  @Test
  void withoutAnEngineClustersAreSimulatedAndTheReasonIsTold() throws Exception {
    standIns.tell("down", "");
    scripts
        .run("eksp-create.sh", "--name", "dev")
        .exits(0)
        .says("no real clusters: docker does not answer: Cannot connect", "(simulated: builds");
    scripts.run("eksp-destroy.sh", "dev").exits(0);
  }

  @Test
  void aProviderThatCannotBeUsedStartsNothing() throws Exception {
    standIns.tell("down", "");
    scripts
        .run("eksp-up.sh", "--provider", "kind")
        .exits(2)
        .says("kind cannot be used: docker does not answer");
    scripts
        .run("eksp-create.sh", "--provider", "kind")
        .exits(2)
        .says("kind cannot be used: docker does not answer");
    scripts
        .run("eksp-up.sh", "--provider", "eks")
        .exits(2)
        .says("the provider is 'eks', and must be kind or simulated");
    assertThat(scripts.home().resolve("control-plane.pid")).doesNotExist();
  }

  @Test
  void aRunningControlPlaneKeepsItsProvider() throws Exception {
    scripts.run("eksp-up.sh", "--provider", "kind").exits(0);
    Path pid = scripts.home().resolve("control-plane.pid");
    String process = Files.readString(pid);

    scripts
        .run("eksp-up.sh", "--provider", "simulated")
        .exits(1)
        .says("EKSPHEMERAL_PROVIDER is kind, not simulated");
    scripts
        .run("eksp-create.sh", "--provider", "simulated", "--name", "dev")
        .exits(1)
        .says("the running control plane's provider is kind, not simulated");
    scripts.run("eksp-up.sh").exits(0);
    assertThat(pid).content().isEqualTo(process);
    assertThat(standIns.list("containers")).isEmpty();
  }

  @Test
  void versionsWithoutAnImageAreRejectedWithThoseThatHaveOne() throws Exception {
    standIns.tell("images", "kindest/node:v1.33.1\nkindest/node:v1.33.7\nkindest/node:latest\n");
    scripts
        .run("eksp-create.sh", "--version", "1.12")
        .exits(2)
        .says("kubeversion must be one that is offered: 1.33, 1.34, 1.35, 1.36, 1.37, not");
    scripts.run("eksp-create.sh", "--version", "1.99").exits(2).says("one that is offered: 1.33");

    scripts.run("eksp-create.sh", "--version", "1.33", "--name", "old").exits(0);
    assertThat(scripts.run("eksp-logs.sh", "old").out()).contains("(kindest/node:v1.33.7)");
    scripts.run("eksp-destroy.sh", "old").exits(0);
  }

  @Test
  void fieldsOfASpecThatHaveNoEffectAreNamed() throws Exception {
    scripts
        .run("eksp-create.sh", "--name", "dev", "--arch", "arm64", "--without", "metrics-server")
        .exits(0)
        .says("kind on docker ignores of the spec: without, nodes\n");
    assertThat(
            scripts.run("eksp-create.sh", "--dry-run", "-o", "text", "--disk", "30").exits(0).out())
        .containsPattern("no effect +here: nodes");
    scripts.run("eksp-create.sh", "--disk", "101").exits(2).says("nodes.disk must be");
    scripts.run("eksp-destroy.sh", "dev").exits(0);
  }

  @Test
  void aHomeBehindALinkIsTheSameHome() throws Exception {
    scripts.run("eksp-create.sh", "--name", "dev").exits(0);
    Path kubeconfig = Path.of(scripts.value("HOME"), ".kube/eksphemeral/dev");
    assertThat(kubeconfig).exists();
    Path home = scripts.home();
    Path link = Files.createSymbolicLink(home.resolveSibling("link"), home);
    scripts.with("EKSPHEMERAL_HOME", link.toString());

    scripts.run("eksp-destroy.sh", "dev").exits(0);
    assertThat(kubeconfig).doesNotExist();
  }

  @Test
  void aKubeconfigThatCannotBeWrittenLeavesNoPartOfIt(@TempDir Path programs) throws Exception {
    scripts.run("eksp-create.sh", "--name", "dev").exits(0);
    Path mv = Files.writeString(programs.resolve("mv"), "#!/bin/sh\nexit 1\n");
    assertThat(mv.toFile().setExecutable(true)).isTrue();
    scripts.with("PATH", programs + ":" + StandIns.PATH);

    scripts.run("eksp-kubeconfig.sh", "dev").exits(1).says("dev cannot be written");
    assertThat(Path.of(scripts.value("HOME"), ".kube/eksphemeral"))
        .isDirectoryContaining("glob:**/dev")
        .isDirectoryNotContaining("glob:**/.*");
    scripts.run("eksp-destroy.sh", "dev").exits(0);
  }

  @Test
  void theOperatorMayChooseTheImages() throws Exception {
    scripts.with("EKSPHEMERAL_NODE_IMAGES", "1.35=registry.corp.io/node:1.35");
    scripts.run("eksp-create.sh", "--version", "1.35", "--name", "dev").exits(0);
    assertThat(scripts.run("eksp-logs.sh", "dev").out()).contains("registry.corp.io/node:1.35");
    scripts.run("eksp-destroy.sh", "dev").exits(0);
  }

  @Test
  void whoeverAbandonsClustersIsToldHowToRemoveThem() throws Exception {
    String id = scripts.run("eksp-create.sh", "--name", "dev").exits(0).line();
    scripts
        .run("eksp-down.sh", "--abandon-clusters")
        .exits(0)
        .says("kind delete cluster --name eksp-" + id);
    assertThat(standIns.clusters()).contains("eksp-" + id);
  }

  @Test
  void clustersOfAStoppedControlPlaneAreNotLeftToAnotherProvider() throws Exception {
    scripts.run("eksp-create.sh", "--name", "dev").exits(0);
    scripts.run("kill", Files.readString(scripts.home().resolve("control-plane.pid")).strip());
    Scripts.until("it ends", () -> Files.notExists(scripts.home().resolve("control-plane.pid")));

    scripts
        .run("eksp-up.sh", "--provider", "simulated")
        .exits(2)
        .says("are of the provider kind, not simulated; destroy them first");
    standIns.tell("down", "");
    scripts.run("eksp-destroy.sh", "--local", "dev").exits(1);
    scripts.run("eksp-up.sh").exits(0).says("(kind on docker)");
    scripts.run("eksp-destroy.sh", "dev").exits(1).says("Is the docker daemon running?");
    standIns.forget("down");
    assertThat(standIns.list("containers")).isNotEmpty();
  }
}
