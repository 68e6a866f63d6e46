package io.eksphemeral.local;

/** Times in which a control plane may say that it cannot do its part. */
final class Trouble {
  private int now;
  private long begun;

  synchronized void begins() {
    now++;
    begun++;
  }

  synchronized void ends() {
    now--;
  }

  /** A moment, for {@link #since}. */
  synchronized long moment() {
    return now > 0 ? -1 : begun;
  }

  /** Whether there was any at that moment, or has been any from then on. */
  synchronized boolean since(long moment) {
    return now > 0 || begun != moment;
  }
}
