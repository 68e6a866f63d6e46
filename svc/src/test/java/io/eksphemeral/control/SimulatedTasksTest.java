package io.eksphemeral.control;

final class SimulatedTasksTest extends TaskRunnerContract {
  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);
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
