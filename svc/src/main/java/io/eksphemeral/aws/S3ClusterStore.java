package io.eksphemeral.aws;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.aws.Bucket.Item;
import io.eksphemeral.control.Claim;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskObjectCodec;
import io.eksphemeral.control.TaskObjectCodec.FenceHolder;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.Versions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The store in an S3 bucket. All that it promises rests on conditional writes; {@link Bucket} says
 * on which rules of S3.
 *
 * <p>A version is an ETag, which S3 makes of the contents alone: a record that is written back to
 * what it was would have an old version again. So each write of a record carries a stamp of its
 * own, the field {@code write}, which also tells who is told "lost" whether it was its own write
 * that it lost to. It stands in the bucket only: records are handed out without it.
 *
 * <p>A record that S3 refuses to give out is one that cannot be read, and no failure: it keeps
 * nobody from the others. A fence, a result or a claim that it refuses is a failure, since what it
 * says must not be guessed; of several claims it is left out, and stays.
 *
 * <p>A removal whose answer got lost may be answered with false. Whoever asked then finds nothing,
 * and a name that stays claimed by it is freed by the sweep.
 */
public final class S3ClusterStore implements ClusterStore {
  /** How often a claim is looked at again that others keep changing. */
  private static final int LOOKS = 10;

  private static final String STAMP = "write";
  private static final Pattern STAMPED = Pattern.compile("^\\{\"write\":\"[0-9a-f-]{36}\",");

  private final Bucket bucket;
  private final RecordCache records;

  /**
   * A store in a bucket, which is there.
   *
   * @param executor what listings read on, besides the thread that asks for them; at most 64 reads
   *     are under way for each
   */
  public S3ClusterStore(Bucket bucket, Executor executor) {
    this(bucket, executor, RecordCache.MOST_KEPT);
  }

  S3ClusterStore(Bucket bucket, Executor executor, long mostKept) {
    this.bucket = bucket;
    records = new RecordCache(bucket, executor, mostKept);
  }

  @Override
  public Optional<Stored.Live> add(Cluster cluster) {
    ObjectNode record = ClusterRecordCodec.encode(cluster);
    String text = stamp(record);
    return bucket
        .putNew(StoreKeys.record(cluster.id()), text)
        .map(etag -> new Stored.Live(cluster, etag, unstamped(text)));
  }

  @Override
  public Optional<Stored> find(ClusterId id) {
    return stored(id, StoreKeys.record(id));
  }

  @Override
  public Optional<Stored.Live> replace(Stored.Live read, Cluster changed) {
    return replace(read.version(), changed, ClusterRecordCodec.encode(changed, read));
  }

  @Override
  public Optional<Stored.Live> recover(Stored.Unreadable read, Cluster recovered) {
    return Optional.ofNullable(read.version())
        .flatMap(etag -> replace(etag, recovered, ClusterRecordCodec.encode(recovered)));
  }

  private Optional<Stored.Live> replace(String version, Cluster changed, ObjectNode record) {
    String text = stamp(record);
    return bucket
        .replace(StoreKeys.record(changed.id()), version, text)
        .map(etag -> new Stored.Live(changed, etag, unstamped(text)));
  }

  @Override
  public boolean remove(Stored.Live read) {
    return bucket.remove(StoreKeys.record(read.id()), read.version());
  }

  @Override
  public List<ClusterId> ids() {
    return bucket.list("").stream()
        .flatMap(entry -> StoreKeys.recordId(entry.key()).stream())
        .toList();
  }

  @Override
  public List<Stored> list() {
    return records.all();
  }

  @Override
  public Claim claim(Claim wanted) {
    String key = StoreKeys.claim(wanted.name());
    String text = TaskObjectCodec.encode(wanted);
    for (int look = 0; look < LOOKS; look++) {
      if (bucket.putNew(key, text).isPresent()) {
        return wanted;
      }
      Optional<Item> there = bucket.get(key);
      Optional<Claim> others =
          there
              .flatMap(item -> decodeClaim(wanted.name(), item))
              .filter(claim -> !claim.holder().equals(wanted.holder()));
      if (others.isPresent()) {
        return others.get();
      }
      // An earlier one of the same cluster, or one that nobody can read, and so nobody's.
      if (there.flatMap(item -> bucket.replace(key, item.etag(), text)).isPresent()) {
        return wanted;
      }
    }
    throw new StoreException(
        "could not claim the name %s: others keep changing who has it".formatted(wanted.name()));
  }

