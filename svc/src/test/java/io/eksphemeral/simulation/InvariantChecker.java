package io.eksphemeral.simulation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.MailAddress;
import io.eksphemeral.domain.Notification;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.domain.Transition;
import io.eksphemeral.simulation.Account.Resource;
import io.eksphemeral.simulation.Invocation.What;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Checks the promises after every change of stored objects, tasks and AWS resources. It sees the
 * whole simulation; of the code under test it uses only the table of transitions and the format of
 * records.
 */
final class InvariantChecker {
  /**
   * How long after its expiry, or after the last fault, a cluster may exist: a hanging task is
   * given up after 45 or 60 minutes, a missing one after 60, and two attempts are at most 60 apart.
   */
  static final Duration GONE_WITHIN = Duration.ofHours(3);

  /** Twice the maximum error of one clock. */
  private static final Duration MAX_CLOCK_DIFFERENCE = Duration.ofSeconds(11);

  /** The same without faults: each resource takes some minutes. */
  private static final Duration GONE_QUIETLY_WITHIN = Duration.ofMinutes(45);

  /** How long after its expiry the destruction begins, without faults: the notice comes first. */
  private static final Duration DESTROYED_WITHIN = Duration.ofMinutes(11);

  /**
   * The same if the expiry was changed after a notice: the next one may have to wait for another
   * sweep.
   */
  private static final Duration DESTROYED_AFTER_CHANGE_WITHIN = Duration.ofMinutes(16);

  /** In bytes. */
  private static final int MAX_RECORD = 16 * 1024;

  private static final Duration NOTICE_INTERVAL = Duration.ofMinutes(5);

  private static final Duration EARLY_NOTICE_INTERVAL = Duration.ofMinutes(30);

  private static final int SHORTEST_WITH_EARLY_NOTICE = 40;

  /**
   * Notices, early ones included, one mail of each other kind, and some that are sent twice because
   * a crash kept their delivery from being recorded.
   */
  private static final int MAX_MAILS_PER_HOUR = 12 + 4 + 4;

  /** The maximum number of calls to AWS: for the sweep itself, and for each cluster. */
  private static final int MAX_CALLS_PER_SWEEP = 20;

  private static final int MAX_CALLS_PER_CLUSTER = 30;

