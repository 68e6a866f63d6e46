package io.eksphemeral.local;

import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/**
 * A file system of its own, in memory, that can run full, and on which folders can become
 * read-only. Only root may mount one, and only on Linux.
 */
final class Disk implements AutoCloseable {
  private static final long BYTES = 2L << 30;

  private final Path root;
  private final Deque<Path> mounted = new ArrayDeque<>();

  private Disk(Path root) {
    this.root = root;
  }

  /**
   * Mounts one on a folder; empty if this process may not.
   *
   * @param apart folders on it that can become read-only, each by itself; they are made
   */
  static Optional<Disk> mount(Path folder, Path... apart) throws IOException {
    boolean isRoot = "root".equals(System.getProperty("user.name"));
    boolean isLinux = System.getProperty("os.name", "").startsWith("Linux");
    Disk disk = new Disk(folder);
    String options = "mode=700,size=" + BYTES;
    if (!isRoot || !isLinux || !disk.mountAt(folder, "-t", "tmpfs", "-o", options, "attack")) {
      return Optional.empty();
    }
    for (Path path : apart) {
      AtomicFiles.createOwnerOnly(path);
      if (!disk.mountAt(path, "--bind", path.toString())) {
        throw new IOException("nothing can be mounted on " + path);
      }
    }
    return Optional.of(disk);
  }

  private boolean mountAt(Path path, String... how) throws IOException {
    String[] command = Arrays.copyOf(how, how.length + 1);
    command[how.length] = path.toString();
    boolean isMounted = run("mount", command);
    if (isMounted) {
      mounted.push(path);
    }
    return isMounted;
  }

  /** Leaves no room, or so little that the next writes fill it. */
  void fill() throws IOException {
    FileStore store = Files.getFileStore(root);
    long spare = 0;
    long used;
    do {
      // It cannot become smaller than what is in it, which may have grown in the meantime.
      used = Math.max(1, store.getTotalSpace() - store.getUnallocatedSpace()) + spare;
      spare = 2 * spare + 4096;
    } while (!run("mount", "-o", "remount,size=" + used, root.toString()));
  }

  /** Makes a folder read-only, in a moment in which nobody is writing a file in it. */
  void freeze(Path folder) throws IOException {
    while (!run("mount", "-o", "remount,bind,ro", folder.toString())) {
      LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
    }
  }

  /** Makes all of it as it was. */
  void mend() throws IOException {
    if (!run("mount", "-o", "remount,size=" + BYTES, root.toString())) {
      throw new IOException("there is no room again");
    }
    for (Path path : mounted) {
      if (!path.equals(root) && !run("mount", "-o", "remount,bind,rw", path.toString())) {
        throw new IOException("still read-only: " + path);
      }
    }
  }

  @Override
  public void close() throws IOException {
    while (!mounted.isEmpty()) {
      run("umount", "-l", mounted.pop().toString());
    }
  }

  private static boolean run(String program, String... arguments) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(program).redirectErrorStream(true);
    builder.command().addAll(Arrays.asList(arguments));
    Process process = builder.start();
    try (var output = process.getInputStream()) {
      String said = new String(output.readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      // Busy, or too small: what comes of a moment, and is tried again. Or not allowed at all.
      if (code != 0 && !said.matches("(?s).*(busy|bad option|permission denied).*")) {
        throw new IOException("%s: %s".formatted(String.join(" ", builder.command()), said));
      }
      return code == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
