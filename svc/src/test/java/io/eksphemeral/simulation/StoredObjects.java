package io.eksphemeral.simulation;

import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is in the bucket. S3's own rules: a write is whole, and seen by all that begins after it.
 */
final class StoredObjects {
  /** Told of each change of what is in it. */
  interface Watcher {
    /**
     * Something was written or removed.
     *
     * @param by whose call it was; null if it was nobody's of ours
     */
    void changed(String key, @Nullable String after, @Nullable Invocation by);
  }

  /** What is there under a key. */
  record StoredObject(String text, String etag) {}

  private final NavigableMap<String, StoredObject> objects = new TreeMap<>();
  private final Watcher watcher;

  StoredObjects(Watcher watcher) {
    this.watcher = watcher;
  }

  /** An ETag follows the content, and nothing else. */
  private static String etag(String text) {
    long hash = 1125899906842597L;
    for (int i = 0; i < text.length(); i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return "\"%016x\"".formatted(hash);
  }

  Optional<StoredObject> object(String key) {
    return Optional.ofNullable(objects.get(key));
  }

  Optional<String> get(String key) {
    return object(key).map(StoredObject::text);
  }

  /** Writes something, and says what its ETag is. */
  String put(String key, String text, @Nullable Invocation by) {
    String etag = etag(text);
    objects.put(key, new StoredObject(text, etag));
    watcher.changed(key, text, by);
    return etag;
  }

  void remove(String key, @Nullable Invocation by) {
    if (objects.remove(key) != null) {
      watcher.changed(key, null, by);
    }
  }

  NavigableMap<String, StoredObject> all() {
    return objects;
  }
}
