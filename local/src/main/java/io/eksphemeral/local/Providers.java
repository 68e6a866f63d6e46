package io.eksphemeral.local;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Lifecycle;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.io.FileObjectStore;
import io.eksphemeral.local.kind.KindInstallation;
import io.eksphemeral.local.kind.KindProvider;
import io.eksphemeral.local.simulated.SimulatedProvider;
import io.eksphemeral.local.task.Provider;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Chooses the provider of a home: the one that its clusters were built by, the one that is asked
 * for, or else {@code kind} where that can be used. The only class that knows which ones there are.
 */
final class Providers {
  static final String KIND = "kind";
  static final String SIMULATED = "simulated";

  /** Their names, which also name the folder of their files. */
  static final List<String> NAMES = List.of(KIND, SIMULATED);

  /** The file that says which one built the clusters of a home. */
  private static final String FILE = "provider";

  private Providers() {}

  /**
   * A provider.
   *
   * @param why there are no clusters that can be used, for people; empty if there are
   * @param removal the command by which people remove a cluster that is abandoned, with {@code ID}
   *     for its id; empty if there is nothing to remove
   */
  record Choice(String name, Provider provider, String why, String removal) {
    /** Lines for the commands. */
    String described() {
      return "EKSPHEMERAL_PROVIDER=%s\nwhy=%s\nremoval=%s\n"
          .formatted(name, why.replaceAll("\\p{Cntrl}", " "), removal);
    }
  }

  /**
   * Chooses the provider.
   *
   * @param isUsed whether the home has records
   * @param environment of this process
   * @param isGone whether a cluster of the home was deleted, and its deletion verified
   * @throws StartException if the one that is asked for cannot be used
   */
  static Choice choose(
      Settings settings,
      StateDirectory home,
      boolean isUsed,
      Map<String, String> environment,
      ScaledClock clock,
      InstantSource realTime,
      Predicate<ClusterId> isGone)
      throws IOException, StartException {
    AtomicFiles files = home.files();
    // Earlier versions had one provider, and no such file.
    Optional<String> bound =
        isUsed
            ? Optional.of(files.read(FILE).map(String::strip).orElse(SIMULATED))
            : Optional.empty();
    Optional<String> wanted = settings.provider();
    if (bound.isPresent() && wanted.isPresent() && !bound.equals(wanted)) {
      throw Settings.wrong(
          "the clusters of %s are of the provider %s, not %s; destroy them first: eksp down --local --destroy-clusters"
              .formatted(settings.home(), bound.get(), wanted.get()));
    }
    Optional<String> given = bound.or(() -> wanted);
    Choice choice =
        given.filter(SIMULATED::equals).isPresent()
            ? simulated(settings, home, "")
            : withKind(
                settings, home, given, bound.isPresent(), environment, clock, realTime, isGone);
    refuseTooFast(settings, choice);
    files.write(FILE, choice.name() + "\n");
    return choice;
  }

  private static Choice simulated(Settings settings, StateDirectory home, String why)
      throws IOException {
    return new Choice(
        SIMULATED,
        new SimulatedProvider(
            new FileObjectStore(home.folder("simulated/clusters")),
            settings.pace(),
            settings.faults()),
        why,
        "");
  }

  /** Kind, if it is given or can be used. */
  private static Choice withKind(
      Settings settings,
      StateDirectory home,
      Optional<String> given,
      boolean isBound,
      Map<String, String> environment,
      ScaledClock clock,
      InstantSource realTime,
      Predicate<ClusterId> isGone)
      throws IOException, StartException {
    KindInstallation kind = KindInstallation.find(environment);
    String problem = kind.problem().orElse("");
    if (!problem.isEmpty() && given.isEmpty()) {
      return simulated(settings, home, "no real clusters: " + problem);
    }
    if (!problem.isEmpty() && !isBound) {
      throw Settings.wrong("kind cannot be used: " + problem);
    }
    return new Choice(
        KIND,
        new KindProvider(
            kind,
            settings.images(),
            home.folder(KIND),
            home.folder("kubeconfig"),
            () -> realTime.instant().plus(clock.real(longestLife(settings))),
            isGone),
        problem.isEmpty() ? "" : "its clusters cannot be reached: " + problem,
        kind.removal());
  }

  /** From the launch of its creation to its latest possible expiry, and then some. */
  private static Duration longestLife(Settings settings) {
    return Lifecycle.CREATE_DEADLINE
        .plusMinutes(settings.limits().minutes())
        .plus(Lifecycle.DESTROY_DEADLINE);
  }

  /** At some speed every task would miss its deadline. */
  private static void refuseTooFast(Settings settings, Choice choice) throws StartException {
    Duration creation =
        choice.provider().usualPhases().values().stream().reduce(Duration.ZERO, Duration::plus);
    Duration destruction = choice.provider().usualDestruction();
    if (creation.multipliedBy(settings.speed()).compareTo(Lifecycle.CREATE_DEADLINE) >= 0
        || destruction.multipliedBy(settings.speed()).compareTo(Lifecycle.DESTROY_DEADLINE) >= 0) {
      throw Settings.wrong(
          "at speed %d every task would miss its deadline; use a lower --speed%s"
              .formatted(
                  settings.speed(),
                  choice.name().equals(SIMULATED)
                      ? ", or fewer EKSPHEMERAL_SIMULATE_SECONDS"
                      : ", or EKSPHEMERAL_PROVIDER=simulated"));
    }
  }
}
