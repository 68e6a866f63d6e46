package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** An API without signatures that gives the responses that a test wants, the last one for ever. */
final class StubApi implements AutoCloseable {
  static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";

  private final HttpListener listener = HttpListener.bind(0, HttpListener.Bounds.USUAL);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Queue<Response> responses = new ArrayDeque<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private String speed = "1";
  private String given = "";

  /** A request of a command. */
  record Request(String line, String type, String body) {}

  private record Response(int status, String date, String body) {}

  StubApi() throws IOException {
    listener.start(this::respond, Map.of(), threads);
  }

  String url() {
    return listener.url();
  }

  StubApi speed(String factor) {
    speed = factor;
    return this;
  }

  /** Which fields it finds in a spec. */
  StubApi given(String fields) {
    given = fields;
    return this;
  }

  StubApi responds(int status, String body) {
    return respondsAt("2026-11-30T10:00:00Z", status, body);
  }

  /** The same at a moment of its clock. */
  StubApi respondsAt(String moment, int status, String body) {
    String date =
        DateTimeFormatter.RFC_1123_DATE_TIME.format(Instant.parse(moment).atOffset(ZoneOffset.UTC));
    responses.add(new Response(status, date, body));
    return this;
  }

  /** The requests so far. */
  List<Request> requests() {
    return requests;
  }

  /** The method and path of each request so far. */
  List<String> lines() {
    return requests.stream().map(Request::line).toList();
  }

  /**
   * The record of the cluster dev.
   *
   * @param more fields of its status, each after a comma
   */
  static String record(String state, String more) {
    return """
    {"name":"dev","numworkers":1,"status":{"id":"%s","state":"%s","provider":"EKS"%s}}\
    """
        .formatted(ID, state, more);
  }

  @Override
  public void close() {
    listener.stop();
    threads.close();
  }

  private synchronized APIGatewayV2HTTPResponse respond(HttpRequest request) {
    requests.add(
        new Request(
            request.method() + " " + request.target(),
            String.join(",", request.header("Content-Type")),
            StandardCharsets.UTF_8.decode(request.body().duplicate()).toString()));
    Response response = responses.size() > 1 ? responses.remove() : responses.element();
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(response.status())
        .withHeaders(
            Map.of("Date", response.date(), "Eksphemeral-Speed", speed, "Eksphemeral-Given", given))
        .withBody(response.body())
        .build();
  }
}
