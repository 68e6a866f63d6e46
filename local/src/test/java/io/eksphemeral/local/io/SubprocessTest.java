package io.eksphemeral.local.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.eksphemeral.local.io.Subprocess.Output;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SubprocessTest {
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final Duration SHORT = Duration.ofSeconds(1);

  private final Subprocess programs = new Subprocess(Map.of("PATH", "/usr/bin:/bin", "A", "b"), 10);

  private Output bash(Duration limit, String script) throws InterruptedException {
    return programs.run(limit, "", List.of("bash", "-c", script));
  }

  @Test
  void aProgramGetsItsInputAndTheEnvironmentAndNoOther() throws InterruptedException {
    assertThat(programs.run(LONG, "text", List.of("cat")).out()).isEqualTo("text");
    assertThat(bash(LONG, "echo \"$A-${HOME-}\"; echo no >&2; exit 3"))
        .isEqualTo(new Output(3, "b-\n", "no\n"));
  }

  @Test
  void whatASecretProgramPrintsIsNotShown() throws InterruptedException {
    assertThat(bash(LONG, "echo secret").toString()).doesNotContain("secret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " >&2"})
  void outputAsLongAsIsAllowedIsWhole(String where) throws InterruptedException {
    Output output = bash(LONG, "printf 0123456789" + where);

    assertThat(output.isSuccess()).isTrue();
    assertThat(output.out() + output.err()).isEqualTo("0123456789");
  }

  @ParameterizedTest
  @ValueSource(strings = {"printf 01234567890", "printf 01234567890 >&2", "yes"})
  void aLongerOneIsAFailureAndNotCut(String script) throws InterruptedException {
    Output output = bash(LONG, script);

    assertThat(output.isSuccess()).isFalse();
    assertThat(output.hasEnded()).isFalse();
    assertThat(output.out()).isEmpty();
    assertThat(output.reason()).isEqualTo("bash -c printed more than 10 bytes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sleep 300", "sleep 300 & exit 0", "sleep 300 >&2 | true; exit 0"})
  void whatDoesNotEndIsEnded(String script) throws InterruptedException {
    Output output = bash(SHORT, script);

    assertThat(output.hasEnded()).isFalse();
    assertThat(output.reason()).isEqualTo("bash -c did not answer within 1 s");
  }

  @Test
  void whatIsNotThereIsNotFound(@TempDir Path folder) throws Exception {
    assertThat(programs.run(LONG, "", List.of("no-such-program")))
        .isEqualTo(new Output(Subprocess.NOT_FOUND, "", "no-such-program is not installed"));
    Path program = Files.writeString(folder.resolve("program"), "#!/bin/sh\necho here\n");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    assertThat(programs.run(LONG, "", List.of(program.toString())).out()).isEqualTo("here\n");
    assertThatThrownBy(() -> programs.builder(List.of("program"))).isInstanceOf(IOException.class);
  }

  @Test
  void anInterruptEndsTheProgram(@TempDir Path folder) throws Exception {
    Path pid = folder.resolve("pid");
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Thread thread =
        Thread.ofVirtual()
            .start(() -> {
              try {
                bash(
                    LONG,
                    "echo $$ >'%s.new'; mv '%s.new' '%s'; exec sleep 300".formatted(pid, pid, pid));
                interrupted.complete(false);
              } catch (InterruptedException _) {
                interrupted.complete(true);
              }
            });
    while (!Files.exists(pid)) {
      Thread.sleep(10);
    }
    thread.interrupt();

    assertThat(interrupted.get()).isTrue();
    assertThat(
            ProcessHandle.of(Long.parseLong(Files.readString(pid).strip()))
                .filter(ProcessHandle::isAlive))
        .isEmpty();
  }
}
