package io.eksphemeral.local.task;

import io.eksphemeral.local.task.LocalTask.End;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A task in this process: its state, what works on it, and whether it is to stop. */
final class RunningTask {
  private LocalTask task;

  /** Whether a step runs: then the task is stopped when that has ended. */
  private boolean works;

  /** Does the work of a step that takes long; null while there is none. */
  private @Nullable Thread worker;

  /** Why it is to stop; null if it is not. */
  private @Nullable String stop;

  RunningTask(LocalTask task) {
    this.task = task;
  }

  synchronized LocalTask task() {
    return task;
  }

  /** Begins a step; false if none may begin, because the task has ended or is to stop. */
  synchronized boolean beginStep() {
    works = task.runs() && stop == null;
    return works;
  }

  /** The step has ended, and another one comes later. */
  synchronized void rest() {
    works = false;
  }

  /** Runs the long work of a step. */
  synchronized void work(Runnable work) {
    worker = Thread.ofVirtual().unstarted(work);
    worker.start();
    if (stop != null) { // before there was a thread
      worker.interrupt();
    }
  }

  synchronized void workEnded() {
    worker = null;
  }

  /** Interrupts the work of a step, if there is any. */
  synchronized void interrupt() {
    if (worker != null) {
      worker.interrupt();
    }
  }

  /**
   * From now on no step begins.
   *
   * @return whether one runs; the task ends after it
   */
  synchronized boolean stop(String why) {
    if (stop == null) {
      stop = why;
    }
    interrupt();
    return works;
  }

  /** Why it is to stop. */
  synchronized Optional<String> stopReason() {
    return Optional.ofNullable(stop);
  }

  /**
   * Ends the task, once that is stored.
   *
   * @return the ended task; empty if it had ended before
   */
  synchronized Optional<LocalTask> end(End how, Consumer<LocalTask> store) {
    if (!task.runs()) {
      return Optional.empty();
    }
    LocalTask ended = task.ended(how);
    store.accept(ended);
    task = ended;
    return Optional.of(ended);
  }
}
