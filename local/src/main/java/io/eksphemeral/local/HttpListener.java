package io.eksphemeral.local;

import io.eksphemeral.lambda.ErrorCode;
import java.io.IOException;
import java.net.BindException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * HTTP/1.1 on a loopback port, by Jetty, with a virtual thread for each request. Whoever sends, and
 * however much and however slowly, the memory that requests take is bounded, and each of them comes
 * to an end.
 */
final class HttpListener {
  /**
   * What bounds the requests.
   *
   * @param connections that are open at a time; more are answered with 429 and closed
   * @param largeBodies of more than {@link JettyAdapter#SMALL_BODY} that are in memory at a time;
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
  private static final int MOST_HEAD = 16 * 1024;
  private static final int BACKLOG = 512;

  /** How many connections more than there may be are told so at a time; the rest wait for that. */
  private static final int TURNED_AWAY = 64;

  /** For the selector; requests have virtual threads. */
  private static final int PLATFORM_THREADS = 6;

  private final QueuedThreadPool pool;
  private final Server server;
  private final ServerConnector connector;
  private final Bounds bounds;
  private final HttpDeadlines deadlines;
  private volatile boolean stopped;

  private HttpListener(int port, Bounds bounds) {
    this.bounds = bounds;
    this.deadlines = new HttpDeadlines(bounds);
    pool = new QueuedThreadPool(PLATFORM_THREADS, 1);
    pool.setName("http");
    server = new Server(pool);
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setSendServerVersion(false);
    configuration.setSendDateHeader(false);
    configuration.setRequestHeaderSize(MOST_HEAD);
    configuration.setHttpCompliance(HttpCompliance.RFC9110);
    // Paths are used as they were sent, and only their segments are decoded.
    configuration.setUriCompliance(UriCompliance.UNSAFE);
    connector = new ServerConnector(server, 0, 1, new HttpConnectionFactory(configuration));
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    connector.setAcceptQueueSize(BACKLOG);
    connector.setIdleTimeout(
        0); // the deadlines cover it, and cut off who sends a byte now and then
    connector.addBean(deadlines);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(bounds.connections() + TURNED_AWAY, connector));
  }

  /**
   * Takes a port on loopback, and answers nobody yet.
   *
   * @param port 0 for any that is free
   * @throws BindException if it is taken
   */
  static HttpListener bind(int port, Bounds bounds) throws IOException {
    HttpListener listener = new HttpListener(port, bounds);
    try {
      listener.connector.open();
    } catch (IOException e) {
      throw e.getCause() instanceof BindException taken ? taken : e;
    }
    return listener;
  }

  int port() {
    return connector.getLocalPort();
  }

  Bounds bounds() {
    return bounds;
  }

  /** Begins to answer. */
  void start(Responder responder, Executor threads) {
    JettyAdapter handler = new JettyAdapter(responder, bounds, deadlines);
    pool.setVirtualThreadsExecutor(threads);
    server.setHandler(handler);
    server.setErrorHandler(handler::refuseMalformed);
    try {
      server.start();
    } catch (Exception e) {
      throw new IllegalStateException("the HTTP server cannot be started", e);
    }
    Thread.ofVirtual().start(this::closeOverdue);
  }

  private void closeOverdue() {
    while (!stopped) {
      deadlines.closeOverdue();
      LockSupport.parkNanos(CHECK_EVERY.toNanos());
    }
  }

  /** Waits up to a second for what is being answered, and answers nobody any more. */
  void stop() {
    stopped = true;
    connector.close();
    long end = System.nanoTime() + Duration.ofSeconds(1).toNanos();
    while (deadlines.isAnyBusy() && System.nanoTime() < end) {
      LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
    }
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the HTTP server cannot be stopped", e);
    }
  }
}
