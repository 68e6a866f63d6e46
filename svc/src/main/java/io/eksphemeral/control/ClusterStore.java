package io.eksphemeral.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ObjectStore.Entry;
import io.eksphemeral.control.ObjectStore.StoredObject;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Phase;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Records, names, fences, results, configs and the archive, as objects in an {@link ObjectStore}.
 * {@link StoreKeys} has their keys.
 *
 * <p>Every change of a record is conditional on the version that was read (promise P6), so a lost
 * race is a return value. A record that exists but cannot be read is a {@link Stored.Unreadable}; a
 * fence, result or claim that may not be read is a {@link StoreException}, since its content must
 * not be guessed.
 */
public final class ClusterStore {
  /** How long the archive keeps a record; in AWS a lifecycle rule of the bucket does the same. */
  static final Duration ARCHIVED = Duration.ofDays(30);

  /** How often a claim is tried while others keep changing it. */
  private static final int CLAIM_ATTEMPTS = 10;

  private final ObjectStore objects;
  private final RecordCache records;

  /**
   * @param executor runs reads of a listing beside the calling thread, at most 64 at a time
   */
  public ClusterStore(ObjectStore objects, Executor executor) {
    this(objects, new RecordCache(objects, executor));
  }

  ClusterStore(ObjectStore objects, RecordCache records) {
    this.objects = objects;
    this.records = records;
  }

  /**
   * Writes the first record of a cluster.
   *
   * @return the record; empty if the id already has one, which is kept
   */
  public Optional<Stored.Live> add(Cluster cluster) {
    String json = ClusterRecordCodec.text(ClusterRecordCodec.encode(cluster));
    return objects
        .putIfAbsent(StoreKeys.record(cluster.id()), json)
        .map(version -> new Stored.Live(cluster, version, json));
  }

  /** The record of an id; empty if there is none, or only in the archive. */
  public Optional<Stored> find(ClusterId id) {
    return stored(id, StoreKeys.record(id));
  }

  /**
   * Replaces a record that is still as it was read. Fields that this version of the code does not
   * know survive.
   *
   * @return the new record; empty if it was changed or removed in the meantime
   */
  public Optional<Stored.Live> replace(Stored.Live read, Cluster changed) {
    return replace(read.version(), changed, ClusterRecordCodec.encode(changed, read));
  }

  /**
   * Replaces a record that cannot be read, if it is still as it was read.
   *
   * @return the new record; empty if it was changed or removed in the meantime, or may not be read
   */
  public Optional<Stored.Live> recover(Stored.Unreadable read, Cluster recovered) {
    return Optional.ofNullable(read.version())
        .flatMap(version -> replace(version, recovered, ClusterRecordCodec.encode(recovered)));
  }

  private Optional<Stored.Live> replace(String version, Cluster changed, ObjectNode record) {
    String json = ClusterRecordCodec.text(record);
    return objects
        .replaceIf(StoreKeys.record(changed.id()), version, json)
        .map(written -> new Stored.Live(changed, written, json));
  }

  /**
   * Removes a record that is still as it was read.
   *
   * @return whether this call removed it
   */
  public boolean remove(Stored.Live read) {
    return objects.deleteIf(StoreKeys.record(read.id()), read.version());
  }

  /** The ids of all records, in order. Reads no record. */
  public List<ClusterId> ids() {
    return ids("");
  }

  /** The ids of the records whose ids have a prefix, in order. Reads no record. */
  public List<ClusterId> ids(String prefix) {
    return idsIn("", prefix);
  }

  /** The ids of the archived records whose ids have a prefix, in order. Reads no record. */
  public List<ClusterId> archivedIds(String prefix) {
    return idsIn(StoreKeys.ARCHIVE, prefix);
  }

  private List<ClusterId> idsIn(String folder, String prefix) {
    return objects.list(folder + prefix).stream()
        .flatMap(entry -> StoreKeys.recordId(entry.key().substring(folder.length())).stream())
        .toList();
  }

