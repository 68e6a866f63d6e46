package io.eksphemeral.control;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import org.jspecify.annotations.Nullable;

/** A record in the store, whether it can be read or not. */
public sealed interface Stored {
  /** The id in its key. */
  ClusterId id();

  /**
   * A record that can be read.
   *
   * @param version changes with every write
   * @param json the record as it is stored, with fields that this version of the code does not know
   */
  record Live(Cluster cluster, String version, String json) implements Stored {
    @Override
    public ClusterId id() {
      return cluster.id();
    }
  }

  /**
   * A spec without a status, as EKSphemeral of 2019 stored them. It is listed and never changed.
   *
   * @param json the spec as it is stored
   */
  record Legacy(ClusterId id, String json) implements Stored {}

  /**
   * A record that cannot be read: broken, too long, written by a newer version, or not accessible.
   * It is listed, reported and left alone, and counts as a live cluster, until a caller destroys
   * the cluster by its id.
   *
   * @param version null if the record is not accessible, so that it cannot be replaced either
   * @param text the beginning of what could be read; may be empty
   */
  record Unreadable(ClusterId id, String why, @Nullable String version, String text)
      implements Stored {
    /** How much of an unreadable record is kept, in characters. */
    public static final int MAX_TEXT = 1 << 16;

    /** A record that is not accessible. */
    public Unreadable(ClusterId id, String why) {
      this(id, why, null, "");
    }

    public Unreadable {
      text = text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT);
    }
  }
}
