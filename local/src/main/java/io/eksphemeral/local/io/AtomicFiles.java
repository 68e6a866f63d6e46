package io.eksphemeral.local.io;

import io.eksphemeral.control.ObjectStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * A folder of small text files, each under a key such as {@code names/dev}. Writes are atomic and
 * durable: once a method has returned, its effect survives a crash and a power failure. Only the
 * owner can read the files. Only one process may use a folder at a time.
 */
public final class AtomicFiles {
  private static final int MAX_BYTES = ObjectStore.MAX_BYTES;

  private static final String TEMPORARIES = ".tmp";
  private static final int LOCKS = 64;

  private final Path root;
  private final Sync sync;
  private final Path temporaries;
  private final AtomicLong written = new AtomicLong();
  private final List<ReentrantLock> locks =
      Stream.generate(() -> new ReentrantLock()).limit(LOCKS).toList();

  private AtomicFiles(Path root, Sync sync) {
    this.root = root;
    this.sync = sync;
    this.temporaries = root.resolve(TEMPORARIES);
  }

  /** Opens a folder, which is created if it is missing, and removes unfinished writes. */
  public static AtomicFiles open(Path root) throws IOException {
    return open(root, Sync.REAL);
  }

  /** The same with another way to force writes to disk. */
  public static AtomicFiles open(Path root, Sync sync) throws IOException {
    AtomicFiles folder = new AtomicFiles(root, sync);
    createOwnerOnly(folder.temporaries, sync);
    try (DirectoryStream<Path> leftOver = Files.newDirectoryStream(folder.temporaries)) {
      for (Path file : leftOver) {
        Files.delete(file);
      }
    }
    return folder;
  }

  public Path root() {
    return root;
  }

  /** Forces the content of a file, or the entries of a folder, to disk. */
  public interface Sync {
    Sync REAL = (_, channel) -> channel.force(true);

    void force(Path path, FileChannel channel) throws IOException;
  }

  /** An action on files. */
  public interface IoAction<T> {
    T run() throws IOException;
  }

  /** Runs an action while no other thread runs one for the same key. */
  public <T> T exclusively(String key, IoAction<T> act) throws IOException {
    Lock lock = locks.get(Math.floorMod(key.hashCode(), LOCKS));
    lock.lock();
    try {
      return act.run();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The text under a key; empty if there is none.
   *
   * @throws IOException also if it is too large, not UTF-8, or not a regular file
   */
  public Optional<String> read(String key) throws IOException {
    ByteBuffer bytes;
    try (FileChannel file = openFile(path(key))) {
      long size = file.size();
      if (size > MAX_BYTES) {
        throw new IOException("it has %d bytes, more than is read".formatted(size));
      }
      bytes = ByteBuffer.allocate((int) size);
      int got = 0;
      while (got >= 0 && bytes.hasRemaining()) {
        got = file.read(bytes);
      }
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
    try {
      return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString());
    } catch (CharacterCodingException e) {
      throw new IOException("it is not UTF-8", e);
    }
  }

  /** The first bytes of a file, decoded as far as they are UTF-8. */
  public String beginning(String key, int most) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(most);
    try (FileChannel file = openFile(path(key))) {
      int got = 0;
      while (got >= 0 && bytes.hasRemaining()) {
        got = file.read(bytes);
      }
    }
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
  }

  /** Opens a file for reading, but not a pipe, which might block for ever. */
  private static FileChannel openFile(Path path) throws IOException {
    if (Files.readAttributes(path, BasicFileAttributes.class).isOther()) {
      throw new IOException("it is not a regular file");
    }
    return FileChannel.open(path, StandardOpenOption.READ);
  }

  /** Writes a text, replacing the file if it exists. */
  public void write(String key, String text) throws IOException {
    Path target = path(key);
    Path folder = target.resolveSibling(".").normalize();
    createOwnerOnly(folder, sync);
    Path temporary = temporaries.resolve(Long.toString(written.incrementAndGet()));
    try {
      try (FileChannel file =
          FileChannel.open(
              temporary,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
              ownerOnly("rw-------"))) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          file.write(bytes);
        }
        sync.force(temporary, file);
      }
      try {
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (NoSuchFileException _) {
        createOwnerOnly(folder, sync); // another thread just removed the empty folder
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      }
    } catch (IOException e) {
      Files.deleteIfExists(temporary);
      throw e;
    }
    sync(folder, sync);
  }

