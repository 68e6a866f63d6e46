package io.eksphemeral.simulation;

import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Fault.Where;
import io.eksphemeral.simulation.Invocation.What;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One installation, all that happens to it by a plan, and what came of it. */
final class Simulation {
  static final Instant START = Samples.START;

  private static final Limits LIMITS = new Limits(120, 10, 4, 3);
  private static final long MINUTE = 60_000;
  private static final long RULE = 5 * MINUTE;
  private static final int RETRIES_OF_EVENTS = 2;

  /**
   * What came of a plan.
   *
   * @param lives how many clusters were launched
   * @param most how far what callers can repeat came at the most
   * @param latestEnd how long after its end the last of them was gone, in milliseconds
   * @param broken the promise that was broken; null if none was
   */
  record Outcome(
      int lives,
      Map<Kind, Long> struck,
      Map<String, Long> transitions,
      Map<String, Long> most,
      long latestEnd,
      InvariantChecker.@Nullable Broken broken,
      List<String> history) {}

  private final Plan plan;
  private final DeterministicScheduler strands = new DeterministicScheduler();
  private final History history;
  private final SeededRandom dice;
  private final FaultInjector troubles;
  private final Account account = new Account();
  private final EcsTasks tasks = new EcsTasks(strands);
  private final InvariantChecker promises;
  private final StoredObjects objects;
  private final Network network;
  private final SimulatedContainers containers;
  private final SimulatedLambda functions;

  private Simulation(Plan plan, boolean isTold) {
    this.plan = plan;
    history = new History(isTold, strands);
    dice = new SeededRandom(plan.seed() ^ 0x5eed);
    troubles = new FaultInjector(plan.troubles(), plan.calm(), strands, history);
    promises = new InvariantChecker(strands, tasks, account, troubles, LIMITS, plan);
    objects = new StoredObjects(promises::changed);
    network = new Network(strands, troubles, dice, history);
    containers =
        new SimulatedContainers(
            strands,
            troubles,
            dice,
            history,
            tasks,
            account,
            objects,
            network,
            promises,
            this::taskStopped);
    functions = new SimulatedLambda(this, LIMITS);
  }

  /**
   * Has a plan happen.
   *
   * @param isTold whether the history is kept
   */
  static Outcome of(Plan plan, boolean isTold) {
    Simulation world = new Simulation(plan, isTold);
    world.happen();
    return world.outcome();
  }

  static Instant time(long milliseconds) {
    return START.plusMillis(milliseconds);
  }

  private void happen() {
    Users people = new Users(this);
    for (UserAction act : plan.acts()) {
      strands.at(act.at(), () -> strands.start(() -> people.act(act)));
    }
    strands.at(RULE, this::fireRule);
    long calm = plan.calm();
    long horizon = plan.last() + 240 * MINUTE + InvariantChecker.GONE_WITHIN.toMillis();
    strands.run(
        horizon,
        () -> promises.broken() != null || (strands.now() > calm && promises.isAllOver(objects)));
    if (promises.broken() == null) {
      promises.holdAtTheEnd(objects);
    }
    strands.end();
  }

  private Outcome outcome() {
    return new Outcome(
        promises.lives(),
        troubles.struck(),
        promises.transitions(),
        promises.most(),
        promises.latestEnd(),
        promises.broken(),
        history.lines());
  }

  private void fireRule() {
    strands.at(strands.now() + RULE, this::fireRule);
    if (troubles.lasts(Kind.RULE_DOES_NOT_FIRE)) {
      return;
    }
    strands.start(() -> deliver("{\"detail-type\":\"Scheduled Event\"}", What.SWEEP));
    Fault twice = troubles.strikes(Where.RULE, _ -> true);
    if (twice != null) {
      strands.at(
          strands.now() + twice.amount(),
          () -> strands.start(() -> deliver("{\"detail-type\":\"Scheduled Event\"}", What.SWEEP)));
    }
  }

  private void taskStopped(EcsTasks.Task task) {
    String event =
        "{\"detail-type\":\"ECS Task State Change\",\"detail\":{\"startedBy\":\"%s\"}}"
            .formatted(task.cluster);
    Fault trouble = troubles.strikes(Where.NEWS, _ -> true);
    long late = dice.between(100, 3000);
    if (trouble != null) {
      switch (trouble.kind()) {
        case NEWS_NEVER_COMES -> {
          return;
        }
        case NEWS_COMES_LATE -> late = trouble.amount();
        case NEWS_COMES_TWICE -> tell(event, trouble.amount());
        default -> {}
      }
    }
    tell(event, late);
  }

  private void tell(String event, long late) {
    strands.at(strands.now() + late, () -> strands.start(() -> deliver(event, What.NEWS)));
  }

  /** Feeds an event to the function that takes them; again where it fails, as Lambda does. */
  private void deliver(String event, What what) {
    for (int attempt = 0; attempt <= RETRIES_OF_EVENTS; attempt++) {
      Invocation invocation = new Invocation(what, null, strands.now());
      int records = promises.onRecord();
      Optional<String> answer = functions.feed(event, invocation);
      promises.worked(invocation, records);
      if (answer.isPresent()) {
        promises.swept(answer.get());
        return;
      }
      strands.sleep((attempt + 1) * MINUTE);
    }
  }

  /** From now on nobody can look at the tasks of a cluster, for a while. */
  void hideTasks(UserAction.HideTasks hidden) {
    tasks.hide(hidden.cluster(), hidden.until());
    promises.mayTakeUntil(hidden.cluster(), hidden.until());
  }

  SimulatedS3 s3(Caller caller) {
    return new SimulatedS3(objects, network, caller);
  }

  SimulatedEcs ecs(Caller caller) {
    return new SimulatedEcs(tasks, containers, network, caller);
  }

  SimulatedSes ses(Caller caller) {
    return new SimulatedSes(promises, network, caller);
  }

  DeterministicScheduler strands() {
    return strands;
  }

  History history() {
    return history;
  }

  SeededRandom dice() {
    return dice;
  }

  FaultInjector troubles() {
    return troubles;
  }

  Account account() {
    return account;
  }

  InvariantChecker promises() {
    return promises;
  }

  StoredObjects objects() {
    return objects;
  }

  SimulatedLambda functions() {
    return functions;
  }
}
