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
 * Holds a world to the promises of the design, after every change of what is stored, of what runs,
 * and of what there is in AWS. It knows what only the whole world knows, and of the code's own
 * rules the table of transitions and what records look like.
 */
final class InvariantChecker {
  /**
   * How long after its end, or after something last went wrong, a cluster is gone: a task that
   * hangs is given up after 45 or 60 minutes, one that nobody knows after 60, and between two
   * attempts are 60 at the most.
   */
  static final Duration GONE_WITHIN = Duration.ofHours(3);

  /** How far a clock is wrong at the most, twice: two may be. */
  private static final Duration CLOCKS_DIFFER_BY = Duration.ofSeconds(11);

  /** The same where nothing goes wrong: a cluster's own things, each for some minutes. */
  private static final Duration GONE_QUIETLY_WITHIN = Duration.ofMinutes(45);

  /**
   * How long after its end destroying a cluster begins there: the notice may have to come first.
   */
  private static final Duration DESTROYED_WITHIN = Duration.ofMinutes(11);

  /**
   * The same where the expiry was moved after a notice: the next one may have to wait for its time,
   * and so for another sweep.
   */
  private static final Duration MOVED_DESTROYED_WITHIN = Duration.ofMinutes(16);

  /** The longest record, in bytes, with all that can come again in these worlds. */
  private static final int LONGEST_RECORD = 16 * 1024;

  private static final Duration NOTICES_APART = Duration.ofMinutes(5);

  /**
   * How many mails of a cluster go out within an hour at most: notices, one of each other kind, and
   * some more than once, since nobody heard that they went out.
   */
  private static final int MAILS_AN_HOUR = 12 + 4 + 4;

  /** How many calls of AWS a sweep takes at most: for itself, and for each cluster. */
  private static final int CALLS_OF_A_SWEEP = 20;

  private static final int CALLS_PER_CLUSTER = 30;

  private static final Duration NOTICE_BEFORE = Duration.ofMinutes(1);
  private static final DateTimeFormatter TO_THE_MINUTE =
      DateTimeFormatter.ofPattern("HH:mm 'UTC on' d MMMM yyyy", Locale.ENGLISH)
          .withZone(ZoneOffset.UTC);
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** A promise that was broken, and how. */
  record Broken(String promise, String how) {}

  /** A life-time that somebody was granted. */
  record Granted(ClusterId cluster, int lifetime, @Nullable Instant expires) {}

  /** How a cluster's record stood from some time on; null where there was none. */
  private record Moment(long from, @Nullable State state) {}

  /** What a cluster's record granted from some time on. */
  private record Grant(long from, Granted granted) {}

  /** A notice that was tried. */
  private record Notice(long at, String body) {}

  /** All that is known of one cluster. */
  private static final class ExpectedState {
    final List<Moment> moments = new ArrayList<>();
    final List<Grant> grants = new ArrayList<>();
    final List<Notice> notices = new ArrayList<>();
    final List<Long> mails = new ArrayList<>();
    final Map<Instant, Set<Invocation>> noticesBegun = new HashMap<>();
    @Nullable Cluster onRecord;
    @Nullable Cluster archived;
    long lastEnd;
    long endMoved;
    boolean isEndTold;
    long mayTakeUntil;
    boolean wasLaunched;
    boolean wasAdmitted;
    boolean isAcknowledged;
    long archivedAt = Long.MAX_VALUE;
    boolean isFailureTold;
    int creations;
    @Nullable String addedField;
    Instant readied = Simulation.START;

    /** What was last written of it. */
    @Nullable Cluster lastWritten() {
      return onRecord == null ? archived : onRecord;
    }

    @Nullable State stateNow() {
      return moments.isEmpty() ? null : moments.getLast().state();
    }

    /** Whether it stood so at some time from then on. */
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

