package io.eksphemeral.local;

import io.eksphemeral.lambda.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * HTTP/1.1 on a loopback port, with a thread for each connection. Whoever sends, and however much
 * and however slowly, the memory that requests take is bounded, and each of them comes to an end.
 *
 * <p>The JDK's own server answers some requests in HTML before any responder sees them, and bounds
 * neither connections by default nor what their requests take together.
 */
final class HttpListener {
  /**
   * What bounds the requests.
   *
   * @param connections that are open at a time; more are answered with 429 and closed
   * @param largeBodies of more than {@link HttpConnection#SMALL_BODY} that are in memory at a time;
   *     what is sent beyond that waits
   * @param calls that are worked on at a time; further ones wait
   * @param patience how long a request may take to arrive, an answer to be read, and a connection
   *     to send nothing
   * @param queueing how long they wait for one of the large bodies or calls to end, before the
   *     answer is 429
   */
  record Bounds(int connections, int largeBodies, int calls, Duration patience, Duration queueing) {
    static final Bounds USUAL =
        new Bounds(1024, 64, 16, Duration.ofSeconds(30), Duration.ofSeconds(10));
  }

  /** What answers. */
  interface Responder {
    HttpReply answer(HttpRequest request);

    /** The answer to what is no request, or is refused before anybody looks at what it asks. */
    HttpReply refuse(ErrorCode code, String error);
  }

  private static final Duration CHECK_EVERY = Duration.ofMillis(250);
  private static final int BACKLOG = 512;

  /** How many connections more than there may be are told so at a time; the rest are closed. */
  private static final int TURNED_AWAY = 64;

  private final ServerSocket server;
  private final Bounds bounds;
  private final Semaphore largeBodies;
  private final Set<HttpConnection> open = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  private HttpListener(ServerSocket server, Bounds bounds) {
    this.server = server;
    this.bounds = bounds;
    this.largeBodies = new Semaphore(bounds.largeBodies(), true);
  }

  /**
   * Takes a port on loopback, and answers nobody yet.
   *
   * @param port 0 for any that is free
   * @throws java.net.BindException if it is taken
   */
  static HttpListener bind(int port, Bounds bounds) throws IOException {
    byte[] loopback = {127, 0, 0, 1};
    ServerSocket server = new ServerSocket();
    try {
      server.bind(
          new InetSocketAddress(InetAddress.getByAddress("127.0.0.1", loopback), port), BACKLOG);
    } catch (IOException e) {
      server.close();
      throw e;
    }
    return new HttpListener(server, bounds);
  }

  int port() {
    return server.getLocalPort();
  }

  Bounds bounds() {
    return bounds;
  }

  /** Begins to answer. */
  void start(Responder responder, Executor threads) {
    // Not a daemon, unlike virtual threads: it is what keeps the process.
    Thread.ofPlatform().name("http").start(() -> accept(responder, threads));
    Thread.ofVirtual().start(this::closeOverdue);
  }

  private void accept(Responder responder, Executor threads) {
    while (!stopped) {
      try {
        Socket socket = server.accept();
        int others = open.size();
        if (others >= bounds.connections() + TURNED_AWAY) {
          socket.close();
          continue;
        }
        HttpConnection connection = new HttpConnection(socket, responder, bounds, largeBodies);
        open.add(connection);
        threads.execute(() -> serve(connection, others < bounds.connections()));
      } catch (IOException | RuntimeException | Error _) {
        // Too many files are open, for instance: it may be better in a moment.
        LockSupport.parkNanos(CHECK_EVERY.toNanos());
      }
    }
  }

  private void serve(HttpConnection connection, boolean hasRoom) {
    try {
      if (hasRoom) {
        connection.serve();
      } else {
        connection.turnAway();
      }
    } finally {
      open.remove(connection);
    }
  }

  /** No read or write of a socket ends by itself, so what is overdue is closed from outside. */
  private void closeOverdue() {
    while (!stopped) {
      long now = System.nanoTime();
      open.stream().filter(connection -> connection.isOverdue(now)).forEach(HttpConnection::close);
      LockSupport.parkNanos(CHECK_EVERY.toNanos());
    }
  }

  /** Waits up to a second for what is being answered, and answers nobody any more. */
  void stop() {
    stopped = true;
    try {
      server.close();
    } catch (IOException _) {
      // It answers nobody either way.
    }
    long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
    while (open.stream().anyMatch(HttpConnection::isBusy) && System.nanoTime() < end) {
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
    open.forEach(HttpConnection::close);
  }
}
