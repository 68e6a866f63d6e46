package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Rejection.Kind;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Phaser;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;

/** Eight callers create clusters concurrently, each through its own control plane process. */
@Tag("slow")
final class ConcurrentCreatesTest {
  private static final int ASKING = 8;
  private static final int ROUNDS = 40;
  private static final Limits THREE = new Limits(1440, 10, 3, 3);

  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);
  private final ManualClock clock = new ManualClock(Samples.START);
  private final SimulatedTasks tasks = new SimulatedTasks(store, clock);
  private final Queue<Long> admittedAtATime = new ConcurrentLinkedQueue<>();
  private final Phaser withdrawals = new Phaser(1);
  private final ExecutorService people = Executors.newFixedThreadPool(ASKING);

  @AfterEach
  void end() {
    people.shutdownNow();
  }

  @RepeatedTest(ROUNDS)
  void aBurstOfRequestsFillsTheLimitExactly() throws Exception {
    List<Result<Stored.Live>> answers =
        allAtOnce(number ->
            process(THREE).create(Samples.newId(), Samples.spec("dev-" + number), Samples.ALICE));

    assertThat(answers).filteredOn(Result.Success.class::isInstance).hasSize(3);
    assertThat(answers)
        .filteredOn(Result.Rejected.class::isInstance)
        .allSatisfy(answer -> assertThat(rejection(answer).kind()).isEqualTo(Kind.LIMIT));
    assertThat(admittedAtATime).allSatisfy(count -> assertThat(count).isLessThanOrEqualTo(3));
    assertThat(store.ids()).hasSize(3);
    assertThat(store.claims()).hasSize(3);
    assertThat(tasks.launched()).isEqualTo(3);
  }

  @RepeatedTest(ROUNDS)
  void concurrentRequestsWithOneIdCreateOneCluster() throws Exception {
    ClusterId key = Samples.newId();

    List<Result<Stored.Live>> answers =
        allAtOnce(_ -> process(THREE).create(key, Samples.spec("dev"), Samples.ALICE));

    assertThat(answers)
        .allSatisfy(answer -> {
          Cluster cluster = ((Result.Success<Stored.Live>) answer).value().cluster();
          assertThat(cluster.id()).isEqualTo(key);
          assertThat(cluster.state()).isEqualTo(State.CREATING);
          assertThat(cluster.isAdmitted()).isTrue();
        });
    assertThat(store.ids()).containsExactly(key);
    assertThat(store.claims()).hasSize(1);
    assertThat(tasks.launched()).isEqualTo(1);
  }

  @RepeatedTest(ROUNDS)
  void concurrentRequestsForOneNameCreateOneCluster() throws Exception {
    List<Result<Stored.Live>> answers =
        allAtOnce(_ -> process(THREE).create(Samples.newId(), Samples.spec("dev"), Samples.ALICE));

    ClusterId winner = store.ids().getFirst();
    assertThat(answers)
        .filteredOn(Result.Success.class::isInstance)
        .singleElement()
        .satisfies(answer ->
            assertThat(((Result.Success<Stored.Live>) answer).value().id()).isEqualTo(winner));
    assertThat(answers)
        .filteredOn(Result.Rejected.class::isInstance)
        .allSatisfy(answer ->
            assertThat(rejection(answer))
                .isEqualTo(
                    new Rejection(
                        Kind.NAME_TAKEN, "the name dev is taken by the cluster " + winner)));
    assertThat(store.ids()).hasSize(1);
    assertThat(tasks.launched()).isEqualTo(1);
  }

  private List<Result<Stored.Live>> allAtOnce(IntFunction<Result<Stored.Live>> ask)
      throws Exception {
    CyclicBarrier start = new CyclicBarrier(ASKING);
    List<Future<Result<Stored.Live>>> asked = new ArrayList<>();
    for (int i = 0; i < ASKING; i++) {
      int number = i;
      asked.add(
          people.submit(() -> {
            start.await();
            return ask.apply(number);
          }));
    }
    List<Result<Stored.Live>> answers = new ArrayList<>();
    for (Future<Result<Stored.Live>> future : asked) {
      answers.add(future.get());
    }
    return answers;
  }

  private CreateCluster process(Limits limits) {
    return ControlPlane.of(
            counting(),
            tasks,
            new Notifications(new MemoryMailer(), null, ""),
            Samples.CONFIG,
            limits,
            () -> Versions.any("1.35"),
            clock,
            this::awaitWithdrawal,
            Runnable::run)
        .create();
  }

  /** A withdrawal ends the wait of the others. */
  private void awaitWithdrawal(Duration moment) {
    try {
      withdrawals.awaitAdvanceInterruptibly(
          withdrawals.getPhase(), moment.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // The caller checks again anyway.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A store that counts the admitted clusters after each call. */
  private ClusterStore counting() {
    return Intercepted.of(
        ClusterStore.class,
        store,
        (method, _, call) -> {
          Object answer = call.invoke();
          admittedAtATime.add(
              store.list().stream()
                  .filter(found -> ((Stored.Live) found).cluster().isAdmitted())
                  .count());
          if (method.getName().equals("remove")) {
            synchronized (withdrawals) { // of two that arrive at once one is a party too many
              withdrawals.arrive();
            }
          }
          return answer;
        });
  }

  private static Rejection rejection(Result<Stored.Live> answer) {
    return ((Result.Rejected<Stored.Live>) answer).rejection();
  }
}
