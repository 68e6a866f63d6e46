package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static io.eksphemeral.control.Samples.BOB;
import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Notification.Delivery;
import io.eksphemeral.domain.Notification.Topic;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Rejection.Kind;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding and updating clusters by id or name. */
final class ClusterFinderTest {
  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);
  private final ManualClock clock = new ManualClock(Samples.START);
  private final SimulatedTasks tasks = new SimulatedTasks(store, clock);
  private final ControlPlane plane = plane(store);
  private final ClusterId id = Samples.newId();

  @Test
  void anUpdateThatAlwaysConflictsIsRejected() {
    created();
    AtomicInteger tries = new AtomicInteger();
    ControlPlane late =
        plane(
            replacing(() -> {
              tries.incrementAndGet();
              return Optional.empty();
            }));

    Rejection rejection = rejection(late.destroy().destroy("dev", ALICE));

    assertThat(rejection.kind()).isEqualTo(Kind.CONFLICT);
    assertThat(rejection.error()).contains("concurrent requests keep changing dev");
    assertThat(tries).hasValueBetween(2, 100);
    assertThat(cluster(id)).isEqualTo(State.CREATING);
  }

  @Test
  void aRecordThatBecameUnreadableIsNotChanged() {
    created();
    ControlPlane late =
        plane(
            replacing(() -> {
              objects.put(StoreKeys.record(id), "{");
              return Optional.empty();
            }));

    assertThat(rejection(late.destroy().destroy("dev", ALICE)).error()).contains("cannot be read");

    assertThat(objects.text(StoreKeys.record(id))).contains("{");
  }

  /** Its archive entry expired, or it was withdrawn. */
  @Test
  void aRecordThatWasRemovedIsNotFound() {
    created();
    ControlPlane late =
        plane(
            replacing(() -> {
              assertThat(store.remove((Stored.Live) store.find(id).orElseThrow())).isTrue();
              return Optional.empty();
            }));

    assertThat(rejection(late.destroy().destroy("dev", ALICE)).kind()).isEqualTo(Kind.NOT_FOUND);
  }

  @Test
  void aNameIsFoundOnlyWhileItBelongsToTheCluster() {
    created();
    store.claim(new Claim("other", id, clock.instant()));

    assertThat(plane.status().get(id.value())).isInstanceOf(Result.Success.class);
    assertThat(plane.status().get("dev")).isInstanceOf(Result.Success.class);
    assertThat(rejection(plane.status().get("other")).kind()).isEqualTo(Kind.NOT_FOUND);
    assertThat(rejection(plane.status().get("-")).kind()).isEqualTo(Kind.INVALID_REQUEST);
    assertThat(rejection(plane.status().get(Samples.newId().value())).kind())
        .isEqualTo(Kind.NOT_FOUND);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0197aaaa",
        "0197AAAA-0000",
        "0197aaaa-0000-7000-8000-",
        "0197aaaa-0000-7000-8000-00000000000"
      })
  void aPrefixOfAnIdIsEnoughIfNoOtherBeginsWithIt(String prefix) {
    created("0197aaaa-0000-7000-8000-000000000001", "dev");
    created("0197bbbb-0000-7000-8000-000000000001", "other");

    assertThat(name(plane.status().get(prefix))).isEqualTo("dev");
    assertThat(plane.prolong().prolong(prefix, 1, ALICE)).isInstanceOf(Result.Success.class);
    assertThat(plane.destroy().destroy(prefix, ALICE)).isInstanceOf(Result.Success.class);
    assertThat(cluster(new ClusterId("0197aaaa-0000-7000-8000-000000000001")))
        .isEqualTo(State.DESTROYING);
  }

  @Test
  void aPrefixOfSeveralIdsIsRejectedWithTheClusters() {
    created("0197aaaa-0000-7000-8000-000000000001", "dev");
    created("0197aaaa-0000-7000-8000-000000000002", "other");

    Rejection rejection = rejection(plane.destroy().destroy("0197aaaa", ALICE));

    assertThat(rejection.kind()).isEqualTo(Kind.AMBIGUOUS);
    assertThat(rejection.error()).isEqualTo("the ids of 2 clusters begin with 0197aaaa:");
    assertThat(rejection.problems())
        .containsExactly(
            "0197aaaa-0000-7000-8000-000000000001 (dev)",
            "0197aaaa-0000-7000-8000-000000000002 (other)");
    assertThat(name(plane.status().get("0197aaaa-0000-7000-8000-000000000002"))).isEqualTo("other");
  }

  @Test
  void ofManyClustersWithThePrefixFiveAreNamed() {
    for (int i = 0; i < 7; i++) {
      objects.put(StoreKeys.record(new ClusterId("0197aaaa-0000-7000-8000-00000000000" + i)), "{");
    }

    assertThat(rejection(plane.status().get("0197aaaa")).problems())
        .hasSize(6)
        .startsWith("0197aaaa-0000-7000-8000-000000000000")
        .endsWith("and 2 more");
  }

  /** A name can look like the beginning of an id. */
  @Test
  void aNameTakesPrecedenceOverAPrefix() {
    created("0197aaaa-0000-7000-8000-000000000001", "dev");
    created("0197bbbb-0000-7000-8000-000000000001", "0197aaaa");

    assertThat(name(plane.status().get("0197aaaa"))).isEqualTo("0197aaaa");
    assertThat(name(plane.status().get("0197aaaa-"))).isEqualTo("dev");
  }

  @Test
  void aClusterThatIsGoneIsFoundByAPrefixUnlessOneOnRecordHasIt() {
    String archived = "0197aaaa-0000-7000-8000-000000000001";
    created(archived, "dev");
    plane.destroy().destroy("dev", ALICE);
    letTasksEnd();
    plane.sweep().all(() -> Duration.ofMinutes(5));

    assertThat(name(plane.status().get("0197aaaa"))).isEqualTo("dev");
    assertThat(rejection(plane.prolong().prolong("0197aaaa", 1, ALICE)).kind())
        .isEqualTo(Kind.TOO_LATE);

    created("0197aaaa-0000-7000-8000-000000000002", "new");
    assertThat(name(plane.status().get("0197aaaa"))).isEqualTo("new");

    plane.destroy().destroy("new", ALICE);
    letTasksEnd();
    plane.sweep().all(() -> Duration.ofMinutes(5));
    assertThat(rejection(plane.status().get("0197aaaa")).problems())
        .containsExactly(archived + " (dev)", "0197aaaa-0000-7000-8000-000000000002 (new)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-", "..", "gone/0197aaaa", "0197aaaa/", "é", "0197aaaa*", "a b"})
  void textThatIsNoIdAndNoNameCostsNoReads(String text) {
    ControlPlane blind =
        plane(
            Intercepted.of(
                ClusterStore.class,
                store,
                (method, _, _) -> {
                  throw new AssertionError(method.getName());
                }));

    assertThat(rejection(blind.status().get(text)).kind()).isEqualTo(Kind.INVALID_REQUEST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0197aaa", "0197aaaag", "0197aaaa0", "0197aaaa-00000", "x197aaaa"})
  void aNameThatIsNoPrefixOfAnIdCostsNoListing(String name) {
    created("0197aaaa-0000-7000-8000-000000000001", "dev");
    ControlPlane noListing =
        plane(
            Intercepted.of(
                ClusterStore.class,
                store,
                (method, _, call) -> {
                  assertThat(method.getName()).doesNotContainIgnoringCase("ids");
                  return call.invoke();
                }));

    assertThat(rejection(noListing.status().get(name)).kind()).isEqualTo(Kind.NOT_FOUND);
  }

  @Test
  void anUnreadableRecordIsFoundByItsName() {
    objects.put(StoreKeys.record(id), "{");
    store.claim(new Claim("dev", id, clock.instant()));

    assertThat(plane.status().get("dev"))
        .isInstanceOfSatisfying(
            Result.Success.class,
            done -> assertThat(done.value()).isInstanceOf(Stored.Unreadable.class));
  }

  /** While a cluster is in the archive, its id is not available. */
  @Test
  void theIdOfAClusterThatIsGoneIsNotReused() {
    created();
    plane.destroy().destroy("dev", ALICE);
    letTasksEnd();
    plane.sweep().all(() -> Duration.ofMinutes(5));
    assertThat(store.ids()).isEmpty();

    assertThat(plane.create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOfSatisfying(
            Result.Success.class,
            done ->
                assertThat(((Stored.Live) done.value()).cluster().state()).isEqualTo(State.GONE));
    assertThat(rejection(plane.create().create(id, Samples.spec("dev"), BOB)).kind())
        .isEqualTo(Kind.ID_TAKEN);
    assertThat(rejection(plane.create().create(id, Samples.spec("other"), ALICE)).kind())
        .isEqualTo(Kind.ID_TAKEN);
    assertThat(store.ids()).isEmpty();
  }

  /** Its task has ended, but no sweep has run since; only the last mail keeps it on record. */
  @Test
  void repeatingTheCreationOfAClusterThatEndsReturnsItsRecord() {
    created();
    plane.destroy().destroy("dev", ALICE);
    letTasksEnd();
    assertThat(createdAgain()).isEqualTo(State.GONE);

    Stored.Live gone = (Stored.Live) store.find(id).orElseThrow();
    Instant end = gone.cluster().since(State.GONE).orElseThrow();
    assertThat(store.replace(gone, gone.cluster().notified(Topic.GONE, end, Delivery.SENT, end)))
        .isPresent();
    assertThat(createdAgain()).isEqualTo(State.GONE);

    assertThat(store.ids()).isEmpty();
  }

  private State createdAgain() {
    Result<Stored.Live> answer = plane.create().create(id, Samples.spec("dev"), ALICE);
    return ((Result.Success<Stored.Live>) answer).value().cluster().state();
  }

  @Test
  void recordsAreListedInTheOrderOfTheirIds() {
    assertThat(plane.status().ids()).isEmpty();
    assertThat(plane.status().list()).isEmpty();
    created();
    ClusterId broken = Samples.newId();
    objects.put(StoreKeys.record(broken), "{");

    assertThat(plane.status().ids()).containsExactly(id, broken);
    assertThat(plane.status().list()).extracting(Stored::id).containsExactly(id, broken);
  }

  private void created() {
    assertThat(plane.create().create(id, Samples.spec("dev"), ALICE))
        .isInstanceOf(Result.Success.class);
  }

  private void created(String id, String name) {
    assertThat(plane.create().create(new ClusterId(id), Samples.spec(name), ALICE))
        .isInstanceOf(Result.Success.class);
  }

  private static String name(Result<Stored> answer) {
    return ((Stored.Live) ((Result.Success<Stored>) answer).value()).cluster().name();
  }

  private void letTasksEnd() {
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
  }

  private State cluster(ClusterId id) {
    return ((Stored.Live) store.find(id).orElseThrow()).cluster().state();
  }

  private ControlPlane plane(ClusterStore over) {
    return ControlPlane.of(
        over,
        tasks,
        new Notifications(new MemoryMailer(), null, ""),
        Samples.CONFIG,
        Limits.DEFAULT,
        () -> Versions.any("1.35"),
        clock,
        _ -> {},
        Runnable::run);
  }

  /** A store that runs something instead of replacing records. */
  private ClusterStore replacing(Supplier<Optional<Stored.Live>> instead) {
    return Intercepted.of(
        ClusterStore.class,
        store,
        (method, _, call) -> method.getName().equals("replace") ? instead.get() : call.invoke());
  }

  private static Rejection rejection(Result<?> answer) {
    return ((Result.Rejected<?>) answer).rejection();
  }
}
