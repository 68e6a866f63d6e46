package io.eksphemeral.simulation;

import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The bucket. As in S3, a write is atomic, and visible to every later request. */
final class StoredObjects {
  /** Is notified of every change. */
  interface Watcher {
    /**
     * An object was written or removed.
     *
     * @param by the invocation; null if it was none of the control plane's
     */
    void changed(String key, @Nullable String after, @Nullable Invocation by);
  }

  /** An object. */
  record StoredObject(String text, String etag) {}

  private final NavigableMap<String, StoredObject> objects = new TreeMap<>();
  private final Watcher watcher;

  StoredObjects(Watcher watcher) {
    this.watcher = watcher;
  }

  /** An ETag depends only on the content. */
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

  /** Writes an object, and returns its ETag. */
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
