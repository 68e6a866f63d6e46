package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Claim;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.Admission;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.lambda.AwsControlPlane.Changing;
import io.eksphemeral.lambda.AwsControlPlane.Viewing;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Has the functions do what they are there for, called as Lambda calls them. Where something may
 * come of it, it is over services that are pretended, and by a clock of its own.
 */
final class WarmUp {
  /** A cluster that there is not. */
  private static final ClusterId NOBODY = new ClusterId("00000000-0000-7000-8000-000000000000");

  /** How often each is done: what was done so often is compiled. */
  private static final int ROUNDS = 100;

  private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");
  private static final String ASKER = "arn:aws:iam::000000000000:user/trial";
  private static final String NAME = "trial";

  /** A record with a bit of everything. */
  private static final String READY =
      """
      {
        "name": "trial", "numworkers": 1, "kubeversion": "1.35", "timeout": 30,
        "owner": "nobody@example.com",
        "access": ["arn:aws:iam::000000000000:role/trial"],
        "task": {"securitygroup": "sg-1", "subnets": ["subnet-1"]},
        "status": {
          "id": "00000000-0000-7000-8000-000000000000", "state": "ready",
          "created": "2026-11-22T09:30:00Z", "ready": "2026-11-22T09:50:00Z",
          "expires": "2026-11-22T10:20:00Z", "lifetime": 30,
          "createdby": "arn:aws:iam::000000000000:user/trial", "attempt": 1,
          "tasks": [{
            "kind": "create", "attempt": 1, "planned": "2026-11-22T09:30:01Z",
            "launched": "2026-11-22T09:30:02Z", "handle": "trial",
            "ended": "2026-11-22T09:50:00Z", "outcome": "ready"
          }],
          "mails": [{
            "topic": "ready", "about": "2026-11-22T09:50:00Z", "tried": "2026-11-22T09:50:01Z",
            "last": "2026-11-22T09:50:01Z", "delivery": "sent"
          }],
          "history": [
            {"state": "creating", "at": "2026-11-22T09:30:00Z", "why": "asked for"},
            {"state": "ready", "at": "2026-11-22T09:50:00Z", "why": "created"}
          ],
          "format": 1
        }
      }
      """;

  private Instant now = START;

  private WarmUp() {}

  /** Looks into a store as calls that change nothing do; there is nothing to be found. */
  static void look(ClusterStore store) {
    store.ids();
    store.find(NOBODY);
    store.archived(NOBODY);
    store.claimOn(NAME);
  }

  /** The same, and whether a task runs. */
  static void look(ClusterStore store, TaskRunner tasks) {
    look(store);
    tasks.running(NOBODY);
    tasks.status(NOBODY.value().replace("-", ""));
  }

  /** Puts a cluster on record, and has it shown in every way. */
  static void ofViewing(ClusterStore store, Function<InstantSource, Viewing> viewing) {
    if (!(ClusterRecordCodec.decode(NOBODY, "", READY) instanceof Stored.Live ready)) {
      throw new IllegalStateException("the record of the trial cannot be read");
    }
    store.add(ready.cluster());
    store.claim(new Claim(NAME, NOBODY, START));
    ClusterId id = new ClusterId("00000000-0000-7000-8000-000000000001");
    Cluster asked = Cluster.requested(id, ready.cluster().spec(), ASKER, START);
    if (Admission.decide(asked, List.of(), 0, Limits.DEFAULT, START)
        instanceof Admission.Admitted(Cluster creating)) {
      store.add(creating.launched(NAME, START));
    }
    Viewing made = viewing.apply(() -> START);
    StatusHandler status =
        new StatusHandler(made.status(), made.presentation(), made.clock(), made.versions());
    for (int round = 0; round < ROUNDS; round++) {
      call(status, Route.LIST_IDS, Map.of(), "");
      call(status, Route.LIST, Map.of(), "");
      call(status, Route.SHOW, Map.of("id", NOBODY.value()), "");
      call(status, Route.SHOW, Map.of("id", NAME), "");
    }
  }

  /**
   * Has clusters live and die, one after the other.
   *
   * @param owner whose they are; may be empty
   * @throws IllegalStateException if one does not come to its end
   */
  static void ofChanging(String owner, Function<InstantSource, Changing> changing) {
    WarmUp trial = new WarmUp();
    Changing made = changing.apply(() -> trial.now);
    for (int round = 0; round < ROUNDS; round++) {
      trial.life(made, owner);
    }
  }

