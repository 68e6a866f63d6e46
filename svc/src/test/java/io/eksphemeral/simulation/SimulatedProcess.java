package io.eksphemeral.simulation;

import org.jspecify.annotations.Nullable;

/**
 * A process that calls AWS: a function's sandbox, or a task's container. It may crash at any call.
 */
final class SimulatedProcess {
  /** Ends a process. Code that catches it crashes at its next call. */
  static final class Crash extends Error {
    private static final long serialVersionUID = 1;

    Crash() {
      super("this process has crashed", null, false, false);
    }
  }

  /** A fault that will happen at one of the process's calls. */
  record PlannedFault(Fault.Kind kind, int call, long amount) {}

  private final String name;
  private final DeterministicScheduler scheduler;
  private boolean hasCrashed;
  private long deadline = Long.MAX_VALUE;
  private int calls;
  private @Nullable PlannedFault planned;
  private @Nullable Invocation invocation;

  /** How far its clock is ahead, in milliseconds. */
  long skew;

  SimulatedProcess(String name, DeterministicScheduler scheduler) {
    this.name = name;
    this.scheduler = scheduler;
  }

  /** Begins an invocation, which is killed at its timeout. */
  void begin(Invocation begun, long mostMilliseconds) {
    invocation = begun;
    planned = null;
    deadline = scheduler.now() + mostMilliseconds;
  }

  void plan(PlannedFault next) {
    planned = next;
    calls = 0;
  }

  /** The fault at this call; null if there is none. */
  @Nullable PlannedFault nextFault() {
    PlannedFault mine = planned;
    if (mine == null || ++calls < mine.call()) {
      return null;
    }
    planned = null;
    return mine;
  }

  /** Throws unless the process is alive. */
  void checkAlive() {
    if (scheduler.isOver()) {
      throw new DeterministicScheduler.Over();
    }
    if (scheduler.now() > deadline) {
      hasCrashed = true;
    }
    if (hasCrashed) {
      throw new Crash();
    }
  }

  void crash() {
    hasCrashed = true;
  }

  boolean hasCrashed() {
    return hasCrashed || scheduler.now() > deadline;
  }

  long timeLeft() {
    return Math.max(0, deadline - scheduler.now());
  }

  @Nullable Invocation invocation() {
    return invocation;
  }

  @Override
  public String toString() {
    return name;
  }
}
