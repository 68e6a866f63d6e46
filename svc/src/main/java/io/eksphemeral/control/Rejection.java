package io.eksphemeral.control;

import java.util.List;

/**
 * Why something was not done. Nothing was stored.
 *
 * @param error one sentence
 * @param problems each of what is wrong, a sentence each; none where {@code error} says it all
 */
public record Rejection(Kind kind, String error, List<String> problems) {
  /** What kind of reason it is. */
  public enum Kind {
    /** What was said makes no sense, whatever else there is. */
    INPUT,
    FORBIDDEN,
    NOT_FOUND,
    /** Another cluster has the name. */
    NAME_TAKEN,
    /** Another cluster has the id. */
    ID_TAKEN,
    /** The record is not ours to change, or others keep changing it. */
    CONFLICT,
    TOO_LARGE,
    LIMIT,
    /** The cluster is already ending. */
    TOO_LATE
  }

  public Rejection {
    problems = List.copyOf(problems);
  }

  public Rejection(Kind kind, String error) {
    this(kind, error, List.of());
  }
}
