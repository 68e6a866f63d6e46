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
import io.eksphemeral.control.PriceList;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Versions;
import io.eksphemeral.lambda.BareContext;
import io.eksphemeral.lambda.CreateClusterHandler;
import io.eksphemeral.lambda.DestroyClusterHandler;
import io.eksphemeral.lambda.ProviderInfo;
import io.eksphemeral.lambda.StatusHandler;
import io.eksphemeral.simulation.Fault.Where;
import io.eksphemeral.simulation.SimulatedProcess.PlannedFault;
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
 * The three functions in Lambda: in sandboxes, each of which handles one invocation at a time,
 * keeps its state, and may crash.
 */
final class SimulatedLambda {
  /** A function, and its timeout. */
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
      new ProviderInfo("nobody", Map.of(), Duration.ofMinutes(10), List.of(), null);

  private static final Versions VERSIONS = Versions.any("1.35");
  private static final Nodes NODES = new Nodes(List.of("t3.medium"), true);

  /** A process of a function. */
  private record Sandbox(
      SimulatedProcess process,
      int revision,
      CreateClusterHandler create,
      StatusHandler status,
      DestroyClusterHandler destroy) {}

  private final Simulation simulation;
  private final Limits limits;
  private final Map<Function, Deque<Sandbox>> idle = new EnumMap<>(Function.class);
  private int count;
  private int revision = 1;

  SimulatedLambda(Simulation simulation, Limits limits) {
    this.simulation = simulation;
    this.limits = limits;
  }

  /** Replaces all sandboxes. */
  void deploy() {
    idle.clear();
    revision++;
  }

  /** Calls the API. Empty if there is no response. */
  Optional<APIGatewayV2HTTPResponse> ask(
      Function function, APIGatewayV2HTTPEvent event, Invocation invocation) {
    Sandbox sandbox = begin(function, invocation);
    Context context = new SimulatedContext(sandbox.process(), simulation.history());
    try {
      APIGatewayV2HTTPResponse answer =
          switch (function) {
            case CREATE -> sandbox.create().handle(event, context);
            case STATUS -> sandbox.status().handle(event, context);
            case DESTROY -> throw new IllegalStateException("takes bytes");
          };
      return ended(function, sandbox) ? Optional.of(answer) : Optional.empty();
    } catch (SimulatedProcess.Crash crash) {
      return Optional.empty();
    }
  }

  /** Invokes the function with any event. Empty if it crashes or throws. */
  Optional<String> invoke(String event, Invocation invocation) {
    Sandbox sandbox = begin(Function.DESTROY, invocation);
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try {
      sandbox
          .destroy()
          .handleRequest(
              new ByteArrayInputStream(event.getBytes(StandardCharsets.UTF_8)),
              output,
              new SimulatedContext(sandbox.process(), simulation.history()));
      return ended(Function.DESTROY, sandbox)
          ? Optional.of(output.toString(StandardCharsets.UTF_8))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (SimulatedProcess.Crash crash) {
      return Optional.empty();
    } catch (RuntimeException e) {
      simulation.history().note(() -> "  %s failed: %s".formatted(sandbox.process(), e));
      if (!sandbox.process().hasCrashed()) {
        simulation.invariants().threw(e);
      }
      ended(Function.DESTROY, sandbox);
      return Optional.empty();
    }
  }

  private Sandbox begin(Function function, Invocation invocation) {
    Sandbox warm = idle.computeIfAbsent(function, _ -> new ArrayDeque<>()).poll();
    Fault fault = simulation.faults().next(Where.FUNCTION, _ -> true);
    boolean isCold = warm == null || (fault != null && fault.kind() == Fault.Kind.FUNCTION_IS_COLD);
    Sandbox sandbox = warm == null || isCold ? sandbox(function) : warm;
    SimulatedProcess process = sandbox.process();
    process.begin(invocation, function.mostMilliseconds);
    if (fault != null) {
      switch (fault.kind()) {
        case FUNCTION_DIES_BEFORE, FUNCTION_DIES_AFTER ->
            process.plan(new PlannedFault(fault.kind(), (int) fault.amount(), 0));
        case FUNCTION_FREEZES_BRIEFLY, FUNCTION_FREEZES_FOR_LONG ->
            process.plan(
                new PlannedFault(fault.kind(), simulation.random().below(15), fault.amount()));
        case CLOCK_IS_AHEAD -> process.skew = fault.amount();
        case CLOCK_IS_BEHIND -> process.skew = -fault.amount();
        default -> {}
      }
    }
    simulation
        .history()
        .note(() -> "  %s: %s %s".formatted(process, invocation.what, invocation.action));
    return sandbox;
  }

  /** Whether it finished; then it is reused, unless a newer version was deployed. */
  private boolean ended(Function function, Sandbox sandbox) {
    if (sandbox.process().hasCrashed()) {
      return false;
    }
    if (sandbox.revision() == revision) {
      idle.computeIfAbsent(function, _ -> new ArrayDeque<>()).add(sandbox);
    }
    return true;
  }

  /** Each deployment has other task definitions than the one before. */
  private FargateSettings fargate() {
    return new FargateSettings(
        "eksp",
        Map.of(
            TaskKind.CREATE,
            new FargateSettings.Definition(
                "eksp-create:" + revision, List.of("prepare", "report-nodes", "report")),
            TaskKind.DESTROY,
            new FargateSettings.Definition("eksp-destroy:" + revision, List.of("teardown"))),
        List.of("subnet-1"),
        List.of("sg-1"),
        "eksp");
  }

  private Sandbox sandbox(Function function) {
    DeterministicScheduler scheduler = simulation.scheduler();
    SimulatedProcess process =
        new SimulatedProcess("%s-%d".formatted(function, ++count), scheduler);
    Sleeper pause =
        time -> {
          scheduler.sleep(time.toMillis());
          process.checkAlive();
        };
    InstantSource clock = () -> Simulation.time(scheduler.now() + process.skew);
    S3ObjectStore bucket = new S3ObjectStore(simulation.s3(process), "eksp", pause);
    ClusterStore store = new ClusterStore(bucket, scheduler::start);
    TaskRunner tasks = new EcsTaskRunner(simulation.ecs(process), bucket, fargate());
    Notifications notifications =
        new Notifications(
            new SesMailer(simulation.ses(process), "eksp@eksphemeral.io"),
            "eksp@eksphemeral.io",
            "",
            () ->
                Optional.of(
                    new Costs(NODES, store.versions().orElse(VERSIONS), PriceList.SHIPPED)));
    ControlPlane plane =
        ControlPlane.of(
            store,
            tasks,
            notifications,
            Samples.CONFIG,
            limits,
            () -> VERSIONS,
            clock,
            pause,
            scheduler::start);
    return new Sandbox(
        process,
        revision,
        new CreateClusterHandler(plane, PRESENTATION, new Random(count)),
        new StatusHandler(plane.status(), PRESENTATION, clock, plane::versions),
        new DestroyClusterHandler(plane, PRESENTATION));
  }

  /** A signed request. */
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

  /** The context of an invocation. */
  private static final class SimulatedContext extends BareContext {
    private final SimulatedProcess process;
    private final History history;

    SimulatedContext(SimulatedProcess process, History history) {
      this.process = process;
      this.history = history;
    }

    @Override
    protected void log(String message) {
      history.note(() -> "    %s says %s".formatted(process, message));
    }

    @Override
    public int getRemainingTimeInMillis() {
      return Math.toIntExact(process.timeLeft());
    }
  }
}
