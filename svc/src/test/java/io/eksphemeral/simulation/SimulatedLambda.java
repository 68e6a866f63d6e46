package io.eksphemeral.simulation;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.aws.EcsTaskRunner;
import io.eksphemeral.aws.FargateSettings;
import io.eksphemeral.aws.S3ObjectStore;
import io.eksphemeral.aws.SesMailer;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Versions;
import io.eksphemeral.lambda.BareContext;
import io.eksphemeral.lambda.CreateClusterHandler;
import io.eksphemeral.lambda.DestroyClusterHandler;
import io.eksphemeral.lambda.ProviderInfo;
import io.eksphemeral.lambda.StatusHandler;
import io.eksphemeral.simulation.Caller.Fate;
import io.eksphemeral.simulation.Fault.Where;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * The three functions as Lambda has them: in sandboxes, of which each does one thing at a time,
 * remembers what it knew, and may die.
 */
final class SimulatedLambda {
  /** A function, and how long it may take at the most. */
  enum Function {
    CREATE(28_000),
    STATUS(28_000),
    DESTROY(240_000);

    private final long mostMilliseconds;

    Function(long mostMilliseconds) {
      this.mostMilliseconds = mostMilliseconds;
    }
  }

  private static final ProviderInfo PRESENTATION =
      new ProviderInfo("nobody", Duration.ofMinutes(15), Duration.ofMinutes(10), null);

  /** What one process of a function is made of. */
  private record Sandbox(
      Caller caller,
      int revision,
      CreateClusterHandler create,
      StatusHandler status,
      DestroyClusterHandler destroy) {}

  private final Simulation world;
  private final Limits limits;
  private final Map<Function, Deque<Sandbox>> idle = new EnumMap<>(Function.class);
  private int count;
  private int revision = 1;

  SimulatedLambda(Simulation world, Limits limits) {
    this.world = world;
    this.limits = limits;
  }

  /** Has all functions begin from nothing. */
  void deploy() {
    idle.clear();
    revision++;
  }

  /** Calls the API. Empty if no answer comes. */
  Optional<APIGatewayV2HTTPResponse> ask(
      Function function, APIGatewayV2HTTPEvent event, Invocation invocation) {
    Sandbox sandbox = begin(function, invocation);
    Context context = new Invoked(sandbox.caller(), world.history());
    try {
      APIGatewayV2HTTPResponse answer =
          switch (function) {
            case CREATE -> sandbox.create().handle(event, context);
            case STATUS -> sandbox.status().handle(event, context);
            case DESTROY -> throw new IllegalStateException("takes bytes");
          };
      return ended(function, sandbox) ? Optional.of(answer) : Optional.empty();
    } catch (Caller.Death death) {
      return Optional.empty();
    }
  }

