package io.eksphemeral.control;

import io.eksphemeral.control.TaskObjectCodec.FenceHolder;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.Versions;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A {@link ClusterStore} in memory: texts under keys, as in the bucket, one call at a time. */
public final class MemoryStore implements ClusterStore {
  private record Item(String text, String version) {}

  private final TreeMap<String, Item> items = new TreeMap<>();
  private final Map<String, Stored> decoded = new HashMap<>();
  private long writes;

  @Override
  public synchronized Optional<Stored.Live> add(Cluster cluster) {
    String key = StoreKeys.record(cluster.id());
    return items.containsKey(key)
        ? Optional.empty()
        : Optional.of(
            write(key, cluster, ClusterRecordCodec.text(ClusterRecordCodec.encode(cluster))));
  }

  @Override
  public synchronized Optional<Stored> find(ClusterId id) {
    return read(id, StoreKeys.record(id));
  }

  @Override
  public synchronized Optional<Stored.Live> replace(Stored.Live read, Cluster changed) {
    String key = StoreKeys.record(read.id());
    return isStill(key, read.version())
        ? Optional.of(
            write(key, changed, ClusterRecordCodec.text(ClusterRecordCodec.encode(changed, read))))
        : Optional.empty();
  }

  @Override
  public synchronized Optional<Stored.Live> recover(Stored.Unreadable read, Cluster recovered) {
    String key = StoreKeys.record(read.id());
    return isStill(key, read.version())
        ? Optional.of(
            write(key, recovered, ClusterRecordCodec.text(ClusterRecordCodec.encode(recovered))))
        : Optional.empty();
  }

  @Override
  public synchronized boolean remove(Stored.Live read) {
    String key = StoreKeys.record(read.id());
    return isStill(key, read.version()) && items.remove(key) != null;
  }

  @Override
  public synchronized List<ClusterId> ids() {
    return items.keySet().stream().flatMap(key -> StoreKeys.recordId(key).stream()).toList();
  }

  @Override
  public synchronized List<Stored> list() {
    return ids().stream().flatMap(id -> find(id).stream()).toList();
  }

  @Override
  public synchronized Claim claim(Claim wanted) {
    Optional<Claim> holder = claimOn(wanted.name());
    if (holder.isPresent() && !holder.get().holder().equals(wanted.holder())) {
      return holder.get();
    }
    put(StoreKeys.claim(wanted.name()), TaskObjectCodec.encode(wanted));
    return wanted;
  }

  @Override
  public synchronized Optional<Claim> claimOn(String name) {
    return get(StoreKeys.claim(name)).flatMap(text -> TaskObjectCodec.claim(name, text));
  }

  @Override
  public synchronized Set<String> claimedNames() {
    return items.keySet().stream()
        .filter(key -> key.startsWith(StoreKeys.CLAIMS))
        .map(key -> key.substring(StoreKeys.CLAIMS.length()))
        .collect(Collectors.toSet());
  }

  @Override
  public synchronized List<Claim> claims(Set<String> names) {
    return names.stream().flatMap(name -> claimOn(name).stream()).toList();
  }

  @Override
  public synchronized boolean release(Claim claim) {
    return claimOn(claim.name()).filter(claim::equals).isPresent()
        && items.remove(StoreKeys.claim(claim.name())) != null;
  }

  @Override
  public synchronized void putConfig(ClusterId id, String config) {
    put(StoreKeys.config(id), config);
  }

  @Override
  public synchronized Optional<FenceHolder> taken(TaskKey key) {
    return get(StoreKeys.fence(key)).map(TaskObjectCodec::taken);
  }

  @Override
  public synchronized boolean takeFence(TaskKey key, Fence taker, String handle) {
    String fence = StoreKeys.fence(key);
    Optional<String> there = get(fence);
    if (there.isPresent()) {
      return TaskObjectCodec.taken(there.get()).handle().equals(handle);
    }
    put(fence, TaskObjectCodec.encode(new FenceHolder(taker, handle)));
    return true;
  }

  @Override
  public synchronized Optional<TaskResult> result(TaskKey key) {
    return get(StoreKeys.result(key)).flatMap(TaskObjectCodec::result);
  }

  @Override
  public synchronized void putResult(TaskKey key, TaskResult result) {
    put(StoreKeys.result(key), TaskObjectCodec.encode(result));
  }

  @Override
  public synchronized void archive(Stored.Live gone) {
    put(StoreKeys.archive(gone.id()), gone.json());
  }

  @Override
  public synchronized Optional<Stored> archived(ClusterId id) {
    return read(id, StoreKeys.archive(id));
  }

  @Override
  public synchronized Optional<Versions> versions() {
    return get(StoreKeys.VERSIONS).flatMap(TaskObjectCodec::versions);
  }

  /** Puts a text under a key, past the port. */
  public synchronized void put(String key, String text) {
    items.put(key, new Item(text, "v" + ++writes));
  }

  /** The text under a key; empty if there is none. */
  public synchronized Optional<String> get(String key) {
    return Optional.ofNullable(items.get(key)).map(Item::text);
  }

  /** Everything that is stored, text by key. */
  public synchronized Map<String, String> contents() {
    return items.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, item -> item.getValue().text()));
  }

  private boolean isStill(String key, @Nullable String version) {
    @Nullable Item item = items.get(key);
    return item != null && item.version().equals(version);
  }

  private Stored.Live write(String key, Cluster cluster, String json) {
    put(key, json);
    return new Stored.Live(cluster, "v" + writes, json);
  }

  private Optional<Stored> read(ClusterId id, String key) {
    return Optional.ofNullable(items.get(key))
        .map(item ->
            decoded.computeIfAbsent(item.version(), version -> decode(id, version, item.text())));
  }

  private static Stored decode(ClusterId id, String version, String text) {
    return text.getBytes(StandardCharsets.UTF_8).length > ClusterRecordCodec.LONGEST
        ? new Stored.Unreadable(id, "it is too long", version, text)
        : ClusterRecordCodec.decode(id, version, text);
  }
}
