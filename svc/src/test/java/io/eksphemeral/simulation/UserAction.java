package io.eksphemeral.simulation;

import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.ClusterId;
import java.time.Duration;
import java.time.Instant;

/** An action of a user, at a time in milliseconds of the simulation. */
sealed interface UserAction {
  long at();

  /** The ARN of a caller by number. */
  static String arn(int who) {
    return who == 0 ? Samples.ALICE : Samples.BOB;
  }

  /** Creates a cluster with a chosen id, and retries, or not, if there is no response. */
  record Create(
      long at,
      int who,
      ClusterId key,
      String name,
      int workers,
      int minutes,
      String owner,
      boolean retries)
      implements UserAction {
    /** Some ask for a moment instead of minutes. */
    boolean namesMoment() {
      return minutes % 3 == 0 && minutes <= 60;
    }

    /** The moment that they ask for. */
    Instant until() {
      return Simulation.START.plusMillis(at).plus(Duration.ofMinutes(minutes));
    }
  }

  record Prolong(long at, int who, ClusterId cluster, int minutes) implements UserAction {}

  /**
   * Repeats every call about a cluster: creates it with the same id, changes its expiry there and
   * back, reads it, and destroys it, or not.
   *
   * @param pause milliseconds between two rounds
   */
  record Repeat(long at, int who, Create create, int rounds, long pause, boolean destroys)
      implements UserAction {}

  /** By name, it may affect another cluster than intended. */
  record Destroy(long at, String idOrName, boolean retries) implements UserAction {}

  record GetStatus(long at, String idOrName) implements UserAction {}

  record ListClusters(long at) implements UserAction {}

  record ListIds(long at) implements UserAction {}

  /** Creates a foreign cluster, if the name is free. */
  record CreateForeign(long at, String name) implements UserAction {}

  /**
   * Puts an unreadable object among the records for a while, replacing a record if there is one.
   */
  record CorruptRecord(long at, long until, ClusterId id, String text) implements UserAction {}

  /** Makes ECS requests about the tasks of one cluster fail for a while. */
  record HideTasks(long at, long until, ClusterId cluster) implements UserAction {}

  /** Adds a record of 2019. */
  record AddLegacy(long at, ClusterId id) implements UserAction {}

  /** A newer version of the service adds a field to a record. */
  record AddField(long at, ClusterId cluster) implements UserAction {}

  /** Deploys the service, which replaces all sandboxes. */
  record Deploy(long at) implements UserAction {}
}
