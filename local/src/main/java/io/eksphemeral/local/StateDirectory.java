package io.eksphemeral.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The folder that holds all of the local edition's state. One process has it at a time; the
 * operating system gives it back when that process ends, however it ends.
 */
final class StateDirectory implements AutoCloseable {
  private static final String PID = "control-plane.pid";
  private static final String URL = "control-plane.url";
  private static final String SETTINGS = "control-plane.settings";
  private static final String LOCK = "lock";

  /** Where the commands have the output of the process appended. */
  private static final String LOG = "control-plane.log";

  /** The longest log, in bytes; what is older is in one more file, and then gone. */
  static final long LONGEST_LOG = 10L * 1024 * 1024;

  private final Path path;
  private final AtomicFiles folder;
  private final FileChannel lockFile;

  /** Which file the lock is; null where files have nothing to know them by. */
  private final @Nullable Object lockKey;

  private StateDirectory(
      Path path, AtomicFiles folder, FileChannel lockFile, @Nullable Object lockKey) {
    this.path = path;
    this.folder = folder;
    this.lockFile = lockFile;
    this.lockKey = lockKey;
  }

  /**
   * Takes a home, made if it isn't there, and takes back what a killed process announced; empty if
   * another process has it.
   */
  static Optional<StateDirectory> take(Path path) throws IOException {
    AtomicFiles.createPrivately(path);
    FileChannel lockFile =
        FileChannel.open(
            path.resolve(LOCK),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            AtomicFiles.privately("rw-------"));
    FileLock lock = lockFile.tryLock();
    if (lock == null) {
      lockFile.close();
      return Optional.empty();
    }
    StateDirectory home =
        new StateDirectory(path, AtomicFiles.open(path), lockFile, fileKey(path.resolve(LOCK)));
    home.retract();
    return Optional.of(home);
  }

  private static @Nullable Object fileKey(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  /**
   * Whether somebody has removed it, or put another in its place: then what is written into it is
   * lost, or is another process's, and nobody finds this one.
   */
  boolean isRemoved() {
    try {
      return lockKey != null && !lockKey.equals(fileKey(path.resolve(LOCK)));
    } catch (NoSuchFileException | NotDirectoryException _) {
      return true;
    } catch (IOException _) {
      return false; // it cannot be looked at just now
    }
  }

  /** Keeps the log from growing with every call: it begins anew, with the one before beside it. */
  void boundLog() throws IOException {
    Path log = path.resolve(LOG);
    if (Files.exists(log) && Files.size(log) > LONGEST_LOG) {
      Files.copy(
          log,
          path.resolve(LOG + ".1"),
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.COPY_ATTRIBUTES);
      // Not replaced: the process writes on to this file, at its end.
      FileChannel.open(log, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING).close();
    }
  }

  /** A folder in it. */
  AtomicFiles folder(String name) throws IOException {
    return AtomicFiles.open(path.resolve(name));
  }

  /** The files directly in it. */
  AtomicFiles files() {
    return folder;
  }

  /** Lets the scripts find this process; the address comes last, so that who sees it sees both. */
  void announce(long pid, String url, String settings) throws IOException {
    folder.write(SETTINGS, settings);
    folder.write(PID, pid + "\n");
    folder.write(URL, url + "\n");
  }

  /** Takes the announcement back. */
  void retract() throws IOException {
    folder.remove(URL);
    folder.remove(PID);
    folder.remove(SETTINGS);
  }

  /** Gives the home back. */
  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
