package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.MailAddress;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.NotificationPolicy;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Transition;
import io.eksphemeral.domain.Versions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * A control plane with a clock, a store, tasks and mails, for tests that read like a timeline. Its
 * process may crash and be replaced. The promises are checked after every call to a port and every
 * minute.
 */
final class LifecycleHarness {
  static final String OPERATOR = "operator@eksphemeral.io";
  private static final Duration TICK = Duration.ofMinutes(1);
  private static final int TICKS_A_SWEEP = 5;

  final ManualClock clock = new ManualClock(Samples.START);
  final MemoryObjectStore objects = new MemoryObjectStore();
  final ClusterStore store = new ClusterStore(objects, Runnable::run);
  final SimulatedTasks tasks = new SimulatedTasks(store, clock);
  final MemoryMailer mailer = new MemoryMailer();
  final Limits limits;

  /** When each cluster's notices were tried, whatever the outcome. */
  private final Map<String, List<Instant>> noticesTried = new HashMap<>();

  private final List<Cluster> seen = new ArrayList<>();
  private final Set<ClusterId> acknowledged = new HashSet<>();
  private CrashInjector crashes = CrashInjector.never();
  private ControlPlane process;
  private boolean receivesEvents = true;
  private boolean hasSender = true;
  private int ticks;

  LifecycleHarness() {
    this(Limits.DEFAULT);
  }

  LifecycleHarness(Limits limits) {
    this.limits = limits;
    this.process = newProcess(crashes);
  }

  /** Replaces the process by one that may crash. */
  void useCrashes(CrashInjector crashes) {
    this.crashes = crashes;
    this.process = newProcess(crashes);
  }

  /** Starts a new process, which has only the store, and does not crash. */
  void restart() {
    useCrashes(CrashInjector.never());
  }

  /** As installed without a sender. */
  void hasNoSender() {
    hasSender = false;
    restart();
  }

  /** From now on no task events arrive: only the five-minute rule is left. */
  void receivesNoEvents() {
    receivesEvents = false;
  }

  private ControlPlane newProcess(CrashInjector crashes) {
    ObjectStore watchedStore = watched(ObjectStore.class, objects);
    TaskRunner watchedTasks = watched(TaskRunner.class, tasks);
    Mailer noting =
        mail -> {
          noticesTried
              .computeIfAbsent(mail.subject(), any -> new ArrayList<>())
              .add(clock.instant());
          return mailer.send(mail);
        };
    return ControlPlane.of(
        new ClusterStore(crashes.intercept(ObjectStore.class, watchedStore), Runnable::run),
        crashes.intercept(TaskRunner.class, watchedTasks),
        new Notifications(
            hasSender ? crashes.intercept(Mailer.class, noting) : null, OPERATOR, "--local"),
        Samples.CONFIG,
        limits,
        () -> Versions.any("1.35"),
        clock,
        moment -> {},
        Runnable::run);
  }

