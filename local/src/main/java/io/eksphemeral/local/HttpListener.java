package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import java.io.IOException;
import java.net.BindException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * HTTP/1.1 on a loopback port, by Jetty, with a virtual thread per request. However much or slowly
 * a client sends, memory is bounded and every request ends.
 */
public final class HttpListener {
  /**
   * Limits.
   *
   * @param connections open at a time; further ones get a 429 and are closed
   * @param largeBodies of more than {@link JettyAdapter#SMALL_BODY} in memory at a time; further
   *     ones wait
   * @param calls of functions at a time; further ones wait
   * @param patience how long a client may take to send a request or read a response, and how long a
   *     connection may be idle
   * @param queueing how long a large body or a call waits before it gets a 429
   */
  public record Bounds(
      int connections, int largeBodies, int calls, Duration patience, Duration queueing) {
    public static final Bounds USUAL =
        new Bounds(1024, 64, 16, Duration.ofSeconds(30), Duration.ofSeconds(10));
  }

  private static final Duration CHECK_EVERY = Duration.ofMillis(250);
  private static final int MOST_HEAD = 16 * 1024;
  private static final int BACKLOG = 512;

  /** How many connections beyond the limit get a 429 at a time; the rest wait for that. */
  private static final int TURNED_AWAY = 64;

  /** For the selector; requests run on virtual threads. */
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
    connector.setIdleTimeout(0); // the deadlines cover it, and clients that send a byte at a time
    connector.addBean(deadlines);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(bounds.connections() + TURNED_AWAY, connector));
  }

  /**
   * Binds a port on loopback; connections wait until {@link #start}.
   *
   * @param port 0 for any free one
   * @throws BindException if it is taken
   */
  public static HttpListener bind(int port, Bounds bounds) throws IOException {
    HttpListener listener = new HttpListener(port, bounds);
    try {
      listener.connector.open();
    } catch (IOException e) {
      throw e.getCause() instanceof BindException taken ? taken : e;
    }
    return listener;
  }

  public int port() {
    return connector.getLocalPort();
  }

  public String url() {
    return "http://127.0.0.1:" + port();
  }

  Bounds bounds() {
    return bounds;
  }

  /**
   * Starts to respond.
   *
   * @param headers are added to every response
   */
  public void start(
      Function<HttpRequest, APIGatewayV2HTTPResponse> responder,
      Map<String, String> headers,
      Executor threads) {
    JettyAdapter handler = new JettyAdapter(responder, headers, bounds, deadlines);
    pool.setVirtualThreadsExecutor(threads);
    server.setHandler(handler);
    server.setErrorHandler(handler::rejectMalformed);
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

  /** Accepts no further requests, and waits up to a second for the current ones. */
  public void stop() {
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
