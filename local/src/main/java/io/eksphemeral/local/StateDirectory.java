package io.eksphemeral.local;

import io.eksphemeral.local.io.AtomicFiles;
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
 * The directory with all state of the control plane on one machine. One process locks it at a time;
 * the operating system releases the lock when that process ends, however it ends.
 */
final class StateDirectory implements AutoCloseable {
  private static final String PID = "control-plane.pid";
  private static final String URL = "control-plane.url";
  private static final String SETTINGS = "control-plane.settings";
  private static final String LOCK = "lock";

  /** The commands redirect the output of the process to it. */
  private static final String LOG = "control-plane.log";

  /** The size at which the log is rotated, in bytes; one older log is kept. */
  static final long LONGEST_LOG = 10L * 1024 * 1024;

  private final Path path;
  private final AtomicFiles folder;
  private final FileChannel lockFile;

  /** Identifies the lock file; null on file systems that cannot. */
  private final @Nullable Object lockKey;

  private StateDirectory(
      Path path, AtomicFiles folder, FileChannel lockFile, @Nullable Object lockKey) {
    this.path = path;
    this.folder = folder;
    this.lockFile = lockFile;
    this.lockKey = lockKey;
  }

  /**
   * Locks a directory, which is created if it is missing, and removes what a killed process has
   * published; empty if another process has the lock.
   */
  static Optional<StateDirectory> acquire(Path path) throws IOException {
    AtomicFiles.createOwnerOnly(path);
    FileChannel lockFile =
        FileChannel.open(
            path.resolve(LOCK),
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            AtomicFiles.ownerOnly("rw-------"));
    FileLock lock = lockFile.tryLock();
    if (lock == null) {
      lockFile.close();
      return Optional.empty();
    }
    renameLegacyFolder(path);
    StateDirectory home =
        new StateDirectory(path, AtomicFiles.open(path), lockFile, fileKey(path.resolve(LOCK)));
    home.unpublish();
    return Optional.of(home);
  }

  /** Earlier versions called the folder of the simulated tasks {@code rehearsal}. */
  private static void renameLegacyFolder(Path path) throws IOException {
    Path legacy = path.resolve("rehearsal");
    if (Files.isDirectory(legacy) && Files.notExists(path.resolve("simulated"))) {
      Files.move(legacy, path.resolve("simulated"), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static @Nullable Object fileKey(Path file) throws IOException {
    return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
  }

  /**
   * Whether the directory was removed or replaced: then files written into it are lost, or another
   * process's, and the commands cannot find this process.
   */
  boolean isRemoved() {
    try {
      return lockKey != null && !lockKey.equals(fileKey(path.resolve(LOCK)));
    } catch (NoSuchFileException | NotDirectoryException _) {
      return true;
    } catch (IOException _) {
      return false; // cannot be checked now
    }
  }

  /** Rotates a log that has become too long. */
  void rotateLog() throws IOException {
    Path log = path.resolve(LOG);
    if (Files.exists(log) && Files.size(log) > LONGEST_LOG) {
      Files.copy(
          log,
          path.resolve(LOG + ".1"),
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.COPY_ATTRIBUTES);
      // Truncated in place: the process goes on appending to this very file.
      FileChannel.open(log, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING).close();
    }
  }

  /** A subdirectory. */
  AtomicFiles folder(String name) throws IOException {
    return AtomicFiles.open(path.resolve(name));
  }

  /** The files directly in the directory. */
  AtomicFiles files() {
    return folder;
  }

  /** Lets the commands find this process. The address comes last, when all else is there. */
  void publish(long pid, String url, String settings) throws IOException {
    folder.write(SETTINGS, settings);
    folder.write(PID, pid + "\n");
    folder.write(URL, url + "\n");
  }

  /** Removes what was published. */
  void unpublish() throws IOException {
    folder.remove(URL);
    folder.remove(PID);
    folder.remove(SETTINGS);
  }

  /** Releases the lock. */
  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
