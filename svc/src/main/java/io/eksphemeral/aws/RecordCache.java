package io.eksphemeral.aws;

import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
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
 * What stands in the records, each read again only if its ETag has changed since the last time. So
 * a listing of which nothing has changed costs one request for each 1000 records. One that S3
 * refuses to give out is read again each time: what it is refused for does not change its ETag.
 */
final class RecordCache {
  /** How many records are read at a time. S3 allows 5500 reads a second and prefix. */
  static final int AT_A_TIME = 64;

  /**
   * How much is kept from one listing to the next, in characters of the records' texts; with what
   * was made of them it is some three times that in bytes. What is beyond is read each time.
   */
  static final long MOST_KEPT = 32L << 20;

  private final Bucket bucket;
  private final Executor executor;
  private final long mostKept;
  private volatile Map<String, Reading> last = Map.of();

  /**
   * A record as it was read, under its key.
   *
   * @param etag what S3 gave it out with; null if it refused to
   */
  private record Reading(String key, @Nullable String etag, Stored stored, long size) {}

  /**
   * Begins with nothing read.
   *
   * @param executor what reads run on, besides the thread that asks. It may be the very one that
   *     this is called from, and be busy or full: the calling thread then reads alone.
   * @param mostKept how much is kept, in characters
   */
  RecordCache(Bucket bucket, Executor executor, long mostKept) {
    this.bucket = bucket;
    this.executor = executor;
    this.mostKept = mostKept;
  }

  /**
   * All records, in the order of their keys. One that goes away after it was listed is left out.
   */
  List<Stored> all() {
    Map<String, Reading> known = last;
    List<Bucket.Entry> entries =
        bucket.list("").stream()
            .filter(entry -> StoreKeys.recordId(entry.key()).isPresent())
            .toList();
    Map<String, Reading> read = new HashMap<>();
    for (Reading reading :
        readAll(entries.stream().filter(entry -> lookUp(known, entry) == null).toList())) {
      read.put(reading.key(), reading);
    }
    Map<String, Reading> kept = new HashMap<>();
    List<Stored> all = new ArrayList<>();
    long size = 0;
    for (Bucket.Entry entry : entries) {
      @Nullable Reading before = lookUp(known, entry);
      @Nullable Reading reading = before == null ? read.get(entry.key()) : before;
      if (reading != null) {
        all.add(reading.stored());
        size += reading.size();
        if (size <= mostKept) {
          kept.put(entry.key(), reading);
        }
      }
    }
    last = kept;
    return all;
  }

  private static @Nullable Reading lookUp(Map<String, Reading> known, Bucket.Entry entry) {
    @Nullable Reading reading = known.get(entry.key());
    return reading != null && entry.etag().equals(reading.etag()) ? reading : null;
  }

  /**
   * Reads objects, several at a time. The calling thread reads as well, and waits only for reads
   * that have begun, so that callers who fill the executor themselves cannot lock each other out.
   */
  private List<Reading> readAll(List<Bucket.Entry> entries) {
    List<CompletableFuture<Optional<Reading>>> reads =
        IntStream.range(0, entries.size())
            .mapToObj(_ -> new CompletableFuture<Optional<Reading>>())
            .toList();
    AtomicInteger next = new AtomicInteger();
    Runnable work =
        () -> {
          for (int i = next.getAndIncrement(); i < reads.size(); i = next.getAndIncrement()) {
            try {
              reads.get(i).complete(read(entries.get(i).key()));
            } catch (RuntimeException | Error e) {
              // One that cannot be read is a listing that failed: nobody need wait for the rest.
              next.set(reads.size());
              reads.forEach(read -> read.completeExceptionally(e));
            }
          }
        };
    try {
      for (int other = 1; other < Math.min(AT_A_TIME, reads.size()); other++) {
        executor.execute(work);
      }
    } catch (RejectedExecutionException e) {
      // Then as many as were taken, and this thread.
    }
    work.run();
    try {
      return reads.stream().map(CompletableFuture::join).flatMap(Optional::stream).toList();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StoreException failure ? failure : e;
    }
  }

  private Optional<Reading> read(String key) {
    return StoreKeys.recordId(key).flatMap(id -> read(id, key));
  }

  private Optional<Reading> read(ClusterId id, String key) {
    try {
      return bucket
          .get(key)
          .map(item ->
              new Reading(
                  key,
                  item.etag(),
                  S3ClusterStore.decode(id, item),
                  item.asText().map(text -> (long) text.length()).orElse(0L)));
    } catch (StoreException e) {
      String refusal = Bucket.refusal(e).orElseThrow(() -> e);
      return Optional.of(new Reading(key, null, new Stored.Unreadable(id, refusal), 0));
    }
  }
}
