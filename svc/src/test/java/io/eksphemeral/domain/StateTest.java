package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of transitions. */
final class StateTest {
  private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
  private static final ClusterId ID = new ClusterId("01930000-0000-7000-8000-000000000001");
  private static final Spec SPEC = new SpecBuilder().build();

  /** Rows are from, columns are to; x is allowed, - is not. */
  private static final String TABLE =
      """
      .               creating  ready  create-failed  destroying  destroy-failed  gone
      creating        -         x      x              x           -               x
      ready           -         -      -              x           -               -
      create-failed   -         -      -              x           -               -
      destroying      -         -      -              -           x               x
      destroy-failed  -         -      -              x           -               -
      gone            -         -      -              -           -               -
      """;

  record Entry(State from, State to, boolean allowed) {
    @Override
    public String toString() {
      return from.text() + " to " + to.text() + (allowed ? "" : " never");
    }
  }

  static Stream<Entry> entries() {
    List<List<String>> rows = TABLE.lines().map(line -> List.of(line.strip().split(" +"))).toList();
    List<String> to = rows.getFirst();
    return rows.stream()
        .skip(1)
        .flatMap(row ->
            Stream.iterate(1, column -> column < row.size(), column -> column + 1)
                .map(column ->
                    new Entry(
                        state(row.getFirst()),
                        state(to.get(column)),
                        row.get(column).equals("x"))));
  }

  @Test
  void theTableIsComplete() {
    assertThat(entries()).hasSize(State.values().length * State.values().length);
  }

  @ParameterizedTest
  @MethodSource("entries")
  void transitionsFollowTheTable(Entry entry) {
    assertThat(entry.from().next().contains(entry.to())).isEqualTo(entry.allowed());
  }

  @ParameterizedTest
  @MethodSource("entries")
  void aClusterMakesOnlyTransitionsOfTheTable(Entry entry) {
    UnaryOperator<Cluster> step = STEPS.getOrDefault(entry.to(), UnaryOperator.identity());
    Cluster cluster = inState(entry.from());

    if (entry.to() == State.CREATING) {
      assertThat(entry.allowed()).as("nothing becomes creating").isFalse();
    } else if (entry.allowed()) {
      assertThat(step.apply(cluster).state()).isEqualTo(entry.to());
      assertThat(step.apply(cluster).history()).hasSize(cluster.history().size() + 1);
    } else {
      assertThatIllegalStateException()
          .isThrownBy(() -> step.apply(cluster))
          .withMessage(
              "cluster %s cannot go from %s to %s"
                  .formatted(ID, entry.from().text(), entry.to().text()));
    }
  }

  private static final Map<State, UnaryOperator<Cluster>> STEPS = new EnumMap<>(State.class);

  static {
    STEPS.put(State.READY, cluster -> cluster.becameReady(NOW, NOW));
    STEPS.put(State.CREATE_FAILED, cluster -> cluster.creationFailed("why", List.of(), NOW));
    STEPS.put(State.DESTROYING, cluster -> cluster.destroying("why", NOW));
    STEPS.put(State.DESTROY_FAILED, cluster -> cluster.destroyFailed("why", List.of(), NOW));
    STEPS.put(State.GONE, cluster -> cluster.deletionVerified("proven", NOW));
  }

  /** A cluster in a state with an open task, so that only its state can forbid a transition. */
  private static Cluster inState(State state) {
    return new ClusterBuilder(Cluster.requested(ID, SPEC, "arn", NOW))
        .state(state)
        .tasks(List.of(Task.plan(TaskKind.CREATE, 1, NOW)))
        .build();
  }

  private static State state(String text) {
    return Arrays.stream(State.values())
        .filter(state -> state.text().equals(text))
        .findFirst()
        .orElseThrow();
  }
}
