package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** A control plane that responds to each path as a test says, also with what no real one would. */
final class FakePlane implements AutoCloseable {
  private final HttpListener listener = HttpListener.bind(0, HttpListener.Bounds.USUAL);
  private final Map<String, Response> responses = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  private volatile CountDownLatch held = new CountDownLatch(0);

  private record Response(int status, String type, String body) {}

  FakePlane() throws IOException {
    listener.start(
        this::respond,
        Map.of("Eksphemeral-Control-Plane", "1", "Eksphemeral-Speed", "1"),
        Executors.newVirtualThreadPerTaskExecutor());
  }

  String url() {
    return listener.url();
  }

  /** The same from now on, for a method and a path. */
  FakePlane responds(String request, int status, String body) {
    responses.put(request, new Response(status, "application/json", body));
    return this;
  }

  FakePlane lists(String... lines) {
    String body = String.join("\n", lines) + "\n";
    responses.put(
        "GET /clusters", new Response(200, "text/tab-separated-values; charset=utf-8", body));
    return this;
  }

  /** A line of the table. */
  static String line(int number, String name, String state, String left) {
    return String.join(
        "\t",
        id(number),
        name,
        state,
        left,
        "60",
        "team%d@your-company.io".formatted(number % 7),
        "1.35",
        "2",
        "0.12",
        "2026-11-30T10:00:00Z",
        number % 2 == 0 ? PageProxy.CALLER : "arn:aws:iam::000000000000:user/bob");
  }

  static String[] lines(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> line(i, "cluster-" + i, "ready", Integer.toString(600 + 3 * i)))
        .toArray(String[]::new);
  }

  static String id(int number) {
    return "01890a5d-ac96-774b-bcce-%012d".formatted(number);
  }

  List<String> requests() {
    return requests;
  }

  /** No response from now on, until {@link #release}. */
  void hold() {
    held = new CountDownLatch(1);
  }

  void release() {
    held.countDown();
  }

  private APIGatewayV2HTTPResponse respond(HttpRequest request) {
    String line = request.method() + " " + request.path();
    requests.add(line);
    try {
      held.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Response response =
        responses.getOrDefault(
            line,
            new Response(
                404, "application/json", "{\"error\": \"not found\", \"code\": \"not-found\"}"));
    Map<String, String> headers = new HashMap<>();
    headers.put("Content-Type", response.type());
    headers.put(
        "Date",
        DateTimeFormatter.RFC_1123_DATE_TIME.format(Instant.now().atOffset(ZoneOffset.UTC)));
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(response.status())
        .withHeaders(headers)
        .withBody(response.body())
        .build();
  }

  @Override
  public void close() {
    listener.stop();
  }
}
