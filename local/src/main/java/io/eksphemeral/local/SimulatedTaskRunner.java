package io.eksphemeral.local;

import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.ObjectStore.StoredObject;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
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
 * Tasks that build nothing, but keep to everything that the real ones keep to: fences, results,
 * exit codes, and that they outlive the control plane, for which each has a file. The ones that had
 * not ended when a process died go on in the next.
 */
final class SimulatedTaskRunner implements TaskRunner {
  /** How long a task that ended is known, as on ECS. */
  private static final Duration REMEMBERED = Duration.ofHours(1);

  /** When it is tried again to keep how a task ended. */
  private static final Duration KEPT_AGAIN = Duration.ofSeconds(1);

  private final ObjectStore files;
  private final SimulatedTaskSteps act;
  private final FaultInjection mishaps;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Timer timer;
  private final Log log;
  private final ConcurrentMap<String, RunningTask> tasks = new ConcurrentHashMap<>();
  private volatile Consumer<SimulatedTask> stopped = _ -> {};
  private volatile boolean closed;

  /**
   * @param files where the tasks are kept
   * @param random makes handles unique
   */
  SimulatedTaskRunner(
      ObjectStore files,
      SimulatedTaskSteps act,
      FaultInjection mishaps,
      InstantSource clock,
      RandomGenerator random,
      Timer timer,
      Log log) {
    this.files = files;
    this.act = act;
    this.mishaps = mishaps;
    this.clock = clock;
    this.random = random;
    this.timer = timer;
    this.log = log;
  }

  /** A task on its way; what it is now is guarded by the lock of this object. */
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
   * Goes on with the tasks that an earlier process began.
   *
   * @param news hears of each task that stops, once that is on disk
   */
  void start(Consumer<SimulatedTask> news) {
    stopped = news;
    for (ObjectStore.Entry file : files.list("")) {
      Optional<SimulatedTask> known = read(file.key());
      if (known.isEmpty()) {
        log.line("the task file %s cannot be read".formatted(file.key()));
        continue;
      }
      RunningTask staged = new RunningTask(known.get());
      tasks.put(known.get().key().token(), staged);
      if (known.get().runs()) {
        timer.after(Duration.ZERO, () -> begin(staged));
      }
    }
  }

  private Optional<SimulatedTask> read(String file) {
    return files.get(file).flatMap(StoredObject::asText).flatMap(SimulatedTask::decode);
  }

  /** Has no task go any further. Those that have not ended go on after the next start. */
  void close() {
    closed = true;
  }

  @Override
  public Launch launch(Cluster cluster, Task task) {
    if (closed) {
      return new Launch.Refused("the control plane is stopping");
    }
    TaskKey key = cluster.key(task);
    try {
      RunningTask staged =
          tasks.computeIfAbsent(key.token(), _ -> stage(new Launching(key, cluster.name())));
      return new Launch.Launched(staged.task().handle());
    } catch (StoreException e) {
      throw new TaskRunnerException("could not keep the task " + key.token(), e);
    }
  }

  private record Launching(TaskKey key, String name) {}

  private RunningTask stage(Launching launching) {
    TaskKey key = launching.key();
    String nonce = HexFormat.of().toHexDigits(random.nextInt());
    SimulatedTask task =
        new SimulatedTask(
            "rehearsal/%s/%s".formatted(key.token(), nonce),
            key,
            launching.name(),
            mishaps.next(key.kind(), launching.name()).orElse(null),
            null);
    keep(task);
    RunningTask staged = new RunningTask(task);
    timer.after(Duration.ZERO, () -> begin(staged));
    return staged;
  }

  @Override
  public Status status(String handle) {
    return find(handle).map(SimulatedTaskRunner::status).orElseGet(Status.Missing::new);
  }

  private static Status status(RunningTask staged) {
    End end = staged.task().end();
    return end == null ? new Status.Running() : new Status.Stopped(end.reason());
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
          .ifPresent(staged ->
              step(staged, _ -> new SimulatedTaskSteps.Next.Exit(137, "stopped: " + why)));
    } catch (StoreException e) {
      throw new TaskRunnerException("could not stop the task " + handle, e);
    }
  }

  /** Forgets the tasks that ended over an hour ago, and their files. */
  void forgetOld() {
    for (String token : tasks.keySet()) {
      tasks.computeIfPresent(token, (_, staged) -> isOld(staged.task()) ? forget(token) : staged);
    }
  }

  private Optional<RunningTask> find(String handle) {
    String[] parts = handle.split("/", -1);
    return parts.length == 3
        ? Optional.ofNullable(tasks.get(parts[1]))
            .filter(staged -> staged.task().handle().equals(handle))
        : Optional.empty();
  }

  private void begin(RunningTask staged) {
    attempt(staged, act::begin);
  }

  private void end(RunningTask staged) {
    attempt(staged, act::end);
  }

  /** What a task does next. */
  private interface Step {
    SimulatedTaskSteps.Next of(SimulatedTask task);
  }

  /** Takes a step that nobody waits for; where it breaks, the task has ended without a result. */
  private void attempt(RunningTask staged, Step step) {
    try {
      step(staged, step);
    } catch (RuntimeException | Error e) {
      log.failure("task " + staged.task().handle() + " broke", e);
      giveUp(staged);
    }
  }

  /**
   * Ends a task that broke, as soon as that can be kept: what broke it may have been a full disk.
   */
  private void giveUp(RunningTask staged) {
    try {
      step(
          staged,
          _ -> new SimulatedTaskSteps.Next.Exit(1, "exit code 1: it broke, and the log has why"));
    } catch (RuntimeException | Error e) {
      log.line("the end of task %s cannot be kept: %s".formatted(staged.task().handle(), e));
      timer.after(KEPT_AGAIN, () -> giveUp(staged));
    }
  }

  /** Takes a step of a task, unless it has ended. */
  private void step(RunningTask staged, Step step) {
    SimulatedTask after;
    synchronized (staged) {
      if (closed || !staged.task.runs()) {
        return;
      }
      switch (step.of(staged.task)) {
        case SimulatedTaskSteps.Next.Work(Duration real) -> {
          log.line("task %s works".formatted(staged.task.handle()));
          timer.after(real, () -> end(staged));
        }
        case SimulatedTaskSteps.Next.Hang _ ->
            log.line("task %s hangs".formatted(staged.task.handle()));
        case SimulatedTaskSteps.Next.Exit(int code, String reason) -> {
          SimulatedTask ended = staged.task.ended(new End(clock.instant(), code, reason));
          keep(ended);
          staged.task = ended;
        }
      }
      after = staged.task;
    }
    if (!after.runs()) {
      stopped.accept(after);
    }
  }

  private boolean isOld(SimulatedTask task) {
    End end = task.end();
    return end != null && !clock.instant().isBefore(end.at().plus(REMEMBERED));
  }

  private void keep(SimulatedTask task) {
    files.put(file(task.key().token()), task.encode());
  }

  private @Nullable RunningTask forget(String token) {
    String file = file(token);
    files.list("").stream()
        .filter(entry -> entry.key().equals(file))
        .forEach(entry -> files.deleteIf(file, entry.version()));
    return null;
  }

  private static String file(String token) {
    return token + ".json";
  }
}
