package io.eksphemeral.local;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.eksphemeral.lambda.ErrorCode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One connection of HTTP/1.1, and the requests that come by it, one after the other. It reads
 * strictly: where a request ends is never to be read in two ways, so anything unusual about that is
 * refused, and the connection closed.
 */
final class HttpConnection {
  /** The longest body, in bytes. A spec has half of it at most, and a function says so. */
  static final int MOST_BODY = 128 * 1024;

  /** What any number of connections may send at a time. */
  static final int SMALL_BODY = 8 * 1024;

  private static final int MOST_HEAD = 16 * 1024;
  private static final int BUFFER = 4 * 1024;

  /** How much more is read, and thrown away, of what is refused, so that the sender reads why. */
  private static final int MOST_LINGERING = 16 * 1024 * 1024;

  private static final Duration LINGERING = Duration.ofSeconds(5);

  /** While a function works on a request, which comes to an end by itself. */
  private static final Duration NO_END = Duration.ofDays(1);

  private static final Pattern REQUEST_LINE =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([\\x21-\\x7e]+) HTTP/1\\.([01])");
  private static final Pattern HEADER =
      Pattern.compile("([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\\x20-\\x7e\\x80-\\xff\\t]*)");
  private static final Pattern LENGTH = Pattern.compile("[0-9]{1,18}");
  private static final Pattern CHUNK = Pattern.compile("([0-9A-Fa-f]{1,8})[ \\t]*(?:;.*)?");

  private final Socket socket;
  private final HttpListener.Responder responder;
  private final HttpListener.Bounds bounds;
  private final Semaphore largeBodies;
  private volatile long due;
  private volatile boolean busy;
  private int headLeft;
  private boolean hasLargeBody;