  private void life(Changing changing, String owner) {
    ClusterStore store = changing.plane().store();
    CreateClusterHandler create =
        new CreateClusterHandler(changing.plane(), changing.presentation(), changing.random());
    DestroyClusterHandler destroy =
        new DestroyClusterHandler(changing.plane(), changing.presentation());
    ObjectNode spec = JsonNodeFactory.instance.objectNode().put("timeout", 1);
    if (!owner.isEmpty()) {
      spec.put("owner", owner);
    }

    call(create, Route.CREATE, Map.of(), "{\"timout\": \"1\"}");
    call(create, Route.ESTIMATE, Map.of(), spec.toString());
    call(create, Route.CREATE, Map.of(), spec.toString());
    ClusterId id = store.ids().getFirst();
    sweep(destroy);
    store.putResult(new TaskKey(id, TaskKind.CREATE, 1), result(Outcome.READY));
    feed(destroy, stopped(id));
    call(create, Route.PROLONG, Map.of("id", id.value(), "minutes", "1"), "");
    pass(Duration.ofMinutes(10), destroy); // the notice
    pass(Duration.ofMinutes(10), destroy); // the end
    call(destroy, Route.DESTROY, Map.of("id", id.value()), "");
    store.putResult(new TaskKey(id, TaskKind.DESTROY, 1), result(Outcome.ABSENT));
    sweep(destroy);
    if (!store.ids().isEmpty()) {
      throw new IllegalStateException("the cluster of the trial did not come to its end");
    }
  }

  private TaskResult result(Outcome outcome) {
    return new TaskResult(outcome, now, "as in every trial", List.of(), List.of());
  }

  private void pass(Duration time, DestroyClusterHandler destroy) {
    now = now.plus(time);
    sweep(destroy);
  }

  private static void sweep(DestroyClusterHandler destroy) {
    feed(destroy, JsonNodeFactory.instance.objectNode().put("detail-type", "Scheduled Event"));
  }

  private static ObjectNode stopped(ClusterId id) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("detail-type", "ECS Task State Change");
    event.putObject("detail").put("startedBy", id.value());
    return event;
  }

  private static void call(
      RequestStreamHandler function, Route route, Map<String, String> parameters, String body) {
    feed(function, event(route, parameters, body));
  }

  private static void feed(RequestStreamHandler function, ObjectNode event) {
    byte[] bytes = event.toString().getBytes(StandardCharsets.UTF_8);
    try {
      function.handleRequest(
          new ByteArrayInputStream(bytes), new ByteArrayOutputStream(), Trying.CONTEXT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A call of the HTTP API, as it reaches a function. */
  private static ObjectNode event(Route route, Map<String, String> parameters, String body) {
    ObjectNode event = JsonNodeFactory.instance.objectNode().put("routeKey", route.key());
    event.putObject("headers").put("content-type", "application/json");
    event
        .putObject("requestContext")
        .putObject("authorizer")
        .putObject("iam")
        .put("userArn", ASKER);
    ObjectNode given = event.putObject("pathParameters");
    parameters.forEach(given::put);
    return event.put("body", body).put("isBase64Encoded", false);
  }

  /** An invocation that has all the time that it wants, and of which nothing is logged. */
  private enum Trying implements Context, LambdaLogger {
    CONTEXT;

    @Override
    public void log(String message) {}

    @Override
    public void log(byte[] message) {}

    @Override
    public LambdaLogger getLogger() {
      return this;
    }

    @Override
    public int getRemainingTimeInMillis() {
      return Integer.MAX_VALUE;
    }

    @Override
    public String getAwsRequestId() {
      return NAME;
    }

    @Override
    public String getLogGroupName() {
      return NAME;
    }

    @Override
    public String getLogStreamName() {
      return NAME;
    }

    @Override
    public String getFunctionName() {
      return NAME;
    }

    @Override
    public String getFunctionVersion() {
      return NAME;
    }

    @Override
    public String getInvokedFunctionArn() {
      return NAME;
    }

    @Override
    public @Nullable CognitoIdentity getIdentity() {
      return null;
    }

    @Override
    public @Nullable ClientContext getClientContext() {
      return null;
    }

    @Override
    public int getMemoryLimitInMB() {
      return 0;
    }
  }
}
