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
 * What tasks do when all goes well, and when it does not: what the programs in {@code svc/task} and
 * eksctl between them come to, with minutes for what takes minutes.
 */
final class SimulatedContainers {
  private static final long MINUTE = 60_000;
  private static final int TRIES = 3;

  /** How long after it begins one is given up that hangs and is shown as running ever after. */
  private static final long WAITED_FOR = 120 * MINUTE;

  /** Told that a task stopped. */
  interface News {
    void stopped(Task task);
  }

  private final DeterministicScheduler strands;
  private final FaultInjector troubles;
  private final SeededRandom dice;
  private final History history;
  private final EcsTasks tasks;
  private final Account account;
  private final StoredObjects objects;
  private final Network network;
  private final InvariantChecker promises;
  private final News news;
  private int count;

  SimulatedContainers(
      DeterministicScheduler strands,
      FaultInjector troubles,
      SeededRandom dice,
      History history,
      EcsTasks tasks,
      Account account,
      StoredObjects objects,
      Network network,
      InvariantChecker promises,
      News news) {
    this.strands = strands;
    this.troubles = troubles;
    this.dice = dice;
    this.history = history;
    this.tasks = tasks;
    this.account = account;
    this.objects = objects;
    this.network = network;
    this.promises = promises;
    this.news = news;
  }

  /** Launches what is asked for with a token that is new. */
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
              new Caller(kind.text() + "-task-" + count, strands));
        };
    Task task = another.get();
    tasks.add(task, text);
    promises.launched(task, request.startedBy());
    Where where = kind == TaskKind.CREATE ? Where.CREATE_TASK : Where.DESTROY_TASK;
    Fault trouble = troubles.strikes(where, _ -> true);
    long late = 0;
    if (trouble != null) {
      switch (trouble.kind()) {
        case CREATE_SHOWS_START_LATE, DESTROY_SHOWS_START_LATE ->
            task.shownFrom = strands.now() + trouble.amount();
        case CREATE_SHOWS_END_LATE, DESTROY_SHOWS_END_LATE -> task.endShownLate = trouble.amount();
        case CREATE_STARTS_LATE, DESTROY_STARTS_LATE -> late = trouble.amount();
        case CREATE_STARTS_TWICE, DESTROY_STARTS_TWICE -> {
          Task twin = another.get();
          twin.shownFrom = strands.now() + dice.between(0, 5 * MINUTE);
          tasks.addUnknown(twin);
          boolean isFirst = dice.chance(0.5);
          late = isFirst ? trouble.amount() : 0;
          run(twin, null, isFirst ? 0 : trouble.amount());
        }
        case CREATE_NEVER_APPEARS, DESTROY_NEVER_APPEARS -> {
          task.shownFrom = Long.MAX_VALUE;
          task.stoppedAt = strands.now();
          return task;
        }
        default -> {}
      }
    }
    run(task, trouble, late);
    return task;
  }

  private static String need(Map<String, String> environment, String name) {
    String value = environment.get(name);
    if (value == null) {
      throw new IllegalStateException("a task was not told " + name);
    }
    return value;
  }

  private void run(Task task, @Nullable Fault trouble, long late) {
    strands.start(() -> {
      try {
        wait(task, dice.between(20_000, 60_000) + late);
        program(task, trouble);
      } catch (Caller.Death death) {
        end(task, "killed");
      } catch (SdkException e) {
        end(task, "exit code 1");
      }
    });
  }

  private void program(Task task, @Nullable Fault trouble) {
    Kind kind = trouble == null ? null : trouble.kind();
    if (kind == Kind.CREATE_STOPS_BEFORE_IT_BEGINS || kind == Kind.DESTROY_STOPS_BEFORE_IT_BEGINS) {
      end(task, "CannotPullContainerError");
      return;
    }
    if (!takeFence(task)) {
      end(task, "exit code 75");
      return;
    }
    if (kind == Kind.CREATE_DIES || kind == Kind.DESTROY_DIES) {
      long when = trouble == null ? 0 : trouble.amount();
      strands.at(strands.now() + when, () -> end(task, "exit code 137"));
    }
    switch (kind) {
      case CREATE_HANGS, DESTROY_HANGS -> hang(task);
      case CREATE_DOES_NOT_STOP, DESTROY_DOES_NOT_STOP -> {
        task.endShownLate = trouble == null ? 0 : trouble.amount();
        promises.mayTakeUntil(task.cluster, strands.now() + WAITED_FOR);
        hang(task);
      }
      case null, default -> {}
    }
    TaskResult result = task.kind == TaskKind.CREATE ? create(task, kind) : tearDown(task, kind);
    task.works = false; // all that is left is to say so
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

  private TaskResult create(Task task, @Nullable Kind trouble) {
    if (account.hasAnothers(task.name, task.cluster)) {
      return result(Outcome.FOREIGN, "a cluster of this name is there that is not ours", List.of());
    }
    wait(task, dice.between(1, 3) * MINUTE);
    if (!account.make(new Resource("stack", task.name, task.cluster))) {
      return result(Outcome.FAILED, "there is such a stack", List.of());
    }
    wait(task, dice.between(5, 10) * MINUTE);
    if (trouble == Kind.CREATE_FAILS) {
      return result(Outcome.FAILED, "the node group could not be made", List.of());
    }
    account.make(new Resource("nodes stack", task.name, task.cluster));
    if (trouble == Kind.CREATE_LEAVES_THINGS) {
      account.make(new Resource("load balancer", task.name, task.cluster));
      account.make(new Resource("volume", task.name, task.cluster));
    }
    wait(task, dice.between(1, 5) * MINUTE);
    promises.built(task.cluster);
    return result(Outcome.READY, "it is up", List.of());
  }

  private TaskResult tearDown(Task task, @Nullable Kind trouble) {
    wait(task, dice.between(5, 60) * 1000);
    for (Resource resource : account.of(task.cluster)) {
      if (trouble == Kind.DESTROY_LEAVES_THINGS || troubles.lasts(Kind.NOTHING_GOES)) {
        break;
      }
      promises.isAboutToRemove(resource, task);
      account.remove(resource);
      wait(task, dice.between(1, 5) * MINUTE);
    }
    List<String> left = account.of(task.cluster).stream().map(Resource::what).toList();
    if (trouble == Kind.DESTROY_FAILS) {
      return result(Outcome.FAILED, "not everything could be looked up", left);
    }
    return left.isEmpty()
        ? result(Outcome.ABSENT, "nothing of it is left", left)
        : result(Outcome.FAILED, "not all of it is gone", left);
  }

  private TaskResult result(Outcome outcome, String message, List<String> left) {
    return new TaskResult(outcome, now(), message, left, List.of("a line of its log"));
  }

  private Instant now() {
    return Simulation.time(strands.now());
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
    promises.begins(task);
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

  /** Tells a task to stop; it gets up to two minutes until it is killed. */
  void stop(Task task, String why) {
    if (!task.isStopping && !task.isOver()) {
      task.isStopping = true;
      strands.at(strands.now() + dice.between(0, 2 * MINUTE), () -> end(task, why));
    }
  }

  private void end(Task task, String reason) {
    if (task.isOver()) {
      return;
    }
    history.note(() -> "  %s of %s ends: %s".formatted(task.container, task.cluster, reason));
    task.works = false;
    task.container.die();
    task.stoppedAt = strands.now();
    task.reason = reason;
    news.stopped(task);
  }

  private void wait(Task task, long milliseconds) {
    strands.sleep(milliseconds);
    task.container.live();
  }
}
