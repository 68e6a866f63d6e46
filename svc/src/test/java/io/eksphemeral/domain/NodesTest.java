package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What nodes are, and what callers may choose. */
final class NodesTest {
  private static final Nodes USUAL = new Nodes(List.of("t3.medium", "t3a.medium"), true);
  private static final NodeLimits LIMITS =
      new NodeLimits(USUAL, InstanceTypePatterns.parse("t4g.*, m7*, t3.large"), 50);

  @ParameterizedTest
  @CsvSource({
    "t3.medium, X86_64",
    "t4g.medium, ARM64",
    "a1.large, ARM64",
    "m7gd.8xlarge, ARM64",
    "im4gn.large, ARM64",
    "is4gen.large, ARM64",
    "g5g.xlarge, ARM64",
    "p6e-gb200.36xlarge, ARM64",
    "g4dn.xlarge, X86_64",
    "gr6.4xlarge, X86_64",
    "m7i-flex.large, X86_64",
    "u-6tb1.metal, X86_64",
    "u7i-12tb.224xlarge, X86_64"
  })
  void theArchitectureFollowsFromTheName(String type, Architecture architecture) {
    assertThat(Architecture.of(type)).isEqualTo(architecture);
  }

  @ParameterizedTest
  @CsvSource({
    "t4g.nano, true",
    "m7i-flex.large, true",
    "t3.large, true",
    "t3.medium, true",
    "t3.small, false",
    "m6i.large, false",
    "xt4g.nano, false",
    "t4gxnano, false"
  })
  void theOperatorAllowsTypesByPatternsAndTheUsualOnes(String type, boolean isAllowed) {
    assertThat(LIMITS.allow(type)).isEqualTo(isAllowed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"T3.*", "t3.*,", "t3 medium", "t3.(a|b)", "t[34].large"})
  void otherPatternsAreInvalid(String patterns) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> InstanceTypePatterns.parse(patterns))
        .withMessageContaining("is not a pattern");
  }

  @Test
  void withoutPatternsOnlyTheUsualTypesAreAllowed() {
    NodeLimits limits = new NodeLimits(USUAL, InstanceTypePatterns.parse(""), 20);
    assertThat(limits.allow("t3a.medium")).isTrue();
    assertThat(limits.allow("t3.large")).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new NodeLimits(USUAL, limits.types(), 19));
  }

  @Test
  void whatIsLeftOpenIsAsInstalled() {
    assertThat(USUAL.with(NodeChoice.NONE)).isEqualTo(USUAL);
    assertThat(USUAL.with(choice(Map.of("arch", "x86_64")))).isEqualTo(USUAL);
    assertThat(USUAL.with(choice(Map.of("arch", "arm64"))))
        .isEqualTo(new Nodes(List.of("t4g.medium"), 20, true));
    assertThat(USUAL.with(choice(Map.of("disk", number("50"), "capacitytype", "on-demand"))))
        .isEqualTo(new Nodes(USUAL.instanceTypes(), 50, false));
    assertThat(USUAL.with(choice(Map.of("types", List.of("m7g.large", "t4g.large")))))
        .isEqualTo(new Nodes(List.of("m7g.large", "t4g.large"), 20, true));
    assertThat(new Nodes(List.of("t3.medium"), false).with(choice(Map.of("capacitytype", "spot"))))
        .isEqualTo(new Nodes(List.of("t3.medium"), true));
  }

  @Test
  void aTypeThatIsNamedTwiceCountsOnce() {
    assertThat(choice(Map.of("types", List.of("t3.large", "t3.large"))).types())
        .containsExactly("t3.large");
    assertThat(choice(Map.of())).isEqualTo(NodeChoice.NONE);
    assertThat(choice(Map.of("types", List.of()))).isEqualTo(NodeChoice.NONE);
  }

  @Test
  void allThatIsWrongIsSaidAtOnce() {
    assertThat(
            problems(
                Map.of(
                    "types",
                    Arrays.asList("large", "p5.48xlarge", null),
                    "arch",
                    "arm",
                    "disk",
                    number("51"),
                    "capacitytype",
                    "SPOT",
                    "disc",
                    number("1"))))
        .containsExactlyInAnyOrder(
            "nodes.types must be a list of EC2 instance types like t3.medium, not \"large\"",
            "nodes.types must be a list of EC2 instance types like t3.medium, not null",
            "nodes.types must be of those that the operator allows (t3.medium, t3a.medium, t4g.*,"
                + " m7*, t3.large), not \"p5.48xlarge\"",
            "nodes.arch must be x86_64 or arm64, not \"arm\"",
            "nodes.disk must be a whole number from 20 to 50, not 51",
            "nodes.capacitytype must be spot or on-demand, not \"SPOT\"",
            "\"nodes.disc\" is not a field of a spec; did you mean disk?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"19", "0", "-20", "20.5", "1e9"})
  void aDiskHoldsEksImageAndNoMoreThanTheOperatorAllows(String disk) {
    assertThat(problems(Map.of("disk", number(disk)))).hasSize(1);
  }

  @Test
  void theTypesHaveOneArchitectureAndItIsTheOneThatIsNamed() {
    assertThat(problems(Map.of("types", List.of("t3.medium", "t4g.medium"))))
        .containsExactly(
            "nodes.types must have one architecture; t3.medium is x86_64, t4g.medium is arm64");
    assertThat(problems(Map.of("types", List.of("t3.medium"), "arch", "arm64")))
        .containsExactly("nodes.arch must be x86_64, like t3.medium, not \"arm64\"");
    assertThat(choice(Map.of("types", List.of("t4g.medium"), "arch", "arm64")).arch())
        .isEqualTo(Architecture.ARM64);
  }

  @Test
  void anArchitectureWhoseUsualTypesAreNotAllowedNeedsTypes() {
    NodeLimits limits = new NodeLimits(USUAL, InstanceTypePatterns.parse("m7g.*"), 50);
    assertThat(validate(Map.of("arch", "arm64"), limits))
        .isInstanceOfSatisfying(
            Result.Rejected.class,
            rejected ->
                assertThat(rejected.rejection().problems())
                    .containsExactly(
                        "nodes needs types, of those that the operator allows (t3.medium,"
                            + " t3a.medium, m7g.*)"));
    assertThat(validate(Map.of("arch", "arm64", "types", List.of("m7g.large")), limits))
        .isInstanceOf(Result.Success.class);
  }

  @Test
  void nodesAreAnObject() {
    assertThat(problems("arm64"))
        .containsExactly(
            "nodes must be an object with types, arch, disk and capacitytype, not \"arm64\"");
  }

  @Test
  void thereAreNotTooManyTypes() {
    List<String> types = IntStream.range(0, 21).mapToObj("m7i.%dxlarge"::formatted).toList();
    assertThat(problems(Map.of("types", types)))
        .containsExactly("nodes.types has 21 entries; at most 20 are allowed");
  }

  private static NodeChoice choice(Map<String, ?> nodes) {
    return ((Result.Success<Spec>) validate(nodes, LIMITS)).value().nodes();
  }

  private static List<String> problems(@Nullable Object nodes) {
    return ((Result.Rejected<Spec>) validate(nodes, LIMITS)).rejection().problems();
  }

  private static Result<Spec> validate(@Nullable Object nodes, NodeLimits limits) {
    return SpecValidator.validate(
        Collections.singletonMap("nodes", nodes),
        "default",
        new Limits(60, 2, 1, 1, OwnerDomains.ANY, limits),
        Versions.any("1.35"),
        Instant.parse("2026-11-30T10:00:00Z"));
  }

  private static BigDecimal number(String text) {
    return new BigDecimal(text);
  }
}