  HttpConnection(
      Socket socket,
      HttpListener.Responder responder,
      HttpListener.Bounds bounds,
      Semaphore largeBodies) {
    this.socket = socket;
    this.responder = responder;
    this.bounds = bounds;
    this.largeBodies = largeBodies;
    this.due = in(bounds.patience());
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

  /** The beginning of a request. */
  private record Head(
      String method, String target, Map<String, List<String>> headers, boolean keepsOpen) {
    List<String> all(String header) {
      return headers.getOrDefault(header, List.of());
    }
  }

  private static long in(Duration duration) {
    return System.nanoTime() + duration.toNanos();
  }

  boolean isOverdue(long now) {
    return now - due > 0;
  }

  /** Whether a request has come whose answer has not gone out. */
  boolean isBusy() {
    return busy;
  }

  void close() {
    try {
      socket.close();
    } catch (IOException _) {
      // Whoever uses it hears of that.
    }
  }

  /** Answers one request after the other, until one of the two sides ends it. */
  void serve() {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream(), BUFFER);
      OutputStream out = socket.getOutputStream();
      while (serveOne(in, out)) {
        due = in(bounds.patience());
      }
    } catch (IOException _) {
      // The other side went away, or was too slow.
    }
  }

  /** Answers that there are too many connections already. */
  void turnAway() {
    due = in(LINGERING);
    try (socket) {
      refuse(
          socket.getInputStream(),
          socket.getOutputStream(),
          new Refused(ErrorCode.TOO_MANY_REQUESTS, "too many connections; try again in a moment"));
    } catch (IOException _) {
      // The other side went away.
    }
  }

  /** Returns whether another request may follow. */
  private boolean serveOne(InputStream in, OutputStream out) throws IOException {
    try {
      Head head = head(in);
      if (head == null) {
        return false;
      }
      byte[] body = body(head, in, out);
      busy = true;
      due = in(NO_END);
      HttpReply reply =
          responder.answer(
              new HttpRequest(head.method(), head.target(), head.headers(), ByteBuffer.wrap(body)));
      due = in(bounds.patience());
      write(out, reply, head.method().equals("HEAD"), head.keepsOpen());
      return head.keepsOpen();
    } catch (Refused refused) {
      refuse(in, out, refused);
      return false;
    } finally {
      busy = false;
      if (hasLargeBody) {
        hasLargeBody = false;
        largeBodies.release();
      }
    }
  }

  /**
   * Answers, and then reads on for a while: to close a connection on which something is unread
   * would take the answer away from who still sends.
   */
  private void refuse(InputStream in, OutputStream out, Refused refused) throws IOException {
    due = in(LINGERING);
    write(out, responder.refuse(refused.code, String.valueOf(refused.getMessage())), false, false);
    socket.shutdownOutput();
    byte[] ignored = new byte[BUFFER];
    int got = 0;
    for (int all = 0; got >= 0 && all < MOST_LINGERING; all += got) {
      got = in.read(ignored);
    }
  }

  private static Refused malformed(String what) {
    return new Refused(ErrorCode.INVALID_REQUEST, "this is not an HTTP request: " + what);
  }

  private @Nullable Head head(InputStream in) throws IOException, Refused {
    if (isAtItsEnd(in)) {
      return null;
    }
    due = in(bounds.patience());
    headLeft = MOST_HEAD;
    String line = line(in);
    while (line.isEmpty()) {
      line = line(in); // some clients send an empty line behind a body
    }
    Matcher request = REQUEST_LINE.matcher(line);
    if (!request.matches()) {
      throw malformed("its first line");
    }
    Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    readHeaders(in, headers);
    boolean keepsOpen =
        request.group(3).equals("1")
            && headers.getOrDefault("connection", List.of()).stream()
                .noneMatch(value -> value.toLowerCase(Locale.ROOT).contains("close"));
    return new Head(request.group(1), request.group(2), headers, keepsOpen);
  }

  private void readHeaders(InputStream in, Map<String, List<String>> headers)
      throws IOException, Refused {
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      Matcher header = HEADER.matcher(line);
      if (!header.matches()) {
        throw malformed("its headers");
      }
      headers.computeIfAbsent(header.group(1), _ -> new ArrayList<>()).add(header.group(2).strip());
    }
  }

  private static boolean isAtItsEnd(InputStream in) throws IOException {
    in.mark(1);
    if (in.read() < 0) {
      return true;
    }
    in.reset();
    return false;
  }

  /** A line of the head, without its end. */
  private String line(InputStream in) throws IOException, Refused {
    StringBuilder line = new StringBuilder();
    for (int read = in.read(); read != '\n'; read = in.read()) {
      if (read < 0) {
        throw new EOFException();
      }
      if (--headLeft < 0) {
        throw new Refused(
            ErrorCode.TOO_LARGE,
            "the head of a request has at most %d KiB".formatted(MOST_HEAD / 1024));
      }
      line.append((char) read);
    }
    if (line.isEmpty() || line.charAt(line.length() - 1) != '\r') {
      throw malformed("a line does not end with CRLF");
    }
    return line.substring(0, line.length() - 1);
  }

  private byte[] body(Head head, InputStream in, OutputStream out) throws IOException, Refused {
    List<String> encodings = head.all("transfer-encoding");
    List<String> lengths = head.all("content-length");
    if (!encodings.isEmpty()) {
      if (!lengths.isEmpty() || encodings.size() > 1 || !isChunked(encodings.getFirst())) {
        throw malformed("where its body ends");
      }
      sayThatItMayCome(head, out);
      return chunks(in);
    }
    if (lengths.isEmpty()) {
      return new byte[0];
    }
    if (lengths.size() > 1 || !LENGTH.matcher(lengths.getFirst()).matches()) {
      throw malformed("where its body ends");
    }
    long length = Long.parseLong(lengths.getFirst());
    if (length > MOST_BODY) {
      throw tooLarge();
    }
    if (length > 0) {
      sayThatItMayCome(head, out);
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    copy(in, body, (int) length);
    return body.toByteArray();
  }

  private static boolean isChunked(String encoding) {
    return encoding.equalsIgnoreCase("chunked");
  }

  private static void sayThatItMayCome(Head head, OutputStream out) throws IOException {
    if (head.all("expect").stream().anyMatch("100-continue"::equalsIgnoreCase)) {
      out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(ISO_8859_1));
    }
  }

  private byte[] chunks(InputStream in) throws IOException, Refused {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = chunkSize(in); size > 0; size = chunkSize(in)) {
      if (size > MOST_BODY - body.size()) {
        throw tooLarge();
      }
      copy(in, body, size);
      headLeft = BUFFER;
      if (!line(in).isEmpty()) {
        throw malformed("a chunk is longer than it says");
      }
    }
    headLeft = BUFFER;
    readHeaders(in, new TreeMap<>()); // trailers, of which nothing is used
    return body.toByteArray();
  }

  private int chunkSize(InputStream in) throws IOException, Refused {
    headLeft = BUFFER;
    Matcher size = CHUNK.matcher(line(in));
    if (!size.matches()) {
      throw malformed("the size of a chunk");
    }
    return (int) Math.min(Long.parseLong(size.group(1), 16), Integer.MAX_VALUE);
  }

  private static Refused tooLarge() {
    return new Refused(
        ErrorCode.TOO_LARGE, "a request has at most %d KiB".formatted(MOST_BODY / 1024));
  }

  /** Copies as it comes: to have said that much will come takes no memory. */
  private void copy(InputStream in, ByteArrayOutputStream body, int length)
      throws IOException, Refused {
    byte[] part = new byte[Math.min(length, BUFFER)];
    for (int left = length; left > 0; ) {
      int got = in.read(part, 0, Math.min(left, part.length));
      if (got < 0) {
        throw new EOFException();
      }
      if (body.size() + got > SMALL_BODY) {
        takeLargeBody();
      }
      body.write(part, 0, got);
      left -= got;
    }
  }

  private void takeLargeBody() throws Refused {
    if (hasLargeBody) {
      return;
    }
    try {
      hasLargeBody = largeBodies.tryAcquire(bounds.queueing().toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    if (!hasLargeBody) {
      throw new Refused(
          ErrorCode.TOO_MANY_REQUESTS, "too many large requests at a time; try again in a moment");
    }
  }

  private static void write(OutputStream out, HttpReply reply, boolean headOnly, boolean keepsOpen)
      throws IOException {
    byte[] body = reply.body().getBytes(UTF_8);
    StringBuilder head = new StringBuilder("HTTP/1.1 ").append(reply.status()).append(" \r\n");
    reply
        .headers()
        .forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("Content-Length: ").append(body.length).append("\r\n");
    head.append(keepsOpen ? "\r\n" : "Connection: close\r\n\r\n");
    ByteArrayOutputStream all = new ByteArrayOutputStream(head.length() + body.length);
    all.writeBytes(head.toString().getBytes(UTF_8));
    if (!headOnly) {
      all.writeBytes(body);
    }
    all.writeTo(out);
    out.flush();
  }
}
