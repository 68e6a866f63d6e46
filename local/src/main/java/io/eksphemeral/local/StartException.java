package io.eksphemeral.local;

/** The control plane cannot start, for a reason that the user can fix. */
final class StartException extends Exception {
  private static final long serialVersionUID = 1;

  /** What the process ends with. */
  enum Reason {
    WRONG_SETTING(2),
    PORT_TAKEN(3),
    HOME_TAKEN(4);

    private final int exitCode;

    Reason(int exitCode) {
      this.exitCode = exitCode;
    }

    int exitCode() {
      return exitCode;
    }
  }

  private final Reason reason;

  /**
   * @param message a sentence that says what to do
   */
  StartException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
