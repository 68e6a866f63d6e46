package io.eksphemeral.control;

import static io.eksphemeral.control.Samples.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.entry;

import io.eksphemeral.control.SweepReport.Change;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.State;
import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Time limit, report and failures of a sweep. */
final class SweepTest {
  private static final Duration ENOUGH = Duration.ofMinutes(5);

  private final MemoryObjectStore objects = new MemoryObjectStore();
  private final ClusterStore store = new ClusterStore(objects, Runnable::run);
  private final ManualClock clock = new ManualClock(Samples.START);
  private final SimulatedTasks tasks = new SimulatedTasks(store, clock);

  /** Right before and at ten minutes, in milliseconds. */
  @ParameterizedTest
  @CsvSource({"599999, false", "600000, true"})
  void aNameWithoutARecordIsFreedAfterTenMinutes(long age, boolean freed) {
    store.claim(new Claim("dev", Samples.newId(), Samples.START));
    clock.advance(Duration.ofMillis(age));

    assertThat(sweep(ENOUGH).namesFreed()).isEqualTo(freed ? List.of("dev") : List.of());

    assertThat(store.claimOn("dev").isEmpty()).isEqualTo(freed);
  }

  @Test
  void anUnreadableClusterKeepsItsNameAndARenamedOneLosesIt() {
    ClusterId broken = Samples.newId();
    objects.put(StoreKeys.record(broken), "{");
    store.claim(new Claim("broken", broken, Samples.START));
    ClusterId other = create("other");
    store.claim(new Claim("second-of-other", other, Samples.START));
    clock.advance(Duration.ofHours(1));

    assertThat(sweep(ENOUGH).namesFreed()).containsExactly("second-of-other");

    assertThat(store.claims()).extracting(Claim::name).containsExactlyInAnyOrder("broken", "other");
  }

  /** Milliseconds left: below ten seconds nothing is begun. */
  @ParameterizedTest
  @CsvSource({"10000, true", "9999, false"})
  void clustersWithoutTimeLeftAreSkipped(long left, boolean enough) {
    ClusterId id = create("dev");
    letTasksEnd();
    store.claim(new Claim("unused", Samples.newId(), Samples.START.minusSeconds(3600)));

    SweepReport report = sweep(Duration.ofMillis(left));

    assertThat(state(id)).isEqualTo(enough ? State.READY : State.CREATING);
    assertThat(report.skipped()).isEqualTo(enough ? 0 : 1);
    assertThat(report.namesFreed()).isEqualTo(enough ? List.of("unused") : List.of());
    assertThat(report.failed()).isEmpty();
  }

  @Test
  void theReportHasStatesAndChanges() {
    ClusterId becomesReady = create("one");
    letTasksEnd();
    ClusterId stays = create("two");
    ClusterId withdrawn = Samples.newId();
    Cluster late = Cluster.requested(withdrawn, Samples.spec("three"), ALICE, clock.instant());
    assertThat(store.add(late)).isPresent();
    ClusterId broken = Samples.newId();
    objects.put(StoreKeys.record(broken), "{");
    ClusterId old = Samples.newId();
    objects.put(StoreKeys.record(old), "{\"name\":\"default-eksp\"}");

    SweepReport report =
        plane(store, new Limits(1440, 10, 3, 2))
            .sweep()
            .all(() -> {
              clock.advance(Duration.ofSeconds(1));
              return ENOUGH;
            });

    assertThat(report.states()).containsOnly(entry(State.CREATING, 3L));
    assertThat(report.changed())
        .hasSize(2)
        .contains(new Change(becomesReady, "creating", "ready"))
        .anySatisfy(change -> {
          assertThat(change.cluster()).isEqualTo(withdrawn);
          assertThat(change.to()).startsWith("withdrawn: the maximum number of clusters");
        });
    assertThat(state(stays)).isEqualTo(State.CREATING);
    assertThat(report.unreadable()).containsOnlyKeys(broken);
    assertThat(report.legacy()).containsExactly(old);
    assertThat(report.skipped()).isZero();
    assertThat(report.took()).isEqualTo(Duration.ofSeconds(3));
  }

  @Test
  void aRemovedClusterIsReportedAsAChange() {
    ClusterId id = create("dev");
    letTasksEnd();
    sweep(ENOUGH);
    plane(store, Limits.DEFAULT).destroy().destroy("dev", ALICE);
    letTasksEnd();

    assertThat(sweep(ENOUGH).changed()).containsExactly(new Change(id, "destroying", "removed"));
  }

  /** It does not touch other clusters, and leaves names to the sweep over all. */
  @Test
  void aSweepOverOneClusterTouchesNoOther() {
    ClusterId one = create("one");
    ClusterId other = create("other");
    store.claim(new Claim("unused", Samples.newId(), Samples.START.minusSeconds(3600)));
    letTasksEnd();

    SweepReport report = plane(store, Limits.DEFAULT).sweep().one(one, () -> ENOUGH);

    assertThat(report.changed()).containsExactly(new Change(one, "creating", "ready"));
    assertThat(report.states()).containsOnly(entry(State.CREATING, 1L));
    assertThat(report.namesFreed()).isEmpty();
    assertThat(state(other)).isEqualTo(State.CREATING);
    assertThat(store.claimOn("unused")).isPresent();
    assertThat(plane(store, Limits.DEFAULT).sweep().one(Samples.newId(), () -> ENOUGH).states())
        .isEmpty();
  }