  private static final Duration NOTICE_BEFORE = Duration.ofMinutes(1);
  private static final DateTimeFormatter TO_THE_MINUTE =
      DateTimeFormatter.ofPattern("HH:mm 'UTC on' d MMMM yyyy", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** A broken promise. */
  record Violation(String promise, String how) {}

  /** A lifetime and expiry that were written. */
  record GrantedLifetime(ClusterId cluster, int lifetime, @Nullable Instant expires) {}

  /** The state of a cluster's record from some time on; null if there was no record. */
  private record Moment(long from, @Nullable State state) {}

  /** The lifetime of a cluster's record from some time on. */
  private record Grant(long from, GrantedLifetime granted) {}

  /** A tried notice. */
  private record Notice(long at, String body) {}

  /** What is known about one cluster. */
  private static final class ExpectedState {
    final List<Moment> moments = new ArrayList<>();
    final List<Grant> grants = new ArrayList<>();
    final List<Notice> notices = new ArrayList<>();
    final List<Notice> earlyNotices = new ArrayList<>();
    final List<Long> mails = new ArrayList<>();
    final Map<Instant, Set<Invocation>> noticesBegun = new HashMap<>();
    @Nullable Cluster onRecord;
    @Nullable Cluster archived;
    long lastEnd;
    long expiryChanged;
    boolean isEndNotified;
    long mayTakeUntil;
    boolean wasLaunched;
    boolean wasAdmitted;
    boolean isAcknowledged;
    long archivedAt = Long.MAX_VALUE;
    boolean isFailureNotified;
    int creations;
    @Nullable String addedField;
    Instant readied = Simulation.START;

    /** Its latest record. */
    @Nullable Cluster lastWritten() {
      return onRecord == null ? archived : onRecord;
    }

    @Nullable State stateNow() {
      return moments.isEmpty() ? null : moments.getLast().state();
    }

    /** Whether it had this state at some time from then on. */
    boolean stood(@Nullable State state, long since) {
      for (int i = moments.size() - 1; i >= 0; i--) {
        if (moments.get(i).state() == state) {
          return true;
        }
        if (moments.get(i).from() < since) { // in the same millisecond, either may have been first
          return false;
        }
      }
      return state == null;
    }

    /** Whether it had this lifetime at some time from then on. */
    boolean granted(GrantedLifetime granted, long since) {
      for (int i = grants.size() - 1; i >= 0; i--) {
        if (grants.get(i).granted().equals(granted)) {
          return true;
        }
        if (grants.get(i).from() < since) { // in the same millisecond, either may have been first
          return false;
        }
      }
      return false;
    }
  }

  private final DeterministicScheduler scheduler;
  private final EcsTasks tasks;
  private final Account account;
  private final Limits limits;
  private final Map<ClusterId, ExpectedState> clusters = new LinkedHashMap<>();
  private final Map<String, String> mustStay = new HashMap<>();
  private final Map<String, Long> transitions = new TreeMap<>();
  private final Map<String, List<Long>> mailsTo = new HashMap<>();
  private final Map<String, Long> most = new TreeMap<>();
  private final FaultInjector faults;
  private final Duration slack;
  private final boolean isQuiet;
  private int lives;
  private long latestEnd;
  private @Nullable Violation violation;

  /**
   * @param plan tells whether there are faults, and whether clocks differ
   */
  InvariantChecker(
      DeterministicScheduler scheduler,
      EcsTasks tasks,
      Account account,
      FaultInjector faults,
      Limits limits,
      Plan plan) {
    this.scheduler = scheduler;
    this.tasks = tasks;
    this.account = account;
    this.faults = faults;
    this.limits = limits;
    slack = plan.clocksDiffer() ? MAX_CLOCK_DIFFERENCE : Duration.ZERO;
    isQuiet = plan.isQuiet();
  }

  @Nullable Violation violation() {
    return violation;
  }

  /** The number of launched clusters. */
  int lives() {
    return lives;
  }

  /** How often each transition was made, as {@code creating -> ready}. */
  Map<String, Long> transitions() {
    return transitions;
  }

  private void check(boolean isKept, String promise, Supplier<String> how) {
    if (!isKept && violation == null && !scheduler.isOver()) {
      violation = new Violation(promise, how.get());
    }
  }

  private ExpectedState known(ClusterId id) {
    return clusters.computeIfAbsent(id, _ -> new ExpectedState());
  }

  private Instant now() {
    return Simulation.time(scheduler.now());
  }

  // --- stored objects

  /** An object in the bucket changed. */
  void changed(String key, @Nullable String after, @Nullable Invocation by) {
    String protectedText = mustStay.get(key);
    Optional<ClusterId> violation =
        protectedText == null ? Optional.empty() : destroyedById(key, by);
    if (violation.isPresent() && after != null) {
      unprotect(key);
      recovered(violation.get(), after);
      return;
    }
    check(
        protectedText == null || by == null || protectedText.equals(after),
        "foreign objects are not changed",
        () -> "%s was changed".formatted(key));
    if (key.startsWith(StoreKeys.ARCHIVE)) {
      archived(key, after);
      return;
    }
    Optional<ClusterId> id = StoreKeys.recordId(key);
    if (id.isEmpty() || by == null) {
      return;
    }
    ExpectedState known = known(id.get());
    if (after == null) {
      removed(id.get(), known);
    } else {
      Cluster now = cluster(id.get(), after);
      check(now != null, "a record can always be read", () -> "%s: %s".formatted(key, after));
      if (now != null) {
        written(known, now, after, by);
      }
    }
  }

  /** The cluster of a record, if the invocation destroys it by its id. */
  private static Optional<ClusterId> destroyedById(String key, @Nullable Invocation by) {
    return StoreKeys.recordId(key)
        .filter(id ->
            by != null
                && by.action instanceof UserAction.Destroy destroy
                && destroy.idOrName().equals(id.value()));
  }

  /** An unreadable record was replaced, so that its cluster can be destroyed. */
  private void recovered(ClusterId id, String text) {
    ExpectedState known = known(id);
    Cluster now = cluster(id, text);
    check(
        now != null && now.isTerminating(),
        "P1: a cluster whose record cannot be read is destroyed by its id",
        () -> "%s: %s".formatted(id, text));
    known.onRecord = now;
    known.addedField = null;
    known.wasAdmitted = true;
    known.isEndNotified |= known.archived != null;
    known.lastEnd = scheduler.now();
    if (now != null) {
      known.moments.add(new Moment(scheduler.now(), now.state()));
    }
  }

  private static @Nullable Cluster cluster(ClusterId id, String text) {
    return ClusterRecordCodec.decode(id, "", text) instanceof Stored.Live live
        ? live.cluster()
        : null;
  }

  private void archived(String key, @Nullable String text) {
    StoreKeys.recordId(key.substring(StoreKeys.ARCHIVE.length()))
        .ifPresent(id -> {
          ExpectedState known = known(id);
          check(
              text != null,
              "P3: clusters stay in the archive",
              () -> "%s left the archive".formatted(id));
          if (text != null) {
            known.archived = cluster(id, text);
            known.archivedAt = Math.min(known.archivedAt, scheduler.now());
            check(
                known.archived != null && known.archived.state() == State.GONE,
                "P3: only clusters that are gone are in the archive",
                () -> "%s: %s".formatted(id, text));
            check(
                known.addedField == null || text.contains(known.addedField),
                "what a newer version added survives",
                () -> "%s lost %s".formatted(id, known.addedField));
          }
        });
  }

  private void removed(ClusterId id, ExpectedState known) {
    Cluster last = known.onRecord;
    known.onRecord = null;
    known.addedField = null;
    known.moments.add(new Moment(scheduler.now(), null));
    if (last == null) {
      return;
    }
    if (!known.wasAdmitted) {
      check(
          !known.wasLaunched,
          "P1: a launched cluster is on record",
          () -> "%s was withdrawn".formatted(id));
      return;
    }
    check(
        last.state() == State.GONE && known.archived != null,
        "P3: a record is removed only after verification, and archived",
        () ->
            "%s was %s, and %s in the archive"
                .formatted(id, last.state().text(), known.archived == null ? "is not" : "is"));
    check(
        account.of(id).isEmpty(),
        "P3: a record is removed only after verification",
        () -> "%s still has %s".formatted(id, account.of(id)));
    check(
        tasks.of(id).stream().noneMatch(task -> task.works),
        "P1: the cluster of a working task is on record",
        () -> "%s was removed while a task worked".formatted(id));
    long late =
        scheduler.now() - Math.max(Math.max(known.lastEnd, known.mayTakeUntil), faults.last());
    latestEnd = Math.max(latestEnd, late);
    check(
        late <= (isQuiet ? GONE_QUIETLY_WITHIN : GONE_WITHIN).toMillis(),
        "P1: nothing is immortal",
        () -> "%s was gone %d minutes late".formatted(id, late / 60_000));
    check(
        known.isEndNotified || MailAddress.isReserved(last.spec().owner()),
        "P4: owners are notified of the end",
        () -> "the owner of %s was not notified of its end".formatted(id));
  }

  private void written(ExpectedState known, Cluster now, String text, Invocation by) {
    Cluster before = known.onRecord;
    known.onRecord = now;
    GrantedLifetime granted = new GrantedLifetime(now.id(), now.lifetime(), now.expires());
    if (known.grants.isEmpty() || !known.grants.getLast().granted().equals(granted)) {
      known.grants.add(new Grant(scheduler.now(), granted));
    }
    if (known.stateNow() != now.state()) {
      known.moments.add(new Moment(scheduler.now(), now.state()));
    }
    checkSize(now);
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    checkBound("bytes in a record", bytes, MAX_RECORD, now.id());
    if (before == null) {
      known.lastEnd = scheduler.now();
      check(
          known.archived == null,
          "P7: a cluster is created once",
          () -> "%s was archived, but is on record again".formatted(now.id()));
      check(
          now.state() == State.CREATING && now.tasks().isEmpty(),
          "P10: a cluster is on record before it is admitted",
          () -> String.valueOf(text));
      for (Transition step : now.history()) {
        count("- -> " + step.to().text());
      }
      return;
    }
    check(
        known.addedField == null || text.contains(known.addedField),
        "what a newer version added survives",
        () -> "%s lost %s".formatted(now.id(), known.addedField));
    check(
        now.failures() < 5 || known.isFailureNotified,
        "P4: owners are notified of failures",
        () -> "%s failed %d times".formatted(now.id(), now.failures()));
    checkHistory(before, now, by);
    checkTasksAndNotifications(before, now, known, by);
    checkEnd(before, now, by);
    if (isChanged(before, now)) {
      known.expiryChanged = scheduler.now();
      by.granted.add(new GrantedLifetime(now.id(), now.lifetime(), now.expires()));
    }
    if (!mayBeCreated(before) && mayBeCreated(now)) {
      checkLimits(now);
    }
    known.wasAdmitted |= now.isAdmitted();
    Instant expires = now.expires();
    if (expires != null) {
      known.lastEnd = Duration.between(Simulation.START, expires).toMillis();
    }
  }

  /** The maximum of each bounded value. */
  Map<String, Long> most() {
    return most;
  }

  /** Checks a value that callers can increase against its bound. */
  private void checkBound(String what, long value, long bound, Object whose) {
    most.merge(what, value, Math::max);
    check(
        value <= bound,
        "P13: nothing grows without a bound",
        () -> "%d %s, of %s".formatted(value, what, whose));
  }

  private void count(String transition) {
    transitions.merge(transition, 1L, Long::sum);
  }

  private static List<Transition> states(Cluster cluster) {
    return cluster.history().stream().filter(step -> !step.isExpiryChange()).toList();
  }

  /** The number of changes of its expiry. */
  private static int changes(Cluster cluster) {
    List<Transition> kept = cluster.expiryChanges();
    return kept.size() + kept.stream().mapToInt(Transition::earlier).sum();
  }

  private void checkHistory(Cluster before, Cluster now, Invocation by) {
    List<Transition> steps = states(now);
    int old = states(before).size();
    check(
        steps.size() >= old && steps.subList(0, old).equals(states(before)),
        "P6: nothing acknowledged is lost",
        () -> "the history of %s was %s and is %s".formatted(now.id(), before.history(), steps));
    State last = before.state();
    for (Transition step : steps.subList(Math.min(old, steps.size()), steps.size())) {
      State from = last;
      count(from.text() + " -> " + step.to().text());
      check(
          from.next().contains(step.to()),
          "the table of transitions holds",
          () -> "%s went from %s to %s".formatted(now.id(), from.text(), step.to().text()));
      boolean isRequested = step.why().startsWith("requested by ");
      check(
          isRequested
              ? Samples.ALICE.equals(step.by()) && isRequestedToEnd(by, now)
              : Transition.CONTROL_PLANE.equals(step.by()),
          "P14: every change has an author",
          () -> "%s: %s".formatted(now.id(), step));
      last = step.to();
    }
    check(last == now.state(), "the history tells the state", () -> String.valueOf(now));
    checkExpiryChanges(before, now, by);
  }

  /** P14: every expiry change has its author and its minutes. */
  private void checkExpiryChanges(Cluster before, Cluster now, Invocation by) {
    int made = changes(now) - changes(before);
    boolean isChanged = isChanged(before, now) && (before.ready() != null || now.ready() == null);
    check(
        made == (isChanged ? 1 : 0),
        "P14: every change has an author",
        () ->
            "the history of %s was %s and is %s"
                .formatted(now.id(), before.history(), now.history()));
    if (made == 1 && by.action instanceof UserAction.Prolong prolong) {
      Transition change = now.expiryChanges().getLast();
      check(
          change.minutes() == prolong.minutes()
              && UserAction.arn(prolong.who()).equals(change.by()),
          "P14: every change has an author",
          () -> "%s: %s by %s".formatted(now.id(), prolong, change));
    }
  }

  private void checkTasksAndNotifications(
      Cluster before, Cluster now, ExpectedState known, Invocation by) {
    for (Task task : before.tasks()) {
      check(
          now.tasks().stream()
              .anyMatch(later ->
                  later.kind() == task.kind()
                      && later.attempt() == task.attempt()
                      && (!task.isOver() || later.equals(task))),
          "P6: nothing acknowledged is lost",
          () -> "%s lost %s".formatted(now.id(), task));
    }
    for (Task task : now.tasks()) {
      check(
          !task.isOver()
              || tasks.of(now.id()).stream()
                  .noneMatch(
                      one -> one.works && one.kind == task.kind() && one.attempt == task.attempt()),
          "P7: no working task is given up",
          () -> "%s of %s".formatted(task, now.id()));
    }
    for (Notification mail : before.notifications()) {
      check(
          mail.delivery() != Delivery.SENT
              || mail.topic().isNotice() // only the latest are kept
              || now.notification(mail.topic(), mail.about())
                  .filter(later -> later.delivery() == Delivery.SENT)
                  .isPresent(),
          "P6: nothing acknowledged is lost",
          () -> "%s lost the delivery of %s".formatted(now.id(), mail));
    }
    for (Notification mail : now.notifications()) {
      if (mail.topic().isNotice()
          && mail.delivery() == Delivery.SENDING
          && !before.notifications().contains(mail)) {
        if (mail.topic() == Topic.NOTICE) {
          known.noticesBegun.computeIfAbsent(mail.about(), _ -> new HashSet<>()).add(by);
        } else {
          checkEarlyNotice(before, mail);
        }
        check(
            before.notifications().stream()
                .filter(other -> other.topic().isNotice())
                .noneMatch(
                    other -> mail.last().isBefore(other.last().plus(NOTICE_INTERVAL).minus(slack))),
            "P13: notices are minutes apart",
            () -> "%s after %s".formatted(mail, before.notifications()));
      }
    }
  }

  private void checkEnd(Cluster before, Cluster now, Invocation by) {
    boolean becameReady = before.ready() == null && now.ready() != null;
    if (isChanged(before, now) && !becameReady) {
      boolean isRequested =
          by.action instanceof UserAction.Prolong asked && asked.cluster().equals(now.id());
      check(
          isRequested,
          "P6: nothing acknowledged is lost",
          () ->
              "the expiry of %s changed from %s to %s without a request"
                  .formatted(now.id(), before.expires(), now.expires()));
      if (by.action instanceof UserAction.Prolong prolong) {
        checkProlonged(before, now, prolong.minutes(), Simulation.time(by.begun));
      }
    }
    Instant ready = now.ready();
    check(
        !becameReady
            || now.lifetime() == before.lifetime()
            || (now.spec().until() != null && now.lifetime() < before.lifetime()),
        "P6: nothing acknowledged is lost",
        () ->
            "%s had %d minutes, and became ready with %d"
                .formatted(now.id(), before.lifetime(), now.lifetime()));
    if (becameReady && ready != null) {
      check(
          expectedExpiry(before, ready).equals(now.expires())
              && !ready.isBefore(known(now.id()).readied.minus(slack)),
          "P2: the lifetime starts when a cluster is ready, or ends when it was asked to",
          () ->
              "%s was created at %s, ready at %s, and expires at %s"
                  .formatted(now.id(), known(now.id()).readied, ready, now.expires()));
    }
    if (before.state() == State.READY && now.state() == State.DESTROYING) {
      if (isRequestedToEnd(by, now)) {
        return;
      }
      Instant expires = before.expires();
      check(
          expires != null && !now().isBefore(expires.minus(slack)),
          "P2: nothing is destroyed early",
          () -> "%s ends at %s".formatted(now.id(), expires));
      if (expires != null) {
        checkNotice(before, expires);
        checkEarlyNoticeTried(before, expires);
        long due =
            Math.max(
                known(now.id()).expiryChanged,
                Duration.between(Simulation.START, expires).toMillis());
        check(
            !isQuiet
                || scheduler.now() - due
                    <= (before.expiryChanges().isEmpty()
                            ? DESTROYED_WITHIN
                            : DESTROYED_AFTER_CHANGE_WITHIN)
                        .toMillis(),
            "P1: nothing is immortal",
            () -> "%s expired at %s and was not destroyed".formatted(now.id(), expires));
      }
    } else if (before.state() == State.CREATING && now.state() == State.DESTROYING) {
      check(
          isRequestedToEnd(by, now),
          "P2: nothing is destroyed early",
          () -> "%s was being created, and no caller requested it".formatted(now.id()));
    } else if (before.state() == State.CREATING && now.state() == State.CREATE_FAILED) {
      check(
          tasks.of(now.id()).stream().noneMatch(task -> task.works),
          "P2: no working create task is given up",
          () -> String.valueOf(now.id()));
    } else if (before.state() == State.DESTROY_FAILED && now.state() == State.DESTROYING) {
      Instant failed = before.since(State.DESTROY_FAILED).orElseThrow();
      Duration pause = Duration.ofMinutes(Math.min(60, 5L << Math.min(before.failures() - 1, 4)));
      check(
          isRequestedToEnd(by, now) || !now().isBefore(failed.plus(pause).minus(slack)),
          "P4: attempts are retried with backoff",
          () -> "%s failed at %s".formatted(now.id(), failed));
    }
  }

  private static Instant expectedExpiry(Cluster before, Instant ready) {
    Instant until = before.spec().until();
    if (until == null) {
      return ready.plus(Duration.ofMinutes(before.lifetime()));
    }
    Instant wanted = until.plus(Duration.ofMinutes(before.lifetime() - before.spec().timeout()));
    Instant earliest = ready.plus(Duration.ofMinutes(1));
    return wanted.isBefore(earliest) ? earliest : wanted;
  }

  private static boolean isRequestedToEnd(Invocation by, Cluster cluster) {
    return by.action instanceof UserAction.Destroy destroy
        && (destroy.idOrName().equals(cluster.id().value())
            || destroy.idOrName().equals(cluster.name()));
  }

  private void checkProlonged(Cluster before, Cluster now, int minutes, Instant begun) {
    Instant old = before.expires();
    Instant end = now.expires();
    if (old == null || end == null) {
      check(
          now.lifetime() == before.lifetime() + minutes,
          "P6: nothing acknowledged is lost",
          () ->
              "%s had %d minutes, got %d, and has %d"
                  .formatted(now.id(), before.lifetime(), minutes, now.lifetime()));
      return;
    }
    check(
        !end.isBefore(prolonged(old, minutes, begun).minus(slack))
            && !end.isAfter(prolonged(old, minutes, now()).plus(slack)),
        "P6: nothing acknowledged is lost",
        () ->
            "%s ended at %s, got %d minutes, and ends at %s"
                .formatted(now.id(), old, minutes, end));
  }

  private static boolean isChanged(Cluster before, Cluster now) {
    return before.lifetime() != now.lifetime() || !Objects.equals(before.expires(), now.expires());
  }

  /** The expiry after a change at some time. */
  private static Instant prolonged(Instant old, int minutes, Instant at) {
    Instant from = minutes > 0 && old.isBefore(at) ? at : old;
    Instant wanted = from.plus(Duration.ofMinutes(minutes));
    Instant earliest = from.isBefore(at) ? from : at;
    return wanted.isBefore(earliest) ? earliest : wanted;
  }

  /** P13: an early notice does not come instead of the last one, nor again and again. */
  private void checkEarlyNotice(Cluster cluster, Notification early) {
    Instant expires = cluster.expires();
    check(
        early.about().equals(expires)
            && cluster.lifetime() >= SHORTEST_WITH_EARLY_NOTICE
            && early.last().isBefore(early.about().minus(NOTICE_INTERVAL)),
        "P5: an early notice is early",
        () -> "%s of %s, which expires at %s".formatted(early, cluster.id(), expires));
    check(
        cluster.notifications().stream()
            .filter(other -> other.topic() == Topic.EARLY_NOTICE)
            .filter(other -> !other.about().equals(early.about()))
            .filter(other -> other.delivery() == Delivery.SENT)
            .noneMatch(other ->
                early.last().isBefore(other.last().plus(EARLY_NOTICE_INTERVAL).minus(slack))),
        "P13: early notices are half an hour apart",
        () -> "%s after %s".formatted(early, cluster.notifications()));
  }

  /** P5: a cluster whose expiry never changed had an early notice, if it lived long enough. */
  private void checkEarlyNoticeTried(Cluster cluster, Instant expires) {
    if (!isQuiet
        || !cluster.expiryChanges().isEmpty()
        || cluster.lifetime() < SHORTEST_WITH_EARLY_NOTICE
        || MailAddress.isReserved(cluster.spec().owner())) {
      return;
    }
    Duration quarter = Duration.ofMinutes(cluster.lifetime()).dividedBy(4);
    Duration before =
        quarter.compareTo(EARLY_NOTICE_INTERVAL) < 0 ? quarter : EARLY_NOTICE_INTERVAL;
    long latest = Duration.between(Simulation.START, expires.minus(before)).toMillis();
    String end = TO_THE_MINUTE.format(expires);
    check(
        known(cluster.id()).earlyNotices.stream()
            .anyMatch(notice ->
                notice.at() <= latest
                    && notice.at() >= latest - Duration.ofMinutes(6).toMillis()
                    && notice.body().contains(end)),
        "P5: an early notice comes half an hour, or a quarter of the life, before the expiry",
        () -> "%s ended at %s".formatted(cluster.id(), expires));
  }

  /** P5: the notice was tried, or every sender crashed. */
  private void checkNotice(Cluster cluster, Instant expires) {
    if (MailAddress.isReserved(cluster.spec().owner())) {
      return;
    }
    ExpectedState known = known(cluster.id());
    long latest = scheduler.now() - NOTICE_BEFORE.minus(slack).toMillis();
    String end = TO_THE_MINUTE.format(expires);
    boolean isTried =
        known.notices.stream()
            .anyMatch(notice ->
                notice.at() <= latest
                    && notice.at() >= known.expiryChanged - slack.toMillis()
                    && notice.body().contains(end));
    boolean diedAtIt =
        known.noticesBegun.getOrDefault(expires, Set.of()).size() >= 2
            && cluster
                .notification(Topic.NOTICE, expires)
                .filter(notice -> notice.delivery() == Delivery.FAILED)
                .isPresent();
    check(
        isTried || diedAtIt,
        "P5: a notice is tried a minute before the destruction",
        () -> "%s ended at %s".formatted(cluster.id(), expires));
  }

  /** A cluster destroyed before its admission was never more than a record. */
  private static boolean mayBeCreated(Cluster cluster) {
    return cluster.tasks().stream().anyMatch(task -> task.kind() == TaskKind.CREATE);
  }

  private void checkSize(Cluster cluster) {
    Instant ready = cluster.ready();
    Instant end = cluster.expires();
    check(
        cluster.spec().numworkers() <= limits.workers(),
        "P10: no cluster exceeds the limit of workers",
        () -> String.valueOf(cluster));
    check(
        cluster.lifetime() <= limits.minutes()
            && (ready == null
                || end == null
                || !end.isAfter(ready.plus(Duration.ofMinutes(limits.minutes())))),
        "P10: no cluster exceeds the maximum lifetime",
        () -> String.valueOf(cluster));
  }

  private void checkLimits(Cluster admitted) {
    List<Cluster> all =
        clusters.values().stream()
            .map(known -> known.onRecord)
            .filter(Objects::nonNull)
            .map(Cluster.class::cast)
            .filter(InvariantChecker::mayBeCreated)
            .toList();
    check(
        all.size() <= limits.clusters(),
        "P10: the total limit is never exceeded",
        () -> "with %s there are %d".formatted(admitted.id(), all.size()));
    long own =
        all.stream()
            .filter(other -> other.createdBy().equals(admitted.createdBy()))
            .filter(other -> !mustStay.containsKey(StoreKeys.record(other.id()))) // unreadable
            .count();
    check(
        own <= limits.clustersPerCaller(),
        "P10: the limit per caller is never exceeded",
        () -> "with %s there are %d of %s".formatted(admitted.id(), own, admitted.createdBy()));
    check(
        all.stream().filter(other -> other.name().equals(admitted.name())).count() == 1,
        "P6: a name belongs to one cluster",
        () -> "%s belongs to another one, too".formatted(admitted.name()));
  }

  /** From now on this object must not change. */
  void protect(String key, String text) {
    mustStay.put(key, text);
  }

  void unprotect(String key) {
    mustStay.remove(key);
  }

  /** From now on every record of the cluster must have this field. */
  void fieldAdded(ClusterId id, String field) {
    known(id).addedField = field;
  }

  /** Until then faults affect this cluster. */
  void mayTakeUntil(ClusterId id, long until) {
    known(id).mayTakeUntil = Math.max(known(id).mayTakeUntil, until);
  }

  // --- tasks and resources

  /**
   * A task was launched; if its cluster is gone, because the call took so long, its fence keeps it
   * from working.
   */
  void launched(EcsTasks.Task task, String startedBy) {
    ExpectedState known = known(task.cluster);
    Cluster cluster = known.lastWritten();
    check(
        startedBy.equals(task.cluster.value())
            && cluster != null
            && cluster.name().equals(task.name),
        "P2: a task gets its own cluster",
        () -> "%s of %s for %s".formatted(task.token, task.name, startedBy));
    check(
        cluster != null && cluster.isAdmitted(),
        "P10: only admitted clusters are launched",
        () -> String.valueOf(task.token));
    if (!known.wasLaunched) {
      known.wasLaunched = true;
      lives++;
    }
    if (task.kind == TaskKind.DESTROY) {
      check(
          cluster != null && cluster.isTerminating(),
          "P2: nothing is destroyed early",
          () -> "%s was launched".formatted(task.token));
    }
  }

  /** A task has taken its fence. */
  void begins(EcsTasks.Task task) {
    ExpectedState known = known(task.cluster);
    check(
        known.onRecord != null,
        "P1: the cluster of a working task is on record",
        () -> "%s begins without a record".formatted(task.token));
    check(
        tasks.of(task.cluster).stream().noneMatch(other -> other != task && other.works),
        "P7: only one task of a cluster works at a time",
        () -> "%s begins beside another".formatted(task.token));
    if (task.kind == TaskKind.CREATE) {
      check(
          ++known.creations == 1,
          "P7: a cluster is created once",
          () -> String.valueOf(task.token));
    }
  }

  /** A cluster was created completely. */
  void created(ClusterId id) {
    known(id).readied = now();
  }

  void removing(Resource resource, EcsTasks.Task task) {
    Cluster cluster = known(task.cluster).onRecord;
    check(
        cluster != null && cluster.isTerminating(),
        "P2: nothing is destroyed early",
        () -> "%s is removed by %s".formatted(resource, task.token));
  }

  void mailTried(String subject, String body, @Nullable Invocation by) {
    ExpectedState known = known(cluster(body));
    check(
        by != null && (by.what == What.SWEEP || by.what == What.EVENT),
        "P13: requests send no mail",
        () -> "%s by %s".formatted(subject, by == null ? "an unknown process" : by.what));
    if (subject.endsWith("is about to be destroyed")) {
      known.notices.add(new Notice(scheduler.now(), body));
    }
    if (subject.contains(" will be destroyed at ")) {
      known.earlyNotices.add(new Notice(scheduler.now(), body));
    }
    known.isFailureNotified |= subject.contains("could not be destroyed");
    known.isEndNotified |= subject.endsWith("is gone");
  }

  /** A mail was sent, whether its sender noticed or not. */
  void mailSent(String to, String body) {
    ClusterId id = cluster(body);
    checkBound("mails of a cluster in an hour", another(known(id).mails), MAX_MAILS_PER_HOUR, id);
    checkBound(
        "mails to an owner in an hour",
        another(mailsTo.computeIfAbsent(to, _ -> new ArrayList<>())),
        (long) MAX_MAILS_PER_HOUR * limits.clusters(),
        to);
  }

  /** The number of mails within the last hour, including this one. */
  private int another(List<Long> sent) {
    long hourAgo = scheduler.now() - Duration.ofHours(1).toMillis();
    sent.removeIf(at -> at < hourAgo);
    sent.add(scheduler.now());
    return sent.size();
  }

  private static ClusterId cluster(String body) {
    int at = body.lastIndexOf("Its id is ");
    return new ClusterId(body.substring(at + 10, at + 46));
  }

  /** The number of records, including unreadable ones. */
  int onRecord() {
    long readable = clusters.values().stream().filter(known -> known.onRecord != null).count();
    return (int) readable + mustStay.size();
  }

  /**
   * An invocation of the sweep ended.
   *
   * @param records the number of records when it began
   */
  void worked(Invocation invocation, int records) {
    int swept = Math.max(records, onRecord());
    checkBound(
        "calls of a sweep for a record",
        Math.ceilDiv(Math.max(0, invocation.calls - MAX_CALLS_PER_SWEEP), Math.max(1, swept)),
        MAX_CALLS_PER_CLUSTER,
        invocation.what);
  }

  /** The report of a sweep. Only AWS may make it fail for a cluster. */
  void swept(String report) {
    try {
      for (JsonNode why : MAPPER.readTree(report).path("failed")) {
        check(
            why.asText().startsWith("io.eksphemeral.control.StoreException")
                || why.asText().startsWith("io.eksphemeral.control.TaskRunnerException"),
            "P4: a sweep fails only because of AWS",
            why::asText);
      }
    } catch (JsonProcessingException e) {
      check(false, "an answer makes sense", () -> report);
    }
  }

  /** A function failed without being killed. */
  void threw(RuntimeException failure) {
    check(
        failure instanceof StoreException,
        "P4: a sweep fails only because of AWS",
        failure::toString);
  }

  // --- responses

  /** A caller got a response. */
  void answered(Invocation invocation, int status, String body) {
    check(
        isTooMuch(invocation.action)
            ? Set.of(400, 503).contains(status)
            : Set.of(200, 202, 404, 409, 422, 503).contains(status)
                || (status == 400 && isTooLate(invocation)),
        "an answer makes sense",
        () -> "%s was answered with %d %s".formatted(invocation.action, status, body));
    if (status == 404) {
      notFound(invocation);
    }
    if (status >= 300) {
      return;
    }
    JsonNode answer;
    try {
      answer = MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      check(false, "an answer makes sense", () -> String.valueOf(body));
      return;
    }
    switch (invocation.action) {
      case UserAction.Create create -> created(create, answer);
      case UserAction.Prolong _ -> prolonged(invocation, answer);
      case UserAction.Destroy _ -> destroyed(answer);
      case UserAction.GetStatus query -> {
        String id = answer.at("/status/id").asText();
        check(
            id.isEmpty()
                || id.equals(query.idOrName())
                || answer.path("name").asText().equals(query.idOrName()),
            "an answer makes sense",
            () -> "%s was answered with %s".formatted(query, answer));
        shown(answer, invocation.begun);
      }
      case UserAction.ListClusters _ -> allShown(answer, invocation.begun);
      case UserAction.ListIds _ -> idsShown(answer, invocation.begun);
      case null, default -> {}
    }
  }

  /** The moment at which the cluster should expire had passed. */
  private boolean isTooLate(Invocation invocation) {
    return invocation.action instanceof UserAction.Create create
        && create.namesMoment()
        && !now().plus(slack).isBefore(create.until());
  }

  private boolean isTooMuch(@Nullable UserAction action) {
    return action instanceof UserAction.Create create
        && (create.workers() > limits.workers() || create.minutes() > limits.minutes());
  }

  /** The archive is written before a record is removed, so a cluster is found at any time. */
  private void notFound(Invocation invocation) {
    String which =
        switch (invocation.action) {
          case UserAction.GetStatus query -> query.idOrName();
          case UserAction.Prolong prolong -> prolong.cluster().value();
          case UserAction.Destroy destroy -> destroy.idOrName();
          case null, default -> "";
        };
    ClusterId.parse(which)
        .ifPresent(id ->
            check(
                known(id).stood(null, invocation.begun) && known(id).archivedAt >= invocation.begun,
                "P6: nothing acknowledged is lost",
                () -> id + " is said not to be there"));
  }

  private void created(UserAction.Create create, JsonNode answer) {
    check(
        answer.at("/status/id").asText().equals(create.key().value())
            && answer.path("name").asText().equals(create.name())
            && answer.path("numworkers").asInt() == create.workers()
            && answer.at("/status/createdby").asText().equals(UserAction.arn(create.who())),
        "P7: the same key is the same cluster",
        () -> "%s was answered with %s".formatted(create, answer));
    ExpectedState known = known(create.key());
    known.isAcknowledged = true;
    check(
        known.onRecord != null || known.archived != null,
        "P6: nothing acknowledged is lost",
        () -> "%s was acknowledged and is nowhere".formatted(create.key()));
  }

  private void prolonged(Invocation invocation, JsonNode answer) {
    String expires = answer.at("/status/expires").asText();
    GrantedLifetime told =
        new GrantedLifetime(
            new ClusterId(answer.at("/status/id").asText()),
            answer.at("/status/lifetime").asInt(),
            expires.isEmpty() ? null : Instant.parse(expires));
    // A call without effect writes nothing; other calls may have changed it again.
    boolean stoodSo = known(told.cluster()).granted(told, invocation.begun);
    check(
        invocation.granted.contains(told) || stoodSo,
        "P6: nothing acknowledged is lost",
        () ->
            "%s was told %s, and it wrote %s"
                .formatted(invocation.action, told, invocation.granted));
  }

  private void destroyed(JsonNode answer) {
    ClusterId id = new ClusterId(answer.at("/status/id").asText());
    Cluster cluster = known(id).onRecord;
    check(
        cluster == null || cluster.isTerminating(),
        "P6: nothing acknowledged is lost",
        () ->
            "the end of %s was acknowledged, and it is %s"
                .formatted(id, cluster == null ? "" : cluster.state().text()));
  }

  private void shown(JsonNode record, long since) {
    String id = record.at("/status/id").asText();
    String state = record.at("/status/state").asText();
    if (id.isEmpty() || state.equals("unreadable")) {
      return;
    }
    ExpectedState known = known(new ClusterId(id));
    boolean isTrue = state.equals("gone") && known.archived != null;
    for (State one : State.values()) {
      isTrue |= one.text().equals(state) && known.stood(one, since);
    }
    check(
        isTrue,
        "the status never shows what is not so",
        () -> "%s is shown as %s, and it was %s".formatted(id, state, known.moments));
  }

  private void allShown(JsonNode records, long since) {
    Set<String> ids = new HashSet<>();
    for (JsonNode record : records) {
      shown(record, since);
      ids.add(record.at("/status/id").asText());
    }
    checkComplete(ids, since);
  }

  private void idsShown(JsonNode answer, long since) {
    Set<String> ids = new HashSet<>();
    answer.forEach(id -> ids.add(id.asText()));
    checkComplete(ids, since);
    for (String id : ids) {
      ExpectedState known = known(new ClusterId(id));
      boolean isOthers =
          known.moments.isEmpty() || known.mayTakeUntil >= since; // added by the simulation
      check(
          isOthers || Stream.of(State.values()).anyMatch(state -> known.stood(state, since)),
          "the status never shows what is not so",
          () -> "%s is shown, and it was %s".formatted(id, known.moments));
    }
  }

  private void checkComplete(Set<String> ids, long since) {
    clusters.forEach((id, known) ->
        check(
            ids.contains(id.value()) || known.stood(null, since),
            "the status shows all that is there",
            () -> "%s is not shown".formatted(id)));
  }

  // --- the end

  /** Whether everything is over. */
  boolean isAllOver(StoredObjects objects) {
    return clusters.values().stream().allMatch(known -> known.onRecord == null)
        && account.owned().isEmpty()
        && !tasks.isAnyRunning()
        && objects.all().subMap(StoreKeys.CLAIMS, StoreKeys.CLAIMS + "\uffff").isEmpty();
  }

  /** Checks what must be true at the end. */
  void checkAtTheEnd(StoredObjects objects) {
    clusters.forEach((id, known) -> {
      check(
          known.onRecord == null,
          "P1: nothing is immortal",
          () ->
              "%s is still on record, %s"
                  .formatted(id, known.onRecord == null ? "" : known.onRecord.state().text()));
      check(
          account.of(id).isEmpty(),
          "P1: nothing is immortal",
          () -> "%s still has %s".formatted(id, account.of(id)));
      check(
          tasks.of(id).stream().allMatch(EcsTasks.Task::isOver),
          "P1: nothing is immortal",
          () -> "a task of %s still runs".formatted(id));
      check(
          !known.isAcknowledged || known.archived != null,
          "P6: nothing acknowledged is lost",
          () -> "%s was acknowledged and is not in the archive".formatted(id));
    });
    check(
        objects.all().subMap(StoreKeys.CLAIMS, StoreKeys.CLAIMS + "\uffff").isEmpty(),
        "P1: no name stays claimed forever",
        () -> String.valueOf(objects.all().subMap(StoreKeys.CLAIMS, StoreKeys.CLAIMS + "\uffff")));
    mustStay.forEach((key, text) ->
        check(
            objects.get(key).filter(text::equals).isPresent(),
            "foreign objects are not changed",
            () -> "%s is %s".formatted(key, objects.get(key))));
  }

  /** The longest time from an expiry, or the last fault, until a cluster was gone. */
  long latestEnd() {
    return latestEnd;
  }
}
