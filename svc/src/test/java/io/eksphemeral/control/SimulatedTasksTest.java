package io.eksphemeral.control;

final class SimulatedTasksTest extends TaskRunnerContract {
  private final MemoryStore store = new MemoryStore();
  private final ManualClock clock = new ManualClock(Samples.START);
  private final SimulatedTasks tasks = new SimulatedTasks(store, clock);

  @Override
  protected TaskRunner runner() {
    return tasks;
  }

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void letTasksBegin() {
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
  }

  @Override
  protected void letTasksEnd() {
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
  }
}
