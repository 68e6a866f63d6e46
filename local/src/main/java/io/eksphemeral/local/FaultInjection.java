package io.eksphemeral.local;

import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.TaskKind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which rehearsed tasks are to go wrong, and how, so that people can see what failures look like:
 * {@code create:fail:1,destroy:leftovers:dev}. Each part is {@code what:how:which}; which is a
 * number n, for the next n tasks that no part before it takes, counted from the start of the
 * process; or the name of a cluster, for all of its tasks.
 */
final class FaultInjection {
  /** What goes wrong. */
  enum How {
    /** It says that it did not work; half of a cluster is left behind. */
    FAIL,
    /** It begins, and never ends by itself. */
    HANG,
    /** It says that there is a cluster of the name that is not ours. */
    FOREIGN,
    /** It says that it is done, and names what it could not remove. */
    LEFTOVERS,
    /** It is gone half-way, without a word. */
    LOST;

    String text() {
      return name().toLowerCase(Locale.ROOT);
    }

    boolean goesWith(TaskKind kind) {
      return switch (this) {
        case FAIL, HANG, LOST -> true;
        case FOREIGN -> kind == TaskKind.CREATE;
        case LEFTOVERS -> kind == TaskKind.DESTROY;
      };
    }
  }

  private final List<Rule> rules;

  private FaultInjection(List<Rule> rules) {
    this.rules = rules;
  }

  /**
   * One part.
   *
   * @param name the cluster whose tasks it is for; empty if it is for the next ones
   * @param left for how many more
   */
  private record Rule(TaskKind kind, How how, String name, AtomicInteger left) {
    boolean takes(TaskKind of, String cluster) {
      return kind == of
          && (name.isEmpty()
              ? left.getAndUpdate(n -> Math.max(0, n - 1)) > 0
              : name.equals(cluster));
    }
  }

  /**
   * The mishaps that a text asks for; none if it is blank.
   *
   * @throws IllegalArgumentException if it cannot be understood, with a sentence that says why
   */
  static FaultInjection parse(String text) {
    return new FaultInjection(
        Stream.of(text.strip().split("[,\\s]+"))
            .filter(part -> !part.isEmpty())
            .map(FaultInjection::rule)
            .toList());
  }

  /** What is to go wrong with a task that is being launched. */
  Optional<How> next(TaskKind kind, String cluster) {
    return rules.stream().filter(rule -> rule.takes(kind, cluster)).findFirst().map(Rule::how);
  }

  private static Rule rule(String text) {
    List<String> parts = List.of(text.split(":", -1));
    if (parts.size() != 3) {
      throw new IllegalArgumentException(
          "'%s' is not what:how:which, such as create:fail:1".formatted(text));
    }
    TaskKind kind =
        Arrays.stream(TaskKind.values())
            .filter(one -> one.text().equals(parts.get(0)))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "'%s' begins neither with create nor with destroy".formatted(text)));
    How how =
        Arrays.stream(How.values())
            .filter(one -> one.text().equals(parts.get(1)) && one.goesWith(kind))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "'%s': a %s task can %s, but not '%s'"
                        .formatted(text, kind.text(), kinds(kind), parts.get(1))));
    String which = parts.get(2);
    if (which.matches("[1-9][0-9]{0,5}")) {
      return new Rule(kind, how, "", new AtomicInteger(Integer.parseInt(which)));
    }
    if (!SpecValidator.isName(which) || which.matches("[0-9]+")) {
      throw new IllegalArgumentException(
          "'%s' ends neither with a number from 1 nor with the name of a cluster".formatted(text));
    }
    return new Rule(kind, how, which, new AtomicInteger());
  }

  private static String kinds(TaskKind kind) {
    return Arrays.stream(How.values())
        .filter(how -> how.goesWith(kind))
        .map(How::text)
        .collect(Collectors.joining(", "));
  }
}
