package io.eksphemeral.simulation;

import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.ClusterId;

/** Something that people do, at a time in milliseconds of the world. */
sealed interface Act {
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
      implements Act {}

  record Prolong(long at, int who, ClusterId cluster, int minutes) implements Act {}

  /**
   * Repeats every call that a cluster takes, again and again: asks for it with the same key, moves
   * its expiry there and back, looks at it, and destroys it where they are out for that.
   *
   * @param pause milliseconds between two rounds
   */
  record Repeat(long at, int who, Create create, int rounds, long pause, boolean destroys)
      implements Act {}

  /** By name, one may hit another cluster than one thinks. */
  record Destroy(long at, String idOrName, boolean isPatient) implements Act {}

  record Look(long at, String idOrName) implements Act {}

  record LookAtAll(long at) implements Act {}

  record LookAtIds(long at) implements Act {}

  /** Makes a cluster of a name by other means, if there is none of it. */
  record MakeForeign(long at, String name) implements Act {}

  /**
   * Puts something that cannot be read among the records, for a while: in the place of a record, if
   * there is one.
   */
  record SpoilRecord(long at, long until, ClusterId id, String text) implements Act {}

  /** Has ECS fail for a while at whatever is asked about the tasks of one cluster. */
  record HideTasks(long at, long until, ClusterId cluster) implements Act {}

  /** Puts a bare spec of 2019 among the records. */
  record AddLegacy(long at, ClusterId id) implements Act {}

  /** A newer version of the service rewrites a record with a field of its own. */
  record AddField(long at, ClusterId cluster) implements Act {}

  /** Installs the service anew: all functions begin from nothing. */
  record Deploy(long at) implements Act {}
}
