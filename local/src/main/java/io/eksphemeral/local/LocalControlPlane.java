package io.eksphemeral.local;

import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.EksctlConfig;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.NodeLimits;
import io.eksphemeral.lambda.CreateClusterHandler;
import io.eksphemeral.lambda.DestroyClusterHandler;
import io.eksphemeral.lambda.ProviderInfo;
import io.eksphemeral.lambda.StatusHandler;
import io.eksphemeral.local.io.FileObjectStore;
import io.eksphemeral.local.io.Log;
import io.eksphemeral.local.task.LocalTaskRunner;
import io.eksphemeral.local.task.Provider;
import io.eksphemeral.local.task.TaskLogs;
import io.eksphemeral.local.task.Timer;
import java.io.IOException;
import java.net.BindException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The control plane on one machine: the functions of AWS, invoked by a gateway and a scheduler,
 * over files.
 */
public final class LocalControlPlane {
  /** As in AWS, with placeholders for what an installation there has. */
  static final EksctlConfig CONFIG =
      new EksctlConfig(
          new EksctlConfig.Settings(
              "us-east-1",
              "arn:aws:iam::%s:role/eksp-service".formatted(EventBridgeEvents.ACCOUNT),
              "arn:aws:iam::%s:role/eksp-node".formatted(EventBridgeEvents.ACCOUNT),
              "arn:aws:iam::%s:role/eksp-cni".formatted(EventBridgeEvents.ACCOUNT),
              "arn:aws:iam::%s:role/eksp-ebs-csi".formatted(EventBridgeEvents.ACCOUNT),
              NodeLimits.DEFAULT.usual()));

  /** As many clusters at a time as in AWS. */
  private static final int SWEEP_THREADS = 64;

  /** Exit code. */
  private static final int HOME_REMOVED = 5;

  private static final Duration PERSIST_CLOCK_EVERY = ScaledClock.LEAD.dividedBy(2);

  private final StateDirectory home;
  private final ScaledClock clock;
  private final Log log;
  private final Timer timer;
  private final LocalTaskRunner runner;
  private final Scheduler scheduler;
  private final HttpListener listener;
  private volatile boolean stopped;

  /**
   * Runs until it is stopped. Exits with 2 for an invalid option or environment variable, 3 if the
   * port is taken, 4 if another control plane uses the home, 5 if the home is removed.
   */
  public static void main(String[] arguments) {
    run(arguments, InstantSource.system());
  }

  /** The same with another real clock. */
  static void run(String[] arguments, InstantSource realTime) {
    try {
      Settings settings = Settings.of(List.of(arguments), System.getenv());
      LocalControlPlane plane = new LocalControlPlane(settings, realTime);
      Runtime.getRuntime().addShutdownHook(new Thread(plane::stop));
    } catch (StartException e) {
      System.err.println("eksphemeral: " + e.getMessage());
      System.exit(e.reason().exitCode());
    } catch (IOException | RuntimeException e) {
      // Threads that did start would keep the process running.
      System.err.println("eksphemeral: the control plane failed to start: " + e);
      System.exit(1);
    }
  }

