package io.eksphemeral.simulation;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Fault.Where;
import io.eksphemeral.simulation.UserAction.AddField;
import io.eksphemeral.simulation.UserAction.AddLegacy;
import io.eksphemeral.simulation.UserAction.CorruptRecord;
import io.eksphemeral.simulation.UserAction.Create;
import io.eksphemeral.simulation.UserAction.CreateForeign;
import io.eksphemeral.simulation.UserAction.Deploy;
import io.eksphemeral.simulation.UserAction.Destroy;
import io.eksphemeral.simulation.UserAction.GetStatus;
import io.eksphemeral.simulation.UserAction.HideTasks;
import io.eksphemeral.simulation.UserAction.ListClusters;
import io.eksphemeral.simulation.UserAction.ListIds;
import io.eksphemeral.simulation.UserAction.Prolong;
import io.eksphemeral.simulation.UserAction.Repeat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The actions and faults of a simulation, from its seed. Any part of a plan is a plan as well, so
 * that one that breaks a promise can be minimised.
 */
record Plan(long seed, List<UserAction> actions, List<Fault> faults) {
  private static final long MINUTE = 60_000;

  private static final long SWEEP = 5 * MINUTE;

  /** The period of actions. */
  private static final long BUSY = 150 * MINUTE;

  /** The period in which faults begin. */
  private static final long FAULTY = 240 * MINUTE;

  private static final List<String> NAMES = List.of("dev", "test", "dev-2", "demo", "ci", "dev-22");

  /** Some exceed the limit. */
  private static final List<Integer> MINUTES =
      List.of(1, 1, 3, 3, 5, 5, 10, 10, 30, 30, 60, 120, 121);

  private static final List<Integer> WORKERS = List.of(1, 1, 1, 1, 1, 1, 2, 2, 2, 10, 10, 11);
  private static final List<String> OWNERS =
      List.of("alice@eksphemeral.io", "bob@eksphemeral.io", "nobody@example.com");
  static final List<String> UNREADABLE =
      List.of(
          "",
          "{",
          "[]",
          "{\"name\": \"dev\", \"status\": {}}",
          "{\"name\": \"dev\", \"status\": {\"format\": 2}}");

  /** Kinds, repeated by weight: crashes and freezes of functions matter most. */
  private static final List<Kind> KINDS =
      Stream.of(Kind.values())
          .flatMap(kind -> Collections.nCopies(weight(kind.where()), kind).stream())
          .toList();

  private static int weight(Where where) {
    return switch (where) {
      case FUNCTION -> 4;
      case S3, LAUNCH_AGAIN -> 2;
      default -> 1;
    };
  }

  static Plan of(long seed) {
    SeededRandom random = new SeededRandom(seed);
    List<UserAction> actions = new ArrayList<>();
    List<ClusterId> clusters = new ArrayList<>();
    List<String> names = NAMES.subList(0, (int) random.between(1, NAMES.size()));
    for (long i = random.between(4, 14); i > 0; i--) {
      addLife(actions, clusters, names, random);
    }
    addRest(actions, clusters, random);
    actions.sort(Comparator.comparingLong(UserAction::at));

    List<Fault> faults = new ArrayList<>();
    int most = random.chance(0.1) ? 0 : random.chance(0.6) ? 8 : 24;
    for (long i = random.between(0, most); i > 0; i--) {
      faults.add(random.pick(KINDS).create(random.between(0, FAULTY), random));
    }
    faults.sort(Comparator.comparingLong(Fault::at));
    return new Plan(seed, List.copyOf(actions), List.copyOf(faults));
  }

  /** Adds the actions on one cluster. */
  private static void addLife(
      List<UserAction> actions, List<ClusterId> clusters, List<String> names, SeededRandom random) {
    long at = moment(actions, random);
    ClusterId id = id(random);
    clusters.add(id);
    Create create =
        new Create(
            at,
            random.below(2),
            id,
            random.pick(names),
            random.pick(WORKERS),
            random.pick(MINUTES),
            random.pick(OWNERS),
            random.chance(0.8));
    actions.add(create);
    if (random.chance(0.15)) {
      actions.add(
          new Create(
              at + random.between(0, 3000),
              random.chance(0.9) ? create.who() : 1 - create.who(),
              id,
              random.chance(0.9) ? create.name() : random.pick(names),
              create.workers(),
              create.minutes(),
              create.owner(),
              random.chance(0.5)));
    }
    for (long i = random.between(0, 2); i > 0; i--) {
      int minutes = (int) random.between(1, 60) * (random.chance(0.7) ? 1 : -1);
      actions.add(new Prolong(at + random.between(0, 80) * MINUTE, random.below(2), id, minutes));
    }
    if (random.chance(0.02)) {
      actions.add(
          new Repeat(
              at + random.between(0, 40) * MINUTE,
              random.below(2),
              create,
              (int) random.between(100, 400),
              random.between(0, 6000),
              random.chance(0.3)));
    }
    if (random.chance(0.35)) {
      String which = random.chance(0.7) ? id.value() : create.name();
      long then = random.chance(0.3) ? random.between(0, 5000) : random.between(0, 90 * MINUTE);
      actions.add(new Destroy(at + then, which, random.chance(0.8)));
    }
    if (random.chance(0.5)) {
      actions.add(new GetStatus(at + random.between(0, 100 * MINUTE), id.value()));
    }
  }

