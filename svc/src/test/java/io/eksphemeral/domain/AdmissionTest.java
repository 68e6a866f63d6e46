package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.domain.Admission.Admitted;
import io.eksphemeral.domain.Admission.Rejected;
import io.eksphemeral.domain.Admission.Undecided;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AdmissionTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final Limits TWO = new Limits(1440, 10, 2, 2);

  @Test
  void aClusterWithinTheLimitsIsAdmitted() {
    Cluster mine = requested(5, "alice");

    Admission admission = Admission.decide(mine, List.of(mine, admitted(1, "bob")), 0, TWO, NOW);

    Cluster admitted = ((Admitted) admission).cluster();
    assertThat(admitted.isAdmitted()).isTrue();
    assertThat(admitted.tasks()).singleElement().isEqualTo(Task.plan(TaskKind.CREATE, 1, NOW));
  }

  @Test
  void aClusterOverTheTotalLimitIsRejected() {
    assertThat(decide(5, "alice", TWO, admitted(1, "bob"), admitted(9, "carol")))
        .isEqualTo(new Rejected("the maximum number of clusters is reached (2)"));
  }

  @Test
  void theLimitPerCallerAppliesToEachCallerSeparately() {
    Limits limits = new Limits(1440, 10, 10, 1);
    assertThat(decide(5, "alice", limits, admitted(9, "alice")))
        .isEqualTo(new Rejected("alice has reached the maximum number of clusters per caller (1)"));
    assertThat(decide(5, "bob", limits, admitted(9, "alice"))).isInstanceOf(Admitted.class);
  }

  @Test
  void amongPendingClustersTheLowerIdHasPrecedence() {
    assertThat(decide(5, "alice", TWO, requested(1, "bob"), requested(2, "carol")))
        .isInstanceOf(Rejected.class);
    assertThat(decide(5, "alice", TWO, requested(8, "bob"), requested(9, "carol")))
        .isEqualTo(new Undecided("the maximum number of clusters is reached (2)"));
    assertThat(decide(5, "alice", new Limits(1440, 10, 10, 1), requested(9, "alice")))
        .isEqualTo(
            new Undecided("alice has reached the maximum number of clusters per caller (1)"));
  }

  @Test
  void anUnreadableRecordCountsAsACluster() {
    Cluster mine = requested(5, "alice");
    assertThat(Admission.decide(mine, List.of(mine), 2, TWO, NOW)).isInstanceOf(Rejected.class);
    assertThat(Admission.decide(mine, List.of(mine), 1, TWO, NOW)).isInstanceOf(Admitted.class);
  }

  @Test
  void aClusterBeingDestroyedStillCounts() {
    Cluster ending = admitted(1, "bob").destroying("requested", NOW);
    assertThat(decide(5, "alice", new Limits(1440, 10, 1, 1), ending)).isInstanceOf(Rejected.class);
  }

  /**
   * Every interleaving of a burst: each process writes its record, then lists the others and
   * decides, then acts on the decision; others may act between any two of these steps.
   */
  @ParameterizedTest
  @CsvSource({
    // requests, callers, total limit, limit per caller, expected number of admitted clusters
    "2, 1, 1, 1, 1",
    "3, 1, 1, 1, 1",
    "3, 1, 2, 2, 2",
    "4, 1, 3, 3, 3",
    "4, 1, 1, 1, 1",
    "4, 1, 9, 2, 2",
    "4, 2, 9, 1, 2",
    "4, 4, 3, 1, 3",
    "5, 1, 3, 3, 3",
    "3, 1, 9, 9, 3"
  })
  void aBurstOfRequestsFillsTheLimitAndNeverExceedsIt(
      int requests, int callers, int clusters, int each, int admitted) {
    Limits limits = new Limits(1440, 10, clusters, each);
    Schedule start = Schedule.before(requests);
    Set<Schedule> seen = new HashSet<>(Set.of(start));
    Deque<Schedule> toVisit = new ArrayDeque<>(seen);
    int ends = 0;
    while (!toVisit.isEmpty()) {
      Schedule schedule = toVisit.pop();
      assertThat(schedule.admitted()).as("admitted in %s", schedule).isLessThanOrEqualTo(admitted);
      if (schedule.isOver()) {
        ends++;
        assertThat(schedule.admitted())
            .as("admitted at the end of %s", schedule)
            .isEqualTo(admitted);
      }
      IntStream.range(0, requests)
          .mapToObj(process -> schedule.after(process, callers, limits))
          .filter(seen::add)
          .forEach(toVisit::push);
    }
    assertThat(ends).isPositive();
  }

  /** The progress of a process. */
  private enum Phase {
    BEGUN,
    WRITTEN,
    FITS,
    EXCEEDS,
    ADMITTED,
    WITHDRAWN
  }

  private record Schedule(List<Phase> phases) {
    static Schedule before(int processes) {
      return new Schedule(IntStream.range(0, processes).mapToObj(process -> Phase.BEGUN).toList());
    }

    long admitted() {
      return phases.stream().filter(Phase.ADMITTED::equals).count();
    }

    boolean isOver() {
      return phases.stream().allMatch(phase -> phase == Phase.ADMITTED || phase == Phase.WITHDRAWN);
    }

    Schedule after(int process, int callers, Limits limits) {
      Phase next =
          switch (phases.get(process)) {
            case BEGUN -> Phase.WRITTEN;
            case WRITTEN -> checked(process, callers, limits);
            case FITS, ADMITTED -> Phase.ADMITTED;
            case EXCEEDS, WITHDRAWN -> Phase.WITHDRAWN;
          };
      List<Phase> changed = new ArrayList<>(phases);
      changed.set(process, next);
      return new Schedule(List.copyOf(changed));
    }

    private Phase checked(int process, int callers, Limits limits) {
      List<Cluster> listed =
          IntStream.range(0, phases.size())
              .mapToObj(other -> onRecord(other, callers))
              .filter(Objects::nonNull)
              .toList();
      return switch (Admission.decide(
          requested(process, caller(process, callers)), listed, 0, limits, NOW)) {
        case Admitted _ -> Phase.FITS;
        case Undecided _ -> Phase.WRITTEN;
        case Rejected _ -> Phase.EXCEEDS;
      };
    }

    private @Nullable Cluster onRecord(int process, int callers) {
      return switch (phases.get(process)) {
        case BEGUN, WITHDRAWN -> null;
        case WRITTEN, FITS, EXCEEDS -> requested(process, caller(process, callers));
        case ADMITTED -> AdmissionTest.admitted(process, caller(process, callers));
      };
    }

    private static String caller(int process, int callers) {
      return "caller-" + process % callers;
    }
  }

  @Test
  void unreadableRecordsCountTowardsTheTotal() {
    Cluster mine = requested(9, "alice");
    List<Cluster> listed = List.of(admitted(1, "bob"), mine);

    Admission admission = Admission.decide(mine, listed, 1, new Limits(1440, 10, 2, 2), NOW);

    assertThat(admission)
        .isEqualTo(
            new Rejected("the maximum number of clusters is reached (2, 1 of them unreadable)"));
  }

  @Test
  void unreadableRecordsCountTowardsNoCaller() {
    Cluster mine = requested(9, "alice");

    Admission admission =
        Admission.decide(mine, List.of(mine), 5, new Limits(1440, 10, 10, 5), NOW);

    assertThat(admission).isInstanceOf(Admitted.class);
  }

  private static Admission decide(int id, String caller, Limits limits, Cluster... others) {
    Cluster mine = requested(id, caller);
    List<Cluster> listed = new ArrayList<>(List.of(others));
    listed.add(mine);
    return Admission.decide(mine, listed, 0, limits, NOW);
  }

  private static Cluster requested(int id, String caller) {
    Spec spec = new SpecBuilder().name("dev-" + id).owner("a@b.io").build();
    return Cluster.requested(
        new ClusterId("01930000-0000-7000-8000-%012d".formatted(id)), spec, caller, NOW);
  }

  private static Cluster admitted(int id, String caller) {
    return requested(id, caller).admitted(NOW);
  }
}
