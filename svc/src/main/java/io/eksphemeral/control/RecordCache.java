package io.eksphemeral.control;

import io.eksphemeral.control.ObjectStore.Entry;
import io.eksphemeral.domain.ClusterId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The records of the last listing, each read again only if its version has changed. So a listing in
 * which nothing changed costs one request to S3 for each 1000 records. A record that may not be
 * read is tried again each time, since what prevents it does not change its version.
 */
public final class RecordCache {
  /** How many records are read at a time. S3 allows 5500 reads a second and prefix. */
  public static final int CONCURRENT_READS = 64;

  /** How much is kept between listings, in characters; decoded it takes three times that. */
  static final long MAX_CACHED = 32L << 20;

  private final ObjectStore objects;
  private final Executor executor;
  private final long maxCached;
  private volatile Map<String, CachedRecord> last = Map.of();

  /**
   * A record as it was read.
   *
   * @param version null if it may not be read
   */
  private record CachedRecord(String key, @Nullable String version, Stored stored, long size) {}

  /**
   * @param executor may be the one that the caller runs on, and may be busy or full: then the
   *     calling thread reads alone
   */
  RecordCache(ObjectStore objects, Executor executor) {
    this(objects, executor, MAX_CACHED);
  }

  /**
   * @param maxCached how much is kept between listings, in characters
   */
  RecordCache(ObjectStore objects, Executor executor, long maxCached) {
    this.objects = objects;
    this.executor = executor;
    this.maxCached = maxCached;
  }

  /** All records, in the order of their keys, without those that are removed meanwhile. */
  List<Stored> all() {
    Map<String, CachedRecord> known = last;
    List<Entry> entries =
        objects.list("").stream()
            .filter(entry -> StoreKeys.recordId(entry.key()).isPresent())
            .toList();
    Map<String, CachedRecord> read = new HashMap<>();
    for (CachedRecord record :
        readAll(
            entries.stream()
                .filter(entry -> cached(known, entry) == null)
                .map(Entry::key)
                .toList())) {
      read.put(record.key(), record);
    }
    Map<String, CachedRecord> kept = new HashMap<>();
    List<Stored> all = new ArrayList<>();
    long size = 0;
    for (Entry entry : entries) {
      @Nullable CachedRecord before = cached(known, entry);
      @Nullable CachedRecord record = before == null ? read.get(entry.key()) : before;
      if (record != null) {
        all.add(record.stored());
        size += record.size();
        if (size <= maxCached) {
          kept.put(entry.key(), record);
        }
      }
    }
    last = kept;
    return all;
  }

  /** Reads some records, in the order of their keys, without those that are missing. Keeps none. */
  List<Stored> read(List<String> keys) {
    return readAll(keys).stream().map(CachedRecord::stored).toList();
  }

  private static @Nullable CachedRecord cached(Map<String, CachedRecord> known, Entry entry) {
    @Nullable CachedRecord record = known.get(entry.key());
    return record != null && entry.version().equals(record.version()) ? record : null;
  }

  /**
   * Reads several records at a time. The calling thread reads as well, and waits only for reads
   * that have begun, so callers that fill the executor themselves cannot deadlock.
   */
  private List<CachedRecord> readAll(List<String> keys) {
    List<CompletableFuture<Optional<CachedRecord>>> reads =
        IntStream.range(0, keys.size())
            .mapToObj(_ -> new CompletableFuture<Optional<CachedRecord>>())
            .toList();
    AtomicInteger next = new AtomicInteger();
    Runnable work =
        () -> {
          for (int i = next.getAndIncrement(); i < reads.size(); i = next.getAndIncrement()) {
            try {
              reads.get(i).complete(read(keys.get(i)));
            } catch (RuntimeException | Error e) {
              // One failed read fails the listing: the others need not be read.
              next.set(reads.size());
              reads.forEach(read -> read.completeExceptionally(e));
            }
          }
        };
    try {
      for (int other = 1; other < Math.min(CONCURRENT_READS, reads.size()); other++) {
        executor.execute(work);
      }
    } catch (RejectedExecutionException e) {
      // The threads that were accepted, and this one, read all.
    }
    work.run();
    try {
      return reads.stream().map(CompletableFuture::join).flatMap(Optional::stream).toList();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StoreException failure ? failure : e;
    }
  }

  private Optional<CachedRecord> read(String key) {
    ClusterId id = StoreKeys.recordId(key.substring(key.lastIndexOf('/') + 1)).orElseThrow();
    return objects
        .get(key)
        .map(object ->
            new CachedRecord(
                key,
                object.knownVersion().orElse(null),
                ClusterStore.decode(id, object),
                object.asText().map(text -> (long) text.length()).orElse(0L)));
  }
}
