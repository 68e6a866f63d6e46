package io.eksphemeral.aws;

import io.eksphemeral.control.StoreException;
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
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the objects under a prefix say, each read again only if its ETag has changed since the last
 * time. So a listing of which nothing has changed costs one request for each 1000 objects.
 *
 * @param <T> what an object is read as
 */
final class Readings<T> {
  /** How many objects are read at a time. S3 allows 5500 reads a second and prefix. */
  static final int AT_A_TIME = 64;

  /**
   * How much is kept from one listing to the next, in characters of the objects' texts; with what
   * was made of them it is some three times that in bytes. What is beyond is read each time.
   */
  static final long MOST_KEPT = 32L << 20;

  private final Bucket bucket;
  private final String prefix;
  private final Predicate<String> wanted;
  private final Reader<T> reader;
  private final Executor executor;
  private final long mostKept;
  private volatile Map<String, Reading<T>> last = Map.of();

  /** Reads an object as what it stands for. */
  @FunctionalInterface
  interface Reader<T> {
    /** What an object stands for; empty if for nothing. */
    Optional<T> read(String key, Bucket.Item item);
  }

  private record Reading<T>(String key, String etag, Optional<T> value, long size) {}

  /**
   * Begins with nothing read.
   *
   * @param wanted which keys are read at all
   * @param executor what reads run on, besides the thread that asks. It may be the very one that
   *     this is called from, and be busy or full: the calling thread then reads alone.
   * @param mostKept how much is kept, in characters
   */
  Readings(
      Bucket bucket,
      String prefix,
      Predicate<String> wanted,
      Reader<T> reader,
      Executor executor,
      long mostKept) {
    this.bucket = bucket;
    this.prefix = prefix;
    this.wanted = wanted;
    this.reader = reader;
    this.executor = executor;
    this.mostKept = mostKept;
  }

  /**
   * What all objects stand for, in the order of their keys. One that goes away after it was listed
   * is left out.
   */
  List<T> all() {
    Map<String, Reading<T>> known = last;
    List<Bucket.Entry> entries =
        bucket.list(prefix).stream().filter(entry -> wanted.test(entry.key())).toList();
    List<Bucket.Entry> unknown =
        entries.stream().filter(entry -> lookUp(known, entry) == null).toList();
    Map<String, Reading<T>> read = new HashMap<>();
    for (Reading<T> reading : readAll(unknown)) {
      read.put(reading.key(), reading);
    }
    Map<String, Reading<T>> kept = new HashMap<>();
    List<T> values = new ArrayList<>();
    long size = 0;
    for (Bucket.Entry entry : entries) {
      @Nullable Reading<T> before = lookUp(known, entry);
      @Nullable Reading<T> reading = before == null ? read.get(entry.key()) : before;
      if (reading != null) {
        reading.value().ifPresent(values::add);
        size += reading.size();
        if (size <= mostKept) {
          kept.put(entry.key(), reading);
        }
      }
    }
    last = kept;
    return values;
  }

  private @Nullable Reading<T> lookUp(Map<String, Reading<T>> known, Bucket.Entry entry) {
    @Nullable Reading<T> reading = known.get(entry.key());
    return reading != null && reading.etag().equals(entry.etag()) ? reading : null;
  }

  /**
   * Reads objects, several at a time. The calling thread reads as well, and waits only for reads
   * that have begun, so that callers who fill the executor themselves cannot lock each other out.
   */
  private List<Reading<T>> readAll(List<Bucket.Entry> entries) {
    List<CompletableFuture<Optional<Reading<T>>>> reads =
        IntStream.range(0, entries.size())
            .mapToObj(_ -> new CompletableFuture<Optional<Reading<T>>>())
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

  private Optional<Reading<T>> read(String key) {
    return bucket
        .get(key)
        .map(item ->
            new Reading<>(
                key,
                item.etag(),
                reader.read(key, item),
                item.asText().map(text -> (long) text.length()).orElse(0L)));
  }
}
