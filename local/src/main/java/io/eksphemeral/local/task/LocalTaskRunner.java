package io.eksphemeral.local.task;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.LaunchResult;
import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.ObjectStore.StoredObject;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.TaskRunner;
import io.eksphemeral.control.TaskRunnerException;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.TaskStatus;
import io.eksphemeral.local.io.Log;
import io.eksphemeral.local.task.LocalTask.End;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks of a {@link Provider} on this machine. They behave like those on ECS: they use fences,
 * results and exit codes, and they outlive the control plane. A task that had not ended when the
 * process died is begun again by the next one.
 */
public final class LocalTaskRunner implements TaskRunner {
  /** How long a stopped task is known, as on ECS. */
  private static final Duration REMEMBERED = Duration.ofHours(1);

  /** When storing the end of a task is retried. */
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final String name;
  private final ObjectStore files;
  private final Provider provider;
  private final ClusterStore store;
  private final TaskLogs logs;
  private final InstantSource clock;
  private final RandomGenerator random;
  private final Timer timer;
  private final Log log;
  private final ConcurrentMap<String, RunningTask> tasks = new ConcurrentHashMap<>();
  private volatile Consumer<LocalTask> stopped = _ -> {};
  private volatile boolean closed;

  /**
   * @param name handles begin with it
   * @param files a file for each task
   * @param random makes handles unique
   */
  public LocalTaskRunner(
      String name,
      ObjectStore files,
      Provider provider,
      ClusterStore store,
      TaskLogs logs,
      InstantSource clock,
      RandomGenerator random,
      Timer timer,
      Log log) {
    this.name = name;
    this.files = files;
    this.provider = provider;
    this.store = store;
    this.logs = logs;
    this.clock = clock;
    this.random = random;
    this.timer = timer;
    this.log = log;
  }

  /**
   * Resumes the tasks of an earlier process.
   *
   * @param listener is told of each task that stops, once that is stored
   */
  public void start(Consumer<LocalTask> listener) {
    stopped = listener;
    for (ObjectStore.Entry file : files.list("")) {
      Optional<LocalTask> known = read(file.key());
      if (known.isEmpty()) {
        log.line("the task file %s cannot be read".formatted(file.key()));
        continue;
      }
      RunningTask running = new RunningTask(known.get());
      tasks.put(known.get().key().token(), running);
      if (known.get().runs()) {
        begin(running);
      }
    }
  }

  private Optional<LocalTask> read(String file) {
    return files.get(file).flatMap(StoredObject::asText).flatMap(LocalTask::decode);
  }

  /** Pauses all tasks until the next start. */
  public void close() {
    closed = true;
    tasks.values().forEach(RunningTask::interrupt);
  }

  @Override
  public LaunchResult launch(Cluster cluster, Task task) {
    if (closed) {
      return new LaunchResult.Rejected("the control plane is stopping");
    }
    TaskKey key = cluster.key(task);
    try {
      RunningTask running = tasks.computeIfAbsent(key.token(), _ -> create(cluster, key));
      return new LaunchResult.Launched(running.task().handle());
    } catch (StoreException e) {
      throw new TaskRunnerException("could not store the task " + key.token(), e);
    }
  }

  private RunningTask create(Cluster cluster, TaskKey key) {
    LocalTask task =
        new LocalTask(
            "%s/%s/%s".formatted(name, key.token(), HexFormat.of().toHexDigits(random.nextInt())),
            key,
            cluster.name(),
            cluster.spec().numworkers(),
            cluster.spec().kubeversion(),
            provider.note(key, cluster.name()),
            null);
    store(task);
    RunningTask running = new RunningTask(task);
    begin(running);
    return running;
  }

  @Override
  public TaskStatus status(String handle) {
    return find(handle).map(LocalTaskRunner::status).orElseGet(TaskStatus.Missing::new);
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
        .map(LocalTask::handle)
        .toList();
  }

  @Override
  public void stop(String handle, String why) {
    try {
      find(handle).ifPresent(running -> stop(running, why));
    } catch (StoreException e) {
      throw new TaskRunnerException("could not stop the task " + handle, e);
    }
  }

  private void stop(RunningTask running, String why) {
    if (!running.stop("stopped: " + why)) {
      end(running, 137, "stopped: " + why);
    }
  }