    /** Whether its record granted this at some time from then on. */
    boolean granted(Granted granted, long since) {
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

  private final DeterministicScheduler strands;
  private final EcsTasks tasks;
  private final Account account;
  private final Limits limits;
  private final Map<ClusterId, ExpectedState> clusters = new LinkedHashMap<>();
  private final Map<String, String> mustStay = new HashMap<>();
  private final Map<String, Long> transitions = new TreeMap<>();
  private final Map<String, List<Long>> mailsTo = new HashMap<>();
  private final Map<String, Long> most = new TreeMap<>();
  private final FaultInjector troubles;
  private final Duration slack;
  private final boolean isQuiet;
  private int lives;
  private long latestEnd;
  private @Nullable Broken broken;

  /**
   * Nothing has happened yet.
   *
   * @param plan of which is known whether anything goes wrong, and whether clocks do
   */
  InvariantChecker(
      DeterministicScheduler strands,
      EcsTasks tasks,
      Account account,
      FaultInjector troubles,
      Limits limits,
      Plan plan) {
    this.strands = strands;
    this.tasks = tasks;
    this.account = account;
    this.troubles = troubles;
    this.limits = limits;
    slack = plan.clocksDiffer() ? CLOCKS_DIFFER_BY : Duration.ZERO;
    isQuiet = plan.isQuiet();
  }

  @Nullable Broken broken() {
    return broken;
  }

  /** How many clusters were launched. */
  int lives() {
    return lives;
  }

  /** How often each transition was made, as {@code creating -> ready}. */
  Map<String, Long> transitions() {
    return transitions;
  }

  private void hold(boolean isKept, String promise, Supplier<String> how) {
    if (!isKept && broken == null && !strands.isOver()) {
      broken = new Broken(promise, how.get());
    }
  }

  private ExpectedState known(ClusterId id) {
    return clusters.computeIfAbsent(id, _ -> new ExpectedState());
  }

  private Instant now() {
    return Simulation.time(strands.now());
  }

  // --- what is stored

  /** Something in the bucket changed. */
  void changed(String key, @Nullable String after, @Nullable Invocation by) {
    String protectedText = mustStay.get(key);
    Optional<ClusterId> broken = protectedText == null ? Optional.empty() : destroyedById(key, by);
    if (broken.isPresent() && after != null) {
      unprotect(key);
      recovered(broken.get(), after);
      return;
    }
    hold(
        protectedText == null || by == null || protectedText.equals(after),
        "what is not ours is left alone",
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
      hold(now != null, "a record can always be read", () -> "%s: %s".formatted(key, after));
      if (now != null) {
        written(known, now, after, by);
      }
    }
  }

  /** Whose record a key is, if a call by that id is to destroy its cluster. */
  private static Optional<ClusterId> destroyedById(String key, @Nullable Invocation by) {
    return StoreKeys.recordId(key)
        .filter(id ->
            by != null
                && by.act instanceof UserAction.Destroy destroy
                && destroy.idOrName().equals(id.value()));
  }

  /** A record that could not be read was written anew, so that its cluster can be destroyed. */
  private void recovered(ClusterId id, String text) {
    ExpectedState known = known(id);
    Cluster now = cluster(id, text);
    hold(
        now != null && now.isTerminating(),
        "P1: a cluster whose record cannot be read is destroyed by its id",
        () -> "%s: %s".formatted(id, text));
    known.onRecord = now;
    known.addedField = null;
    known.wasAdmitted = true;
    known.isEndTold |= known.archived != null;
    known.lastEnd = strands.now();
    if (now != null) {
      known.moments.add(new Moment(strands.now(), now.state()));
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
          hold(
              text != null,
              "P3: what is gone stays known",
              () -> "%s left the archive".formatted(id));
          if (text != null) {
            known.archived = cluster(id, text);
            known.archivedAt = Math.min(known.archivedAt, strands.now());
            hold(
                known.archived != null && known.archived.state() == State.GONE,
                "P3: only what is gone is in the archive",
                () -> "%s: %s".formatted(id, text));
            hold(
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
    known.moments.add(new Moment(strands.now(), null));
    if (last == null) {
      return;
    }
    if (!known.wasAdmitted) {
      hold(
          !known.wasLaunched,
          "P1: what was launched is on record",
          () -> "%s was withdrawn".formatted(id));
      return;
    }
    hold(
        last.state() == State.GONE && known.archived != null,
        "P3: a record goes only after proof, and into the archive",
        () ->
            "%s was %s, and %s in the archive"
                .formatted(id, last.state().text(), known.archived == null ? "is not" : "is"));
    hold(
        account.of(id).isEmpty(),
        "P3: a record goes only after proof",
        () -> "%s still has %s".formatted(id, account.of(id)));
    hold(
        tasks.of(id).stream().noneMatch(task -> task.works),
        "P1: what a task works on is on record",
        () -> "%s went while a task worked".formatted(id));
    long late =
        strands.now() - Math.max(Math.max(known.lastEnd, known.mayTakeUntil), troubles.last());
    latestEnd = Math.max(latestEnd, late);
    hold(
        late <= (isQuiet ? GONE_QUIETLY_WITHIN : GONE_WITHIN).toMillis(),
        "P1: nothing is immortal",
        () -> "%s was gone %d minutes late".formatted(id, late / 60_000));
    hold(
        known.isEndTold || MailAddress.isReserved(last.spec().owner()),
        "P4: people hear of the end",
        () -> "nobody was told of the end of %s".formatted(id));
  }

  private void written(ExpectedState known, Cluster now, String text, Invocation by) {
    Cluster before = known.onRecord;
    known.onRecord = now;
    Granted granted = new Granted(now.id(), now.lifetime(), now.expires());
    if (known.grants.isEmpty() || !known.grants.getLast().granted().equals(granted)) {
      known.grants.add(new Grant(strands.now(), granted));
    }
    if (known.stateNow() != now.state()) {
      known.moments.add(new Moment(strands.now(), now.state()));
    }
    holdSize(now);
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    holdBound("bytes in a record", bytes, LONGEST_RECORD, now.id());
    if (before == null) {
      known.lastEnd = strands.now();
      hold(
          known.archived == null,
          "P7: a cluster lives once",
          () -> "%s was archived, and is on record again".formatted(now.id()));
      hold(
          now.state() == State.CREATING && now.tasks().isEmpty(),
          "P10: a cluster is on record before it is admitted",
          () -> String.valueOf(text));
      for (Transition step : now.history()) {
        count("- -> " + step.to().text());
      }
      return;
    }
    hold(
        known.addedField == null || text.contains(known.addedField),
        "what a newer version added survives",
        () -> "%s lost %s".formatted(now.id(), known.addedField));
    hold(
        now.failures() < 5 || known.isFailureTold,
        "P4: people hear of a failure",
        () -> "%s failed %d times".formatted(now.id(), now.failures()));
    holdHistory(before, now, by);
    holdTasksAndMails(before, now, known, by);
    holdEnd(before, now, by);
    if (isMoved(before, now)) {
      known.endMoved = strands.now();
      by.granted.add(new Granted(now.id(), now.lifetime(), now.expires()));
    }
    if (!mayBeBuilt(before) && mayBeBuilt(now)) {
      holdLimits(now);
    }
    known.wasAdmitted |= now.isAdmitted();
    Instant expires = now.expires();
    if (expires != null) {
      known.lastEnd = Duration.between(Simulation.START, expires).toMillis();
    }
  }

  /** How far what callers can repeat ever came. */
  Map<String, Long> most() {
    return most;
  }

  /** Something that callers can repeat came so far, and may come no further than that. */
  private void holdBound(String what, long value, long bound, Object whose) {
    most.merge(what, value, Math::max);
    hold(
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

  /** How many changes of its expiry there have been. */
  private static int changes(Cluster cluster) {
    List<Transition> kept = cluster.expiryChanges();
    return kept.size() + kept.stream().mapToInt(Transition::earlier).sum();
  }

  private void holdHistory(Cluster before, Cluster now, Invocation by) {
    List<Transition> steps = states(now);
    int old = states(before).size();
    hold(
        steps.size() >= old && steps.subList(0, old).equals(states(before)),
        "P6: nothing acknowledged is lost",
        () -> "the history of %s was %s and is %s".formatted(now.id(), before.history(), steps));
    State last = before.state();
    for (Transition step : steps.subList(Math.min(old, steps.size()), steps.size())) {
      State from = last;
      count(from.text() + " -> " + step.to().text());
      hold(
          from.next().contains(step.to()),
          "the table of transitions holds",
          () -> "%s went from %s to %s".formatted(now.id(), from.text(), step.to().text()));
      boolean isAsked = step.why().startsWith("requested by ");
      hold(
          isAsked
              ? Samples.ALICE.equals(step.by()) && isAskedToEnd(by, now)
              : Transition.CONTROL_PLANE.equals(step.by()),
          "P14: each change has its author",
          () -> "%s: %s".formatted(now.id(), step));
      last = step.to();
    }
    hold(last == now.state(), "the history tells the state", () -> String.valueOf(now));
    holdChanges(before, now, by);
  }

  /** P14: whoever moves an end is known by name, with how far. */
  private void holdChanges(Cluster before, Cluster now, Invocation by) {
    int made = changes(now) - changes(before);
    boolean isMoved = isMoved(before, now) && (before.ready() != null || now.ready() == null);
    hold(
        made == (isMoved ? 1 : 0),
        "P14: each change has its author",
        () ->
            "the history of %s was %s and is %s"
                .formatted(now.id(), before.history(), now.history()));
    if (made == 1 && by.act instanceof UserAction.Prolong prolong) {
      Transition change = now.expiryChanges().getLast();
      hold(
          change.minutes() == prolong.minutes()
              && UserAction.arn(prolong.who()).equals(change.by()),
          "P14: each change has its author",
          () -> "%s: %s by %s".formatted(now.id(), prolong, change));
    }
  }

  private void holdTasksAndMails(Cluster before, Cluster now, ExpectedState known, Invocation by) {
    for (Task task : before.tasks()) {
      hold(
          now.tasks().stream()
              .anyMatch(later ->
                  later.kind() == task.kind()
                      && later.attempt() == task.attempt()
                      && (!task.isOver() || later.equals(task))),
          "P6: nothing acknowledged is lost",
          () -> "%s lost %s".formatted(now.id(), task));
    }
    for (Task task : now.tasks()) {
      hold(
          !task.isOver()
              || tasks.of(now.id()).stream()
                  .noneMatch(
                      one -> one.works && one.kind == task.kind() && one.attempt == task.attempt()),
          "P7: no task is given up while it works",
          () -> "%s of %s".formatted(task, now.id()));
    }
    for (Notification mail : before.notifications()) {
      hold(
          mail.delivery() != Delivery.SENT
              || mail.topic() == Topic.NOTICE // of which the latest are kept
              || now.notification(mail.topic(), mail.about())
                  .filter(later -> later.delivery() == Delivery.SENT)
                  .isPresent(),
          "P6: nothing acknowledged is lost",
          () -> "%s lost that %s was sent".formatted(now.id(), mail));
    }
    for (Notification mail : now.notifications()) {
      if (mail.topic() == Topic.NOTICE
          && mail.delivery() == Delivery.SENDING
          && !before.notifications().contains(mail)) {
        known.noticesBegun.computeIfAbsent(mail.about(), _ -> new HashSet<>()).add(by);
        hold(
            before.notifications().stream()
                .filter(other -> other.topic() == Topic.NOTICE)
                .noneMatch(
                    other -> mail.last().isBefore(other.last().plus(NOTICES_APART).minus(slack))),
            "P13: two notices are minutes apart",
            () -> "%s after %s".formatted(mail, before.notifications()));
      }
    }
  }

  private void holdEnd(Cluster before, Cluster now, Invocation by) {
    boolean becameReady = before.ready() == null && now.ready() != null;
    if (isMoved(before, now) && !becameReady) {
      boolean isAsked =
          by.act instanceof UserAction.Prolong asked && asked.cluster().equals(now.id());
      hold(
          isAsked,
          "P6: nothing acknowledged is lost",
          () ->
              "the end of %s was moved from %s to %s, which nobody asked for"
                  .formatted(now.id(), before.expires(), now.expires()));
      if (by.act instanceof UserAction.Prolong prolong) {
        holdProlonged(before, now, prolong.minutes(), Simulation.time(by.begun));
      }
    }
    Instant ready = now.ready();
    hold(
        !becameReady || now.lifetime() == before.lifetime(),
        "P6: nothing acknowledged is lost",
        () ->
            "%s had %d minutes, and became ready with %d"
                .formatted(now.id(), before.lifetime(), now.lifetime()));
    if (becameReady && ready != null) {
      hold(
          ready.plus(Duration.ofMinutes(now.lifetime())).equals(now.expires())
              && !ready.isBefore(known(now.id()).readied.minus(slack)),
          "P2: a cluster has its time, from when it can be used",
          () ->
              "%s was built at %s, ready at %s, and ends at %s"
                  .formatted(now.id(), known(now.id()).readied, ready, now.expires()));
    }
    if (before.state() == State.READY && now.state() == State.DESTROYING) {
      if (isAskedToEnd(by, now)) {
        return;
      }
      Instant expires = before.expires();
      hold(
          expires != null && !now().isBefore(expires.minus(slack)),
          "P2: nothing is destroyed early",
          () -> "%s ends at %s".formatted(now.id(), expires));
      if (expires != null) {
        holdNotice(before, expires);
        long due =
            Math.max(
                known(now.id()).endMoved, Duration.between(Simulation.START, expires).toMillis());
        hold(
            !isQuiet
                || strands.now() - due
                    <= (before.expiryChanges().isEmpty()
                            ? DESTROYED_WITHIN
                            : MOVED_DESTROYED_WITHIN)
                        .toMillis(),
            "P1: nothing is immortal",
            () -> "%s ended at %s and was left alone".formatted(now.id(), expires));
      }
    } else if (before.state() == State.CREATING && now.state() == State.DESTROYING) {
      hold(
          isAskedToEnd(by, now),
          "P2: nothing is destroyed early",
          () -> "%s was being created, and nobody asked".formatted(now.id()));
    } else if (before.state() == State.CREATING && now.state() == State.CREATE_FAILED) {
      hold(
          tasks.of(now.id()).stream().noneMatch(task -> task.works),
          "P2: no creation is given up while it works",
          () -> String.valueOf(now.id()));
    } else if (before.state() == State.DESTROY_FAILED && now.state() == State.DESTROYING) {
      Instant failed = before.since(State.DESTROY_FAILED).orElseThrow();
      Duration pause = Duration.ofMinutes(Math.min(60, 5L << Math.min(before.failures() - 1, 4)));
      hold(
          isAskedToEnd(by, now) || !now().isBefore(failed.plus(pause).minus(slack)),
          "P4: between two attempts is a pause",
          () -> "%s failed at %s".formatted(now.id(), failed));
    }
  }

  private static boolean isAskedToEnd(Invocation by, Cluster cluster) {
    return by.act instanceof UserAction.Destroy destroy
        && (destroy.idOrName().equals(cluster.id().value())
            || destroy.idOrName().equals(cluster.name()));
  }

  private void holdProlonged(Cluster before, Cluster now, int minutes, Instant begun) {
    Instant old = before.expires();
    Instant end = now.expires();
    if (old == null || end == null) {
      hold(
          now.lifetime() == before.lifetime() + minutes,
          "P6: nothing acknowledged is lost",
          () ->
              "%s had %d minutes, got %d, and has %d"
                  .formatted(now.id(), before.lifetime(), minutes, now.lifetime()));
      return;
    }
    hold(
        !end.isBefore(prolonged(old, minutes, begun).minus(slack))
            && !end.isAfter(prolonged(old, minutes, now()).plus(slack)),
        "P6: nothing acknowledged is lost",
        () ->
            "%s ended at %s, got %d minutes, and ends at %s"
                .formatted(now.id(), old, minutes, end));
  }

  private static boolean isMoved(Cluster before, Cluster now) {
    return before.lifetime() != now.lifetime() || !Objects.equals(before.expires(), now.expires());
  }

  /** Where an end comes to if it is moved at some time. */
  private static Instant prolonged(Instant old, int minutes, Instant at) {
    Instant from = minutes > 0 && old.isBefore(at) ? at : old;
    Instant wanted = from.plus(Duration.ofMinutes(minutes));
    Instant earliest = from.isBefore(at) ? from : at;
    return wanted.isBefore(earliest) ? earliest : wanted;
  }

  /** P5: it was tried, or whoever was about to try died at it each time. */
  private void holdNotice(Cluster cluster, Instant expires) {
    if (MailAddress.isReserved(cluster.spec().owner())) {
      return;
    }
    ExpectedState known = known(cluster.id());
    long latest = strands.now() - NOTICE_BEFORE.minus(slack).toMillis();
    String end = TO_THE_MINUTE.format(expires);
    boolean isTried =
        known.notices.stream()
            .anyMatch(notice ->
                notice.at() <= latest
                    && notice.at() >= known.endMoved - slack.toMillis()
                    && notice.body().contains(end));
    boolean diedAtIt =
        known.noticesBegun.getOrDefault(expires, Set.of()).size() >= 2
            && cluster
                .notification(Topic.NOTICE, expires)
                .filter(notice -> notice.delivery() == Delivery.FAILED)
                .isPresent();
    hold(
        isTried || diedAtIt,
        "P5: a notice is tried a minute before the end",
        () -> "%s ended at %s".formatted(cluster.id(), expires));
  }

  /** One whose end is asked for before it is admitted has never been more than a record. */
  private static boolean mayBeBuilt(Cluster cluster) {
    return cluster.tasks().stream().anyMatch(task -> task.kind() == TaskKind.CREATE);
  }

  private void holdSize(Cluster cluster) {
    Instant ready = cluster.ready();
    Instant end = cluster.expires();
    hold(
        cluster.spec().numworkers() <= limits.workers(),
        "P10: no cluster has more workers than one may",
        () -> String.valueOf(cluster));
    hold(
        cluster.lifetime() <= limits.minutes()
            && (ready == null
                || end == null
                || !end.isAfter(ready.plus(Duration.ofMinutes(limits.minutes())))),
        "P10: no cluster lives longer than one may",
        () -> String.valueOf(cluster));
  }

  private void holdLimits(Cluster admitted) {
    List<Cluster> all =
        clusters.values().stream()
            .map(known -> known.onRecord)
            .filter(Objects::nonNull)
            .map(Cluster.class::cast)
            .filter(InvariantChecker::mayBeBuilt)
            .toList();
    hold(
        all.size() <= limits.clusters(),
        "P10: there are never more clusters than may be",
        () -> "with %s there are %d".formatted(admitted.id(), all.size()));
    long own =
        all.stream()
            .filter(other -> other.createdBy().equals(admitted.createdBy()))
            .filter(other -> !mustStay.containsKey(StoreKeys.record(other.id()))) // unreadable
            .count();
    hold(
        own <= limits.clustersPerCaller(),
        "P10: nobody has more clusters than one may",
        () -> "with %s there are %d of %s".formatted(admitted.id(), own, admitted.createdBy()));
    hold(
        all.stream().filter(other -> other.name().equals(admitted.name())).count() == 1,
        "P6: a name is one cluster's",
        () -> "%s is another's, too".formatted(admitted.name()));
  }

  /** From now on this must stay as it is, whatever we do. */
  void protect(String key, String text) {
    mustStay.put(key, text);
  }

  void unprotect(String key) {
    mustStay.remove(key);
  }

  /** From now on this must be in all that is written of a cluster. */
  void fieldAdded(ClusterId id, String field) {
    known(id).addedField = field;
  }

  /** Until then something is wrong with this one. */
  void mayTakeUntil(ClusterId id, long until) {
    known(id).mayTakeUntil = Math.max(known(id).mayTakeUntil, until);
  }

  // --- what runs, and what there is

  /**
   * A task was launched: perhaps by a call that took so long that its cluster is gone by now; then
   * the task's fence keeps it from working.
   *
   * @param startedBy by what it will be found
   */
  void launched(EcsTasks.Task task, String startedBy) {
    ExpectedState known = known(task.cluster);
    Cluster cluster = known.lastWritten();
    hold(
        startedBy.equals(task.cluster.value())
            && cluster != null
            && cluster.name().equals(task.name),
        "P2: a task is told its own cluster, and no other",
        () -> "%s of %s for %s".formatted(task.token, task.name, startedBy));
    hold(
        cluster != null && cluster.isAdmitted(),
        "P10: nothing is launched that was not admitted",
        () -> String.valueOf(task.token));
    if (!known.wasLaunched) {
      known.wasLaunched = true;
      lives++;
    }
    if (task.kind == TaskKind.DESTROY) {
      hold(
          cluster != null && cluster.isTerminating(),
          "P2: nothing is destroyed early",
          () -> "%s was launched".formatted(task.token));
    }
  }

  /** A task is past its fence. */
  void begins(EcsTasks.Task task) {
    ExpectedState known = known(task.cluster);
    hold(
        known.onRecord != null,
        "P1: what a task works on is on record",
        () -> "%s begins, and nothing is on record".formatted(task.token));
    hold(
        tasks.of(task.cluster).stream().noneMatch(other -> other != task && other.works),
        "P7: never do two tasks of a cluster work at a time",
        () -> "%s begins beside another".formatted(task.token));
    if (task.kind == TaskKind.CREATE) {
      hold(++known.creations == 1, "P7: a cluster is built once", () -> String.valueOf(task.token));
    }
  }

  /** All of a cluster is there. */
  void built(ClusterId id) {
    known(id).readied = now();
  }

  void isAboutToRemove(Resource resource, EcsTasks.Task task) {
    Cluster cluster = known(task.cluster).onRecord;
    hold(
        cluster != null && cluster.isTerminating(),
        "P2: nothing is destroyed early",
        () -> "%s is removed by %s".formatted(resource, task.token));
  }

  void mailTried(String subject, String body, @Nullable Invocation by) {
    ExpectedState known = known(cluster(body));
    hold(
        by != null && (by.what == What.SWEEP || by.what == What.NEWS),
        "P13: a caller's request sends no mail",
        () -> "%s by %s".formatted(subject, by == null ? "nobody" : by.what));
    if (subject.endsWith("is about to be destroyed")) {
      known.notices.add(new Notice(strands.now(), body));
    }
    known.isFailureTold |= subject.contains("could not be destroyed");
    known.isEndTold |= subject.endsWith("is gone");
  }

  /** A mail went out, whether or not whoever sent it heard of that. */
  void mailSent(String to, String body) {
    ClusterId id = cluster(body);
    holdBound("mails of a cluster in an hour", another(known(id).mails), MAILS_AN_HOUR, id);
    holdBound(
        "mails to an owner in an hour",
        another(mailsTo.computeIfAbsent(to, _ -> new ArrayList<>())),
        (long) MAILS_AN_HOUR * limits.clusters(),
        to);
  }

  /** How many there were within the last hour, with this one. */
  private int another(List<Long> sent) {
    long hourAgo = strands.now() - Duration.ofHours(1).toMillis();
    sent.removeIf(at -> at < hourAgo);
    sent.add(strands.now());
    return sent.size();
  }

  private static ClusterId cluster(String body) {
    int at = body.lastIndexOf("Its id is ");
    return new ClusterId(body.substring(at + 10, at + 46));
  }

  /** How many records there are, whether or not they can be read. */
  int onRecord() {
    long readable = clusters.values().stream().filter(known -> known.onRecord != null).count();
    return (int) readable + mustStay.size();
  }

  /**
   * An invocation of the sweep came to an end.
   *
   * @param records how many there were when it began
   */
  void worked(Invocation invocation, int records) {
    int swept = Math.max(records, onRecord());
    holdBound(
        "calls of a sweep for a record",
        Math.ceilDiv(Math.max(0, invocation.calls - CALLS_OF_A_SWEEP), Math.max(1, swept)),
        CALLS_PER_CLUSTER,
        invocation.what);
  }

  /** What a sweep says of itself. Only AWS may keep it from a cluster. */
  void swept(String report) {
    try {
      for (JsonNode why : MAPPER.readTree(report).path("failed")) {
        hold(
            why.asText().startsWith("io.eksphemeral.control.StoreException")
                || why.asText().startsWith("io.eksphemeral.control.TaskRunnerException"),
            "P4: a sweep fails at nothing but AWS",
            why::asText);
      }
    } catch (JsonProcessingException e) {
      hold(false, "an answer makes sense", () -> report);
    }
  }

  /** A function failed, which was not killed. */
  void threw(RuntimeException failure) {
    hold(
        failure instanceof StoreException,
        "P4: a sweep fails at nothing but AWS",
        failure::toString);
  }

  // --- what people hear

  /**
   * Somebody got an answer.
   *
   * @param invocation the one that it is the answer of
   */
  void answered(Invocation invocation, int status, String body) {
    hold(
        isTooMuch(invocation.act)
            ? Set.of(400, 503).contains(status)
            : Set.of(200, 202, 404, 409, 422, 503).contains(status),
        "an answer makes sense",
        () -> "%s was answered with %d %s".formatted(invocation.act, status, body));
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
      hold(false, "an answer makes sense", () -> String.valueOf(body));
      return;
    }
    switch (invocation.act) {
      case UserAction.Create create -> created(create, answer);
      case UserAction.Prolong _ -> prolonged(invocation, answer);
      case UserAction.Destroy _ -> destroyed(answer);
      case UserAction.Look look -> {
        String id = answer.at("/status/id").asText();
        hold(
            id.isEmpty()
                || id.equals(look.idOrName())
                || answer.path("name").asText().equals(look.idOrName()),
            "an answer makes sense",
            () -> "%s was answered with %s".formatted(look, answer));
        shown(answer, invocation.begun);
      }
      case UserAction.LookAtAll _ -> allShown(answer, invocation.begun);
      case UserAction.LookAtIds _ -> idsShown(answer, invocation.begun);
      case null, default -> {}
    }
  }

  private boolean isTooMuch(@Nullable UserAction act) {
    return act instanceof UserAction.Create create
        && (create.workers() > limits.workers() || create.minutes() > limits.minutes());
  }

  /** The archive is written before a record goes, so whoever is found was there all the time. */
  private void notFound(Invocation invocation) {
    String which =
        switch (invocation.act) {
          case UserAction.Look look -> look.idOrName();
          case UserAction.Prolong prolong -> prolong.cluster().value();
          case UserAction.Destroy destroy -> destroy.idOrName();
          case null, default -> "";
        };
    ClusterId.parse(which)
        .ifPresent(id ->
            hold(
                known(id).stood(null, invocation.begun) && known(id).archivedAt >= invocation.begun,
                "P6: nothing acknowledged is lost",
                () -> id + " is said not to be there"));
  }

  private void created(UserAction.Create create, JsonNode answer) {
    hold(
        answer.at("/status/id").asText().equals(create.key().value())
            && answer.path("name").asText().equals(create.name())
            && answer.path("numworkers").asInt() == create.workers()
            && answer.at("/status/createdby").asText().equals(UserAction.arn(create.who())),
        "P7: the same key is the same cluster",
        () -> "%s was answered with %s".formatted(create, answer));
    ExpectedState known = known(create.key());
    known.isAcknowledged = true;
    hold(
        known.onRecord != null || known.archived != null,
        "P6: nothing acknowledged is lost",
        () -> "%s was acknowledged and is nowhere".formatted(create.key()));
  }

  private void prolonged(Invocation invocation, JsonNode answer) {
    String expires = answer.at("/status/expires").asText();
    Granted told =
        new Granted(
            new ClusterId(answer.at("/status/id").asText()),
            answer.at("/status/lifetime").asInt(),
            expires.isEmpty() ? null : Instant.parse(expires));
    // One that changes nothing writes nothing; others may have changed it again by now.
    boolean stoodSo = known(told.cluster()).granted(told, invocation.begun);
    hold(
        invocation.granted.contains(told) || stoodSo,
        "P6: nothing acknowledged is lost",
        () ->
            "%s was told %s, and it wrote %s".formatted(invocation.act, told, invocation.granted));
  }

  private void destroyed(JsonNode answer) {
    ClusterId id = new ClusterId(answer.at("/status/id").asText());
    Cluster cluster = known(id).onRecord;
    hold(
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
    hold(
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
    holdComplete(ids, since);
  }

  private void idsShown(JsonNode answer, long since) {
    Set<String> ids = new HashSet<>();
    answer.forEach(id -> ids.add(id.asText()));
    holdComplete(ids, since);
    for (String id : ids) {
      ExpectedState known = known(new ClusterId(id));
      boolean isOthers = known.moments.isEmpty() || known.mayTakeUntil >= since; // put there
      hold(
          isOthers || Stream.of(State.values()).anyMatch(state -> known.stood(state, since)),
          "the status never shows what is not so",
          () -> "%s is shown, and it was %s".formatted(id, known.moments));
    }
  }

  private void holdComplete(Set<String> ids, long since) {
    clusters.forEach((id, known) ->
        hold(
            ids.contains(id.value()) || known.stood(null, since),
            "the status shows all that is there",
            () -> "%s is not shown".formatted(id)));
  }

  // --- at the end

  /** Whether nothing is left to wait for. */
  boolean isAllOver(StoredObjects objects) {
    return clusters.values().stream().allMatch(known -> known.onRecord == null)
        && account.ours().isEmpty()
        && !tasks.isAnyGoingOn()
        && objects.all().subMap(StoreKeys.CLAIMS, StoreKeys.CLAIMS + "\uffff").isEmpty();
  }

  /** Holds a world to what is to be true when all is over, or should be. */
  void holdAtTheEnd(StoredObjects objects) {
    clusters.forEach((id, known) -> {
      hold(
          known.onRecord == null,
          "P1: nothing is immortal",
          () ->
              "%s is still on record, %s"
                  .formatted(id, known.onRecord == null ? "" : known.onRecord.state().text()));
      hold(
          account.of(id).isEmpty(),
          "P1: nothing is immortal",
          () -> "%s still has %s".formatted(id, account.of(id)));
      hold(
          tasks.of(id).stream().allMatch(EcsTasks.Task::isOver),
          "P1: nothing is immortal",
          () -> "a task of %s still runs".formatted(id));
      hold(
          !known.isAcknowledged || known.archived != null,
          "P6: nothing acknowledged is lost",
          () -> "%s was acknowledged and is not in the archive".formatted(id));
    });
    hold(
        objects.all().subMap(StoreKeys.CLAIMS, StoreKeys.CLAIMS + "\uffff").isEmpty(),
        "P1: no name is claimed for ever",
        () -> String.valueOf(objects.all().subMap(StoreKeys.CLAIMS, StoreKeys.CLAIMS + "\uffff")));
    mustStay.forEach((key, text) ->
        hold(
            objects.get(key).filter(text::equals).isPresent(),
            "what is not ours is left alone",
            () -> "%s is %s".formatted(key, objects.get(key))));
  }

  /** How long after its end, or after something last went wrong, the last cluster was gone. */
  long latestEnd() {
    return latestEnd;
  }
}
