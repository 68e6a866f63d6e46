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
  void whoFitsIsAdmittedAndMayBeBuilt() {
    Cluster mine = asked(5, "alice");

    Admission admission = Admission.decide(mine, List.of(mine, admitted(1, "bob")), 0, TWO, NOW);

    Cluster admitted = ((Admitted) admission).cluster();
    assertThat(admitted.isAdmitted()).isTrue();
    assertThat(admitted.tasks()).singleElement().isEqualTo(Task.plan(TaskKind.CREATE, 1, NOW));
  }

  @Test
  void whoIsPastTheLimitOnAllIsRejected() {
    assertThat(judge(5, "alice", TWO, admitted(1, "bob"), admitted(9, "carol")))
        .isEqualTo(new Rejected("the maximum number of clusters is reached (2)"));
  }

  @Test
  void whoIsPastTheLimitOnOneAskerIsRejectedAndOthersAreNot() {
    Limits limits = new Limits(1440, 10, 10, 1);
    assertThat(judge(5, "alice", limits, admitted(9, "alice")))
        .isEqualTo(new Rejected("alice has reached the maximum number of clusters per caller (1)"));
    assertThat(judge(5, "bob", limits, admitted(9, "alice"))).isInstanceOf(Admitted.class);
  }

  @Test
  void amongThoseNotAdmittedYetTheHigherIdStepsBack() {
    assertThat(judge(5, "alice", TWO, asked(1, "bob"), asked(2, "carol")))
        .isInstanceOf(Rejected.class);
    assertThat(judge(5, "alice", TWO, asked(8, "bob"), asked(9, "carol")))
        .isEqualTo(new Undecided("the maximum number of clusters is reached (2)"));
    assertThat(judge(5, "alice", new Limits(1440, 10, 10, 1), asked(9, "alice")))
        .isEqualTo(
            new Undecided("alice has reached the maximum number of clusters per caller (1)"));
  }

  @Test
  void aRecordThatCannotBeReadCountsAsAClusterThatLives() {
    Cluster mine = asked(5, "alice");
    assertThat(Admission.decide(mine, List.of(mine), 2, TWO, NOW)).isInstanceOf(Rejected.class);
    assertThat(Admission.decide(mine, List.of(mine), 1, TWO, NOW)).isInstanceOf(Admitted.class);
  }

  @Test
  void oneThatIsBeingDestroyedStillCounts() {
    Cluster ending = admitted(1, "bob").destroying("asked", NOW);
    assertThat(judge(5, "alice", new Limits(1440, 10, 1, 1), ending)).isInstanceOf(Rejected.class);
  }

  /**
   * A burst in every order there is: each process writes its record, then lists and judges, then
   * does what that came to, and any other may act between any two of these steps.
   */
  @ParameterizedTest
  @CsvSource({
    // asking, of as many people, limit on all, limit on one asker, who get in
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
  void aBurstFillsTheLimitAndNeverExceedsIt(
      int asking, int people, int clusters, int each, int getIn) {
    Limits limits = new Limits(1440, 10, clusters, each);
    World start = World.before(asking);
    Set<World> seen = new HashSet<>(Set.of(start));
    Deque<World> toVisit = new ArrayDeque<>(seen);
    int ends = 0;
    while (!toVisit.isEmpty()) {
      World world = toVisit.pop();
      assertThat(world.admitted()).as("admitted in %s", world).isLessThanOrEqualTo(getIn);
      if (world.isOver()) {
        ends++;
        assertThat(world.admitted()).as("admitted in the end, %s", world).isEqualTo(getIn);
      }
      IntStream.range(0, asking)
          .mapToObj(process -> world.after(process, people, limits))
          .filter(seen::add)
          .forEach(toVisit::push);
    }
    assertThat(ends).isPositive();
  }

  /** How far a process has come. */
  private enum Phase {
    BEGUN,
    WRITTEN,
    JUDGED_FIT,
    JUDGED_UNFIT,
    ADMITTED,
    WITHDRAWN
  }

  private record World(List<Phase> phases) {
    static World before(int processes) {
      return new World(IntStream.range(0, processes).mapToObj(process -> Phase.BEGUN).toList());
    }

    long admitted() {
      return phases.stream().filter(Phase.ADMITTED::equals).count();
    }

    boolean isOver() {
      return phases.stream().allMatch(phase -> phase == Phase.ADMITTED || phase == Phase.WITHDRAWN);
    }

    World after(int process, int people, Limits limits) {
      Phase next =
          switch (phases.get(process)) {
            case BEGUN -> Phase.WRITTEN;
            case WRITTEN -> judged(process, people, limits);
            case JUDGED_FIT, ADMITTED -> Phase.ADMITTED;
            case JUDGED_UNFIT, WITHDRAWN -> Phase.WITHDRAWN;
          };
      List<Phase> changed = new ArrayList<>(phases);
      changed.set(process, next);
      return new World(List.copyOf(changed));
    }

    private Phase judged(int process, int people, Limits limits) {
      List<Cluster> listed =
          IntStream.range(0, phases.size())
              .mapToObj(other -> onRecord(other, people))
              .filter(Objects::nonNull)
              .toList();
      return switch (Admission.decide(
          asked(process, asker(process, people)), listed, 0, limits, NOW)) {
        case Admitted _ -> Phase.JUDGED_FIT;
        case Undecided _ -> Phase.WRITTEN;
        case Rejected _ -> Phase.JUDGED_UNFIT;
      };
    }

    private @Nullable Cluster onRecord(int process, int people) {
      return switch (phases.get(process)) {
        case BEGUN, WITHDRAWN -> null;
        case WRITTEN, JUDGED_FIT, JUDGED_UNFIT -> asked(process, asker(process, people));
        case ADMITTED -> AdmissionTest.admitted(process, asker(process, people));
      };
    }

    private static String asker(int process, int people) {
      return "asker-" + process % people;
    }
  }

  @Test
  void whatCannotBeReadCountsAmongAllClusters() {
    Cluster mine = asked(9, "alice");
    List<Cluster> listed = List.of(admitted(1, "bob"), mine);

    Admission admission = Admission.decide(mine, listed, 1, new Limits(1440, 10, 2, 2), NOW);

    assertThat(admission)
        .isEqualTo(
            new Rejected("the maximum number of clusters is reached (2, 1 of them unreadable)"));
  }

  @Test
  void whatCannotBeReadIsNobodysSoThatAFewKeepNoCallerFromCreating() {
    Cluster mine = asked(9, "alice");

    Admission admission =
        Admission.decide(mine, List.of(mine), 5, new Limits(1440, 10, 10, 5), NOW);

    assertThat(admission).isInstanceOf(Admitted.class);
  }

  private static Admission judge(int id, String asker, Limits limits, Cluster... others) {
    Cluster mine = asked(id, asker);
    List<Cluster> listed = new ArrayList<>(List.of(others));
    listed.add(mine);
    return Admission.decide(mine, listed, 0, limits, NOW);
  }

  private static Cluster asked(int id, String asker) {
    Spec spec = new SpecBuilder().name("dev-" + id).owner("a@b.io").build();
    return Cluster.requested(
        new ClusterId("01930000-0000-7000-8000-%012d".formatted(id)), spec, asker, NOW);
  }

  private static Cluster admitted(int id, String asker) {
    return asked(id, asker).admitted(NOW);
  }
}