  /** Has the function take an event of any kind. Empty if it dies at it, or throws. */
  Optional<String> feed(String event, Invocation invocation) {
    Sandbox sandbox = begin(Function.DESTROY, invocation);
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try {
      sandbox
          .destroy()
          .handleRequest(
              new ByteArrayInputStream(event.getBytes(StandardCharsets.UTF_8)),
              output,
              new Invoked(sandbox.caller(), world.history()));
      return ended(Function.DESTROY, sandbox)
          ? Optional.of(output.toString(StandardCharsets.UTF_8))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (Caller.Death death) {
      return Optional.empty();
    } catch (RuntimeException e) {
      world.history().note(() -> "  %s failed: %s".formatted(sandbox.caller(), e));
      if (!sandbox.caller().isDead()) {
        world.promises().threw(e);
      }
      ended(Function.DESTROY, sandbox);
      return Optional.empty();
    }
  }

  private Sandbox begin(Function function, Invocation invocation) {
    Sandbox warm = idle.computeIfAbsent(function, _ -> new ArrayDeque<>()).poll();
    Fault trouble = world.troubles().strikes(Where.FUNCTION, _ -> true);
    boolean isCold =
        warm == null || (trouble != null && trouble.kind() == Fault.Kind.FUNCTION_IS_COLD);
    Sandbox sandbox = warm == null || isCold ? sandbox(function) : warm;
    Caller caller = sandbox.caller();
    caller.begin(invocation, function.mostMilliseconds);
    if (trouble != null) {
      switch (trouble.kind()) {
        case FUNCTION_DIES_BEFORE, FUNCTION_DIES_AFTER ->
            caller.meets(new Fate(trouble.kind(), (int) trouble.amount(), 0));
        case FUNCTION_FREEZES_BRIEFLY, FUNCTION_FREEZES_FOR_LONG ->
            caller.meets(new Fate(trouble.kind(), world.dice().below(15), trouble.amount()));
        case CLOCK_IS_AHEAD -> caller.skew = trouble.amount();
        case CLOCK_IS_BEHIND -> caller.skew = -trouble.amount();
        default -> {}
      }
    }
    world.history().note(() -> "  %s: %s %s".formatted(caller, invocation.what, invocation.act));
    return sandbox;
  }

  /** Whether it came to its end; it is used again then, if nothing newer was deployed. */
  private boolean ended(Function function, Sandbox sandbox) {
    if (sandbox.caller().isDead()) {
      return false;
    }
    if (sandbox.revision() == revision) {
      idle.computeIfAbsent(function, _ -> new ArrayDeque<>()).add(sandbox);
    }
    return true;
  }

  /** As the last deployment has them: with other task definitions than the one before. */
  private FargateSettings fargate() {
    return new FargateSettings(
        "eksp",
        Map.of(
            TaskKind.CREATE,
            new FargateSettings.Definition("eksp-create:" + revision, List.of("prepare", "report")),
            TaskKind.DESTROY,
            new FargateSettings.Definition("eksp-destroy:" + revision, List.of("teardown"))),
        List.of("subnet-1"),
        List.of("sg-1"),
        "eksp");
  }

  private Sandbox sandbox(Function function) {
    DeterministicScheduler strands = world.strands();
    Caller caller = new Caller("%s-%d".formatted(function, ++count), strands);
    Sleeper pause =
        time -> {
          strands.sleep(time.toMillis());
          caller.live();
        };
    InstantSource clock = () -> Simulation.time(strands.now() + caller.skew);
    S3ObjectStore bucket = new S3ObjectStore(world.s3(caller), "eksp", pause);
    ClusterStore store = new ClusterStore(bucket, strands::start);
    TaskRunner tasks = new EcsTaskRunner(world.ecs(caller), bucket, fargate());
    Notifications letters =
        new Notifications(
            new SesMailer(world.ses(caller), "eksp@eksphemeral.io"), "eksp@eksphemeral.io", "");
    ControlPlane plane =
        ControlPlane.of(
            store,
            tasks,
            letters,
            Samples.CONFIG,
            limits,
            Versions.any("1.35"),
            clock,
            pause,
            strands::start);
    return new Sandbox(
        caller,
        revision,
        new CreateClusterHandler(plane, PRESENTATION, new Random(count)),
        new StatusHandler(plane.status(), PRESENTATION, clock, plane::versions),
        new DestroyClusterHandler(plane, PRESENTATION));
  }

  /** A call of the API, signed. */
  static APIGatewayV2HTTPEvent event(
      String route,
      String arn,
      Map<String, String> parameters,
      @Nullable ClusterId key,
      String body) {
    return APIGatewayV2HTTPEvent.builder()
        .withRouteKey(route)
        .withHeaders(key == null ? Map.of() : Map.of("idempotency-key", key.value()))
        .withPathParameters(parameters)
        .withBody(body)
        .withIsBase64Encoded(false)
        .withRequestContext(
            APIGatewayV2HTTPEvent.RequestContext.builder()
                .withAuthorizer(
                    APIGatewayV2HTTPEvent.RequestContext.Authorizer.builder()
                        .withIam(
                            APIGatewayV2HTTPEvent.RequestContext.IAM
                                .builder()
                                .withUserArn(arn)
                                .build())
                        .build())
                .build())
        .build();
  }

  /** What a handler is told of its invocation. */
  private static final class Invoked extends BareContext {
    private final Caller caller;
    private final History history;

    Invoked(Caller caller, History history) {
      this.caller = caller;
      this.history = history;
    }

    @Override
    protected void log(String message) {
      history.note(() -> "    %s says %s".formatted(caller, message));
    }

    @Override
    public int getRemainingTimeInMillis() {
      return Math.toIntExact(caller.timeLeft());
    }
  }
}
