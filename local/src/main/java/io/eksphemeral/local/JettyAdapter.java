package io.eksphemeral.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.eksphemeral.lambda.ErrorCode;
import io.eksphemeral.local.HttpDeadlines.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;

/** Reads a request, within the bounds, has it answered, and writes the answer. */
final class JettyAdapter extends Handler.Abstract {
  /** The longest body, in bytes. A spec has half of it at most, and a function says so. */
  static final int MOST_BODY = 128 * 1024;

  /** What any number of connections may send at a time. */
  static final int SMALL_BODY = 8 * 1024;

  private static final int BUFFER = 4 * 1024;

  /** How much more is read, and thrown away, of what is refused, so that the sender reads why. */
  private static final int MOST_LINGERING = 16 * 1024 * 1024;

  private static final Duration LINGERING = Duration.ofSeconds(5);

  private final HttpListener.Responder responder;
  private final HttpListener.Bounds bounds;
  private final HttpDeadlines deadlines;
  private final Semaphore largeBodies;

  JettyAdapter(
      HttpListener.Responder responder, HttpListener.Bounds bounds, HttpDeadlines deadlines) {
    super(Invocable.InvocationType.BLOCKING);
    this.responder = responder;
    this.bounds = bounds;
    this.deadlines = deadlines;
    this.largeBodies = new Semaphore(bounds.largeBodies(), true);
  }

  /**
   * A request that is refused before anybody looks at what it asks; the connection ends with it.
   */
  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;

    Refused(ErrorCode code, String error) {
      super(error, null, false, false);
      this.code = code;
    }
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws IOException {
    Deadline deadline = deadlines.of(request.getConnectionMetaData().getConnection());
    try (Body body = new Body()) {
      if (!deadline.hasRoom()) {
        throw new Refused(
            ErrorCode.TOO_MANY_REQUESTS, "too many connections; try again in a moment");
      }
      HttpRequest read = read(request, body);
      deadline.work();
      HttpReply reply = responder.answer(read);
      deadline.expect(bounds.patience());
      write(response, reply);
    } catch (Refused refused) {
      deadline.expect(LINGERING);
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
      write(response, responder.refuse(refused.code, String.valueOf(refused.getMessage())));
      linger(request);
    } finally {
      deadline.rest(bounds.patience());
    }
    callback.succeeded();
    return true;
  }

  /** Answers what Jetty found to be no request, or failed at. */
  boolean refuseMalformed(Request request, Response response, Callback callback)
      throws IOException {
    Object status = request.getAttribute(ErrorHandler.ERROR_STATUS);
    ErrorCode code =
        switch (status instanceof Integer number ? number : 500) {
          case 413, 414, 431 -> ErrorCode.TOO_LARGE;
          case 500 -> ErrorCode.INTERNAL;
          default -> ErrorCode.INVALID_REQUEST;
        };
    Object message = request.getAttribute(ErrorHandler.ERROR_MESSAGE);
    response.reset();
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
    write(response, responder.refuse(code, "this is not a valid HTTP request: " + message));
    callback.succeeded();
    return true;
  }

  private HttpRequest read(Request request, Body body) throws IOException, Refused {
    if (request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH) > MOST_BODY) {
      throw tooLarge();
    }
    if (request.getHeaders().getFields(HttpHeader.TRANSFER_ENCODING).stream()
        .anyMatch(field -> !field.getValue().equalsIgnoreCase("chunked"))) {
      throw new Refused(
          ErrorCode.INVALID_REQUEST, "the only transfer encoding that is read is chunked");
    }
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    request
        .getHeaders()
        .forEach(field ->
            headers.computeIfAbsent(field.getName(), _ -> new ArrayList<>()).add(field.getValue()));
    InputStream in = Content.Source.asInputStream(request);
    byte[] part = new byte[BUFFER];
    for (int got = in.read(part); got >= 0; got = in.read(part)) {
      body.add(part, got);
    }
    return new HttpRequest(
        request.getMethod(), request.getHttpURI().getPathQuery(), headers, body.bytes());
  }

  private static Refused tooLarge() {
    return new Refused(
        ErrorCode.TOO_LARGE, "a request has at most %d KiB".formatted(MOST_BODY / 1024));
  }

  /** A body as it comes: to have said that much will come takes no memory. */
  private final class Body implements AutoCloseable {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean isLarge;

    void add(byte[] part, int length) throws Refused {
      if (bytes.size() + length > MOST_BODY) {
        throw tooLarge();
      }
      if (!isLarge && bytes.size() + length > SMALL_BODY) {
        takeLargeBody();
      }
      bytes.write(part, 0, length);
    }

    private void takeLargeBody() throws Refused {
      try {
        isLarge = largeBodies.tryAcquire(bounds.queueing().toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      if (!isLarge) {
        throw new Refused(
            ErrorCode.TOO_MANY_REQUESTS,
            "too many large requests at a time; try again in a moment");
      }
    }

    ByteBuffer bytes() {
      return ByteBuffer.wrap(bytes.toByteArray());
    }

    @Override
    public void close() {
      if (isLarge) {
        largeBodies.release();
      }
    }
  }

  private static void write(Response response, HttpReply reply) throws IOException {
    byte[] body = reply.body().getBytes(UTF_8);
    response.setStatus(reply.status());
    reply.headers().forEach((name, value) -> response.getHeaders().put(name, value));
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    Content.Sink.write(response, true, ByteBuffer.wrap(body));
  }

  /** To close a connection on which something is unread would take the answer from the sender. */
  private static void linger(Request request) {
    byte[] ignored = new byte[BUFFER];
    try {
      InputStream in = Content.Source.asInputStream(request);
      int got = 0;
      for (int all = 0; got >= 0 && all < MOST_LINGERING; all += got) {
        got = in.read(ignored);
      }
    } catch (IOException _) {
      // It went away, or was cut off.
    }
  }
}
