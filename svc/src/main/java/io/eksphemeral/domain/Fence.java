package io.eksphemeral.domain;

/**
 * The state of a task's fence. A task works only if it created its fence (promise P7); if the
 * control plane created it first, the fence is closed, and the task never works.
 */
public enum Fence {
  /** It does not exist: the task has not begun, but still can. */
  OPEN,
  /** The task created it: it works, or has worked. */
  TAKEN,
  /** The control plane created it: the task never worked and never will. */
  CLOSED
}
