package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Clusters that are gone, with a control plane on this machine. */
@Execution(ExecutionMode.CONCURRENT)
class GoneScriptIT {
  private final Scripts scripts;

  GoneScriptIT(@TempDir Path scratch) throws IOException {
    scripts = Scripts.local(scratch, Scripts.freePort());
  }

  @BeforeEach
  void up() throws Exception {
    scripts.run("eksp-up.sh").exits(0);
  }

  @AfterEach
  void down() throws Exception {
    scripts.run("eksp-down.sh", "--abandon-clusters").exits(0);
  }

  @Test
  void aClusterThatIsGoneIsFoundByItsNameTheLatestOneUnlessOneIsThere() throws Exception {
    String first = scripts.run("eksp-create.sh", "--name", "past").exits(0).line();
    scripts.run("eksp-destroy.sh", "past").exits(0);
    String second = scripts.run("eksp-create.sh", "--name", "past").exits(0).line();
    scripts.run("eksp-destroy.sh", "past").exits(0);

    for (String reference : List.of("past", second, second.substring(0, 35))) {
      assertThat(scripts.run("eksp", "status", reference).exits(0).line()).contains(second);
      scripts.run("eksp", "wait", "--for", "gone", reference).exits(0).says("past is gone");
      scripts.run("eksp", "wait", reference).exits(1).says("past is gone: ");
      assertThat(scripts.run("eksp", "logs", reference).exits(0).out()).contains("\"past\"");
      scripts.run("eksp", "kubeconfig", reference).exits(1).prints("").says("past is gone: ");
      scripts.run("eksp", "list", "-o", "ids", reference).exits(0).prints(second + "\n");
      assertThat(scripts.run("eksp-list.sh", reference).exits(0).line()).contains(second);
      scripts
          .run("eksp", "prolong", "--until", "23:00", reference)
          .exits(2)
          .says("its state is gone");
    }
    assertThat(scripts.run("eksp", "status", "-o", "text", "past").exits(0).out())
        .contains("past is gone, since ", "eksp logs " + second);
    assertThat(scripts.run("eksp", "status", first).exits(0).line()).contains(first);
    // What is gone is looked at and not changed.
    scripts.run("eksp", "destroy", "past").exits(2).says("there is no cluster past", "list --all");

    String third = scripts.run("eksp-create.sh", "--name", "past").exits(0).line();
    assertThat(scripts.run("eksp", "status", "past").exits(0).line()).contains(third);
    scripts.run("eksp-destroy.sh", "past").exits(0);
  }

  @Test
  void aClusterThatIsWatchedByItsNameIsSeenToTheEnd() throws Exception {
    scripts.run("eksp-create.sh", "--name", "ending").exits(0);
    Scripts.Running watching = scripts.start("", "eksp", "list", "--watch", "ending");
    Scripts.until("a first table", () -> read(watching.out()).contains("ending  ready"));
    scripts.run("eksp-destroy.sh", "ending").exits(0);
    Scripts.until("its end", () -> read(watching.out()).contains("-> gone"));
    watching.process().destroy();
    watching.process().waitFor();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
