package io.eksphemeral.local.kind;

import java.io.Serial;

/** The container engine did not do what it was asked for. */
final class EngineException extends Exception {
  @Serial private static final long serialVersionUID = 1;

  private final String reason;

  EngineException(String reason) {
    super(reason);
    this.reason = reason;
  }

  /** One sentence. */
  String reason() {
    return reason;
  }
}
