package io.eksphemeral.simulation;

import java.util.List;
import java.util.SplittableRandom;

/** The only source of randomness in a simulation, so that all of it follows from the seed. */
final class SeededRandom {
  private final SplittableRandom random;

  SeededRandom(long seed) {
    random = new SplittableRandom(seed);
  }

  boolean chance(double probability) {
    return random.nextDouble() < probability;
  }

  /** A number between the first and the last, inclusive. */
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
