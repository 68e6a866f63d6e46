package io.eksphemeral.domain;

/**
 * Which task: an attempt of a kind for a cluster. It names the task's fence and result in the store
 * and makes launching it idempotent.
 *
 * @param attempt counted from 1 within the kind
 */
public record TaskKey(ClusterId cluster, TaskKind kind, int attempt) {
  /** {@code create-1}: what its objects under {@code tasks/<id>/} are called. */
  public String label() {
    return kind.text() + "-" + attempt;
  }

  /** {@code <id>-create-1}: at most 64 characters, the limit of an ECS client token. */
  public String token() {
    return cluster + "-" + label();
  }
}
