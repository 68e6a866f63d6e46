package io.eksphemeral.domain;

/**
 * Identifies a task. It names the task's fence and result in the store, and makes launching it
 * idempotent.
 *
 * @param attempt counted from 1 for each kind
 */
public record TaskKey(ClusterId cluster, TaskKind kind, int attempt) {
  /** {@code create-1}, as in the names of its objects under {@code tasks/<id>/}. */
  public String label() {
    return kind.text() + "-" + attempt;
  }

  /** {@code <id>-create-1}; 64 characters are the limit of an ECS client token. */
  public String token() {
    return cluster + "-" + label();
  }
}
