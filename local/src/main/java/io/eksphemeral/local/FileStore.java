package io.eksphemeral.local;

import io.eksphemeral.control.Claim;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskObjectCodec;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The store on plain files, laid out like the bucket. The process that has it is the only one, so a
 * lock on each key makes a look and a write one step.
 */
public final class FileStore implements ClusterStore {
  /** How long the archive keeps a cluster, as the bucket's rule does in AWS. */
  private static final Duration ARCHIVED = Duration.ofDays(30);

  private final AtomicFiles bucket;

  /** What was read last under each id; good for as long as the file has the same version. */
  private final ConcurrentMap<ClusterId, Read> read = new ConcurrentHashMap<>();

  /** How often each record was written, so that writing the same again is a new version too. */
  private final ConcurrentMap<ClusterId, Long> writes = new ConcurrentHashMap<>();

  FileStore(AtomicFiles bucket) {
    this.bucket = bucket;
  }

  private record Read(String version, Stored stored) {}

  @Override
  public Optional<Stored.Live> add(Cluster cluster) {
    String key = StoreKeys.record(cluster.id());
    String json = ClusterRecordCodec.text(ClusterRecordCodec.encode(cluster));
    return io(
        "write " + key,
        () ->
            bucket.writeNew(key, json)
                ? Optional.of(new Stored.Live(cluster, version(cluster.id(), json), json))
                : Optional.empty());
  }

  @Override
  public Optional<Stored> find(ClusterId id) {
    String json;
    try {
      Optional<String> text = bucket.read(StoreKeys.record(id));
      if (text.isEmpty()) {
        return Optional.empty();
      }
      json = text.get();
    } catch (IOException e) {
      return Optional.of(broken(id, e));
    }
    String version = version(id, json);
    Read last = read.get(id);
    if (last != null && last.version().equals(version)) {
      return Optional.of(last.stored());
    }
    Stored stored = ClusterRecordCodec.decode(id, version, json);
    read.put(id, new Read(version, stored));
    return Optional.of(stored);
  }

  /** A record that is no text of ours: its beginning, if that can be read. */
  private Stored broken(ClusterId id, IOException failure) {
    try {
      String beginning = bucket.beginning(StoreKeys.record(id), Stored.Unreadable.MOST_TEXT);
      return new Stored.Unreadable(id, why(failure), version(id, beginning), beginning);
    } catch (IOException _) {
      return new Stored.Unreadable(id, why(failure));
    }
  }

  @Override
  public Optional<Stored.Live> replace(Stored.Live read, Cluster changed) {
    return replace(
        read, changed, ClusterRecordCodec.text(ClusterRecordCodec.encode(changed, read)));
  }

  @Override
  public Optional<Stored.Live> recover(Stored.Unreadable read, Cluster recovered) {
    return replace(read, recovered, ClusterRecordCodec.text(ClusterRecordCodec.encode(recovered)));
  }

  private Optional<Stored.Live> replace(Stored read, Cluster changed, String json) {
    ClusterId id = read.id();
    String key = StoreKeys.record(id);
    return io(
        "write " + key,
        () ->
            bucket.alone(
                key,
                () -> {
                  if (!stillIs(read)) {
                    return Optional.empty();
                  }
                  writes.merge(id, 1L, Long::sum);
                  bucket.write(key, json);
                  return Optional.of(new Stored.Live(changed, version(id, json), json));
                }));
  }

  @Override
  public boolean remove(Stored.Live read) {
    ClusterId id = read.id();
    String key = StoreKeys.record(id);
    return io(
        "remove " + key,
        () ->
            bucket.alone(
                key,
                () -> {
                  if (!stillIs(read)) {
                    return false;
                  }
                  writes.merge(id, 1L, Long::sum);
                  this.read.remove(id);
                  return bucket.remove(key);
                }));
  }

  private boolean stillIs(Stored read) {
    return find(read.id()).flatMap(FileStore::version).equals(version(read))
        && version(read).isPresent();
  }

  private static Optional<String> version(Stored stored) {
    return switch (stored) {
      case Stored.Live live -> Optional.of(live.version());
      case Stored.Unreadable broken -> Optional.ofNullable(broken.version());
      case Stored.Legacy _ -> Optional.empty();
    };
  }

  @Override
  public List<ClusterId> ids() {
    return io("list the records", () -> bucket.names("")).stream()
        .flatMap(name -> StoreKeys.recordId(name).stream())
        .sorted()
        .toList();
  }

  @Override
  public List<Stored> list() {
    return ids().stream().flatMap(id -> find(id).stream()).toList();
  }

  @Override
  public Claim claim(Claim wanted) {
    String key = StoreKeys.claim(wanted.name());
    return io(
        "claim " + key,
        () ->
            bucket.alone(
                key,
                () -> {
                  Optional<Claim> others =
                      readClaim(wanted.name())
                          .filter(claim -> !claim.holder().equals(wanted.holder()));
                  if (others.isPresent()) {
                    return others.get();
                  }
                  bucket.write(key, TaskObjectCodec.encode(wanted));
                  return wanted;
                }));
  }

