package io.eksphemeral.local;

import io.eksphemeral.local.task.Timer;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** A timer whose time a test lets pass; what is due is done by the thread that does so. */
public final class ManualTimer implements Timer {
  private final PriorityQueue<Entry> entries =
      new PriorityQueue<>(Comparator.comparing(Entry::at).thenComparingLong(Entry::number));
  private Duration now = Duration.ZERO;
  private long number;

  private record Entry(Duration at, long number, Runnable work) {}

  @Override
  public synchronized void after(Duration wait, Runnable work) {
    entries.add(new Entry(now.plus(wait), number++, work));
  }

  /** Does what is due by then, in order, and what becomes due by it. */
  public void pass(Duration time) {
    Duration until = now.plus(time);
    for (Entry next = next(until); next != null; next = next(until)) {
      now = next.at();
      next.work().run();
    }
    now = until;
  }

  /** How long each thing that is waited for still has to wait. */
  public synchronized List<Duration> waits() {
    return entries.stream().map(entry -> entry.at().minus(now)).sorted().toList();
  }

  private synchronized @Nullable Entry next(Duration until) {
    Entry first = entries.peek();
    return first != null && first.at().compareTo(until) <= 0 ? entries.poll() : null;
  }
}
