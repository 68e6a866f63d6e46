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

  private final NavigableMap<String, String> texts = new TreeMap<>();
  private final Watcher watcher;

  StoredObjects(Watcher watcher) {
    this.watcher = watcher;
  }

  /** An ETag follows the content, and nothing else. */
  static String etag(String text) {
    long hash = 1125899906842597L;
    for (int i = 0; i < text.length(); i++) {
      hash = 31 * hash + text.charAt(i);
    }
    return "\"%016x\"".formatted(hash);
  }

  Optional<String> get(String key) {
    return Optional.ofNullable(texts.get(key));
  }

  void put(String key, String text, @Nullable Invocation by) {
    texts.put(key, text);
    watcher.changed(key, text, by);
  }

  void remove(String key, @Nullable Invocation by) {
    if (texts.remove(key) != null) {
      watcher.changed(key, null, by);
    }
  }

  NavigableMap<String, String> all() {
    return texts;
  }
}