  /** Any failure, including a class that cannot be loaded and a stack overflow. */
  @Test
  void aFailureForOneClusterDoesNotAffectOthers() {
    List<Throwable> failures =
        List.of(
            new StoreException("S3 is away"),
            new IllegalStateException("a bug"),
            new NoClassDefFoundError("a class"),
            new StackOverflowError());
    for (Throwable failure : failures) {
      List<ClusterId> ids =
          IntStream.range(0, 3).mapToObj(i -> create("c" + i + "-" + Samples.newId())).toList();
      letTasksEnd();
      ClusterId broken = ids.get(1);

      SweepReport report =
          plane(failing("result", broken.value(), failure), Limits.DEFAULT)
              .sweep()
              .all(() -> ENOUGH);

      assertThat(report.failed()).containsOnly(entry(broken, failure.toString()));
      assertThat(state(ids.getFirst())).isEqualTo(State.READY);
      assertThat(state(ids.getLast())).isEqualTo(State.READY);
      ids.forEach(id -> store.remove((Stored.Live) store.find(id).orElseThrow()));
    }
  }

  @Test
  void aNameThatCannotBeFreedDoesNotAffectOthers() {
    ClusterId holder = Samples.newId();
    for (String name : List.of("a", "b", "c")) {
      store.claim(new Claim(name, name.equals("b") ? holder : Samples.newId(), Samples.START));
    }
    clock.advance(Duration.ofMinutes(10));

    SweepReport report =
        plane(failing("release", "b", new StoreException("S3 is away")), Limits.DEFAULT)
            .sweep()
            .all(() -> ENOUGH);

    assertThat(report.namesFreed()).containsExactlyInAnyOrder("a", "c");
    assertThat(report.failed())
        .containsOnly(entry(holder, new StoreException("S3 is away").toString()));
  }

  @Test
  void aNameClaimedAgainMeanwhileIsNotReportedAsFreed() {
    store.claim(new Claim("dev", Samples.newId(), Samples.START));
    clock.advance(Duration.ofMinutes(10));
    ClusterStore overtaken =
        before(
            "release",
            () -> {
              Claim old = store.claimOn("dev").orElseThrow();
              store.claim(new Claim("dev", old.holder(), clock.instant()));
            });

    assertThat(plane(overtaken, Limits.DEFAULT).sweep().all(() -> ENOUGH).namesFreed()).isEmpty();

    assertThat(store.claimOn("dev")).isPresent();
  }

  @ParameterizedTest
  @CsvSource({"list", "claimedNames", "claims"})
  void aSweepThatCannotListFails(String listing) {
    store.claim(new Claim("dev", Samples.newId(), Samples.START));
    assertThatExceptionOfType(StoreException.class)
        .isThrownBy(() ->
            plane(failing(listing, "", new StoreException("S3 is away")), Limits.DEFAULT)
                .sweep()
                .all(() -> ENOUGH))
        .withMessage("S3 is away");
    assertThatExceptionOfType(OutOfMemoryError.class)
        .isThrownBy(() ->
            plane(failing(listing, "", new OutOfMemoryError("heap")), Limits.DEFAULT)
                .sweep()
                .all(() -> ENOUGH));
  }

  private ClusterId create(String name) {
    ClusterId id = Samples.newId();
    assertThat(plane(store, Limits.DEFAULT).create().create(id, Samples.spec(name), ALICE))
        .isInstanceOf(Result.Success.class);
    return id;
  }

  private void letTasksEnd() {
    clock.advance(SimulatedTasks.BEGINS_AFTER);
    tasks.step();
    clock.advance(SimulatedTasks.ENDS_AFTER);
    tasks.step();
  }

  private SweepReport sweep(Duration left) {
    return plane(store, Limits.DEFAULT).sweep().all(() -> left);
  }

  private State state(ClusterId id) {
    return ((Stored.Live) store.find(id).orElseThrow()).cluster().state();
  }

  private ControlPlane plane(ClusterStore over, Limits limits) {
    return ControlPlane.of(
        over,
        tasks,
        new Notifications(new MemoryMailer(), null, ""),
        Samples.CONFIG,
        limits,
        () -> Versions.any("1.35"),
        clock,
        _ -> {},
        Runnable::run);
  }

  /** The store, of which calls of a method fail that are about something. */
  private ClusterStore failing(String method, String about, Throwable failure) {
    return wrapped(
        method,
        argument -> {
          if (argument.contains(about)) {
            throw failure;
          }
        });
  }

  /** The store, before whose calls of a method something else happens. */
  private ClusterStore before(String method, Runnable happens) {
    return wrapped(method, _ -> happens.run());
  }

  private interface Before {
    void call(String argument) throws Throwable;
  }

  private ClusterStore wrapped(String wanted, Before before) {
    return Intercepted.of(
        ClusterStore.class,
        store,
        (method, arguments, call) -> {
          if (method.getName().equals(wanted)) {
            before.call(arguments.length == 0 ? "" : String.valueOf(arguments[0]));
          }
          return call.invoke();
        });
  }
}
