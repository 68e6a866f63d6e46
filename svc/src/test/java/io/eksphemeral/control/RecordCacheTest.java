package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.admitted;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class RecordCacheTest {
  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final AtomicInteger reads = new AtomicInteger();
  private final ObjectStore counted =
      Intercepted.of(
          ObjectStore.class,
          objects,
          (method, _, call) -> {
            if (method.getName().equals("get")) {
              reads.incrementAndGet();
            }
            return call.invoke();
          });

  @Test
  void recordsBeyondTheBoundAreReadEachTime() {
    ClusterStore store = new ClusterStore(objects, Runnable::run);
    int length = store.add(admitted("c0")).orElseThrow().json().length();
    for (int i = 1; i < 10; i++) {
      assertThat(store.add(admitted("c" + i))).isPresent();
    }
    RecordCache small = new RecordCache(counted, Runnable::run, 5L * (length + 10));
    List<Stored> first = small.all();
    assertThat(reads).hasValue(10);
    reads.set(0);

    assertThat(small.all()).isEqualTo(first);
    assertThat(reads.get()).isBetween(5, 6);
  }
}
