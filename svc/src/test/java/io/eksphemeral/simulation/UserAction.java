package io.eksphemeral.simulation;

import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.ClusterId;

/** Something that people do, at a time in milliseconds of the world. */
sealed interface UserAction {
  long at();

  /** Who asks, by number. */
  static String arn(int who) {
    return who == 0 ? Samples.ALICE : Samples.BOB;
  }

  /** Asks for a cluster, with a key of one's own; who is patient asks again if no answer comes. */
  record Create(
      long at,
      int who,
      ClusterId key,
      String name,
      int workers,
      int minutes,
      String owner,
      boolean isPatient)
      implements UserAction {}

  record Prolong(long at, int who, ClusterId cluster, int minutes) implements UserAction {}

  /**
   * Repeats every call that a cluster takes, again and again: asks for it with the same key, moves
   * its expiry there and back, looks at it, and destroys it where they are out for that.
   *
   * @param pause milliseconds between two rounds
   */
  record Repeat(long at, int who, Create create, int rounds, long pause, boolean destroys)
      implements UserAction {}

  /** By name, one may hit another cluster than one thinks. */
  record Destroy(long at, String idOrName, boolean isPatient) implements UserAction {}

  record Look(long at, String idOrName) implements UserAction {}

  record LookAtAll(long at) implements UserAction {}

  record LookAtIds(long at) implements UserAction {}

  /** Makes a cluster of a name by other means, if there is none of it. */
  record MakeForeign(long at, String name) implements UserAction {}

  /**
   * Puts something that cannot be read among the records, for a while: in the place of a record, if
   * there is one.
   */
  record SpoilRecord(long at, long until, ClusterId id, String text) implements UserAction {}

  /** Has ECS fail for a while at whatever is asked about the tasks of one cluster. */
  record HideTasks(long at, long until, ClusterId cluster) implements UserAction {}

  /** Puts a bare spec of 2019 among the records. */
  record AddLegacy(long at, ClusterId id) implements UserAction {}

  /** A newer version of the service rewrites a record with a field of its own. */
  record AddField(long at, ClusterId cluster) implements UserAction {}

  /** Installs the service anew: all functions begin from nothing. */
  record Deploy(long at) implements UserAction {}
}
