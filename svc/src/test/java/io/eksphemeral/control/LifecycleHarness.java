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
 * The world that clusters live in, for tests that read like a timeline: a clock, a store, tasks,
 * mails, and one process of the control plane, which may die and be followed by another. After
 * every call to a port, and every minute, the promises of the design are checked.
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

  /** When each cluster's notices were really tried, whatever came of it. */
  private final Map<String, List<Instant>> noticesTried = new HashMap<>();

  private final List<Cluster> seen = new ArrayList<>();
  private final Set<ClusterId> acknowledged = new HashSet<>();
  private CrashInjector mortality = CrashInjector.never();
  private ControlPlane process;
  private boolean hearsNews = true;
  private boolean hasSender = true;
  private int ticks;

  LifecycleHarness() {
    this(Limits.DEFAULT);
  }

  LifecycleHarness(Limits limits) {
    this.limits = limits;
    this.process = newProcess(mortality);
  }

  /** Has the process be one that dies, from now on. */
  void willDie(CrashInjector mortality) {
    this.mortality = mortality;
    this.process = newProcess(mortality);
  }

  /** Starts a fresh process, which knows only what is in the store, and does not die. */
  void restart() {
    willDie(CrashInjector.never());
  }

  /** As it is installed where there is no address to send mails from. */
  void hasNoSender() {
    hasSender = false;
    restart();
  }

  /** From now on no news of stopped tasks comes: only the five-minute rule is left. */
  void hearsNoNews() {
    hearsNews = false;
  }

  private ControlPlane newProcess(CrashInjector mortality) {
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
        new ClusterStore(mortality.mortal(ObjectStore.class, watchedStore), Runnable::run),
        mortality.mortal(TaskRunner.class, watchedTasks),
        new Notifications(
            hasSender ? mortality.mortal(Mailer.class, noting) : null, OPERATOR, "--local"),
        Samples.CONFIG,
        limits,
        Versions.any("1.35"),
        clock,
        moment -> {},
        Runnable::run);
  }

  /** A port whose every call is followed by a look at the promises. */
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

  Result<Stored.Live> create(ClusterId id, Spec spec, String asker) {
    Result<Stored.Live> answer = process.create().create(id, spec, asker);
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

  Result<Stored.Live> prolong(ClusterId id, int minutes, String asker) {
    return process.prolong().prolong(id.value(), minutes, asker);
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

  /** Has all clusters destroyed whose records cannot be read. */
  void destroyUnreadable() {
    store.list().stream()
        .filter(Stored.Unreadable.class::isInstance)
        .forEach(broken -> destroy(broken.id()));
  }

  SweepReport sweep() {
    return process.sweep().all(() -> Duration.ofMinutes(5));
  }

  /**
   * Lets time pass, a minute at a time: tasks go on, news of them comes, every fifth is a sweep.
   */
  void pass(Duration duration) {
    for (long i = 0; i < duration.dividedBy(TICK); i++) {
      tick();
    }
  }

  private void tick() {
    clock.advance(TICK);
    tasks.step();
    checkPromises();
    List<ClusterId> news = tasks.takeNews();
    if (hearsNews) {
      news.forEach(id -> process.sweep().one(id, () -> Duration.ofMinutes(5)));
    }
    if (++ticks % TICKS_A_SWEEP == 0) {
      sweep();
    }
  }

  /** Lets time pass until a cluster is in a state, and says how many minutes that took. */
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

  /** What is on record, or in the archive, of a cluster. */
  Cluster cluster(ClusterId id) {
    return find(id).orElseThrow(() -> new AssertionError("nothing is known of " + id));
  }

  Optional<Cluster> find(ClusterId id) {
    return store
        .find(id)
        .or(() -> store.archived(id))
        .map(stored -> ((Stored.Live) stored).cluster());
  }

  /** When a cluster that has been ready became it. */
  Instant ready(ClusterId id) {
    return Objects.requireNonNull(cluster(id).ready());
  }

  /** When the time of a cluster that has been ready is up. */
  Instant expires(ClusterId id) {
    return Objects.requireNonNull(cluster(id).expires());
  }

  List<State> states(ClusterId id) {
    return cluster(id).history().stream().map(Transition::to).toList();
  }

  /** The subjects of all mails that went out, without what they all begin with. */
  List<String> mails() {
    return mailer.delivered().stream()
        .map(mail -> mail.subject().replace("EKSphemeral: cluster ", ""))
        .toList();
  }

  /** Runs a part of a life in which the process may die; says whether it did. */
  boolean diesIn(Runnable part) {
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
    return mortality.isDead();
  }

  /** Holds the world, as it is right now, against the promises. */
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
          .as("P5: notice a minute before %s went for expiry", cluster.name())
          .isTrue();
    }
    for (Cluster cluster : seen) {
      // One that cannot be read is on record: it is reported, and can be destroyed by its id.
      boolean onRecord = listed.stream().anyMatch(known -> known.id().equals(cluster.id()));
      if (!onRecord) {
        assertThat(tasks.exists(cluster.id()))
            .as("P1, P3: %s exists and is not on record", cluster.name())
            .isFalse();
        assertThat(tasks.works(cluster.id()))
            .as("P1: a task of %s works and it is not on record", cluster.name())
            .isFalse();
      }
      boolean creates =
          tasks.running(cluster.id()).stream().anyMatch(handle -> handle.contains("-create-"));
      assertThat(creates && objects.text(StoreKeys.config(cluster.id())).isEmpty())
          .as("a creation of %s was launched before its config was there", cluster.name())
          .isFalse();
    }
    assertThat(live.stream().map(Cluster::name)).as("names in use").doesNotHaveDuplicates();
    assertThat(live.stream().filter(Cluster::isAdmitted).count())
        .as("P10: clusters at a time")
        .isLessThanOrEqualTo(limits.clusters());
  }

  /** Whether a cluster that was ended because its time was up had its notice, and was due. */
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

  /** Lets time pass until nothing is left on record, and holds what is left to the promises. */
  void untilAllGone() {
    until(() -> store.ids().isEmpty() && store.claims().isEmpty(), "nothing is on record");
    assertThat(acknowledged)
        .as("clusters that were promised, and their state in the archive")
        .allSatisfy(id -> assertThat(cluster(id).state()).isEqualTo(State.GONE));
    for (Cluster cluster : seen) {
      assertThat(tasks.exists(cluster.id())).isFalse();
      assertThat(tasks.running(cluster.id())).isEmpty();
    }
  }
}
