package io.eksphemeral.local.io;

import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.Stored;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Objects in plain files, with their keys as paths. Only one process may use a folder at a time, so
 * a lock on each key makes a look and a write one step.
 *
 * <p>A version is made of the file's identity, time and size, which a change by hand alters too,
 * and of a count of the writes by this process, for file systems whose clocks are coarse.
 */
public final class FileObjectStore implements ObjectStore {
  private final AtomicFiles files;
  private final AtomicLong writes = new AtomicLong();

  /** The latest write of each object by this process. */
  private final ConcurrentMap<String, Long> latest = new ConcurrentHashMap<>();

  public FileObjectStore(AtomicFiles files) {
    this.files = files;
  }

  @Override
  public Optional<StoredObject> get(String key) {
    try {
      // Before the text: if both are of different writes, the version is outdated, and harmless.
      Optional<String> version = version(key);
      return files.read(key).map(text -> new StoredObject.Text(version.orElse(""), text));
    } catch (IOException e) {
      return Optional.of(unreadable(key, e));
    }
  }

  private StoredObject unreadable(String key, IOException failure) {
    try {
      String version = version(key).orElse("");
      String beginning = files.beginning(key, Stored.Unreadable.MAX_TEXT);
      return new StoredObject.Unreadable(version, why(failure), beginning);
    } catch (IOException e) {
      return new StoredObject.Denied(why(failure), failed("read", key, failure));
    }
  }

  @Override
  public void put(String key, String text) {
    exclusively("write", key, () -> write(key, text));
  }

  @Override
  public Optional<String> putIfAbsent(String key, String text) {
    return exclusively(
        "write", key, () -> files.exists(key) ? Optional.empty() : Optional.of(write(key, text)));
  }

  @Override
  public Optional<String> replaceIf(String key, String version, String text) {
    return exclusively(
        "write", key, () -> has(key, version) ? Optional.of(write(key, text)) : Optional.empty());
  }

  @Override
  public boolean deleteIf(String key, String version) {
    return exclusively(
        "delete",
        key,
        () -> {
          if (!has(key, version)) {
            return false;
          }
          boolean deleted = files.remove(key);
          latest.remove(key);
          return deleted;
        });
  }

  @Override
  public List<Entry> list(String prefix) {
    try {
      List<Entry> entries = new ArrayList<>();
      String folder = prefix.substring(0, prefix.lastIndexOf('/') + 1);
      files
          .stamps(
              folder.isEmpty() ? "" : folder.substring(0, folder.length() - 1),
              prefix.substring(folder.length()))
          .forEach((name, stamp) -> {
            String key = folder + name;
            entries.add(new Entry(key, version(key, stamp)));
          });
      entries.sort(Comparator.comparing(Entry::key));
      return entries;
    } catch (IOException e) {
      throw failed("list", prefix + "*", e);
    }
  }

  private boolean has(String key, String version) throws IOException {
    return version(key).filter(version::equals).isPresent();
  }

  private Optional<String> version(String key) throws IOException {
    return files.stamp(key).map(stamp -> version(key, stamp));
  }

  private String version(String key, String stamp) {
    return stamp + "." + latest.getOrDefault(key, 0L);
  }

  private String write(String key, String text) throws IOException {
    latest.put(key, writes.incrementAndGet());
    files.write(key, text);
    return version(key).orElse("");
  }

  private <T> T exclusively(String what, String key, AtomicFiles.IoAction<T> action) {
    try {
      return files.exclusively(key, action);
    } catch (IOException e) {
      throw failed(what, key, e);
    }
  }

  private static StoreException failed(String what, String key, IOException e) {
    return new StoreException("could not %s %s: %s".formatted(what, key, why(e)), e);
  }

  private static String why(IOException e) {
    String message = e.getMessage();
    // Where the system gives no reason, as when it denies access, the message is just the path.
    boolean hasReason = !(e instanceof FileSystemException failed) || failed.getReason() != null;
    return message != null && hasReason ? message : e.toString();
  }
}