  private LocalControlPlane(Settings settings, InstantSource realTime)
      throws IOException, StartException {
    home = acquire(settings);
    listener = bind(settings);
    clock = ScaledClock.start(realTime, settings.speed(), home.files());
    log = new Log(System.out, clock);
    SecureRandom random = new SecureRandom();
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    timer = Timer.real(threads);

    ClusterStore store = new ClusterStore(new FileObjectStore(home.folder("bucket")), threads);
    TaskLogs logs = new TaskLogs(settings.home().resolve("logs"), clock);
    deleteOrphanedLogs(logs, store);
    Providers.Choice choice =
        Providers.choose(
            settings,
            home,
            !store.ids().isEmpty(),
            System.getenv(),
            clock,
            realTime,
            id -> store.find(id).isEmpty() && store.archived(id).isPresent());
    Provider builder = choice.provider();
    if (!choice.why().isEmpty()) {
      log.line("provider %s: %s".formatted(choice.name(), choice.why()));
    }
    runner =
        new LocalTaskRunner(
            choice.name(),
            new FileObjectStore(home.folder(choice.name() + "/tasks")),
            builder,
            store,
            logs,
            clock,
            random,
            timer,
            log);
    Notifications notifications =
        new Notifications(Outbox.open(home.folder("outbox"), clock), null, "--local");
    ControlPlane plane =
        ControlPlane.of(
            store,
            runner,
            notifications,
            CONFIG,
            settings.limits(),
            builder::versions,
            clock,
            Sleeper.system(),
            Executors.newFixedThreadPool(SWEEP_THREADS, Thread.ofVirtual().factory()));

    ProviderInfo provider =
        new ProviderInfo(
            builder.description(),
            builder.usualPhases(),
            builder.usualDestruction(),
            builder.ignores(),
            null);
    LambdaInvoker functions =
        new LambdaInvoker(
            new CreateClusterHandler(plane, provider, random),
            new StatusHandler(plane.status(), provider, clock, plane::versions),
            new DestroyClusterHandler(plane, provider),
            realTime,
            log);
    scheduler = new Scheduler(functions, () -> cleanUp(store, logs, builder), clock, timer, log);

    // Before the first request: tasks of an earlier process continue.
    runner.start(scheduler::stopped);
    new Gateway(
            listener,
            functions,
            new ApiGatewayEvents(System.getProperty("user.name", "")),
            clock,
            log)
        .start(
            Map.of(
                "Eksphemeral-Control-Plane", Long.toString(pid()),
                "Eksphemeral-Provider", builder.description(),
                "Eksphemeral-Speed", Integer.toString(settings.speed())),
            threads);
    scheduler.start();
    persistClock();
    home.publish(pid(), listener.url(), settings.described() + choice.described());
    System.out.println(
        "listening on %s, provider %s, speed %d"
            .formatted(listener.url(), builder.description(), settings.speed()));
  }

  private static long pid() {
    return ProcessHandle.current().pid();
  }

  private static StateDirectory acquire(Settings settings) throws IOException, StartException {
    return StateDirectory.acquire(settings.home())
        .orElseThrow(() ->
            new StartException(
                StartException.Reason.HOME_TAKEN,
                "a control plane is already running on %s; stop it with eksp down --local"
                    .formatted(settings.home())));
  }

  private static HttpListener bind(Settings settings) throws IOException, StartException {
    try {
      return HttpListener.bind(settings.port(), HttpListener.Bounds.USUAL);
    } catch (BindException _) {
      throw new StartException(
          StartException.Reason.PORT_TAKEN,
          "port %d is taken by another program or control plane".formatted(settings.port()));
    }
  }

  /** In AWS, ECS and the bucket's lifecycle rules do this. */
  private void cleanUp(ClusterStore store, TaskLogs logs, Provider provider) throws IOException {
    runner.forgetOld();
    for (ClusterId id : store.expire(clock.instant())) {
      log.line("the archive of " + id + " is removed");
      logs.delete(id);
    }
    logs.deleteOld();
    provider.cleanUp();
  }

  /** The process may have died after it removed an archived record. */
  private static void deleteOrphanedLogs(TaskLogs logs, ClusterStore store) throws IOException {
    for (ClusterId id : logs.clusters()) {
      if (store.find(id).isEmpty() && store.archived(id).isEmpty()) {
        logs.delete(id);
      }
    }
  }

  private void persistClock() {
    if (stopped) {
      return;
    }
    if (home.isRemoved()) {
      log.line("the home was removed; process %d exits".formatted(pid()));
      // No orderly shutdown: it would write into the path, which another home may have by now.
      Runtime.getRuntime().halt(HOME_REMOVED);
    }
    try {
      clock.persist();
    } catch (IOException | RuntimeException | Error e) {
      log.failure("the clock has stopped, because its time cannot be saved", e);
    }
    try {
      home.rotateLog();
    } catch (IOException | RuntimeException | Error _) {
      // The disk may be full; the next attempt follows soon, and logging this would add to it.
    } finally {
      timer.after(PERSIST_CLOCK_EVERY, this::persistClock);
    }
  }

  /** The operating system releases the home when the process exits. */
  private void stop() {
    stopped = true;
    scheduler.stop();
    listener.stop();
    runner.close();
    try {
      clock.stop();
      home.unpublish();
    } catch (IOException e) {
      log.failure("an orderly shutdown failed", e);
    }
    log.line("stopped");
  }
}