  @Override
  public Optional<Claim> claimOn(String name) {
    return bucket.get(StoreKeys.claim(name)).flatMap(item -> decodeClaim(name, item));
  }

  @Override
  public Set<String> claimedNames() {
    return bucket.list(StoreKeys.CLAIMS).stream()
        .map(entry -> entry.key().substring(StoreKeys.CLAIMS.length()))
        .collect(Collectors.toSet());
  }

  @Override
  public List<Claim> claims(Set<String> names) {
    return names.stream().flatMap(name -> claimIfReadable(name).stream()).toList();
  }

  private Optional<Claim> claimIfReadable(String name) {
    try {
      return claimOn(name);
    } catch (StoreException e) {
      if (Bucket.refusal(e).isPresent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public boolean release(Claim claim) {
    String key = StoreKeys.claim(claim.name());
    return bucket
        .get(key)
        .filter(item -> decodeClaim(claim.name(), item).filter(claim::equals).isPresent())
        .filter(item -> bucket.remove(key, item.etag()))
        .isPresent();
  }

  @Override
  public void putConfig(ClusterId id, String config) {
    bucket.put(StoreKeys.config(id), config);
  }

  @Override
  public Optional<FenceHolder> taken(TaskKey key) {
    return bucket
        .get(StoreKeys.fence(key))
        .map(item -> TaskObjectCodec.taken(item.asText().orElse("")));
  }

  @Override
  public boolean takeFence(TaskKey key, Fence taker, String handle) {
    String fence = StoreKeys.fence(key);
    if (bucket.putNew(fence, TaskObjectCodec.encode(new FenceHolder(taker, handle))).isPresent()) {
      return true;
    }
    return bucket
        .get(fence)
        .flatMap(Item::asText)
        .filter(text -> TaskObjectCodec.taken(text).handle().equals(handle))
        .isPresent();
  }

  @Override
  public Optional<TaskResult> result(TaskKey key) {
    return bucket.get(StoreKeys.result(key)).flatMap(Item::asText).flatMap(TaskObjectCodec::result);
  }

  @Override
  public void putResult(TaskKey key, TaskResult result) {
    bucket.put(StoreKeys.result(key), TaskObjectCodec.encode(result));
  }

  @Override
  public void archive(Stored.Live gone) {
    bucket.put(StoreKeys.archive(gone.id()), gone.json());
  }

  @Override
  public Optional<Stored> archived(ClusterId id) {
    return stored(id, StoreKeys.archive(id));
  }

  @Override
  public Optional<Versions> versions() {
    return bucket.get(StoreKeys.VERSIONS).flatMap(Item::asText).flatMap(TaskObjectCodec::versions);
  }

  /** A record, here or in the archive. One that S3 refuses to give out is one that is there. */
  private Optional<Stored> stored(ClusterId id, String key) {
    try {
      return bucket.get(key).map(item -> decode(id, item));
    } catch (StoreException e) {
      Optional<String> refusal = Bucket.refusal(e);
      // Who may read nothing at all is refused what is not there, too.
      if (refusal.isPresent() && bucket.has(key)) {
        return Optional.of(new Stored.Unreadable(id, refusal.get()));
      }
      throw e;
    }
  }

  static Stored decode(ClusterId id, Item item) {
    return switch (item) {
      case Item.Text(String etag, String text) ->
          ClusterRecordCodec.decode(id, etag, unstamped(text));
      case Item.Unreadable(String etag, String why, String text) ->
          new Stored.Unreadable(id, why, etag, unstamped(text));
    };
  }

  private static Optional<Claim> decodeClaim(String name, Item item) {
    return item.asText().flatMap(text -> TaskObjectCodec.claim(name, text));
  }

  /** A record's text, with a stamp of this write before all else. */
  private static String stamp(ObjectNode record) {
    record.remove(STAMP);
    return "{\"%s\":\"%s\",%s"
        .formatted(STAMP, UUID.randomUUID(), ClusterRecordCodec.text(record).substring(1));
  }

  private static String unstamped(String text) {
    return STAMPED.matcher(text).replaceFirst("{");
  }
}
