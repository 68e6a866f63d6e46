package io.eksphemeral.simulation;

import java.util.List;
import java.util.SplittableRandom;

/** All that is left to chance in a world comes from here, and so from its seed. */
final class SeededRandom {
  private final SplittableRandom random;

  SeededRandom(long seed) {
    random = new SplittableRandom(seed);
  }

  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** One of the whole numbers from the first to the last, both included. */
  long between(long first, long last) {
    return random.nextLong(first, last + 1);
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  <T> T pick(List<T> choices) {
    return choices.get(below(choices.size()));
  }
}