  @Override
  public Optional<Claim> claimOn(String name) {
    return io("read the claim on " + name, () -> readClaim(name));
  }

  @Override
  public Set<String> claimedNames() {
    return Set.copyOf(io("list the claims", () -> bucket.names("names")));
  }

  @Override
  public List<Claim> claims(Set<String> names) {
    return names.stream().flatMap(name -> readableClaim(name).stream()).toList();
  }

  /** The claim on a name; one that cannot be read keeps no other from being listed. */
  private Optional<Claim> readableClaim(String name) {
    try {
      return readClaim(name);
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  @Override
  public boolean release(Claim claim) {
    String key = StoreKeys.claim(claim.name());
    return io(
        "release " + key,
        () ->
            bucket.alone(
                key,
                () ->
                    readClaim(claim.name()).filter(claim::equals).isPresent()
                        && bucket.remove(key)));
  }

  private Optional<Claim> readClaim(String name) throws IOException {
    return bucket.read(StoreKeys.claim(name)).flatMap(text -> TaskObjectCodec.claim(name, text));
  }

  @Override
  public void putConfig(ClusterId id, String config) {
    write(StoreKeys.config(id), config);
  }

  @Override
  public Optional<TaskObjectCodec.FenceHolder> taken(TaskKey key) {
    return io("read a fence", () -> bucket.read(StoreKeys.fence(key))).map(TaskObjectCodec::taken);
  }

  @Override
  public boolean takeFence(TaskKey key, Fence taker, String handle) {
    String fence = StoreKeys.fence(key);
    String text = TaskObjectCodec.encode(new TaskObjectCodec.FenceHolder(taker, handle));
    return io(
        "take " + fence,
        () ->
            bucket.writeNew(fence, text)
                || bucket
                    .read(fence)
                    .filter(taken -> TaskObjectCodec.taken(taken).handle().equals(handle))
                    .isPresent());
  }

  @Override
  public Optional<TaskResult> result(TaskKey key) {
    return io("read a result", () -> bucket.read(StoreKeys.result(key)))
        .flatMap(TaskObjectCodec::result);
  }

  @Override
  public void putResult(TaskKey key, TaskResult result) {
    write(StoreKeys.result(key), TaskObjectCodec.encode(result));
  }

  @Override
  public void archive(Stored.Live gone) {
    write(StoreKeys.archive(gone.id()), gone.json());
  }

  @Override
  public Optional<Stored> archived(ClusterId id) {
    try {
      return bucket
          .read(StoreKeys.archive(id))
          .map(json -> ClusterRecordCodec.decode(id, digest(json), json));
    } catch (IOException e) {
      return Optional.of(new Stored.Unreadable(id, why(e)));
    }
  }

  @Override
  public Optional<Versions> versions() {
    return io("read the versions", () -> bucket.read(StoreKeys.VERSIONS))
        .flatMap(TaskObjectCodec::versions);
  }

  /**
   * Removes what has been in the archive for 30 days, with what its tasks left. What cannot be read
   * stays.
   *
   * @return the ids of what was removed
   */
  List<ClusterId> expire(Instant now) {
    return io(
        "clear the archive",
        () -> {
          List<ClusterId> expired = new ArrayList<>();
          for (String name : bucket.names("gone")) {
            Optional<ClusterId> id = StoreKeys.recordId(name);
            if (id.isPresent() && isExpired(id.get(), now)) {
              String tasks = StoreKeys.TASKS + id.get();
              for (String mark : bucket.names(tasks)) {
                bucket.remove(tasks + "/" + mark);
              }
              bucket.remove(tasks);
              bucket.remove(StoreKeys.archive(id.get()));
              expired.add(id.get());
            }
          }
          return expired;
        });
  }

  private boolean isExpired(ClusterId id, Instant now) {
    return archived(id)
        .filter(Stored.Live.class::isInstance)
        .flatMap(stored -> ((Stored.Live) stored).cluster().since(State.GONE))
        .filter(gone -> !now.isBefore(gone.plus(ARCHIVED)))
        .isPresent();
  }

  private void write(String key, String text) {
    io(
        "write " + key,
        () ->
            bucket.alone(
                key,
                () -> {
                  bucket.write(key, text);
                  return true;
                }));
  }

  private String version(ClusterId id, String json) {
    return digest(json) + "." + writes.getOrDefault(id, 0L);
  }

  private static String digest(String json) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(json.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static <T> T io(String what, AtomicFiles.IoAction<T> act) {
    try {
      return act.run();
    } catch (IOException e) {
      throw new StoreException("could not %s: %s".formatted(what, why(e)), e);
    }
  }

  private static String why(IOException e) {
    String message = e.getMessage();
    // Where the system gave no reason, as when it forbids to read, all of the message is the path.
    boolean saysWhy = !(e instanceof FileSystemException failed) || failed.getReason() != null;
    return message != null && saysWhy ? message : e.toString();
  }
}
