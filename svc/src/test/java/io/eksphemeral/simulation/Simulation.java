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

/** Simulates one installation, with the actions and faults of a plan. */
final class Simulation {
  static final Instant START = Samples.START;

  private static final Limits LIMITS = new Limits(120, 10, 4, 3);
  private static final long MINUTE = 60_000;
  private static final long RULE = 5 * MINUTE;
  private static final int RETRIES_OF_EVENTS = 2;

  /**
   * The outcome of a plan.
   *
   * @param lives the number of launched clusters
   * @param most the maximum of each bounded value
   * @param latestEnd the longest time from an expiry until the cluster was gone, in milliseconds
   * @param violation the broken promise; null if there is none
   */
  record Outcome(
      int lives,
      Map<Kind, Long> injected,
      Map<String, Long> transitions,
      Map<String, Long> most,
      long latestEnd,
      InvariantChecker.@Nullable Violation violation,
      List<String> history) {}

  private final Plan plan;
  private final DeterministicScheduler scheduler = new DeterministicScheduler();
  private final History history;
  private final SeededRandom random;
  private final FaultInjector faults;
  private final Account account = new Account();
  private final EcsTasks tasks = new EcsTasks(scheduler);
  private final InvariantChecker invariants;
  private final StoredObjects objects;
  private final Network network;
  private final SimulatedContainers containers;
  private final SimulatedLambda functions;

  private Simulation(Plan plan, boolean keepsHistory) {
    this.plan = plan;
    history = new History(keepsHistory, scheduler);
    random = new SeededRandom(plan.seed() ^ 0x5eed);
    faults = new FaultInjector(plan.faults(), plan.calm(), scheduler, history);
    invariants = new InvariantChecker(scheduler, tasks, account, faults, LIMITS, plan);
    objects = new StoredObjects(invariants::changed);
    network = new Network(scheduler, faults, random, history);
    containers =
        new SimulatedContainers(
            scheduler,
            faults,
            random,
            history,
            tasks,
            account,
            objects,
            network,
            invariants,
            this::taskStopped);
    functions = new SimulatedLambda(this, LIMITS);
  }

  /**
   * Runs a plan.
   *
   * @param keepsHistory whether the history is kept
   */
  static Outcome run(Plan plan, boolean keepsHistory) {
    Simulation simulation = new Simulation(plan, keepsHistory);
    simulation.run();
    return simulation.outcome();
  }

  static Instant time(long milliseconds) {
    return START.plusMillis(milliseconds);
  }

  private void run() {
    Users users = new Users(this);
    for (UserAction action : plan.actions()) {
      scheduler.at(action.at(), () -> scheduler.start(() -> users.perform(action)));
    }
    scheduler.at(RULE, this::fireRule);
    long calm = plan.calm();
    long horizon = plan.last() + 240 * MINUTE + InvariantChecker.GONE_WITHIN.toMillis();
    scheduler.run(
        horizon,
        () ->
            invariants.violation() != null
                || (scheduler.now() > calm && invariants.isAllOver(objects)));
    if (invariants.violation() == null) {
      invariants.checkAtTheEnd(objects);
    }
    scheduler.end();
  }

  private Outcome outcome() {
    return new Outcome(
        invariants.lives(),
        faults.injected(),
        invariants.transitions(),
        invariants.most(),
        invariants.latestEnd(),
        invariants.violation(),
        history.lines());
  }

  private void fireRule() {
    scheduler.at(scheduler.now() + RULE, this::fireRule);
    if (faults.isOngoing(Kind.RULE_DOES_NOT_FIRE)) {
      return;
    }
    scheduler.start(() -> deliver("{\"detail-type\":\"Scheduled Event\"}", What.SWEEP));
    Fault twice = faults.next(Where.RULE, _ -> true);
    if (twice != null) {
      scheduler.at(
          scheduler.now() + twice.amount(),
          () ->
              scheduler.start(() -> deliver("{\"detail-type\":\"Scheduled Event\"}", What.SWEEP)));
    }
  }

  private void taskStopped(EcsTasks.Task task) {
    String event =
        "{\"detail-type\":\"ECS Task State Change\",\"detail\":{\"startedBy\":\"%s\"}}"
            .formatted(task.cluster);
    Fault fault = faults.next(Where.EVENT, _ -> true);
    long late = random.between(100, 3000);
    if (fault != null) {
      switch (fault.kind()) {
        case EVENT_NEVER_COMES -> {
          return;
        }
        case EVENT_COMES_LATE -> late = fault.amount();
        case EVENT_COMES_TWICE -> tell(event, fault.amount());
        default -> {}
      }
    }
    tell(event, late);
  }

  private void tell(String event, long late) {
    scheduler.at(scheduler.now() + late, () -> scheduler.start(() -> deliver(event, What.EVENT)));
  }

  /** Feeds an event to the function that takes them; again where it fails, as Lambda does. */
  private void deliver(String event, What what) {
    for (int attempt = 0; attempt <= RETRIES_OF_EVENTS; attempt++) {
      Invocation invocation = new Invocation(what, null, scheduler.now());
      int records = invariants.onRecord();
      Optional<String> answer = functions.invoke(event, invocation);
      invariants.worked(invocation, records);
      if (answer.isPresent()) {
        invariants.swept(answer.get());
        return;
      }
      scheduler.sleep((attempt + 1) * MINUTE);
    }
  }

  /** Hides the tasks of a cluster for a while. */
  void hideTasks(UserAction.HideTasks hidden) {
    tasks.hide(hidden.cluster(), hidden.until());
    invariants.mayTakeUntil(hidden.cluster(), hidden.until());
  }

  SimulatedS3 s3(SimulatedProcess process) {
    return new SimulatedS3(objects, network, process);
  }

  SimulatedEcs ecs(SimulatedProcess process) {
    return new SimulatedEcs(tasks, containers, network, process);
  }

  SimulatedSes ses(SimulatedProcess process) {
    return new SimulatedSes(invariants, network, process);
  }

  DeterministicScheduler scheduler() {
    return scheduler;
  }

  History history() {
    return history;
  }

  SeededRandom random() {
    return random;
  }

  FaultInjector faults() {
    return faults;
  }

  Account account() {
    return account;
  }

  InvariantChecker invariants() {
    return invariants;
  }

  StoredObjects objects() {
    return objects;
  }

  SimulatedLambda functions() {
    return functions;
  }
}