  /** A time for an action, often close to a sweep or another action. */
  private static long moment(List<UserAction> actions, SeededRandom random) {
    if (random.chance(0.3)) {
      return random.between(1, BUSY / SWEEP) * SWEEP + random.between(-3000, 3000);
    }
    return actions.isEmpty() || random.chance(0.6)
        ? random.between(0, BUSY)
        : random.pick(actions).at() + random.between(0, random.chance(0.5) ? 60 : 2000);
  }

  private static void addRest(
      List<UserAction> actions, List<ClusterId> clusters, SeededRandom random) {
    for (long i = random.between(0, 4); i > 0; i--) {
      long at = random.between(0, FAULTY);
      actions.add(random.chance(0.5) ? new ListClusters(at) : new ListIds(at));
    }
    if (random.chance(0.2)) {
      actions.add(new CreateForeign(random.between(0, BUSY), random.pick(NAMES)));
    }
    if (random.chance(0.1)) {
      long at = random.between(0, BUSY);
      ClusterId id = random.chance(0.6) ? random.pick(clusters) : id(random);
      actions.add(
          new CorruptRecord(at, at + random.between(1, 60 * MINUTE), id, random.pick(UNREADABLE)));
      if (random.chance(0.5)) {
        actions.add(
            new Destroy(at + random.between(0, 30 * MINUTE), id.value(), random.chance(0.8)));
      }
    }
    if (random.chance(0.05)) {
      actions.add(
          new HideTasks(random.between(0, BUSY), FAULTY + 12 * 60 * MINUTE, random.pick(clusters)));
    }
    if (random.chance(0.05)) {
      actions.add(new AddLegacy(random.between(0, BUSY), id(random)));
    }
    if (random.chance(0.15)) {
      actions.add(new AddField(random.between(0, BUSY), random.pick(clusters)));
    }
    if (random.chance(0.15)) {
      actions.add(new Deploy(random.between(0, FAULTY)));
    }
  }

  private static ClusterId id(SeededRandom random) {
    return new ClusterId(
        "%08x-0000-7000-8000-%012x"
            .formatted(random.between(0, 0xffffffffL), random.between(0, 0xffffffffffL)));
  }

  /** When all actions and faults are over, except those that affect only one cluster. */
  long calm() {
    long last =
        LongStream.concat(
                actions.stream().mapToLong(Plan::until), faults.stream().mapToLong(Fault::until))
            .max()
            .orElse(0);
    return Math.max(last, FAULTY + 30 * MINUTE);
  }

  private static long until(UserAction action) {
    return switch (action) {
      case CorruptRecord corrupted -> corrupted.until();
      case Repeat repeat -> repeat.at() + repeat.rounds() * (repeat.pause() + 2000);
      default -> action.at();
    };
  }

  /** Whether clocks differ. */
  boolean clocksDiffer() {
    return faults.stream()
        .map(Fault::kind)
        .anyMatch(kind -> kind == Kind.CLOCK_IS_AHEAD || kind == Kind.CLOCK_IS_BEHIND);
  }

  /** Whether there are no faults. */
  boolean isQuiet() {
    return faults.isEmpty()
        && actions.stream()
            .noneMatch(action -> action instanceof CorruptRecord || action instanceof HideTasks);
  }

  /** When the last fault is over. */
  long last() {
    return actions.stream()
        .mapToLong(action -> action instanceof HideTasks hidden ? hidden.until() : 0)
        .reduce(calm(), Math::max);
  }

  int size() {
    return actions.size() + faults.size();
  }

  /** The plan without some of its actions and faults, counted in this order. */
  Plan without(int first, int count) {
    return new Plan(
        seed, without(actions, first, count), without(faults, first - actions.size(), count));
  }

  private static <T> List<T> without(List<T> all, int first, int count) {
    int from = Math.clamp(first, 0, all.size());
    int to = Math.clamp((long) first + count, 0, all.size());
    return Stream.concat(all.subList(0, from).stream(), all.subList(to, all.size()).stream())
        .toList();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    actions.forEach(
        action -> text.append(History.time(action.at())).append(' ').append(action).append('\n'));
    faults.forEach(fault -> text.append(fault).append('\n'));
    return text.toString();
  }
}