  /** A port that checks the promises after every call. */
  private <P> P watched(Class<P> port, P real) {
    return port.cast(
        Proxy.newProxyInstance(
            port.getClassLoader(),
            new Class<?>[] {port},
            (proxy, method, arguments) -> {
              try {
                Object answer = method.invoke(real, arguments);
                checkPromises();
                return answer;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  Result<Stored.Live> create(ClusterId id, Spec spec) {
    return create(id, spec, Samples.ALICE);
  }

  Result<Stored.Live> create(ClusterId id, Spec spec, String caller) {
    Result<Stored.Live> answer = process.create().create(id, spec, caller);
    if (answer instanceof Result.Success) {
      acknowledged.add(id);
    }
    return answer;
  }

  ClusterId created(String name) {
    return created(Samples.spec(name));
  }

  ClusterId created(Spec spec) {
    ClusterId id = Samples.newId();
    assertThat(create(id, spec)).isInstanceOf(Result.Success.class);
    return id;
  }

  Result<Stored.Live> prolong(ClusterId id, int minutes) {
    return prolong(id, minutes, Samples.ALICE);
  }

  Result<Stored.Live> prolong(ClusterId id, int minutes, String caller) {
    return process.prolong().prolong(id.value(), minutes, caller);
  }

  Result<Stored> find(String idOrName) {
    return process.status().get(idOrName);
  }

  Result<Stored.Live> destroy(ClusterId id) {
    return destroy(id.value());
  }

  Result<Stored.Live> destroy(String idOrName) {
    return process.destroy().destroy(idOrName, Samples.ALICE);
  }

  /** Destroys all clusters whose records cannot be read. */
  void destroyUnreadable() {
    store.list().stream()
        .filter(Stored.Unreadable.class::isInstance)
        .forEach(broken -> destroy(broken.id()));
  }

  SweepReport sweep() {
    return process.sweep().all(() -> Duration.ofMinutes(5));
  }

  /** Advances the clock by a minute: tasks proceed, their events arrive, every fifth is a sweep. */
  void pass(Duration duration) {
    for (long i = 0; i < duration.dividedBy(TICK); i++) {
      tick();
    }
  }

  private void tick() {
    clock.advance(TICK);
    tasks.step();
    checkPromises();
    List<ClusterId> news = tasks.takeEvents();
    if (receivesEvents) {
      news.forEach(id -> process.sweep().one(id, () -> Duration.ofMinutes(5)));
    }
    if (++ticks % TICKS_A_SWEEP == 0) {
      sweep();
    }
  }

  /** Advances the clock until a cluster is in a state, and returns how many minutes that took. */
  long until(ClusterId id, State state) {
    return until(() -> cluster(id).state() == state, id + " is " + state.text());
  }

  long until(Supplier<Boolean> done, String what) {
    long minutes = 0;
    while (!done.get()) {
      assertThat(minutes).as("minutes until " + what).isLessThan(3 * 24 * 60);
      tick();
      minutes++;
    }
    return minutes;
  }

  /** A cluster that is on record or in the archive. */
  Cluster cluster(ClusterId id) {
    return find(id).orElseThrow(() -> new AssertionError("unknown cluster " + id));
  }

  Optional<Cluster> find(ClusterId id) {
    return store
        .find(id)
        .or(() -> store.archived(id))
        .map(stored -> ((Stored.Live) stored).cluster());
  }

  Instant ready(ClusterId id) {
    return Objects.requireNonNull(cluster(id).ready());
  }

  Instant expires(ClusterId id) {
    return Objects.requireNonNull(cluster(id).expires());
  }

  List<State> states(ClusterId id) {
    return cluster(id).history().stream().map(Transition::to).toList();
  }

  /** The subjects of all sent mails, without their common prefix. */
  List<String> mails() {
    return mailer.delivered().stream()
        .map(mail -> mail.subject().replace("EKSphemeral: cluster ", ""))
        .toList();
  }

  /** Runs something in which the process may crash; returns whether it did. */
  boolean crashesIn(Runnable part) {
    try {
      part.run();
    } catch (CrashInjector.Crash death) {
      return true;
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof CrashInjector.Crash)) {
        throw e;
      }
      return true;
    }
    return crashes.hasCrashed();
  }

  private void checkPromises() {
    assertThat(tasks.violations()).isEmpty();
    List<Stored> listed = store.list();
    List<Cluster> live =
        listed.stream()
            .filter(Stored.Live.class::isInstance)
            .map(stored -> ((Stored.Live) stored).cluster())
            .toList();
    for (Cluster cluster : live) {
      if (seen.stream().noneMatch(known -> known.id().equals(cluster.id()))) {
        seen.add(cluster);
      }
      assertThat(noticed(cluster))
          .as("P5: notice a minute before %s was destroyed", cluster.name())
          .isTrue();
    }
    for (Cluster cluster : seen) {
      // An unreadable cluster is on record: it is reported, and can be destroyed by its id.
      boolean onRecord = listed.stream().anyMatch(known -> known.id().equals(cluster.id()));
      if (!onRecord) {
        assertThat(tasks.exists(cluster.id()))
            .as("P1, P3: %s exists, but is not on record", cluster.name())
            .isFalse();
        assertThat(tasks.works(cluster.id()))
            .as("P1: a task of %s works, but it is not on record", cluster.name())
            .isFalse();
      }
      boolean creates =
          tasks.running(cluster.id()).stream().anyMatch(handle -> handle.contains("-create-"));
      assertThat(creates && objects.text(StoreKeys.config(cluster.id())).isEmpty())
          .as("the create task of %s was launched before its config was stored", cluster.name())
          .isFalse();
    }
    assertThat(live.stream().map(Cluster::name)).as("names in use").doesNotHaveDuplicates();
    assertThat(live.stream().filter(Cluster::isAdmitted).count())
        .as("P10: clusters at a time")
        .isLessThanOrEqualTo(limits.clusters());
  }

  /** Whether a cluster that was destroyed at its expiry was due, and had its notice. */
  private boolean noticed(Cluster cluster) {
    Optional<Instant> ended =
        cluster.history().stream()
            .filter(step -> step.why().equals("expired"))
            .map(Transition::at)
            .findFirst();
    Instant expires = cluster.expires();
    if (ended.isEmpty() || expires == null) {
      return true;
    }
    Instant latest = ended.get().minus(NotificationPolicy.NOTICE_TO_DESTRUCTION);
    boolean due = !ended.get().isBefore(expires);
    boolean noted =
        cluster
            .notification(Topic.NOTICE, expires)
            .filter(notice -> !notice.tried().isAfter(latest))
            .isPresent();
    boolean tried =
        !hasSender
            || MailAddress.isReserved(cluster.spec().owner())
            || noticesTried
                .getOrDefault(
                    "EKSphemeral: cluster " + cluster.name() + " is about to be destroyed",
                    List.of())
                .stream()
                .anyMatch(at -> !at.isAfter(latest));
    return due && noted && tried;
  }

  /** Advances the clock until no record is left, and checks that nothing else is. */
  void untilAllGone() {
    until(() -> store.ids().isEmpty() && store.claims().isEmpty(), "nothing is on record");
    assertThat(acknowledged)
        .as("the state of acknowledged clusters in the archive")
        .allSatisfy(id -> assertThat(cluster(id).state()).isEqualTo(State.GONE));
    for (Cluster cluster : seen) {
      assertThat(tasks.exists(cluster.id())).isFalse();
      assertThat(tasks.running(cluster.id())).isEmpty();
    }
  }
}