  /** Whether a file exists, readable or not. */
  public boolean exists(String key) {
    return Files.exists(path(key));
  }

  /** Identifies the present content of a file; empty if there is no file. */
  public Optional<String> stamp(String key) throws IOException {
    return stamp(path(key));
  }

  private static Optional<String> stamp(Path path) throws IOException {
    try {
      BasicFileAttributes file = Files.readAttributes(path, BasicFileAttributes.class);
      // Not by a format: a listing makes a thousand.
      return Optional.of(
          file.lastModifiedTime().to(TimeUnit.NANOSECONDS)
              + "-"
              + file.size()
              + "-"
              + file.fileKey());
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /**
   * Removes a file, and its folder if it is the last one there, unless the folder is directly in
   * the root, where there are few.
   *
   * @return whether the file existed
   */
  public boolean remove(String key) throws IOException {
    Path file = path(key);
    boolean removed = Files.deleteIfExists(file);
    Path folder = file.resolveSibling(".").normalize();
    if (removed) {
      sync(folder, sync);
    }
    if (removed && isNested(folder)) {
      try {
        Files.delete(folder);
      } catch (DirectoryNotEmptyException _) {
        // It has other files.
      }
    }
    return removed;
  }

  private boolean isNested(Path folder) {
    Path top = root.normalize();
    return !folder.equals(top) && !top.equals(folder.getParent());
  }

  /** The names of the files directly in a subfolder, in no order; none if it is missing. */
  public List<String> names(String below) throws IOException {
    List<String> names = new ArrayList<>();
    visit(below, (name, _) -> names.add(name));
    return names;
  }

  /** The stamps of those files whose names have a prefix, by their names. */
  public Map<String, String> stamps(String below, String prefix) throws IOException {
    Map<String, String> stamps = new HashMap<>();
    visit(
        below,
        (name, file) -> {
          if (name.startsWith(prefix)) {
            stamp(file).ifPresent(stamp -> stamps.put(name, stamp));
          }
        });
    return stamps;
  }

  private interface Visitor {
    void visit(String name, Path file) throws IOException;
  }

  private void visit(String below, Visitor visitor) throws IOException {
    Path folder = below.isEmpty() ? root : path(below);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        String name = String.valueOf(file.getFileName());
        if (isKey(name)) {
          visitor.visit(name, file);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      // Then there is no file.
    }
  }

  /**
   * Whether a text consists of segments of letters, digits, dots, underscores and dashes, the first
   * a letter or a digit. Not by a pattern: a listing checks a thousand.
   */
  private static boolean isKey(String text) {
    boolean isFirst = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean isWord = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!isWord && (isFirst || "._-/".indexOf(c) < 0)) {
        return false;
      }
      isFirst = c == '/';
    }
    return !isFirst;
  }

  private Path path(String key) {
    // No segment begins with a dot, so no key leads out of the folder.
    if (!isKey(key)) {
      throw new IllegalArgumentException("not a valid key: " + key);
    }
    return root.resolve(key);
  }

  public static void createOwnerOnly(Path folder) throws IOException {
    createOwnerOnly(folder, Sync.REAL);
  }

  /** Creates a folder with its missing parents, and forces each new entry to disk. */
  private static void createOwnerOnly(Path folder, Sync sync) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path above = folder.toAbsolutePath().getParent();
    if (above != null) {
      createOwnerOnly(above, sync);
    }
    try {
      Files.createDirectory(folder, ownerOnly("rwx------"));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    }
    if (above != null) {
      sync(above, sync);
    }
  }

  public static FileAttribute<?>[] ownerOnly(String permissions) {
    return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  /** Forces the entries of a folder to disk. */
  private static void sync(Path folder, Sync sync) throws IOException {
    try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
      sync.force(folder, entries);
    } catch (AccessDeniedException _) {
      // A parent folder that may be written but not read.
    }
  }
}
