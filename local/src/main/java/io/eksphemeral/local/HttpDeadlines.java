package io.eksphemeral.local;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.Connection;

/**
 * The deadline of each connection. Jetty's idle timeout does not end those on which a byte arrives
 * now and then.
 */
final class HttpDeadlines implements Connection.Listener {
  /** While a function handles a request, which ends by itself. */
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

    /** Whether the connection is within the limit. */
    boolean hasRoom() {
      return hasRoom;
    }

    /** A request is complete, and is being handled. */
    void work() {
      due = System.nanoTime() + NO_END.toNanos();
      busy = true;
    }

    /** The client has to send or read something in time. */
    void expect(Duration patience) {
      due = System.nanoTime() + patience.toNanos();
    }

    /** The response is written. */
    void rest(Duration patience) {
      expect(patience);
      busy = false;
    }
  }

  /** The connection may have been closed meanwhile. */
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
