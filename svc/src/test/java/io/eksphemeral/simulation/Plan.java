package io.eksphemeral.simulation;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Fault.Where;
import io.eksphemeral.simulation.UserAction.AddField;
import io.eksphemeral.simulation.UserAction.AddLegacy;
import io.eksphemeral.simulation.UserAction.Create;
import io.eksphemeral.simulation.UserAction.Deploy;
import io.eksphemeral.simulation.UserAction.Destroy;
import io.eksphemeral.simulation.UserAction.HideTasks;
import io.eksphemeral.simulation.UserAction.Look;
import io.eksphemeral.simulation.UserAction.LookAtAll;
import io.eksphemeral.simulation.UserAction.LookAtIds;
import io.eksphemeral.simulation.UserAction.MakeForeign;
import io.eksphemeral.simulation.UserAction.Prolong;
import io.eksphemeral.simulation.UserAction.Repeat;
import io.eksphemeral.simulation.UserAction.SpoilRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * All that people do and all that goes wrong in a world, from its seed. A plan without some of it
 * is a plan, too, which is how the shortest one is found that still breaks a promise.
 */
record Plan(long seed, List<UserAction> acts, List<Fault> troubles) {
  private static final long MINUTE = 60_000;

  private static final long SWEEP = 5 * MINUTE;

  /** When people do what they do. */
  private static final long BUSY = 150 * MINUTE;

  /** When things begin to go wrong. */
  private static final long TROUBLED = 240 * MINUTE;

  private static final List<String> NAMES = List.of("dev", "test", "dev-2", "demo", "ci", "dev-22");

  /** Some are more than may be. */
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

  /** Kinds as often as they are to be tried: what a function dies or stands still at matters. */
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

  /** The plan of a seed. */
  static Plan of(long seed) {
    SeededRandom dice = new SeededRandom(seed);
    List<UserAction> acts = new ArrayList<>();
    List<ClusterId> clusters = new ArrayList<>();
    List<String> names = NAMES.subList(0, (int) dice.between(1, NAMES.size()));
    for (long i = dice.between(4, 14); i > 0; i--) {
      addLife(acts, clusters, names, dice);
    }
    addRest(acts, clusters, dice);
    acts.sort(Comparator.comparingLong(UserAction::at));

    List<Fault> troubles = new ArrayList<>();
    int most = dice.chance(0.1) ? 0 : dice.chance(0.6) ? 8 : 24;
    for (long i = dice.between(0, most); i > 0; i--) {
      troubles.add(dice.pick(KINDS).roll(dice.between(0, TROUBLED), dice));
    }
    troubles.sort(Comparator.comparingLong(Fault::at));
    return new Plan(seed, List.copyOf(acts), List.copyOf(troubles));
  }

  /** What people do with a cluster. */
  private static void addLife(
      List<UserAction> acts, List<ClusterId> clusters, List<String> names, SeededRandom dice) {
    long at = moment(acts, dice);
    ClusterId id = id(dice);
    clusters.add(id);
    Create create =
        new Create(
            at,
            dice.below(2),
            id,
            dice.pick(names),
            dice.pick(WORKERS),
            dice.pick(MINUTES),
            dice.pick(OWNERS),
            dice.chance(0.8));
    acts.add(create);
    if (dice.chance(0.15)) {
      acts.add(
          new Create(
              at + dice.between(0, 3000),
              dice.chance(0.9) ? create.who() : 1 - create.who(),
              id,
              dice.chance(0.9) ? create.name() : dice.pick(names),
              create.workers(),
              create.minutes(),
              create.owner(),
              dice.chance(0.5)));
    }
    for (long i = dice.between(0, 2); i > 0; i--) {
      int minutes = (int) dice.between(1, 60) * (dice.chance(0.7) ? 1 : -1);
      acts.add(new Prolong(at + dice.between(0, 80) * MINUTE, dice.below(2), id, minutes));
    }
    if (dice.chance(0.02)) {
      acts.add(
          new Repeat(
              at + dice.between(0, 40) * MINUTE,
              dice.below(2),
              create,
              (int) dice.between(100, 400),
              dice.between(0, 6000),
              dice.chance(0.3)));
    }
    if (dice.chance(0.35)) {
      String which = dice.chance(0.7) ? id.value() : create.name();
      long then = dice.chance(0.3) ? dice.between(0, 5000) : dice.between(0, 90 * MINUTE);
      acts.add(new Destroy(at + then, which, dice.chance(0.8)));
    }
    if (dice.chance(0.5)) {
      acts.add(new Look(at + dice.between(0, 100 * MINUTE), id.value()));
    }
  }

