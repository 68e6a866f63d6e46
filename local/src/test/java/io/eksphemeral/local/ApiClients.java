package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.ClusterId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Several clients of the API at once, who do all that can be done with it, sensible or not,
 * remember what they were told, and hold the control plane to it.
 */
final class ApiClients implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** The name of a cluster that is there and not ours. */
  static final String THEIRS = "theirs";

  /** How many of the clusters that were accepted last are still asked about. */
  private static final int TALKED_ABOUT = 30;

  private static final List<Bad> BAD_SPECS =
      List.of(
          new Bad("{\"timeout\":0,\"numworkers\":\"2\",\"colour\":\"red\"}", 400),
          new Bad("{\"name\":\"a\",\"name\":\"b\"}", 400),
          new Bad("{\"name\":\"-\",\"owner\":\"nobody\"}", 400),
          new Bad("{\"timeout\":", 400),
          new Bad("[]", 400),
          new Bad("{\"owner\":\"" + "x".repeat(70_000) + "\"}", 413));

  private final Api api;
  private final Habits habits;
  private final Trouble trouble;
  private final Map<ClusterId, Promised> promised = new ConcurrentHashMap<>();
  private final List<Promised> recent = new CopyOnWriteArrayList<>();
  private final ConcurrentMap<ClusterId, Broken> broken = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, LongAdder> answers = new ConcurrentHashMap<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final List<Future<?>> busy = new ArrayList<>();
  private volatile boolean enough;
  private volatile boolean hopeless;

  /**
   * @param trouble when a 5xx is nothing to complain about
   */
  ApiClients(Api api, Habits habits, Trouble trouble) {
    this.api = api;
    this.habits = habits;
    this.trouble = trouble;
  }

  /** How calls are sent. */
  interface Api {
    /**
     * Sends a call.
     *
     * @param key for its header {@code Idempotency-Key}; empty if it has none
     * @throws IOException if there was no answer
     */
    Answer send(String method, String path, String body, String key)
        throws IOException, InterruptedException;
  }

  /** What came back. */
  record Answer(int status, String body) {
    static final Answer NONE = new Answer(0, "");

    JsonNode json() {
      try {
        return JSON.readTree(body);
      } catch (JsonProcessingException _) {
        return JSON.missingNode();
      }
    }
  }

  /**
   * What clients are like.
   *
   * @param pause between two calls, at the most
   * @param timeout of a cluster, in minutes, at the most
   * @param most how many clusters one of them asks for, if the end does not come first
   */
  record Habits(Duration pause, int timeout, int most) {}

  private record Bad(String spec, int status) {}

  /** What was said of a cluster that was accepted. */
  static final class Promised {
    private final ClusterId id;
    private final String spec;

    /** Whether others than who asked for it move its end, and then only to later. */
    private final boolean shared;

    /** How long it lives: at least if it is shared, else exactly. */
    private int lifetime;

    private List<JsonNode> history = List.of();

    Promised(ClusterId id, String spec, boolean shared, JsonNode record) {
      this.id = id;
      this.spec = spec;
      this.shared = shared;
      this.lifetime = lifetimeOf(record);
    }

    /** Takes note of how it is, and says what is wrong with that. */
    synchronized Optional<String> sees(JsonNode record) {
      List<JsonNode> now = history(record);
      List<JsonNode> shorter = now.size() < history.size() ? now : history;
      List<JsonNode> longer = now.size() < history.size() ? history : now;
      if (record.path("status").path("id").asText().equals(id.value())
          && !now.isEmpty()
          && longer.subList(0, shorter.size()).equals(shorter)) {
        history = longer;
        return Optional.empty();
      }
      return Optional.of("%s was %s, and is %s".formatted(id, history, record));
    }

    synchronized int lifetime() {
      return lifetime;
    }

    /** Takes note that its end was moved. */
    synchronized void moved(int minutes, int now) {
      lifetime = shared ? lifetime + minutes : now;
    }
  }

  private static int lifetimeOf(JsonNode record) {
    return record.path("status").path("lifetime").asInt();
  }

  private static List<JsonNode> history(JsonNode record) {
    List<JsonNode> steps = new ArrayList<>();
    record.path("status").path("history").forEach(steps::add);
    return steps;
  }

  // --- at work ---

  /** Lets some of them begin. */
  void start(int number, Random random, ExecutorService threads) {
    for (int i = 0; i < number; i++) {
      Random own = new Random(random.nextLong());
      busy.add(threads.submit(() -> work(own)));
    }
  }

  /** Lets all of them end, once each has an answer. */
  void stop() throws Exception {
    enough = true;
    for (Future<?> one : busy) {
      one.get();
    }
  }

  /** Lets them give up on what is not answered. */
  @Override
  public void close() {
    hopeless = true;
    enough = true;
  }

  private void work(Random random) {
    int asked = 0;
    @Nullable Promised own = null;
    while (!enough) {
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3 -> {
          if (asked++ < habits.most()) {
            own = create(random, false).orElse(own);
          }
        }
        case 4 -> {
          if (asked++ < habits.most()) {
            create(random, true);
          }
        }
        case 5 -> any(random).ifPresent(this::createAgain);
        case 6 -> any(random).ifPresent(this::createAnother);
        case 7 -> askForNonsense(random);
        case 8, 9, 10 -> any(random).filter(one -> one.shared).ifPresent(one -> move(one, 1));
        case 11, 12, 13 -> {
          if (own != null) {
            move(own, random.nextInt(5) + 1);
          }
        }
        case 14, 15 -> {
          if (own != null) {
            move(own, -random.nextInt(3) - 1);
          }
        }
        case 16 -> any(random).ifPresent(this::destroy);
        case 17 -> list();
        case 18 -> any(random).ifPresent(this::show);
        default -> askForNothing();
      }
      LockSupport.parkNanos(random.nextLong(habits.pause().toNanos()));
    }
  }

  private Optional<Promised> any(Random random) {
    List<Promised> known = List.copyOf(recent);
    return known.isEmpty()
        ? Optional.empty()
        : Optional.of(known.get(random.nextInt(known.size())));
  }

  private Optional<Promised> create(Random random, boolean shared) {
    ClusterId id = ClusterId.generate(Instant.now(), random);
    ObjectNode spec = JSON.createObjectNode();
    if (random.nextInt(3) == 0) {
      int name = random.nextInt(7);
      spec.put("name", name == 0 ? THEIRS : "dev-" + name);
    }
    spec.put("timeout", random.nextInt(habits.timeout()) + 1);
    spec.put("owner", random.nextBoolean() ? "alice@eksphemeral.io" : "bob@example.com");
    return create(id, spec.toString(), shared);
  }

  /** Asks for a cluster until there is an answer; gives it if it was accepted. */
  Optional<Promised> create(ClusterId id, String spec, boolean shared) {
    Answer answer;
    do {
      answer = send("POST", "/create", spec, id.value());
    } while (isOpen(answer));
    expect(answer, "POST /create", 202, 409);
    if (answer.status() != 202) {
      return Optional.empty();
    }
    Promised cluster = new Promised(id, spec, shared, answer.json());
    promised.put(id, cluster);
    note(cluster, answer);
    recent.add(cluster);
    if (recent.size() > TALKED_ABOUT) {
      recent.removeFirst();
    }
    return Optional.of(cluster);
  }

  private void createAgain(Promised cluster) {
    Answer answer = send("POST", "/create", cluster.spec, cluster.id.value());
    expect(answer, "POST /create again", 202);
    note(cluster, answer);
  }

  private void createAnother(Promised cluster) {
    Answer answer = send("POST", "/create", "{\"numworkers\":3}", cluster.id.value());
    expect(answer, "POST /create with another's key", 409);
  }

  private void askForNonsense(Random random) {
    Bad bad = BAD_SPECS.get(random.nextInt(BAD_SPECS.size()));
    expect(send("POST", "/create", bad.spec(), ""), "POST /create, bad", bad.status());
    expect(send("POST", "/prolong/dev-1/soon", "", ""), "POST /prolong, bad", 400);
  }

  private void askForNothing() {
    expect(send("GET", "/status/nothing", "", ""), "GET /status/nothing", 404);
    expect(send("POST", "/destroy/nothing", "", ""), "POST /destroy/nothing", 404);
  }

  private void move(Promised cluster, int minutes) {
    int before = cluster.lifetime();
    Answer answer = send("POST", "/prolong/" + cluster.id + "/" + minutes, "", "");
    expect(
        answer, "POST /prolong", cluster.shared ? new int[] {200, 409, 422} : new int[] {200, 422});
    int now = lifetimeOf(answer.json());
    if (answer.status() == 200) {
      if (minutes > 0 ? now < before + minutes : now > before || now < before + minutes) {
        wrong.add(
            "%s had %d minutes, then %d more: %s".formatted(cluster.id, before, minutes, answer));
      }
      cluster.moved(minutes, now);
      note(cluster, answer);
    } else if (answer.status() != 422 && !cluster.shared) {
      reread(cluster, minutes);
    }
  }

  /** Whether it is not known what became of a call, and is still of interest. */
  private boolean isOpen(Answer answer) {
    return !hopeless && (answer.status() == 0 || answer.status() >= 500);
  }

  /** Finds out whether an end was moved by a call that was not answered. */
  private void reread(Promised cluster, int minutes) {
    Answer answer;
    do {
      answer = send("GET", "/status/" + cluster.id, "", "");
    } while (isOpen(answer));
    expect(answer, "GET /status/ID", 200);
    int before = cluster.lifetime();
    int now = lifetimeOf(answer.json());
    if (now != before
        && (minutes > 0 ? now < before + minutes : now > before || now < before + minutes)) {
      wrong.add(
          "%s had %d minutes, then perhaps %d more: %s"
              .formatted(cluster.id, before, minutes, answer));
    }
    cluster.moved(minutes, now);
  }

  private void destroy(Promised cluster) {
    Answer answer = send("POST", "/destroy/" + cluster.id, "", "");
    expect(answer, "POST /destroy", 202, 409);
    if (answer.status() == 202) {
      note(cluster, answer);
      if (!answer
          .json()
          .path("status")
          .path("history")
          .toString()
          .matches(".*\"(destroying|gone)\".*")) {
        wrong.add("not being destroyed: " + answer);
      }
    }
  }

  private void show(Promised cluster) {
    Answer answer = send("GET", "/status/" + cluster.id, "", "");
    expect(answer, "GET /status/ID", 200);
    note(cluster, answer);
  }

  /** Lists all, and looks whether each broken record that was there all the time is named. */
  private void list() {
    Map<ClusterId, Broken> before = Map.copyOf(broken);
    Answer ids = send("GET", "/status", "", "");
    Answer all = send("GET", "/clusters", "", "");
    Map<ClusterId, Broken> since = new HashMap<>(before);
    since.keySet().retainAll(broken.keySet());
    expect(ids, "GET /status", 200);
    expect(all, "GET /clusters", 200);
    if (ids.status() == 200 && all.status() == 200) {
      unnamed(since, ids.json(), all.json()).forEach(wrong::add);
    }
  }

  private static List<String> unnamed(Map<ClusterId, Broken> broken, JsonNode ids, JsonNode all) {
    Map<String, JsonNode> shown = new HashMap<>();
    all.forEach(one -> shown.put(one.path("status").path("id").asText(), one.path("status")));
    List<String> listed = new ArrayList<>();
    ids.forEach(id -> listed.add(id.asText()));
    List<String> unnamed = new ArrayList<>();
    broken.forEach((id, how) -> {
      JsonNode status = shown.getOrDefault(id.value(), JSON.missingNode());
      if (!listed.contains(id.value())
          || !status.path("state").asText().equals("unreadable")
          || !status.path("error").asText().contains(how.why())) {
        unnamed.add("the record %s is %s, and shown as %s".formatted(id, how, status));
      }
    });
    return unnamed;
  }

  private void note(Promised cluster, Answer answer) {
    if (answer.status() == 200 || answer.status() == 202) {
      cluster.sees(answer.json()).ifPresent(wrong::add);
    }
  }

  /** Sends a call; gives {@link Answer#NONE} if there was no answer. */
  private Answer send(String method, String path, String body, String key) {
    long moment = trouble.moment();
    Answer answer;
    try {
      answer = api.send(method, path, body, key);
    } catch (IOException | InterruptedException _) {
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
      answer = Answer.NONE;
    }
    if (answer.status() >= 500) {
      if (!trouble.since(moment)) {
        wrong.add("%s %s: %s".formatted(method, path, answer));
      }
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
    count(method + " " + path.replaceFirst("(?<=/.{1,9}/).*", "…"), answer);
    return answer;
  }

  private void count(String call, Answer answer) {
    String what = answer.status() == 0 ? "no answer" : Integer.toString(answer.status());
    answers.computeIfAbsent(call + ": " + what, _ -> new LongAdder()).increment();
  }

  /** An answer has to be one of these, or none, or one for trouble; and a refusal well-formed. */
  private void expect(Answer answer, String call, int... statuses) {
    int status = answer.status();
    if (status == 0 || status >= 500) {
      return;
    }
    boolean fine = false;
    for (int one : statuses) {
      fine |= status == one;
    }
    JsonNode body = answer.json();
    boolean wellFormed =
        status < 400 || (!body.path("error").asText().isBlank() && body.path("problems").isArray());
    if (!fine || !wellFormed) {
      wrong.add(call + ": " + answer);
    }
  }

  // --- what there is, and how it has to be ---

  /** Is told of a broken record that is there. */
  void breaks(ClusterId id, Broken how) {
    broken.put(id, how);
  }

  /** Is told that a broken record is about to be removed. */
  void mends(ClusterId id) {
    broken.remove(id);
  }

  /** Lists all, when nobody is at work, and sees that each broken record is named. */
  void seeAllThatIsBroken() {
    list();
    haveNothingToComplainOf();
  }

  Collection<ClusterId> accepted() {
    return promised.keySet();
  }

  /** How often each call was answered how. */
  Map<String, Long> answers() {
    Map<String, Long> all = new TreeMap<>();
    answers.forEach((what, times) -> all.put(what, times.sum()));
    return all;
  }

  /** Nothing was answered that should not have been. */
  void haveNothingToComplainOf() {
    assertThat(wrong).isEmpty();
  }

  /** Reads the records of clusters that are gone. */
  interface Archive {
    JsonNode of(ClusterId id) throws IOException;
  }

  /** All clusters that were accepted have ended as they should, with all that was said of them. */
  void gotWhatTheyWerePromised(Archive archive) throws IOException {
    for (Promised cluster : promised.values()) {
      JsonNode record = archive.of(cluster.id);
      endedWell(record);
      assertThat(history(record))
          .as(record.toString())
          .startsWith(cluster.history.toArray(JsonNode[]::new));
      if (cluster.shared) {
        assertThat(lifetimeOf(record))
            .as(record.toString())
            .isGreaterThanOrEqualTo(cluster.lifetime());
      } else {
        assertThat(lifetimeOf(record)).as(record.toString()).isEqualTo(cluster.lifetime());
      }
    }
  }

  /** A record in the archive says of every step why, and the last is the proof. */
  static void endedWell(JsonNode record) {
    JsonNode status = record.path("status");
    List<JsonNode> steps = history(record);
    assertThat(status.path("state").asText()).as(record.toString()).isEqualTo("gone");
    assertThat(status.path("leftovers").isEmpty()).as(record.toString()).isTrue();
    JsonNode task = status.path("tasks").path(status.path("tasks").size() - 1);
    assertThat(task.path("kind").asText() + " " + task.path("outcome").asText())
        .as(record.toString())
        .isIn(
            record.path("name").asText().equals(THEIRS)
                ? List.of("create foreign", "destroy absent")
                : List.of("destroy absent"));
    Instant before = Instant.MIN;
    for (JsonNode step : steps) {
      Instant at = Instant.parse(step.path("at").asText());
      assertThat(at).as(record.toString()).isAfterOrEqualTo(before);
      if (step.path("why").asText().equals("expired")) {
        Instant expires = Instant.parse(status.path("expires").asText());
        assertThat(at).as(record.toString()).isAfterOrEqualTo(expires);
        assertThat(notice(status, expires).plusSeconds(60))
            .as(record.toString())
            .isBeforeOrEqualTo(at);
      }
      before = at;
    }
  }

  private static Instant notice(JsonNode status, Instant expires) {
    for (JsonNode mail : status.path("mails")) {
      if (mail.path("topic").asText().equals("notice")
          && Instant.parse(mail.path("about").asText()).equals(expires)) {
        return Instant.parse(mail.path("tried").asText());
      }
    }
    throw new AssertionError("without a notice: " + status);
  }
}
