package io.eksphemeral.domain;

import java.util.List;

/**
 * Why a request was rejected. Nothing was stored.
 *
 * @param error one sentence
 * @param problems every problem, one sentence each; empty if {@code error} says it all
 */
public record Rejection(Kind kind, String error, List<String> problems) {
  /** The kind of reason. */
  public enum Kind {
    INVALID_REQUEST,
    INVALID_SPEC,
    FORBIDDEN,
    NOT_FOUND,
    /** Another cluster has the name. */
    NAME_TAKEN,
    /** Another cluster has the id. */
    ID_TAKEN,
    /** Several clusters have ids that begin like this. */
    AMBIGUOUS,
    /** The record is not managed, cannot be read, or keeps changing. */
    CONFLICT,
    TOO_LARGE,
    LIMIT,
    /** The cluster is already being destroyed. */
    TOO_LATE
  }

  public Rejection {
    problems = List.copyOf(problems);
  }

  public Rejection(Kind kind, String error) {
    this(kind, error, List.of());
  }
}