  /**
   * All records, in the order of their ids. One that is written or removed during the listing may
   * be missing.
   */
  public List<Stored> list() {
    return records.all();
  }

  /**
   * Claims a name that is free or already claimed by the same cluster, whose claim is renewed then.
   *
   * @return the claim on the name as it now is: the given one, or another cluster's
   */
  public Claim claim(Claim wanted) {
    String key = StoreKeys.claim(wanted.name());
    String text = TaskObjectCodec.encode(wanted);
    for (int attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
      if (objects.putIfAbsent(key, text).isPresent()) {
        return wanted;
      }
      Optional<StoredObject> present = objects.getAccessible(key);
      Optional<Claim> others =
          present
              .flatMap(object -> decodeClaim(wanted.name(), object))
              .filter(claim -> !claim.holder().equals(wanted.holder()));
      if (others.isPresent()) {
        return others.get();
      }
      // An earlier claim of the same cluster, or one that cannot be read and so is no one's.
      if (present
          .flatMap(StoredObject::knownVersion)
          .flatMap(version -> objects.replaceIf(key, version, text))
          .isPresent()) {
        return wanted;
      }
    }
    throw new StoreException(
        "could not claim the name %s: other callers keep changing its claim"
            .formatted(wanted.name()));
  }

  /** The claim on a name; empty if it is free. */
  public Optional<Claim> claimOn(String name) {
    return objects
        .getAccessible(StoreKeys.claim(name))
        .flatMap(object -> decodeClaim(name, object));
  }

  /** The names that are claimed, in no order. Reads no claim. */
  public Set<String> claimedNames() {
    return objects.list(StoreKeys.CLAIMS).stream()
        .map(entry -> entry.key().substring(StoreKeys.CLAIMS.length()))
        .collect(Collectors.toSet());
  }

  /** The claims on some names, in no order, without those that cannot be read. */
  public List<Claim> claims(Set<String> names) {
    return names.stream()
        .flatMap(name ->
            objects
                .get(StoreKeys.claim(name))
                .flatMap(object -> decodeClaim(name, object))
                .stream())
        .toList();
  }

  /** All claims, in no order, without those that cannot be read. */
  public List<Claim> claims() {
    return claims(claimedNames());
  }

  /**
   * Frees a name that still has this claim.
   *
   * @return whether this call freed it
   */
  public boolean release(Claim claim) {
    String key = StoreKeys.claim(claim.name());
    return objects
        .getAccessible(key)
        .filter(object -> decodeClaim(claim.name(), object).filter(claim::equals).isPresent())
        .flatMap(StoredObject::knownVersion)
        .filter(version -> objects.deleteIf(key, version))
        .isPresent();
  }

  /** Writes a cluster's configuration for eksctl. */
  public void putConfig(ClusterId id, String config) {
    objects.put(StoreKeys.config(id), config);
  }

  /** Who has a task's fence; empty if it is open. */
  public Optional<FenceHolder> taken(TaskKey key) {
    return objects
        .getAccessible(StoreKeys.fence(key))
        .map(object -> TaskObjectCodec.taken(object.asText().orElse("")));
  }

  /** The state of a task's fence. */
  public Fence fence(TaskKey key) {
    return taken(key).map(FenceHolder::as).orElse(Fence.OPEN);
  }

  /**
   * Takes a task's fence if it is open.
   *
   * @param as {@link Fence#TAKEN} by the task, or {@link Fence#CLOSED} by the control plane
   * @param handle the task's handle; the control plane uses {@code control-plane}
   * @return whether this handle has the fence, since now or since an earlier call
   */
  public boolean takeFence(TaskKey key, Fence as, String handle) {
    String fence = TaskObjectCodec.encode(new FenceHolder(as, handle));
    return objects.putIfAbsent(StoreKeys.fence(key), fence).isPresent()
        || taken(key).filter(holder -> holder.handle().equals(handle)).isPresent();
  }

