package io.eksphemeral.control;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class MemoryObjectStoreTest extends ObjectStoreContract {
  private final MemoryObjectStore objects = new MemoryObjectStore();

  @Override
  protected ObjectStore objects() {
    return objects;
  }

  @Override
  protected void plant(String key, byte[] bytes) {
    objects.put(key, new String(bytes, StandardCharsets.UTF_8));
  }

  /** Texts in memory are always UTF-8. */
  @Test
  @Override
  void anObjectThatIsNoTextIsUnreadableAndCanBeReplaced() {}
}
