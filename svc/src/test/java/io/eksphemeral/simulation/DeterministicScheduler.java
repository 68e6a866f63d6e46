package io.eksphemeral.simulation;

import java.lang.reflect.Method;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * All that goes on in a world, on one real thread and by a virtual clock: time passes only when
 * nothing can go on without it. So a run depends on the world alone, and takes no real time.
 *
 * <p>A strand is a virtual thread that is scheduled here. It may wait for another in any way, as
 * the sweep does for its visits, and is put aside meanwhile; so the code under test runs as it is.
 * The JDK has no public way to schedule virtual threads (25): this goes by reflection, and needs
 * {@code --add-opens java.base/java.lang=ALL-UNNAMED}.
 */
final class DeterministicScheduler {
  /** The world is over: ends whatever still goes on in it. */
  static final class Over extends Error {
    private static final long serialVersionUID = 1;

    Over() {
      super("the world is over", null, false, false);
    }
  }

  private record Event(long at, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(at, other.at);
      return byTime == 0 ? Long.compare(order, other.order) : byTime;
    }
  }

  private static final Method NEW_VIRTUAL_THREAD = newVirtualThread();

  private final PriorityQueue<Event> agenda = new PriorityQueue<>();
  private final Queue<SimulatedThread> ready = new ConcurrentLinkedQueue<>();
  private volatile @Nullable SimulatedThread running;
  private long now;
  private long order;
  private boolean isOver;
  private @Nullable Throwable failure;

  private static Method newVirtualThread() {
    try {
      Method method =
          Class.forName("java.lang.ThreadBuilders")
              .getDeclaredMethod(
                  "newVirtualThread", Executor.class, String.class, int.class, Runnable.class);
      method.setAccessible(true);
      return method;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JDK makes virtual threads in another way", e);
    }
  }

  /** Milliseconds since the world began. */
  long now() {
    return now;
  }

  boolean isOver() {
    return isOver;
  }

  /** Has something done at a time; things of the same time in the order they were asked for. */
  void at(long time, Runnable action) {
    if (isOver) {
      return;
    }
    agenda.add(new Event(Math.max(time, now), order++, action));
  }

  /** Starts a strand. */
  void start(Runnable body) {
    if (isOver) {
      throw new Over();
    }
    new SimulatedThread(body).thread.start();
  }

  /**
   * A virtual thread that is scheduled here.
   *
   * <p>It may have to wait for a lock that a strand of another world has, which happens at the same
   * time: random numbers come from behind one. That is no waiting in this world, where nothing else
   * goes on until it has the lock; so what comes of a seed does not hang on what else is going on.
   */
  private final class SimulatedThread {
    private final Thread thread;
    private volatile @Nullable Runnable next;
    private volatile @Nullable Runnable nextAtOnce;

    SimulatedThread(Runnable body) {
      Executor scheduler = this::schedule;
      try {
        thread =
            (Thread) NEW_VIRTUAL_THREAD.invoke(null, scheduler, "", 0, (Runnable) () -> run(body));
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }

    private void run(Runnable body) {
      try {
        body.run();
      } catch (Over over) {
        // as everything else in this world
      } catch (Throwable e) {
        if (failure == null) {
          failure = e;
        }
      }
    }

    /**
     * Takes what is to run next; from the loop, from strands, or where it got a lock, from the JDK.
     */
    private void schedule(Runnable continuation) {
      if (running == this) {
        nextAtOnce = continuation;
      } else {
        next = continuation;
        ready.add(this);
      }
    }

    /** Goes on until it waits for something in this world, or is over. */
    void goOn() {
      running = this;
      Runnable continuation = next;
      while (continuation != null) {
        continuation.run();
        continuation = null;
        while (continuation == null && !isAside()) {
          continuation = nextAtOnce;
          Thread.onSpinWait();
        }
        nextAtOnce = null;
      }
      running = null;
    }

    private boolean isAside() {
      return nextAtOnce == null
          && switch (thread.getState()) {
            case WAITING, TIMED_WAITING, TERMINATED -> true;
            case NEW, RUNNABLE, BLOCKED -> false;
          };
    }
  }

  /** Lets the calling strand wait. */
  void sleep(long milliseconds) {
    if (isOver) {
      throw new Over();
    }
    Thread sleeper = Thread.currentThread();
    boolean[] due = {false};
    at(
        now + milliseconds,
        () -> {
          due[0] = true;
          LockSupport.unpark(sleeper);
        });
    while (!due[0]) {
      LockSupport.park();
    }
    if (isOver) {
      throw new Over();
    }
  }

  /** Lets time pass up to some moment, or until something holds, or until nothing goes on. */
  void run(long until, BooleanSupplier isDone) {
    while (!isDone.getAsBoolean()) {
      goOn();
      Event next = agenda.peek();
      if (next == null || next.at > until) {
        return;
      }
      agenda.remove();
      now = next.at;
      next.action.run();
    }
  }

  /** Has whatever still goes on come to its end, so that nothing is left of the world. */
  void end() {
    isOver = true;
    goOn();
    for (Event next = agenda.poll(); next != null; next = agenda.poll()) {
      try {
        next.action.run();
      } catch (Over over) {
        // it would have started something
      }
      goOn();
    }
  }

  /** Lets each strand go on that can, one after the other, as long as there are any. */
  private void goOn() {
    for (SimulatedThread strand = ready.poll(); strand != null; strand = ready.poll()) {
      strand.goOn();
      if (failure != null && !isOver) {
        throw new IllegalStateException("a strand failed", failure);
      }
    }
  }
}
