package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import org.jspecify.annotations.Nullable;

/** What stands in the store under the id of a cluster. */
public sealed interface Stored {
  /** The id that its key names. */
  ClusterId id();

  /**
   * A record that can be read.
   *
   * @param version changes with every write; two reads that give the same one read the same
   * @param json the record as it stands, with what this version of the code does not know
   */
  record Live(Cluster cluster, String version, String json) implements Stored {
    @Override
    public ClusterId id() {
      return cluster.id();
    }
  }

  /**
   * A bare spec, as EKSphemeral of 2019 kept them. It is shown and left alone.
   *
   * @param json the spec as it stands
   */
  record Legacy(ClusterId id, String json) implements Stored {}

  /**
   * A record that cannot be read: broken, too long, written by a newer version, or not given out by
   * where it is kept. It is shown, reported and left alone, and counts as a cluster that lives,
   * until a caller has the cluster destroyed by its id.
   *
   * @param version as of a record that can be read; null where it is not given out, so that nothing
   *     can be written in its place
   * @param text what could be read, or its beginning; empty if nothing could
   */
  record Unreadable(ClusterId id, String why, @Nullable String version, String text)
      implements Stored {
    /** How much of what cannot be read is worth keeping, in characters. */
    public static final int MOST_TEXT = 1 << 16;

    /** A record that is not given out. */
    public Unreadable(ClusterId id, String why) {
      this(id, why, null, "");
    }

    public Unreadable {
      text = text.length() <= MOST_TEXT ? text : text.substring(0, MOST_TEXT);
    }
  }
}
