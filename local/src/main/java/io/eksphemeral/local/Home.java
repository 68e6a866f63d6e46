package io.eksphemeral.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/**
 * The folder that holds all of the local edition's state. One process has it at a time; the
 * operating system gives it back when that process ends, however it ends.
 */
final class Home implements AutoCloseable {
  private static final String PID = "control-plane.pid";
  private static final String URL = "control-plane.url";

  private final Path path;
  private final Folder folder;
  private final FileChannel lockFile;

  private Home(Path path, Folder folder, FileChannel lockFile) {
    this.path = path;
    this.folder = folder;
    this.lockFile = lockFile;
  }

  /**
   * Takes a home, made if it isn't there, and takes back what a killed process announced; empty if
   * another process has it.
   */
  static Optional<Home> take(Path path) throws IOException {
    Folder.createPrivately(path);
    FileChannel lockFile =
        FileChannel.open(
            path.resolve("lock"),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            Folder.privately("rw-------"));
    FileLock lock = lockFile.tryLock();
    if (lock == null) {
      lockFile.close();
      return Optional.empty();
    }
    Home home = new Home(path, Folder.open(path), lockFile);
    home.retract();
    return Optional.of(home);
  }

  /** A folder in it. */
  Folder folder(String name) throws IOException {
    return Folder.open(path.resolve(name));
  }

  /** The files directly in it. */
  Folder files() {
    return folder;
  }

  /** Lets the scripts find this process; the address comes last, so that who sees it sees both. */
  void announce(long pid, String url) throws IOException {
    folder.write(PID, pid + "\n");
    folder.write(URL, url + "\n");
  }

  /** Takes the announcement back. */
  void retract() throws IOException {
    folder.remove(URL);
    folder.remove(PID);
  }

  /** Gives the home back. */
  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
