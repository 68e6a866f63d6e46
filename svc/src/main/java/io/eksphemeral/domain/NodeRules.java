package io.eksphemeral.domain;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Validates {@code nodes} in a spec. */
final class NodeRules {
  static final int MAX_TYPES = 20;

  private static final Pattern TYPE = Pattern.compile("[a-z0-9-]{1,20}\\.[a-z0-9-]{1,20}");

  private final NodeLimits limits;
  private final SpecProblems problems;
  private List<String> types = List.of();
  private @Nullable Architecture arch;
  private @Nullable Integer disk;
  private @Nullable CapacityType capacityType;

  NodeRules(NodeLimits limits, SpecProblems problems) {
    this.limits = limits;
    this.problems = problems;
  }

  NodeChoice validate(String field, @Nullable Object value) {
    if (!(value instanceof Map<?, ?> fields)) {
      problems.add(field, "an object with types, arch, disk and capacitytype", value);
      return NodeChoice.NONE;
    }
    Map<String, BiConsumer<String, @Nullable Object>> rules = new LinkedHashMap<>();
    rules.put("types", (name, inner) -> types = types(name, inner));
    rules.put(
        "arch", (name, inner) -> arch = oneOf(name, inner, Architecture::parse, "x86_64 or arm64"));
    rules.put(
        "disk", (name, inner) -> disk = problems.whole(name, inner, Nodes.MIN_DISK, limits.disk()));
    rules.put(
        "capacitytype",
        (name, inner) ->
            capacityType = oneOf(name, inner, CapacityType::parse, "spot or on-demand"));
    problems.checkFields(field + ".", fields, rules);
    NodeChoice choice = new NodeChoice(types, arch, disk, capacityType);
    checkArchitecture(field, choice);
    return choice;
  }

  private List<String> types(String field, @Nullable Object value) {
    List<String> valid =
        problems.texts(
            field,
            value,
            text -> TYPE.matcher(text).matches(),
            MAX_TYPES,
            "EC2 instance types like t3.medium");
    valid.stream()
        .filter(type -> !limits.allow(type))
        .forEach(type -> problems.add(field, allowed(), type));
    return valid.stream().distinct().toList();
  }

  private String allowed() {
    Stream<String> usual =
        limits.usual().instanceTypes().stream().filter(type -> !limits.types().allow(type));
    return "of those that the operator allows (%s)"
        .formatted(
            Stream.concat(usual, limits.types().patterns().stream())
                .collect(Collectors.joining(", ")));
  }

  private <T> @Nullable T oneOf(
      String field, @Nullable Object value, Function<String, Optional<T>> parse, String wanted) {
    Optional<T> parsed = value instanceof String text ? parse.apply(text) : Optional.empty();
    if (parsed.isEmpty()) {
      problems.add(field, wanted, value);
    }
    return parsed.orElse(null);
  }

  /** All nodes of a cluster have the same architecture. */
  private void checkArchitecture(String field, NodeChoice choice) {
    List<String> chosen = limits.usual().with(choice).instanceTypes();
    Architecture first = Architecture.of(chosen.getFirst());
    Optional<String> other =
        chosen.stream().filter(type -> Architecture.of(type) != first).findFirst();
    if (other.isPresent() && !types.isEmpty()) {
      problems.add(
          "%s.types must have one architecture; %s is %s, %s is %s"
              .formatted(
                  field,
                  chosen.getFirst(),
                  first.text(),
                  other.get(),
                  Architecture.of(other.get()).text()));
    } else if (arch != null && arch != first) {
      problems.add(
          field + ".arch", "%s, like %s".formatted(first.text(), chosen.getFirst()), arch.text());
    } else if (types.isEmpty() && !chosen.stream().allMatch(limits::allow)) {
      problems.add("%s needs types, %s".formatted(field, allowed()));
    }
  }
}
