package io.eksphemeral.local;

import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.EksctlConfig;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.domain.Nodes;
import io.eksphemeral.domain.Versions;
import io.eksphemeral.lambda.CreateClusterHandler;
import io.eksphemeral.lambda.DestroyClusterHandler;
import io.eksphemeral.lambda.ProviderInfo;
import io.eksphemeral.lambda.StatusHandler;
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
 * The control plane on one machine: the same functions as in AWS, between a gateway and a scheduler
 * of its own, over plain files.
 */
public final class LocalControlPlane {
  private static final String PROVIDER = "rehearsal: nothing is really built";

  /** What there is to choose from where nothing is built: any version; this one if none is. */
  private static final Versions VERSIONS = Versions.any("1.35");

  /** What eksctl would be told, with stand-ins for what an installation in AWS has. */
  static final EksctlConfig CONFIG =
      new EksctlConfig(
          new EksctlConfig.Settings(
              "us-east-1",
              "arn:aws:iam::%s:role/eksp-service".formatted(EventBridgeEvents.ACCOUNT),
              "arn:aws:iam::%s:role/eksp-node".formatted(EventBridgeEvents.ACCOUNT),
              "arn:aws:iam::%s:role/eksp-cni".formatted(EventBridgeEvents.ACCOUNT),
              new Nodes(List.of("t3.medium", "t3a.medium"), true)));

  /** How many clusters a sweep works on at a time, as in AWS. */
  private static final int SWEEP_THREADS = 64;

  /** What the process ends with when somebody removed its home. */
  private static final int HOME_REMOVED = 5;

  private static final Duration KEEP_CLOCK_EVERY = ScaledClock.LEAD.dividedBy(2);

  private final StateDirectory home;
  private final ScaledClock clock;
  private final Log log;
  private final Timer timer;
  private final SimulatedTaskRunner rehearsal;
  private final Scheduler scheduler;
  private final Gateway gateway;
  private volatile boolean stopped;

  /**
   * Runs it until it is told to end. Ends with 2 for a wrong option or environment, 3 if the port
   * is taken, 4 if the home is another control plane's, 5 once the home was removed.
   */
  public static void main(String[] arguments) {
    run(arguments, InstantSource.system());
  }

  /** The same by another clock on the wall. */
  static void run(String[] arguments, InstantSource realTime) {
    try {
      Settings settings = Settings.of(List.of(arguments), System.getenv());
      LocalControlPlane plane = new LocalControlPlane(settings, realTime);
      Runtime.getRuntime().addShutdownHook(new Thread(plane::stop));
    } catch (StartException e) {
      System.err.println("eksphemeral: " + e.getMessage());
      System.exit(e.reason().exitCode());
    } catch (IOException | RuntimeException e) {
      // Threads of the half that did start would keep the process, the home and the port.
      System.err.println("eksphemeral: the control plane could not be started: " + e);
      System.exit(1);
    }
  }

  private LocalControlPlane(Settings settings, InstantSource realTime)
      throws IOException, StartException {
    home = take(settings);
    gateway = bind(settings);
    clock = ScaledClock.start(realTime, settings.speed(), home.files());
    log = new Log(System.out, clock);
    SecureRandom random = new SecureRandom();
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    timer = Timer.real(threads);

    FileStore store = new FileStore(home.folder("bucket"));
    SimulatedTaskSteps act =
        new SimulatedTaskSteps(
            store,
            new SimulatedClusters(home.folder("rehearsal/clusters")),
            settings.pace(),
            clock);
    rehearsal =
        new SimulatedTaskRunner(
            home.folder("rehearsal/tasks"), act, settings.mishaps(), clock, random, timer, log);
    Notifications letters =
        new Notifications(Outbox.open(home.folder("outbox"), clock), null, "--local");
    ControlPlane plane =
        ControlPlane.over(
            store,
            rehearsal,
            letters,
            CONFIG,
            settings.limits(),
            VERSIONS,
            clock,
            Sleeper.real(),
            Executors.newFixedThreadPool(SWEEP_THREADS, Thread.ofVirtual().factory()));

    ProviderInfo presentation =
        new ProviderInfo(PROVIDER, settings.pace().create(), settings.pace().destroy(), null);
    DestroyClusterHandler destroy = new DestroyClusterHandler(plane, presentation);
    LambdaInvoker functions =
        new LambdaInvoker(
            new CreateClusterHandler(plane, presentation, random)::handleRequest,
            new StatusHandler(plane.status(), presentation, clock, plane::versions)::handleRequest,
            destroy::handleRequest,
            destroy,
            realTime,
            log);
    scheduler = new Scheduler(functions, () -> keepHouse(store), clock, timer, log);

    // What an earlier process began is known before anybody can ask for the same again.
    rehearsal.start(scheduler::stopped);
    gateway.start(
        new Gateway.Service(
            functions,
            new ApiGatewayEvents(System.getProperty("user.name", "")),
            Map.of(
                "Eksphemeral-Control-Plane", Long.toString(pid()),
                "Eksphemeral-Provider", PROVIDER,
                "Eksphemeral-Speed", Integer.toString(settings.speed())),
            clock,
            log),
        threads);
    scheduler.start();
    keepClock();
    home.announce(pid(), gateway.url(), settings.described());
    System.out.println(
        "listening on %s, provider %s, speed %d"
            .formatted(gateway.url(), PROVIDER, settings.speed()));
  }

  private static long pid() {
    return ProcessHandle.current().pid();
  }

  private static StateDirectory take(Settings settings) throws IOException, StartException {
    return StateDirectory.take(settings.home())
        .orElseThrow(() ->
            new StartException(
                StartException.Reason.HOME_TAKEN,
                "a control plane is already running on %s; stop it with ./eksp-down.sh --local"
                    .formatted(settings.home())));
  }

  private static Gateway bind(Settings settings) throws IOException, StartException {
    try {
      return Gateway.bind(settings.port(), HttpListener.Bounds.USUAL);
    } catch (BindException _) {
      throw new StartException(
          StartException.Reason.PORT_TAKEN,
          "port %d is taken by another program, or another control plane"
              .formatted(settings.port()));
    }
  }

  /** What rules of the bucket, and ECS, do in AWS. */
  private void keepHouse(FileStore store) {
    rehearsal.forgetOld();
    store.expire(clock.instant()).forEach(id -> log.line("the archive of " + id + " is removed"));
  }

  private void keepClock() {
    if (stopped) {
      return;
    }
    if (home.isRemoved()) {
      log.line("the home was removed, and so this process, %d, ends".formatted(pid()));
      // Nothing is put in order: that would write into what may be another one's home by now.
      Runtime.getRuntime().halt(HOME_REMOVED);
    }
    try {
      clock.keep();
    } catch (IOException | RuntimeException | Error e) {
      log.failure("the clock stands still, as its time cannot be kept", e);
    }
    try {
      home.boundLog();
    } catch (IOException | RuntimeException | Error _) {
      // The disk may be full; it is tried again in a moment, and a line about it is more log.
    } finally {
      timer.after(KEEP_CLOCK_EVERY, this::keepClock);
    }
  }

  /** Ends in an orderly way; the operating system gives the home back when the process is over. */
  private void stop() {
    stopped = true;
    scheduler.stop();
    gateway.stop();
    rehearsal.close();
    try {
      clock.stop();
      home.retract();
    } catch (IOException e) {
      log.failure("stopping did not work in all parts", e);
    }
    log.line("stopped");
  }
}