  /** A time at which somebody begins something: often when it may get in the way of others. */
  private static long moment(List<UserAction> acts, SeededRandom dice) {
    if (dice.chance(0.3)) {
      return dice.between(1, BUSY / SWEEP) * SWEEP + dice.between(-3000, 3000);
    }
    return acts.isEmpty() || dice.chance(0.6)
        ? dice.between(0, BUSY)
        : dice.pick(acts).at() + dice.between(0, dice.chance(0.5) ? 60 : 2000);
  }

  private static void addRest(List<UserAction> acts, List<ClusterId> clusters, SeededRandom dice) {
    for (long i = dice.between(0, 4); i > 0; i--) {
      long at = dice.between(0, TROUBLED);
      acts.add(dice.chance(0.5) ? new LookAtAll(at) : new LookAtIds(at));
    }
    if (dice.chance(0.2)) {
      acts.add(new MakeForeign(dice.between(0, BUSY), dice.pick(NAMES)));
    }
    if (dice.chance(0.1)) {
      long at = dice.between(0, BUSY);
      ClusterId id = dice.chance(0.6) ? dice.pick(clusters) : id(dice);
      acts.add(new SpoilRecord(at, at + dice.between(1, 60 * MINUTE), id, dice.pick(UNREADABLE)));
      if (dice.chance(0.5)) {
        acts.add(new Destroy(at + dice.between(0, 30 * MINUTE), id.value(), dice.chance(0.8)));
      }
    }
    if (dice.chance(0.05)) {
      acts.add(
          new HideTasks(dice.between(0, BUSY), TROUBLED + 12 * 60 * MINUTE, dice.pick(clusters)));
    }
    if (dice.chance(0.05)) {
      acts.add(new AddLegacy(dice.between(0, BUSY), id(dice)));
    }
    if (dice.chance(0.15)) {
      acts.add(new AddField(dice.between(0, BUSY), dice.pick(clusters)));
    }
    if (dice.chance(0.15)) {
      acts.add(new Deploy(dice.between(0, TROUBLED)));
    }
  }

  private static ClusterId id(SeededRandom dice) {
    return new ClusterId(
        "%08x-0000-7000-8000-%012x"
            .formatted(dice.between(0, 0xffffffffL), dice.between(0, 0xffffffffffL)));
  }

  /**
   * When nothing goes wrong any more, and nobody asks for anything; but for what goes wrong with
   * one cluster, which must not be the others' trouble.
   */
  long calm() {
    long last =
        LongStream.concat(
                acts.stream().mapToLong(Plan::until), troubles.stream().mapToLong(Fault::until))
            .max()
            .orElse(0);
    return Math.max(last, TROUBLED + 30 * MINUTE);
  }

  private static long until(UserAction act) {
    return switch (act) {
      case SpoilRecord spoilt -> spoilt.until();
      case Repeat repeat -> repeat.at() + repeat.rounds() * (repeat.pause() + 2000);
      default -> act.at();
    };
  }

  /** Whether any function's clock is ever wrong. */
  boolean clocksDiffer() {
    return troubles.stream()
        .map(Fault::kind)
        .anyMatch(kind -> kind == Kind.CLOCK_IS_AHEAD || kind == Kind.CLOCK_IS_BEHIND);
  }

  /** Whether nothing goes wrong at all. */
  boolean isQuiet() {
    return troubles.isEmpty()
        && acts.stream().noneMatch(act -> act instanceof SpoilRecord || act instanceof HideTasks);
  }

  /** When the last thing that goes wrong is over. */
  long last() {
    return acts.stream()
        .mapToLong(act -> act instanceof HideTasks hidden ? hidden.until() : 0)
        .reduce(calm(), Math::max);
  }

  int size() {
    return acts.size() + troubles.size();
  }

  /** The same without some of what happens, counted through acts and troubles. */
  Plan without(int first, int count) {
    return new Plan(
        seed, without(acts, first, count), without(troubles, first - acts.size(), count));
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
    acts.forEach(act -> text.append(History.time(act.at())).append(' ').append(act).append('\n'));
    troubles.forEach(trouble -> text.append(trouble).append('\n'));
    return text.toString();
  }
}
