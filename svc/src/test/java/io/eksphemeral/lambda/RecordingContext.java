package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import java.util.ArrayList;
import java.util.List;

/** A {@link Context} that keeps what is logged, and has as much time left as a test says. */
final class RecordingContext extends BareContext {
  private final List<String> log = new ArrayList<>();
  private int remaining = 300_000;

  List<String> log() {
    return List.copyOf(log);
  }

  void forget() {
    log.clear();
  }

  void setRemaining(int milliseconds) {
    remaining = milliseconds;
  }

  @Override
  protected void log(String message) {
    log.add(message);
  }

  @Override
  public int getRemainingTimeInMillis() {
    return remaining;
  }
}
