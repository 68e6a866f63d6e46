package io.eksphemeral.control;

final class ClusterStoreTest extends ClusterStoreContract {
  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void plant(String key, String text) {
    objects.put(key, text);
  }

  @Override
  protected String text(String key) {
    return objects.text(key).orElseThrow();
  }
}
