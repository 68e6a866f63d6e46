package io.eksphemeral.simulation;

import io.eksphemeral.control.FenceHolder;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.TaskObjectCodec;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskResult.Outcome;
import io.eksphemeral.simulation.Account.Resource;
import io.eksphemeral.simulation.EcsTasks.Task;
import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Fault.Where;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.ecs.model.KeyValuePair;
import software.amazon.awssdk.services.ecs.model.RunTaskRequest;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The containers of tasks: the effects of the programs in {@code svc/task} and of eksctl, with
 * realistic durations.
 */
final class SimulatedContainers {
  private static final long MINUTE = 60_000;
  private static final int TRIES = 3;

  /** When a task that hangs and is always shown as running is given up, after it begins. */
  private static final long WAITED_FOR = 120 * MINUTE;

  /** Is notified when a task stops. */
  interface TaskListener {
    void stopped(Task task);
  }

  private final DeterministicScheduler scheduler;
  private final FaultInjector faults;
  private final SeededRandom random;
  private final History history;
  private final EcsTasks tasks;
  private final Account account;
  private final StoredObjects objects;
  private final Network network;
  private final InvariantChecker invariants;
  private final TaskListener listener;
  private int count;

  SimulatedContainers(
      DeterministicScheduler scheduler,
      FaultInjector faults,
      SeededRandom random,
      History history,
      EcsTasks tasks,
      Account account,
      StoredObjects objects,
      Network network,
      InvariantChecker invariants,
      TaskListener listener) {
    this.scheduler = scheduler;
    this.faults = faults;
    this.random = random;
    this.history = history;
    this.tasks = tasks;
    this.account = account;
    this.objects = objects;
    this.network = network;
    this.invariants = invariants;
    this.listener = listener;
  }

  /** Launches a task for a new token. */
  Task launch(RunTaskRequest request, String text) {
    Map<String, String> environment =
        request.overrides().containerOverrides().getFirst().environment().stream()
            .collect(Collectors.toMap(KeyValuePair::name, KeyValuePair::value));
    ClusterId cluster = new ClusterId(need(environment, "EKSPHEMERAL_ID"));
    TaskKind kind =
        need(environment, "EKSPHEMERAL_KIND").equals("create") ? TaskKind.CREATE : TaskKind.DESTROY;
    Supplier<Task> another =
        () -> {
          String arn = "arn:aws:ecs:eu-central-1:123456789012:task/eksp/" + ++count;
          return new Task(
              arn,
              request.clientToken(),
              cluster,
              need(environment, "EKSPHEMERAL_NAME"),
              kind,
              Integer.parseInt(need(environment, "EKSPHEMERAL_ATTEMPT")),
              new SimulatedProcess(kind.text() + "-task-" + count, scheduler));
        };
    Task task = another.get();
    tasks.add(task, text);
    invariants.launched(task, request.startedBy());
    Where where = kind == TaskKind.CREATE ? Where.CREATE_TASK : Where.DESTROY_TASK;
    Fault fault = faults.next(where, _ -> true);
    long late = 0;
    if (fault != null) {
      switch (fault.kind()) {
        case CREATE_SHOWS_START_LATE, DESTROY_SHOWS_START_LATE ->
            task.shownFrom = scheduler.now() + fault.amount();
        case CREATE_SHOWS_END_LATE, DESTROY_SHOWS_END_LATE -> task.endShownLate = fault.amount();
        case CREATE_STARTS_LATE, DESTROY_STARTS_LATE -> late = fault.amount();
        case CREATE_STARTS_TWICE, DESTROY_STARTS_TWICE -> {
          Task twin = another.get();
          twin.shownFrom = scheduler.now() + random.between(0, 5 * MINUTE);
          tasks.addUnknown(twin);
          boolean isFirst = random.chance(0.5);
          late = isFirst ? fault.amount() : 0;
          run(twin, null, isFirst ? 0 : fault.amount());
        }
        case CREATE_NEVER_APPEARS, DESTROY_NEVER_APPEARS -> {
          task.shownFrom = Long.MAX_VALUE;
          task.stoppedAt = scheduler.now();
          return task;
        }
        default -> {}
      }
    }
    run(task, fault, late);
    return task;
  }

