package io.eksphemeral.simulation;

import org.jspecify.annotations.Nullable;

/**
 * A process that calls AWS: a function's sandbox, or a task's container. It may die at any call.
 */
final class Caller {
  /** The end of a process. Whoever catches it dies at its next call. */
  static final class Death extends Error {
    private static final long serialVersionUID = 1;

    Death() {
      super("this process is dead", null, false, false);
    }
  }

  /** What is going to happen to a process at one of its calls. */
  record Fate(Fault.Kind kind, int call, long amount) {}

  private final String name;
  private final DeterministicScheduler strands;
  private boolean isDead;
  private long deadline = Long.MAX_VALUE;
  private int calls;
  private @Nullable Fate fate;
  private @Nullable Invocation invocation;

  /** How far its clock is ahead, in milliseconds. */
  long skew;

  Caller(String name, DeterministicScheduler strands) {
    this.name = name;
    this.strands = strands;
  }

  /** Begins an invocation, which is killed when its time is up. */
  void begin(Invocation begun, long mostMilliseconds) {
    invocation = begun;
    fate = null;
    deadline = strands.now() + mostMilliseconds;
  }

  void meets(Fate next) {
    fate = next;
    calls = 0;
  }

  /** What becomes of this call, if anything does. */
  @Nullable Fate fateOfCall() {
    Fate mine = fate;
    if (mine == null || ++calls < mine.call()) {
      return null;
    }
    fate = null;
    return mine;
  }

  /** Goes on only if it lives. */
  void live() {
    if (strands.isOver()) {
      throw new DeterministicScheduler.Over();
    }
    if (strands.now() > deadline) {
      isDead = true;
    }
    if (isDead) {
      throw new Death();
    }
  }

  void die() {
    isDead = true;
  }

  boolean isDead() {
    return isDead || strands.now() > deadline;
  }

  long timeLeft() {
    return Math.max(0, deadline - strands.now());
  }

  @Nullable Invocation invocation() {
    return invocation;
  }

  @Override
  public String toString() {
    return name;
  }
}
