package io.eksphemeral.domain;

/**
 * The state of a task's fence. A task works only if it alone took its fence (promise P7), so a
 * fence that the control plane took first, closed it, keeps the task from ever working.
 */
public enum Fence {
  /** Nobody has it: the task has not begun, but still can. */
  OPEN,
  /** The task has it: it works, or has worked. */
  TAKEN,
  /** The control plane has it: the task never worked and never will. */
  CLOSED
}
