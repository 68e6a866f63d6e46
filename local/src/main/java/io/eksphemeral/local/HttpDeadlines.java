package io.eksphemeral.local;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;

/**
 * Until when each connection has to get on: Jetty ends those on which nothing happens, but not
 * those on which a byte comes now and then.
 */
final class HttpDeadlines implements Connection.Listener {
  /** While a function works on a request, which comes to an end by itself. */
  private static final Duration NO_END = Duration.ofDays(1);

  private final HttpListener.Bounds bounds;
  private final Map<Connection, Deadline> open = new ConcurrentHashMap<>();

  HttpDeadlines(HttpListener.Bounds bounds) {
    this.bounds = bounds;
  }

  /** The deadline of one connection. */
  static final class Deadline {
    private final boolean hasRoom;
    private volatile long due;
    private volatile boolean busy;

    private Deadline(boolean hasRoom, Duration patience) {
      this.hasRoom = hasRoom;
      expect(patience);
    }

    /** Whether there were few enough connections before this one. */
    boolean hasRoom() {
      return hasRoom;
    }

    /** A request is there, and is worked on. */
    void work() {
      due = System.nanoTime() + NO_END.toNanos();
      busy = true;
    }

    /** Something has to be sent, or read, within a time. */
    void expect(Duration patience) {
      due = System.nanoTime() + patience.toNanos();
    }

    /** The answer has gone out. */
    void rest(Duration patience) {
      expect(patience);
      busy = false;
    }
  }

  /** That of a connection, which may have been closed meanwhile. */
  Deadline of(Connection connection) {
    return open.getOrDefault(connection, new Deadline(true, bounds.patience()));
  }

  @Override
  public void onOpened(Connection connection) {
    open.put(connection, new Deadline(open.size() < bounds.connections(), bounds.patience()));
  }

  @Override
  public void onClosed(Connection connection) {
    open.remove(connection);
  }

  void closeOverdue() {
    long now = System.nanoTime();
    open.forEach((connection, deadline) -> {
      if (now - deadline.due > 0) {
        connection.getEndPoint().close();
      }
    });
  }

  boolean isAnyBusy() {
    return open.values().stream().anyMatch(deadline -> deadline.busy);
  }
}
