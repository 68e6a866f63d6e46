package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Other users of the machine can neither read nor change the state directory. */
class PrivateHomeIT {
  private final Path scratch;
  private final Scripts scripts;
  private final Path loosely;

  PrivateHomeIT(@TempDir Path scratch) throws IOException {
    this.scratch = scratch;
    // Nothing above the home keeps others out.
    Files.setPosixFilePermissions(scratch, PosixFilePermissions.fromString("rwxr-xr-x"));
    scripts =
        Scripts.in(scratch)
            .with("EKSPHEMERAL_PORT", "0")
            .with("EKSPHEMERAL_SIMULATE_SECONDS", "0.1");
    loosely = scratch.resolve("loosely");
    Files.writeString(
        loosely, "umask 000\nexec bash \"%s/$1\" \"${@:2}\"\n".formatted(Scripts.checkout()));
  }

  @AfterEach
  void stop() throws Exception {
    scripts.run("eksp-down.sh", "--local", "--abandon-clusters");
  }

  /** Runs a command with a umask that lets everyone read and write. */
  private void runLoosely(String... words) throws Exception {
    Path program = scratch.resolve("program");
    Files.writeString(
        program,
        "#!/usr/bin/env bash\nexec bash %s %s\n".formatted(loosely, String.join(" ", words)));
    assertThat(program.toFile().setExecutable(true)).isTrue();
    scripts.run(program.toString()).exits(0);
  }

  private void fill() throws Exception {
    runLoosely("eksp-up.sh", "--local", "--speed", "60");
    runLoosely("eksp-create.sh", "--local", "--name", "dev", "--owner", "alice@eksphemeral.io");
    assertThat(scripts.home().resolve("outbox")).isNotEmptyDirectory();
  }

  @Test
  void whateverOthersMayReadByDefaultTheyReadNothingOfThis() throws Exception {
    fill();

    assertThat(open()).isEmpty();
  }

  private List<Path> open() throws IOException {
    try (Stream<Path> files = Files.walk(scripts.home())) {
      return files.filter(PrivateHomeIT::isOpen).toList();
    }
  }

  private static boolean isOpen(Path file) {
    try {
      return !Set.of("rwx------", "rw-------")
          .contains(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)));
    } catch (NoSuchFileException e) {
      return false; // it is just being written
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void somebodyElseGetsAtNothing() throws Exception {
    assumeThat(System.getProperty("user.name"))
        .as("only root can become another user")
        .isEqualTo("root");
    fill();

    for (String act :
        List.of(
            "ls \"$HOME\"",
            "cat \"$HOME/control-plane.log\"",
            "cat \"$HOME/lock\"",
            "touch \"$HOME/x\"")) {
      ProcessBuilder builder =
          new ProcessBuilder(
              "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", act);
      builder.environment().put("HOME", scripts.home().toString());
      Process other = builder.redirectErrorStream(true).start();
      String said = new String(other.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(other.waitFor()).as("%s: %s", act, said).isNotZero();
      assertThat(said).contains("Permission denied");
    }
  }

  @Test
  void aLogOfBeforeIsClosedToOthers() throws Exception {
    Files.createDirectory(scripts.home());
    Path log = Files.writeString(scripts.home().resolve("control-plane.log"), "before\n");
    Files.setPosixFilePermissions(log, PosixFilePermissions.fromString("rw-r--r--"));

    runLoosely("eksp-up.sh", "--local");

    assertThat(isOpen(log)).isFalse();
  }

  @Test
  void aHomeInWhichOthersWriteIsNotUsed() throws Exception {
    for (String permissions : List.of("rwxrwx---", "rwxrwxrwx", "rwx----w-")) {
      Path home = Files.createDirectories(scripts.home());
      Files.setPosixFilePermissions(home, PosixFilePermissions.fromString(permissions));
      for (String command :
          List.of("eksp-up.sh", "eksp-create.sh", "eksp-list.sh", "eksp-down.sh")) {
        scripts
            .run(command, "--local")
            .exits(2)
            .prints("")
            .says(
                home + " is writable by other users",
                "chmod go-w " + home.toString().replace(" ", "\\ "));
      }
      assertThat(home).isEmptyDirectory();
    }
    Files.setPosixFilePermissions(scripts.home(), PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void aHomeOfSomebodyElseIsNotUsed() throws Exception {
    assumeThat(System.getProperty("user.name"))
        .as("only root can give things away")
        .isEqualTo("root");
    Path home = Files.createDirectories(scripts.home());
    UserPrincipal root = Files.getOwner(home);
    Files.setOwner(
        home, home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody"));

    scripts
        .run("eksp-create.sh", "--local")
        .exits(2)
        .prints("")
        .says(
            home + " is owned by another user; refusing to use it",
            "EKSPHEMERAL_HOME=~/.eksphemeral");

    assertThat(home).isEmptyDirectory();
    Files.setOwner(home, root);
  }
}
