package io.eksphemeral.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Lambda's runtime API, from which a function's runtime client fetches events and to which it sends
 * responses. With SnapStart the client first waits for the restore, once the function has warmed
 * up.
 */
final class RuntimeApi implements AutoCloseable {
  private static final String RUNTIME = "/2018-06-01/runtime/";
  private volatile Duration timeout = Duration.ofMinutes(5);

  static {
    InMemoryS3.sendAtOnce();
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CompletableFuture<Void> warmedUp = new CompletableFuture<>();
  private final CompletableFuture<Void> restored = new CompletableFuture<>();
  private final BlockingQueue<Invocation> waiting = new LinkedBlockingQueue<>();

  private volatile Invocation running =
      new Invocation("none", new CompletableFuture<>(), System.nanoTime());

  private record Invocation(String event, CompletableFuture<Answer> answer, long begun) {
    Invocation begin() {
      return new Invocation(event, answer, System.nanoTime());
    }
  }

  /**
   * What came of an event.
   *
   * @param nanos how long the runtime took from when it got the event
   */
  record Answer(String body, long nanos) {}

  /** Listens on a free port of the loopback interface. */
  RuntimeApi() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(RUNTIME, this::serve);
    server.start();
  }

  String address() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** Completes when a snapshot could be taken. */
  CompletableFuture<Void> warmedUp() {
    return warmedUp;
  }

  /** How long the function may take from now on for each event. */
  void timeout(Duration longest) {
    timeout = longest;
  }

  /** Lets a function go on whose snapshot was taken. */
  void restore() {
    restored.complete(null);
  }

  /** Has the function called with an event, one at a time. */
  CompletableFuture<Answer> invoke(String event) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    waiting.add(new Invocation(event, answer, 0));
    return answer;
  }

  /** Fails whatever is waited for. */
  void fail(String why) {
    IllegalStateException failure = new IllegalStateException(why);
    warmedUp.completeExceptionally(failure);
    running.answer().completeExceptionally(failure);
    waiting.forEach(each -> each.answer().completeExceptionally(failure));
  }

  private void serve(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath().substring(RUNTIME.length());
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    switch (path) {
      case "restore/next" -> {
        warmedUp.complete(null);
        restored.join();
        respond(exchange, 200, "");
      }
      case "invocation/next" -> next(exchange);
      case String done when done.endsWith("/response") -> {
        long now = System.nanoTime();
        respond(exchange, 202, "");
        running.answer().complete(new Answer(body, now - running.begun()));
      }
      default -> {
        respond(exchange, 202, "");
        fail(path + ": " + body);
      }
    }
  }

  private void next(HttpExchange exchange) throws IOException {
    try {
      running = waiting.take();
    } catch (InterruptedException e) {
      exchange.close();
      return;
    }
    var headers = exchange.getResponseHeaders();
    headers.add("Content-Type", "application/json"); // the runtime crashes without one
    headers.add("Lambda-Runtime-Aws-Request-Id", UUID.randomUUID().toString());
    headers.add(
        "Lambda-Runtime-Deadline-Ms",
        String.valueOf(System.currentTimeMillis() + timeout.toMillis()));
    headers.add(
        "Lambda-Runtime-Invoked-Function-Arn",
        "arn:aws:lambda:us-east-2:123456789012:function:Func:live");
    running = running.begin();
    respond(exchange, 200, running.event());
  }

  private static void respond(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
