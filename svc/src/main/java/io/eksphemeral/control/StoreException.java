package io.eksphemeral.control;

/** The store did not do, or did not answer, what it was asked. Trying again may help. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public StoreException(String message) {
    super(message);
  }

  public StoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
