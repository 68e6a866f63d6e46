package io.eksphemeral.control;

/** The task runner did not do, or did not answer, what it was asked. Trying again may help. */
public final class TaskRunnerException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public TaskRunnerException(String message) {
    super(message);
  }

  public TaskRunnerException(String message, Throwable cause) {
    super(message, cause);
  }
}
