package io.eksphemeral.local.simulated;

import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.TaskKind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Faults to inject into simulated tasks, to see what failures look like: {@code
 * create:fail:1,destroy:leftovers:dev}. Each rule is {@code kind:fault:which}, where which is a
 * number n, for the next n tasks that no earlier rule matches, or the name of a cluster, for all of
 * its tasks.
 */
public final class FaultInjection {
  /** What goes wrong with a task. */
  public enum Fault {
    /** It reports a failure, and leaves half of a cluster behind. */
    FAIL,
    /** It begins, and never ends by itself. */
    HANG,
    /** It reports a foreign cluster with the name. */
    FOREIGN,
    /** It reports success, with leftovers. */
    LEFTOVERS,
    /** It vanishes without a result. */
    LOST;

    /** The fault of a name; null if there is none. */
    static @Nullable Fault named(@Nullable String name) {
      return name == null ? null : valueOf(name);
    }

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
   * A rule.
   *
   * @param name the cluster whose tasks it matches; empty if it matches the next ones
   * @param left how many more tasks it matches
   */
  private record Rule(TaskKind kind, Fault how, String name, AtomicInteger left) {
    boolean takes(TaskKind of, String cluster) {
      return kind == of
          && (name.isEmpty()
              ? left.getAndUpdate(n -> Math.max(0, n - 1)) > 0
              : name.equals(cluster));
    }
  }

  /**
   * Parses rules; none if the text is blank.
   *
   * @throws IllegalArgumentException with the reason, if the text is invalid
   */
  public static FaultInjection parse(String text) {
    return new FaultInjection(
        Stream.of(text.strip().split("[,\\s]+"))
            .filter(part -> !part.isEmpty())
            .map(FaultInjection::rule)
            .toList());
  }

  /** The fault to inject into a task that is being launched. */
  public Optional<Fault> next(TaskKind kind, String cluster) {
    return rules.stream().filter(rule -> rule.takes(kind, cluster)).findFirst().map(Rule::how);
  }

  private static Rule rule(String text) {
    List<String> parts = List.of(text.split(":", -1));
    if (parts.size() != 3) {
      throw new IllegalArgumentException(
          "'%s' is not KIND:FAULT:WHICH, such as create:fail:1".formatted(text));
    }
    TaskKind kind =
        Arrays.stream(TaskKind.values())
            .filter(one -> one.text().equals(parts.get(0)))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "'%s': KIND must be create or destroy".formatted(text)));
    Fault how =
        Arrays.stream(Fault.values())
            .filter(one -> one.text().equals(parts.get(1)) && one.goesWith(kind))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "'%s': FAULT of a %s task must be one of %s, not '%s'"
                        .formatted(text, kind.text(), kinds(kind), parts.get(1))));
    String which = parts.get(2);
    if (which.matches("[1-9][0-9]{0,5}")) {
      return new Rule(kind, how, "", new AtomicInteger(Integer.parseInt(which)));
    }
    if (!SpecValidator.isName(which) || which.matches("[0-9]+")) {
      throw new IllegalArgumentException(
          "'%s': WHICH must be a number from 1 or the name of a cluster".formatted(text));
    }
    return new Rule(kind, how, which, new AtomicInteger());
  }

  private static String kinds(TaskKind kind) {
    return Arrays.stream(Fault.values())
        .filter(how -> how.goesWith(kind))
        .map(Fault::text)
        .collect(Collectors.joining(", "));
  }
}
