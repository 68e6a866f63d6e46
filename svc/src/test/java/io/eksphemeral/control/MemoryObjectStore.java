package io.eksphemeral.control;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An {@link ObjectStore} in memory. */
public final class MemoryObjectStore implements ObjectStore {
  private record Item(String text, String version) {}

  private final TreeMap<String, Item> items = new TreeMap<>();
  private long writes;

  @Override
  public synchronized Optional<StoredObject> get(String key) {
    return Optional.ofNullable(items.get(key))
        .map(item ->
            item.text().getBytes(StandardCharsets.UTF_8).length > MAX_BYTES
                ? new StoredObject.Unreadable(item.version(), "it is too long", item.text())
                : new StoredObject.Text(item.version(), item.text()));
  }

  @Override
  public synchronized void put(String key, String text) {
    write(key, text);
  }

  @Override
  public synchronized Optional<String> putIfAbsent(String key, String text) {
    return items.containsKey(key) ? Optional.empty() : Optional.of(write(key, text));
  }

  @Override
  public synchronized Optional<String> replaceIf(String key, String version, String text) {
    return has(key, version) ? Optional.of(write(key, text)) : Optional.empty();
  }

  @Override
  public synchronized boolean deleteIf(String key, String version) {
    return has(key, version) && items.remove(key) != null;
  }

  @Override
  public synchronized List<Entry> list(String prefix) {
    return items.tailMap(prefix).entrySet().stream()
        .takeWhile(item -> item.getKey().startsWith(prefix))
        .filter(item -> item.getKey().indexOf('/', prefix.length()) < 0)
        .map(item -> new Entry(item.getKey(), item.getValue().version()))
        .toList();
  }

  /** The text under a key; empty if there is none. */
  public Optional<String> text(String key) {
    return get(key).flatMap(StoredObject::asText);
  }

  /** Every text, by its key. */
  public synchronized Map<String, String> contents() {
    return items.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, item -> item.getValue().text()));
  }

  private boolean has(String key, String version) {
    @Nullable Item item = items.get(key);
    return item != null && item.version().equals(version);
  }

  private String write(String key, String text) {
    String version = "v" + ++writes;
    items.put(key, new Item(text, version));
    return version;
  }
}