  private static String need(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null) {
      throw new IllegalStateException("a task has no variable " + name);
    }
    return value;
  }

  private void run(Task task, @Nullable Fault fault, long late) {
    scheduler.start(() -> {
      try {
        wait(task, random.between(20_000, 60_000) + late);
        program(task, fault);
      } catch (SimulatedProcess.Crash crash) {
        end(task, "killed");
      } catch (SdkException e) {
        end(task, "exit code 1");
      }
    });
  }

  private void program(Task task, @Nullable Fault fault) {
    Kind kind = fault == null ? null : fault.kind();
    if (kind == Kind.CREATE_STOPS_BEFORE_IT_BEGINS || kind == Kind.DESTROY_STOPS_BEFORE_IT_BEGINS) {
      end(task, "CannotPullContainerError");
      return;
    }
    if (!takeFence(task)) {
      end(task, "exit code 75");
      return;
    }
    if (kind == Kind.CREATE_DIES || kind == Kind.DESTROY_DIES) {
      long when = fault == null ? 0 : fault.amount();
      scheduler.at(scheduler.now() + when, () -> end(task, "exit code 137"));
    }
    switch (kind) {
      case CREATE_HANGS, DESTROY_HANGS -> hang(task);
      case CREATE_DOES_NOT_STOP, DESTROY_DOES_NOT_STOP -> {
        task.endShownLate = fault == null ? 0 : fault.amount();
        invariants.mayTakeUntil(task.cluster, scheduler.now() + WAITED_FOR);
        hang(task);
      }
      case null, default -> {}
    }
    TaskResult result = task.kind == TaskKind.CREATE ? create(task, kind) : tearDown(task, kind);
    task.works = false; // only the report is left
    if (kind == Kind.CREATE_GARBLES_ITS_RESULT || kind == Kind.DESTROY_GARBLES_ITS_RESULT) {
      put(task, "{\"outcome\": \"");
    } else if (kind != Kind.CREATE_LOSES_ITS_RESULT && kind != Kind.DESTROY_LOSES_ITS_RESULT) {
      put(task, TaskObjectCodec.encode(result));
    }
    end(task, "Essential container in task exited");
  }

  private void hang(Task task) {
    while (true) {
      wait(task, 10 * MINUTE);
    }
  }

  private TaskResult create(Task task, @Nullable Kind fault) {
    if (account.hasForeign(task.name, task.cluster)) {
      return result(Outcome.FOREIGN, "a foreign cluster has this name", List.of());
    }
    wait(task, random.between(1, 3) * MINUTE);
    if (!account.create(new Resource("stack", task.name, task.cluster))) {
      return result(Outcome.FAILED, "the stack already exists", List.of());
    }
    wait(task, random.between(5, 10) * MINUTE);
    if (fault == Kind.CREATE_FAILS) {
      return result(Outcome.FAILED, "the node group could not be created", List.of());
    }
    account.create(new Resource("nodes stack", task.name, task.cluster));
    if (fault == Kind.CREATE_LEAVES_THINGS) {
      account.create(new Resource("load balancer", task.name, task.cluster));
      account.create(new Resource("volume", task.name, task.cluster));
    }
    wait(task, random.between(1, 5) * MINUTE);
    invariants.created(task.cluster);
    return result(Outcome.READY, "ready", List.of());
  }

  private TaskResult tearDown(Task task, @Nullable Kind fault) {
    wait(task, random.between(5, 60) * 1000);
    for (Resource resource : account.of(task.cluster)) {
      if (fault == Kind.DESTROY_LEAVES_THINGS || faults.isOngoing(Kind.NOTHING_GOES)) {
        break;
      }
      invariants.removing(resource, task);
      account.remove(resource);
      wait(task, random.between(1, 5) * MINUTE);
    }
    List<String> left = account.of(task.cluster).stream().map(Resource::what).toList();
    if (fault == Kind.DESTROY_FAILS) {
      return result(Outcome.FAILED, "not everything could be looked up", left);
    }
    return left.isEmpty()
        ? result(Outcome.ABSENT, "deletion verified", left)
        : result(Outcome.FAILED, "leftovers remain", left);
  }

  private TaskResult result(Outcome outcome, String message, List<String> left) {
    return new TaskResult(outcome, now(), message, left, List.of("a line of its log"));
  }

  private Instant now() {
    return Simulation.time(scheduler.now());
  }

  private boolean takeFence(Task task) {
    SimulatedS3 s3 = new SimulatedS3(objects, network, task.container);
    String key = StoreKeys.fence(key(task));
    String text = TaskObjectCodec.encode(new FenceHolder(Fence.TAKEN, task.arn));
    for (int attempt = 1; ; attempt++) {
      try {
        s3.putObject(
            request -> request.bucket("eksp").key(key).ifNoneMatch("*"),
            RequestBody.fromString(text));
        begins(task);
        return true;
      } catch (SdkException e) {
        Optional<String> there = get(s3, key);
        if (there.filter(text::equals).isPresent()) {
          begins(task);
          return true;
        }
        if (e instanceof S3Exception refusal && refusal.statusCode() == 412) {
          return false;
        }
        if (attempt == TRIES) {
          throw e;
        }
      }
    }
  }

  private void begins(Task task) {
    task.works = true;
    invariants.begins(task);
  }

  private static Optional<String> get(SimulatedS3 s3, String key) {
    try {
      return Optional.of(
          s3.getObjectAsBytes(request -> request.bucket("eksp").key(key)).asUtf8String());
    } catch (NoSuchKeyException e) {
      return Optional.empty();
    }
  }

  private void put(Task task, String text) {
    SimulatedS3 s3 = new SimulatedS3(objects, network, task.container);
    for (int attempt = 1; ; attempt++) {
      try {
        s3.putObject(
            request -> request.bucket("eksp").key(StoreKeys.result(key(task))),
            RequestBody.fromString(text));
        return;
      } catch (SdkException e) {
        if (attempt == TRIES) {
          throw e;
        }
      }
    }
  }

  private static TaskKey key(Task task) {
    return new TaskKey(task.cluster, task.kind, task.attempt);
  }

  /** Tells a task to stop; it is killed within two minutes. */
  void stop(Task task, String why) {
    if (!task.isStopping && !task.isOver()) {
      task.isStopping = true;
      scheduler.at(scheduler.now() + random.between(0, 2 * MINUTE), () -> end(task, why));
    }
  }

  private void end(Task task, String reason) {
    if (task.isOver()) {
      return;
    }
    history.note(() -> "  %s of %s ends: %s".formatted(task.container, task.cluster, reason));
    task.works = false;
    task.container.crash();
    task.stoppedAt = scheduler.now();
    task.reason = reason;
    listener.stopped(task);
  }

  private void wait(Task task, long milliseconds) {
    scheduler.sleep(milliseconds);
    task.container.checkAlive();
  }
}
