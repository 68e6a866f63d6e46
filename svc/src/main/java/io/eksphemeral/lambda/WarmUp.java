package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.amazonaws.services.lambda.runtime.LambdaRuntime;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.NodeChoice;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.lambda.AwsControlPlane.ClusterFuncs;
import io.eksphemeral.lambda.AwsControlPlane.StatusFunc;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.crac.Context;
import org.crac.Core;
import org.crac.Resource;

/**
 * Runs before Lambda takes the snapshot of a function, so that the first request after a restore
 * finds code that was loaded and has run. A failure is logged, and leaves a function that is only
 * slower at first.
 */
final class WarmUp implements Resource {
  /** There is no such cluster in AWS. */
  static final ClusterId CLUSTER = new ClusterId("00000000-0000-7000-8000-000000000000");

  /** CRaC's context itself has only weak references. */
  private static final List<WarmUp> REGISTERED = new ArrayList<>();

  private static final String CALLER = "arn:aws:iam::000000000000:user/warm-up";

  /** More make little difference, see bench/results/lambda.md. */
  private static final int ROUNDS = 40;

  private static final LambdaLogger NO_LOG =
      new LambdaLogger() {
        @Override
        public void log(String message) {}

        @Override
        public void log(byte[] message) {}
      };

  private static final com.amazonaws.services.lambda.runtime.Context CONTEXT =
      (com.amazonaws.services.lambda.runtime.Context)
          Proxy.newProxyInstance(
              WarmUp.class.getClassLoader(),
              new Class<?>[] {com.amazonaws.services.lambda.runtime.Context.class},
              (_, method, _) ->
                  switch (method.getName()) {
                    case "getLogger" -> NO_LOG;
                    case "getRemainingTimeInMillis" -> Integer.MAX_VALUE;
                    default -> "warm-up";
                  });

  private final Runnable work;

  private WarmUp(Runnable work) {
    this.work = work;
  }

  /** Registers work that changes nothing; it is never done where no snapshot is taken. */
  static void beforeSnapshot(Runnable work) {
    WarmUp warmUp = new WarmUp(work);
    REGISTERED.add(warmUp);
    Core.getGlobalContext().register(warmUp);
  }

  @Override
  public void beforeCheckpoint(Context<? extends Resource> context) {
    try {
      work.run();
      LogLine.of("warmed-up").writeTo(LambdaRuntime.getLogger());
    } catch (RuntimeException | Error e) {
      LogLine.of("warm-up-failed").withFailure(e).writeTo(LambdaRuntime.getLogger());
    }
  }

  @Override
  public void afterRestore(Context<? extends Resource> context) {}

  /** Shows a cluster in every way. */
  static void status(StatusFunc function) {
    Spec spec =
        new Spec("warm-up", 1, "1.35", 30, "", null, List.of(), List.of(), NodeChoice.NONE, null);
    function
        .store()
        .add(Cluster.requested(CLUSTER, spec, CALLER, Instant.EPOCH))
        .ifPresent(function.store()::archive);
    ApiHandler status = new StatusHandler(function);
    for (int round = 0; round < ROUNDS; round++) {
      send(status, request(Route.LIST_IDS, Map.of(), ""));
      send(status, request(Route.LIST, Map.of(), ""));
      send(status, request(Route.LIST_GONE, Map.of(), ""));
      send(status, request(Route.SHOW, Map.of("id", CLUSTER.value()), ""));
    }
  }

  /**
   * Takes clusters from their creation to their teardown.
   *
   * @param clear empties the store
   */
  static void changes(ClusterFuncs functions, String owner, Runnable clear) {
    ApiHandler create = new CreateClusterHandler(functions);
    ApiHandler destroy = new DestroyClusterHandler(functions);
    ClusterStore store = functions.plane().store();
    ObjectNode spec = JsonNodeFactory.instance.objectNode().put("timeout", 1);
    if (!owner.isEmpty()) {
      spec.put("owner", owner);
    }
    ObjectNode sweep = JsonNodeFactory.instance.objectNode().put("detail-type", "Scheduled Event");
    for (int round = 0; round < ROUNDS; round++) {
      send(create, request(Route.ESTIMATE, Map.of(), "{\"timout\": 1}"));
      send(create, request(Route.CREATE, Map.of(), spec.toString()));
      ClusterId id = store.ids().getFirst();
      store.putResult(
          new TaskKey(id, TaskKind.CREATE, 1),
          new TaskResult(Outcome.READY, Instant.EPOCH, "warm-up", List.of(), List.of()));
      send(destroy, sweep);
      send(create, request(Route.PROLONG, Map.of("id", id.value(), "minutes", "1"), ""));
      send(destroy, request(Route.DESTROY, Map.of("id", id.value()), ""));
      send(destroy, sweep);
      clear.run();
    }
  }

  private static void send(ApiHandler function, ObjectNode event) {
    byte[] bytes = event.toString().getBytes(StandardCharsets.UTF_8);
    try {
      function.handleRequest(new ByteArrayInputStream(bytes), new ByteArrayOutputStream(), CONTEXT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode request(Route route, Map<String, String> parameters, String body) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("routeKey", route.key()).put("body", body);
    event.withObject("/requestContext/authorizer/iam").put("userArn", CALLER);
    ObjectNode path = event.putObject("pathParameters");
    parameters.forEach(path::put);
    return event;
  }
}
