package io.eksphemeral.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.eksphemeral.control.Claim;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskObjectCodec;
import io.eksphemeral.domain.ClusterId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A bucket in this process, for measurements: over real HTTP, without conditions on writes. The
 * emulator of the tests takes longer than what is measured. Requests to ECS launch a task, those to
 * SES send a mail.
 */
final class InMemoryS3 {
  private static final int PAGE = 1000;

  static {
    sendAtOnce();
  }

  final AtomicInteger requests = new AtomicInteger();
  private final TreeMap<String, Item> objects = new TreeMap<>();
  private final HttpServer server;
  private final long millis;

  /** An object, with what a listing says of it: made once, so that serving it costs little. */
  private record Item(String body, String etag, String entry) {
    static Item of(String key, String text) {
      String etag = "\"%08x\"".formatted(text.hashCode());
      return new Item(
          text, etag, "<Contents><Key>%s</Key><ETag>%s</ETag></Contents>".formatted(key, etag));
    }
  }

  private static final String TASKS =
      """
      {"tasks":[{"taskArn":"arn:aws:ecs:us-east-2:123456789012:task/eksp/0badcafe",
      "lastStatus":"RUNNING"}],"failures":[],"taskArns":[]}
      """;

  private static final String SENT =
      """
      <SendEmailResponse><SendEmailResult><MessageId>1</MessageId></SendEmailResult>
      </SendEmailResponse>
      """;

  private static final Item NONE = new Item("<Error><Code>NoSuchKey</Code></Error>", "", "");

  /**
   * Listens on a free port of the loopback interface.
   *
   * @param millis what each request takes at least
   */
  InMemoryS3(long millis) throws IOException {
    this.millis = millis;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/records", this::answer);
    server.createContext("/", InMemoryS3::answerOthers);
    server.start();
  }

  /** The JDK's server has the second half of an answer wait for 40 ms if it is not told this. */
  static void sendAtOnce() {
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  URI endpoint() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  void stop() {
    server.stop(0);
  }

  /** Records of clusters that are ready, with their claims. */
  void fill(int clusters) {
    objects.clear();
    for (int i = 0; i < clusters; i++) {
      String name = "cluster-" + i;
      ClusterId id = Samples.newId();
      add(id, name, record(id, name));
    }
  }

  void add(ClusterId id, String name, String record) {
    put(StoreKeys.record(id), record);
    put(
        StoreKeys.claim(name),
        TaskObjectCodec.encode(new Claim(name, id, Samples.START.minusSeconds(3600))));
  }

  private synchronized void put(String key, String text) {
    objects.put(key, Item.of(key, text));
  }

  static String record(ClusterId id, String name) {
    return """
    {"write":"0b8c54e8-6c1a-4f0e-9d3f-3c8f0e6d1a2b","name":"%2$s","numworkers":2,\
    "kubeversion":"1.35","timeout":30,"owner":"alice@eksphemeral.io","status":{"id":"%1$s",\
    "state":"ready","created":"2026-11-22T09:30:00Z","ready":"2026-11-22T09:50:00Z",\
    "expires":"2026-11-22T10:20:00Z","lifetime":30,\
    "createdby":"arn:aws:iam::123456789012:user/alice","attempt":1,"tasks":[{"kind":"create",\
    "attempt":1,"planned":"2026-11-22T09:30:01Z","launched":"2026-11-22T09:30:02Z",\
    "handle":"arn:aws:ecs:us-east-2:123456789012:task/eksp/0123456789abcdef0123456789abcdef",\
    "ended":"2026-11-22T09:50:00Z","outcome":"ready: it is up"}],"mails":[{"topic":"ready",\
    "about":"2026-11-22T09:50:00Z","tried":"2026-11-22T09:50:01Z",\
    "last":"2026-11-22T09:50:01Z","delivery":"sent"}],"history":[{"state":"creating",\
    "at":"2026-11-22T09:30:00Z","why":"asked for"},{"state":"ready",\
    "at":"2026-11-22T09:50:00Z","why":"it is up"}],"format":1}}\
    """
        .formatted(id, name);
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.incrementAndGet();
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String path = exchange.getRequestURI().getPath();
    String sent = text(exchange);
    if (exchange.getRequestHeaders().containsKey("If-Match") && item(exchange, path).equals(NONE)) {
      respond(exchange, NONE);
      return;
    }
    if (exchange.getRequestMethod().equals("PUT")) {
      put(path.substring("/records/".length()), unchunked(sent));
    }
    respond(exchange, item(exchange, path));
  }

  private synchronized Item item(HttpExchange exchange, String path) {
    return path.length() <= "/records/".length()
        ? new Item(list(exchange.getRequestURI().getRawQuery()), "", "")
        : objects.getOrDefault(path.substring("/records/".length()), NONE);
  }

  /** The SDK sends a body in one chunk, its length before it and its checksum behind. */
  private static String unchunked(String sent) {
    return sent.substring(sent.indexOf("\r\n") + 2, sent.lastIndexOf("\r\n0"));
  }

  private static void answerOthers(HttpExchange exchange) throws IOException {
    String action = exchange.getRequestHeaders().getFirst("X-Amz-Target");
    text(exchange);
    respond(exchange, new Item(action == null ? SENT : TASKS, "", ""));
  }

  private static String text(HttpExchange exchange) throws IOException {
    return new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static void respond(HttpExchange exchange, Item item) throws IOException {
    byte[] body = item.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().add("ETag", item.etag());
    exchange.sendResponseHeaders(item.equals(NONE) ? 404 : 200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  /** What is directly under a prefix, a page of it, from where the token says. */
  private String list(String query) {
    Map<String, String> asked =
        Arrays.stream(query.split("&"))
            .map(part -> part.split("=", 2))
            .collect(
                Collectors.toMap(
                    part -> part[0], part -> URLDecoder.decode(part[1], StandardCharsets.UTF_8)));
    String prefix = asked.getOrDefault("prefix", "");
    List<Map.Entry<String, Item>> page =
        objects.tailMap(asked.getOrDefault("continuation-token", ""), false).entrySet().stream()
            .filter(entry -> entry.getKey().startsWith(prefix))
            .filter(entry -> entry.getKey().indexOf('/', prefix.length()) < 0)
            .limit(PAGE + 1)
            .toList();
    boolean more = page.size() > PAGE;
    List<Map.Entry<String, Item>> shown = more ? page.subList(0, PAGE) : page;
    String token =
        more
            ? "<NextContinuationToken>%s</NextContinuationToken>"
                .formatted(shown.getLast().getKey())
            : "";
    String contents =
        shown.stream().map(entry -> entry.getValue().entry()).collect(Collectors.joining());
    return "<ListBucketResult><IsTruncated>%b</IsTruncated>%s%s</ListBucketResult>"
        .formatted(more, token, contents);
  }
}
