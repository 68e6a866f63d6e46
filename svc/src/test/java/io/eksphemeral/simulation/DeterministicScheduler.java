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
 * Runs a simulation on one real thread with a virtual clock: time passes only when every simulated
 * thread waits. So a run depends on its seed alone, and takes no real time.
 *
 * <p>A simulated thread is a virtual thread with this scheduler. It may wait for others in any way,
 * as the sweep does for its visits, so the code under test runs unchanged. The JDK (25) has no
 * public way to schedule virtual threads: this uses reflection, and needs {@code --add-opens
 * java.base/java.lang=ALL-UNNAMED}.
 */
final class DeterministicScheduler {
  /** Ends all threads after the simulation. */
  static final class Over extends Error {
    private static final long serialVersionUID = 1;

    Over() {
      super("the simulation is over", null, false, false);
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
      throw new IllegalStateException("this JDK creates virtual threads in another way", e);
    }
  }

  /** Milliseconds since the simulation began. */
  long now() {
    return now;
  }

  boolean isOver() {
    return isOver;
  }

  /** Schedules an action; actions at the same time run in the order they were scheduled. */
  void at(long time, Runnable action) {
    if (isOver) {
      return;
    }
    agenda.add(new Event(Math.max(time, now), order++, action));
  }

  /** Starts a thread. */
  void start(Runnable body) {
    if (isOver) {
      throw new Over();
    }
    new SimulatedThread(body).thread.start();
  }

  /**
   * A virtual thread with this scheduler.
   *
   * <p>It may have to wait for a lock held by a thread of a concurrent simulation, as random
   * numbers share one. That does not count as waiting: nothing else in this simulation proceeds
   * until it has the lock, so the result of a seed does not depend on other simulations.
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
        // like all other threads
      } catch (Throwable e) {
        if (failure == null) {
          failure = e;
        }
      }
    }

    /**
     * Receives the next continuation, from the loop, from threads, or from the JDK after a lock.
     */
    private void schedule(Runnable continuation) {
      if (running == this) {
        nextAtOnce = continuation;
      } else {
        next = continuation;
        ready.add(this);
      }
    }

    /** Runs until it waits for something in this simulation, or ends. */
    void proceed() {
      running = this;
      Runnable continuation = next;
      while (continuation != null) {
        continuation.run();
        continuation = null;
        while (continuation == null && !isParked()) {
          continuation = nextAtOnce;
          Thread.onSpinWait();
        }
        nextAtOnce = null;
      }
      running = null;
    }

    private boolean isParked() {
      return nextAtOnce == null
          && switch (thread.getState()) {
            case WAITING, TIMED_WAITING, TERMINATED -> true;
            case NEW, RUNNABLE, BLOCKED -> false;
          };
    }
  }

  /** Suspends the calling thread. */
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

  /** Runs until some time, until a condition holds, or until nothing is scheduled. */
  void run(long until, BooleanSupplier isDone) {
    while (!isDone.getAsBoolean()) {
      proceed();
      Event next = agenda.peek();
      if (next == null || next.at > until) {
        return;
      }
      agenda.remove();
      now = next.at;
      next.action.run();
    }
  }

  /** Ends all threads and scheduled actions. */
  void end() {
    isOver = true;
    proceed();
    for (Event next = agenda.poll(); next != null; next = agenda.poll()) {
      try {
        next.action.run();
      } catch (Over over) {
        // it would have started a thread
      }
      proceed();
    }
  }

  /** Runs each thread that can proceed, one after the other. */
  private void proceed() {
    for (SimulatedThread thread = ready.poll(); thread != null; thread = ready.poll()) {
      thread.proceed();
      if (failure != null && !isOver) {
        throw new IllegalStateException("a thread failed", failure);
      }
    }
  }
}
