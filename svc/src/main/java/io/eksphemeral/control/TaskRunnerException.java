package io.eksphemeral.control;

/** The task runner failed, or did not answer. Trying again may help. */
public final class TaskRunnerException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public TaskRunnerException(String message) {
    super(message);
  }

  public TaskRunnerException(String message, Throwable cause) {
    super(message, cause);
  }
}
