package io.eksphemeral.control;

/** The store did not do, or did not answer, what it was asked. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean lasting;

  /** A failure that may be gone at the next try. */
  public StoreException(String message) {
    super(message);
    lasting = false;
  }

  /** A failure that may be gone at the next try. */
  public StoreException(String message, Throwable cause) {
    this(message, cause, false);
  }

  private StoreException(String message, Throwable cause, boolean lasting) {
    super(message, cause);
    this.lasting = lasting;
  }

  /** A failure that lasts until the operator changes something: access is denied, for instance. */
  public static StoreException lasting(String message, Throwable cause) {
    return new StoreException(message, cause, true);
  }

  /** Whether a failure comes from one of the store that lasts. */
  public static boolean isLasting(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof StoreException store && store.lasting) {
        return true;
      }
    }
    return false;
  }
}