  /** Forgets tasks that ended more than an hour ago, and deletes their files. */
  public void forgetOld() {
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
    LocalTask task = running.task();
    TaskReport report = new TaskReport(task.key(), store, logs, clock);
    timer.after(Duration.ZERO, () -> step(running, report, () -> begin(task, report)));
  }

  private Next begin(LocalTask task, TaskReport report) {
    TaskKey key = task.key();
    if (!store.takeFence(key, Fence.TAKEN, task.handle())) {
      report.line("another task has the fence; nothing was done");
      return new Next.Exit(1, "exit code 1: another task has the fence; nothing was done");
    }
    if (store.result(key).isPresent()) {
      // It had done its work, and the control plane may have read the result.
      return new Next.Exit(0, "exit code 0");
    }
    if (logs.exists(key)) {
      report.line("the control plane was restarted; starting again");
    }
    return provider.begin(task, report);
  }

  /** Runs a step of a task, unless it has ended or is to stop. */
  private void step(RunningTask running, TaskReport report, Supplier<Next> step) {
    if (!closed && running.beginStep()) {
      follow(running, report, attempt(running, step));
    }
  }

  /** Runs a step; if it fails, the task ends without a result. */
  private Next attempt(RunningTask running, Supplier<Next> step) {
    try {
      return step.get();
    } catch (RuntimeException | Error e) {
      return failed(running, e);
    }
  }

  private Next failed(RunningTask running, Throwable failure) {
    log.failure("task " + running.task().handle() + " failed", failure);
    return new Next.Exit(1, "exit code 1: internal error; see the log");
  }

  private void follow(RunningTask running, TaskReport report, Next next) {
    switch (next) {
      case Next.End end -> {
        try {
          putResult(running.task().key(), report, end);
          finish(running, 0, "exit code 0");
        } catch (RuntimeException | Error e) {
          follow(running, report, failed(running, e));
        }
      }
      case Next.Exit(int code, String reason) ->
          finish(running, code, running.stopReason().orElse(reason));
      case Next.Work(Callable<Next> work) -> {
        log.line("task %s works".formatted(running.task().handle()));
        work(running, report, work);
      }
      case Next.After(Duration real, Supplier<Next> step) -> {
        log.line("task %s works".formatted(running.task().handle()));
        rest(running);
        timer.after(real, () -> step(running, report, step));
      }
      case Next.Hang _ -> {
        log.line("task %s hangs".formatted(running.task().handle()));
        rest(running);
      }
    }
  }

  private void work(RunningTask running, TaskReport report, Callable<Next> work) {
    running.work(() -> {
      Next next = call(running, work);
      running.workEnded();
      timer.after(Duration.ZERO, () -> follow(running, report, next));
    });
    if (closed) { // while the step ran
      running.interrupt();
    }
  }

  private Next call(RunningTask running, Callable<Next> work) {
    try {
      return work.call();
    } catch (InterruptedException _) {
      return new Next.Exit(137, "stopped");
    } catch (Exception | Error e) {
      return failed(running, e);
    }
  }

  private void putResult(TaskKey key, TaskReport report, Next.End end) {
    List<String> printed = report.latest();
    end.leftovers().forEach(left -> report.line("still there: " + left));
    report.line(end.outcome().text() + ": " + end.message());
    store.putResult(
        key,
        new TaskResult(end.outcome(), clock.instant(), end.message(), end.leftovers(), printed));
  }

  /** Nothing of it runs now; it may have been stopped meanwhile. */
  private void rest(RunningTask running) {
    running.rest();
    running.stopReason().ifPresent(stop -> finish(running, 137, stop));
  }

  /** Ends a task as soon as that can be stored: the disk may be full. */
  private void finish(RunningTask running, int code, String reason) {
    try {
      end(running, code, reason);
    } catch (RuntimeException | Error e) {
      log.line("cannot store the end of task %s: %s".formatted(running.task().handle(), e));
      timer.after(RETRY_AFTER, () -> finish(running, code, reason));
    }
  }

  private void end(RunningTask running, int code, String reason) {
    if (!closed) {
      running.end(new End(clock.instant(), code, reason), this::store).ifPresent(stopped);
    }
  }

  private boolean isOld(LocalTask task) {
    End end = task.end();
    return end != null && !clock.instant().isBefore(end.at().plus(REMEMBERED));
  }

  private void store(LocalTask task) {
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
