package io.eksphemeral.local;

import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.ObjectStore.StoredObject;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskStatus;
import io.eksphemeral.local.SimulatedTask.End;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks that build nothing, but behave like real ones: they use fences, results and exit
 * codes, and they outlive the control plane. A task that had not ended when the process died is
 * resumed by the next one.
 */
final class SimulatedTaskRunner implements TaskRunner {
  /** How long a stopped task is known, as on ECS. */
  private static final Duration REMEMBERED = Duration.ofHours(1);

  /** When storing the end of a task is retried. */
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final ObjectStore files;
  private final TaskStep first;
  private final FaultInjection faults;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Timer timer;
  private final Log log;
  private final ConcurrentMap<String, RunningTask> tasks = new ConcurrentHashMap<>();
  private volatile Consumer<SimulatedTask> stopped = _ -> {};
  private volatile boolean closed;

  /**
   * @param files a file for each task
   * @param first the first step of each task, with which an interrupted one starts again
   * @param random makes handles unique
   */
  SimulatedTaskRunner(
      ObjectStore files,
      TaskStep first,
      FaultInjection faults,
      InstantSource clock,
      RandomGenerator random,
      Timer timer,
      Log log) {
    this.files = files;
    this.first = first;
    this.faults = faults;
    this.clock = clock;
    this.random = random;
    this.timer = timer;
    this.log = log;
  }

  /** A task and its current state, which the lock of this object guards. */
  private static final class RunningTask {
    private SimulatedTask task;

    RunningTask(SimulatedTask task) {
      this.task = task;
    }

    synchronized SimulatedTask task() {
      return task;
    }
  }

  /**
   * Resumes the tasks of an earlier process.
   *
   * @param listener is told of each task that stops, once that is stored
   */
  void start(Consumer<SimulatedTask> listener) {
    stopped = listener;
    for (ObjectStore.Entry file : files.list("")) {
      Optional<SimulatedTask> known = read(file.key());
      if (known.isEmpty()) {
        log.line("the task file %s cannot be read".formatted(file.key()));
        continue;
      }
      RunningTask running = new RunningTask(known.get());
      tasks.put(known.get().key().token(), running);
      if (known.get().runs()) {
        timer.after(Duration.ZERO, () -> begin(running));
      }
    }
  }

  private Optional<SimulatedTask> read(String file) {
    return files.get(file).flatMap(StoredObject::asText).flatMap(SimulatedTask::decode);
  }

  /** Pauses all tasks until the next start. */
  void close() {
    closed = true;
  }

  @Override
  public LaunchResult launch(Cluster cluster, Task task) {
    if (closed) {
      return new LaunchResult.Rejected("the control plane is stopping");
    }
    TaskKey key = cluster.key(task);
    try {
      RunningTask running =
          tasks.computeIfAbsent(key.token(), _ -> create(new Launching(key, cluster.name())));
      return new LaunchResult.Launched(running.task().handle());
    } catch (StoreException e) {
      throw new TaskRunnerException("could not store the task " + key.token(), e);
    }
  }

  private record Launching(TaskKey key, String name) {}

  private RunningTask create(Launching launching) {
    TaskKey key = launching.key();
    String nonce = HexFormat.of().toHexDigits(random.nextInt());
    SimulatedTask task =
        new SimulatedTask(
            "simulated/%s/%s".formatted(key.token(), nonce),
            key,
            launching.name(),
            faults.next(key.kind(), launching.name()).orElse(null),
            null);
    store(task);
    RunningTask running = new RunningTask(task);
    timer.after(Duration.ZERO, () -> begin(running));
    return running;
  }

  @Override
  public TaskStatus status(String handle) {
    return find(handle).map(SimulatedTaskRunner::status).orElseGet(TaskStatus.Missing::new);
  }

  private static TaskStatus status(RunningTask running) {
    End end = running.task().end();
    return end == null ? new TaskStatus.Running() : new TaskStatus.Stopped(end.reason());
  }

  @Override
  public List<String> running(ClusterId cluster) {
    return tasks.values().stream()
        .map(RunningTask::task)
        .filter(task -> task.runs() && task.key().cluster().equals(cluster))
        .map(SimulatedTask::handle)
        .toList();
  }

  @Override
  public void stop(String handle, String why) {
    try {
      find(handle)
          .ifPresent(running -> step(running, _ -> new TaskStep.Next.Exit(137, "stopped: " + why)));
    } catch (StoreException e) {
      throw new TaskRunnerException("could not stop the task " + handle, e);
    }
  }

  /** Forgets tasks that ended more than an hour ago, and deletes their files. */
  void forgetOld() {
    for (String token : tasks.keySet()) {
      tasks.computeIfPresent(
          token, (_, running) -> isOld(running.task()) ? forget(token) : running);
    }
  }

  private Optional<RunningTask> find(String handle) {
    String[] parts = handle.split("/", -1);
    return parts.length == 3
        ? Optional.ofNullable(tasks.get(parts[1]))
            .filter(running -> running.task().handle().equals(handle))
        : Optional.empty();
  }

  private void begin(RunningTask running) {
    attempt(running, first);
  }

  /** Runs a step in the background; if it fails, the task ends without a result. */
  private void attempt(RunningTask running, TaskStep step) {
    try {
      step(running, step);
    } catch (RuntimeException | Error e) {
      log.failure("task " + running.task().handle() + " failed", e);
      giveUp(running);
    }
  }

  /** Ends a failed task as soon as that can be stored: the disk may be full. */
  private void giveUp(RunningTask running) {
    try {
      step(running, _ -> new TaskStep.Next.Exit(1, "exit code 1: internal error; see the log"));
    } catch (RuntimeException | Error e) {
      log.line("cannot store the end of task %s: %s".formatted(running.task().handle(), e));
      timer.after(RETRY_AFTER, () -> giveUp(running));
    }
  }

  /** Runs a step of a task that has not ended. */
  private void step(RunningTask running, TaskStep step) {
    SimulatedTask after;
    synchronized (running) {
      if (closed || !running.task.runs()) {
        return;
      }
      switch (step.run(running.task)) {
        case TaskStep.Next.Work(Duration real, TaskStep next) -> {
          log.line("task %s works".formatted(running.task.handle()));
          timer.after(real, () -> attempt(running, next));
        }
        case TaskStep.Next.Hang _ -> log.line("task %s hangs".formatted(running.task.handle()));
        case TaskStep.Next.Exit(int code, String reason) -> {
          SimulatedTask ended = running.task.ended(new End(clock.instant(), code, reason));
          store(ended);
          running.task = ended;
        }
      }
      after = running.task;
    }
    if (!after.runs()) {
      stopped.accept(after);
    }
  }

  private boolean isOld(SimulatedTask task) {
    End end = task.end();
    return end != null && !clock.instant().isBefore(end.at().plus(REMEMBERED));
  }

  private void store(SimulatedTask task) {
    files.put(file(task.key().token()), task.encode());
  }

  private @Nullable RunningTask forget(String token) {
    String file = file(token);
    files
        .get(file)
        .flatMap(StoredObject::knownVersion)
        .ifPresent(version -> files.deleteIf(file, version));
    return null;
  }

  private static String file(String token) {
    return token + ".json";
  }
}