  /** The result of a task; empty if it left none, or one that cannot be decoded. */
  public Optional<TaskResult> result(TaskKey key) {
    return objects
        .getAccessible(StoreKeys.result(key))
        .flatMap(StoredObject::asText)
        .flatMap(TaskObjectCodec::result);
  }

  /** Writes the result of a task. */
  public void putResult(TaskKey key, TaskResult result) {
    objects.put(StoreKeys.result(key), TaskObjectCodec.encode(result));
  }

  /**
   * The phases that a create task has reported; empty if there is a report that cannot be read.
   * Reports are for people, so none is a reason to fail.
   */
  public Optional<List<Phase.Begun>> progress(TaskKey key) {
    return objects
        .get(StoreKeys.progress(key))
        .map(object -> object.asText().flatMap(TaskObjectCodec::progress))
        .orElse(Optional.of(List.of()));
  }

  /** Reports that a create task, which has the fence, has begun a phase; only once. */
  public void reportPhase(TaskKey key, Phase.Begun begun) {
    List<Phase.Begun> before = progress(key).orElse(List.of());
    if (before.stream().noneMatch(earlier -> earlier.phase() == begun.phase())) {
      objects.put(
          StoreKeys.progress(key),
          TaskObjectCodec.progress(Stream.concat(before.stream(), Stream.of(begun)).toList()));
    }
  }

  /** Writes the record of a cluster that is gone to the archive. */
  public void archive(Stored.Live gone) {
    objects.put(StoreKeys.archive(gone.id()), gone.json());
  }

  /** The archived record of an id, which is kept for 30 days; empty if there is none. */
  public Optional<Stored> archived(ClusterId id) {
    return stored(id, StoreKeys.archive(id));
  }

  /** The archived records of some ids, in their order, without those that are missing. */
  public List<Stored> archived(List<ClusterId> ids) {
    return records.read(ids.stream().map(StoreKeys::archive).toList());
  }

  /**
   * Deletes what has been in the archive for 30 days, with the objects of its tasks. An archived
   * record that cannot be read is kept.
   *
   * @return the ids of what was deleted
   */
  public List<ClusterId> expire(Instant now) {
    List<ClusterId> expired = new ArrayList<>();
    for (Entry archived : objects.list(StoreKeys.ARCHIVE)) {
      Optional<ClusterId> id =
          StoreKeys.recordId(archived.key().substring(StoreKeys.ARCHIVE.length()))
              .filter(known -> isExpired(known, now));
      if (id.isPresent()) {
        objects
            .list(StoreKeys.tasks(id.get()))
            .forEach(entry -> objects.deleteIf(entry.key(), entry.version()));
        objects.deleteIf(archived.key(), archived.version());
        expired.add(id.get());
      }
    }
    return expired;
  }

  private boolean isExpired(ClusterId id, Instant now) {
    return archived(id)
        .filter(Stored.Live.class::isInstance)
        .flatMap(stored -> ((Stored.Live) stored).cluster().since(State.GONE))
        .filter(gone -> !now.isBefore(gone.plus(ARCHIVED)))
        .isPresent();
  }

  /** The Kubernetes versions on offer; empty if no list was stored. */
  public Optional<Versions> versions() {
    return objects
        .getAccessible(StoreKeys.VERSIONS)
        .flatMap(StoredObject::asText)
        .flatMap(TaskObjectCodec::versions);
  }

  private Optional<Stored> stored(ClusterId id, String key) {
    return objects.get(key).map(object -> decode(id, object));
  }

  static Stored decode(ClusterId id, StoredObject object) {
    return switch (object) {
      case StoredObject.Text(String version, String text) ->
          ClusterRecordCodec.decode(id, version, text);
      case StoredObject.Unreadable(String version, String why, String text) ->
          new Stored.Unreadable(id, why, version, text);
      case StoredObject.Denied(String why, _) -> new Stored.Unreadable(id, why);
    };
  }

  private static Optional<Claim> decodeClaim(String name, StoredObject object) {
    return object.asText().flatMap(text -> TaskObjectCodec.claim(name, text));
  }
}
