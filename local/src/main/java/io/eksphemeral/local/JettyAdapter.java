package io.eksphemeral.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
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
import java.util.function.Function;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;

/** Reads requests within the bounds, and writes the responses. */
final class JettyAdapter extends Handler.Abstract {
  /** In bytes; twice the longest spec, so that the function rejects those that are too long. */
  static final int MOST_BODY = 128 * 1024;

  /** In bytes; any number of connections may send that much at a time. */
  static final int SMALL_BODY = 8 * 1024;

  private static final int BUFFER = 4 * 1024;

  /** How much of a rejected request is read and discarded, so that the client sees the response. */
  private static final int MOST_LINGERING = 16 * 1024 * 1024;

  private static final Duration LINGERING = Duration.ofSeconds(5);

  private final Function<HttpRequest, APIGatewayV2HTTPResponse> responder;
  private final Map<String, String> headers;
  private final HttpListener.Bounds bounds;
  private final HttpDeadlines deadlines;
  private final Semaphore largeBodies;

  JettyAdapter(
      Function<HttpRequest, APIGatewayV2HTTPResponse> responder,
      Map<String, String> headers,
      HttpListener.Bounds bounds,
      HttpDeadlines deadlines) {
    super(Invocable.InvocationType.BLOCKING);
    this.responder = responder;
    this.headers = headers;
    this.bounds = bounds;
    this.deadlines = deadlines;
    this.largeBodies = new Semaphore(bounds.largeBodies(), true);
  }

  /** Why a request is rejected before it is complete. Its connection is closed. */
  private static final class RejectedRequest extends Exception {
    private static final long serialVersionUID = 1;

    private final ErrorCode code;

    RejectedRequest(ErrorCode code, String error) {
      super(error, null, false, false);
      this.code = code;
    }
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws IOException {
    Deadline deadline = deadlines.of(request.getConnectionMetaData().getConnection());
    try (Body body = new Body()) {
      if (!deadline.hasRoom()) {
        throw new RejectedRequest(ErrorCode.TOO_MANY_REQUESTS, "too many connections; try again");
      }
      HttpRequest read = read(request, body);
      deadline.work();
      APIGatewayV2HTTPResponse answer = responder.apply(read);
      deadline.expect(bounds.patience());
      write(response, answer);
    } catch (RejectedRequest rejected) {
      deadline.expect(LINGERING);
      response.getHeaders().put(HttpHeader.CONNECTION, "close");
      write(response, rejected.code.response(String.valueOf(rejected.getMessage())));
      linger(request);
    } finally {
      deadline.rest(bounds.patience());
    }
    callback.succeeded();
    return true;
  }

  /** Responds where Jetty found no valid request, or failed. */
  boolean rejectMalformed(Request request, Response response, Callback callback)
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
    write(response, code.response("not a valid HTTP request: " + message));
    callback.succeeded();
    return true;
  }

  private HttpRequest read(Request request, Body body) throws IOException, RejectedRequest {
    if (request.getHeaders().getLongField(HttpHeader.CONTENT_LENGTH) > MOST_BODY) {
      throw tooLarge();
    }
    if (request.getHeaders().getFields(HttpHeader.TRANSFER_ENCODING).stream()
        .anyMatch(field -> !field.getValue().equalsIgnoreCase("chunked"))) {
      throw new RejectedRequest(
          ErrorCode.INVALID_REQUEST, "the only supported transfer encoding is chunked");
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

  private static RejectedRequest tooLarge() {
    return new RejectedRequest(
        ErrorCode.TOO_LARGE, "a request has at most %d KiB".formatted(MOST_BODY / 1024));
  }

  /** A body as it arrives; a mere Content-Length takes no memory. */
  private final class Body implements AutoCloseable {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private boolean isLarge;

    void add(byte[] part, int length) throws RejectedRequest {
      if (bytes.size() + length > MOST_BODY) {
        throw tooLarge();
      }
      if (!isLarge && bytes.size() + length > SMALL_BODY) {
        takeLargeBody();
      }
      bytes.write(part, 0, length);
    }

    private void takeLargeBody() throws RejectedRequest {
      try {
        isLarge = largeBodies.tryAcquire(bounds.queueing().toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      if (!isLarge) {
        throw new RejectedRequest(
            ErrorCode.TOO_MANY_REQUESTS, "too many large requests at a time; try again");
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

  private void write(Response response, APIGatewayV2HTTPResponse answer) throws IOException {
    byte[] body = answer.getBody().getBytes(UTF_8);
    response.setStatus(answer.getStatusCode());
    headers.forEach((name, value) -> response.getHeaders().put(name, value));
    answer.getHeaders().forEach((name, value) -> response.getHeaders().put(name, value));
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    Content.Sink.write(response, true, ByteBuffer.wrap(body));
  }

  /** If a connection is closed with unread data, the client may lose the response. */
  private static void linger(Request request) {
    byte[] ignored = new byte[BUFFER];
    try {
      InputStream in = Content.Source.asInputStream(request);
      int got = 0;
      for (int all = 0; got >= 0 && all < MOST_LINGERING; all += got) {
        got = in.read(ignored);
      }
    } catch (IOException _) {
      // The client went away, or its deadline passed.
    }
  }
}
