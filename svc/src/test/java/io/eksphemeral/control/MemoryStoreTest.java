package io.eksphemeral.control;

final class MemoryStoreTest extends ClusterStoreContract {
  private final MemoryStore store = new MemoryStore();

  @Override
  protected ClusterStore store() {
    return store;
  }

  @Override
  protected void plant(String key, String text) {
    store.put(key, text);
  }

  @Override
  protected String text(String key) {
    return store.get(key).orElseThrow();
  }
}
