package io.eksphemeral.local.ui;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.lambda.ErrorCode;
import io.eksphemeral.local.HttpRequest;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The logs of clusters, as {@code eksp logs -f} prints them: on one machine from files, on AWS from
 * CloudWatch Logs. A program runs for each log that a page looks at, and ends soon after no page
 * asks for it any more.
 */
final class LogFollowers {
  private static final Pattern PATH = Pattern.compile("/ui/logs/([A-Za-z0-9][A-Za-z0-9-]{0,63})");
  private static final Pattern QUERY = Pattern.compile("(?:after=([0-9]{1,9}))?");
  private static final int MOST = 6;
  private static final int MOST_LINES = 3000;
  private static final int LONGEST_LINE = 2000;
  private static final Duration UNWATCHED = Duration.ofSeconds(20);

  private final List<String> command;
  private final Map<String, Follower> followers = new HashMap<>();
  private int runs;

  /**
   * @param command what prints a log and follows it, without the cluster
   */
  LogFollowers(List<String> command) {
    this.command = command;
  }

  /** What a program has printed so far. */
  private static final class Follower {
    private final int run;
    private final Process process;
    private final Deque<String> lines = new ArrayDeque<>();
    private int dropped;
    private boolean isOver;
    private long asked = System.nanoTime();

    Follower(int run, Process process) {
      this.run = run;
      this.process = process;
      Thread.ofVirtual().start(this::read);
    }

    private void read() {
      try (BufferedReader in = process.inputReader()) {
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          add(line.length() <= LONGEST_LINE ? line : line.substring(0, LONGEST_LINE) + "…");
        }
      } catch (IOException _) {
        // It was ended.
      }
      synchronized (this) {
        isOver = true;
      }
    }

    private synchronized void add(String line) {
      lines.add(line);
      if (lines.size() > MOST_LINES) {
        lines.remove();
        dropped++;
      }
    }

    synchronized ObjectNode after(int count) {
      asked = System.nanoTime();
      ObjectNode body = JsonNodeFactory.instance.objectNode();
      body.put("run", run).put("next", dropped + lines.size()).put("over", isOver);
      body.put("dropped", dropped);
      lines.stream().skip(Math.max(0, count - dropped)).forEach(body.putArray("lines")::add);
      return body;
    }

    synchronized boolean isUnwatched(long now) {
      return now - asked > UNWATCHED.toNanos();
    }

    void end() {
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
    }
  }

  /** The response to a request for a log; empty for any other path. */
  Optional<APIGatewayV2HTTPResponse> respond(HttpRequest request) {
    Matcher path = PATH.matcher(request.path());
    Matcher query = QUERY.matcher(request.query());
    if (!path.matches()) {
      return Optional.empty();
    }
    if (!request.method().equals("GET") || !query.matches()) {
      return Optional.of(ErrorCode.METHOD_NOT_ALLOWED.response("use GET, with after=NUMBER"));
    }
    String after = query.group(1);
    return Optional.of(lines(path.group(1), after == null ? 0 : Integer.parseInt(after)));
  }

  private synchronized APIGatewayV2HTTPResponse lines(String cluster, int after) {
    Follower follower = followers.get(cluster);
    if (follower == null) {
      if (followers.size() >= MOST) {
        return ErrorCode.TOO_MANY_REQUESTS.response("too many logs are followed at a time");
      }
      try {
        follower = new Follower(++runs, start(cluster));
      } catch (IOException e) {
        return ErrorCode.INTERNAL.response("the log cannot be read: " + e.getMessage());
      }
      followers.put(cluster, follower);
    }
    ObjectNode lines = follower.after(after);
    if (lines.path("over").booleanValue()) {
      followers.remove(cluster);
    }
    return Answers.json(lines);
  }

  private Process start(String cluster) throws IOException {
    List<String> all = new java.util.ArrayList<>(command);
    all.add(cluster);
    return new ProcessBuilder(all)
        .redirectInput(new File("/dev/null"))
        .redirectErrorStream(true)
        .start();
  }

  /** Ends the programs whose logs no page has asked for lately. */
  synchronized void endUnwatched() {
    long now = System.nanoTime();
    followers
        .values()
        .removeIf(follower -> {
          if (!follower.isUnwatched(now)) {
            return false;
          }
          follower.end();
          return true;
        });
  }

  synchronized void endAll() {
    followers.values().forEach(Follower::end);
    followers.clear();
  }
}
