package io.eksphemeral.local;

import io.eksphemeral.domain.InstanceTypePatterns;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.NodeLimits;
import io.eksphemeral.domain.OwnerDomains;
import io.eksphemeral.local.kind.NodeImages;
import io.eksphemeral.local.simulated.FaultInjection;
import io.eksphemeral.local.simulated.SimulatedProvider.Pace;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Options and environment variables of the control plane on one machine.
 *
 * @param home the directory of all state
 * @param port 0 for any free one
 * @param speed how many times as fast as real time the clock runs
 * @param provider the one to use; empty if it is to be chosen
 * @param pace of simulated tasks
 * @param faults to inject into simulated tasks
 * @param images of nodes for {@code kind}, by version, that replace the usual ones
 * @param described the variables in effect, a line each, with which commands compare theirs
 */
record Settings(
    Path home,
    int port,
    int speed,
    Limits limits,
    Optional<String> provider,
    Pace pace,
    FaultInjection faults,
    Map<String, String> images,
    String described) {
  private static final String MINUTES = "EKSPHEMERAL_MAX_MINUTES";
  private static final String WORKERS = "EKSPHEMERAL_MAX_WORKERS";
  private static final String CLUSTERS = "EKSPHEMERAL_MAX_CLUSTERS";
  private static final String PER_CALLER = "EKSPHEMERAL_MAX_CLUSTERS_PER_CALLER";
  private static final String OWNER_DOMAINS = "EKSPHEMERAL_OWNER_DOMAINS";
  private static final String ALLOW_TYPES = "EKSPHEMERAL_ALLOW_TYPES";
  private static final String DISK = "EKSPHEMERAL_MAX_DISK";
  private static final String SECONDS = "EKSPHEMERAL_SIMULATE_SECONDS";
  private static final String FAULTS = "EKSPHEMERAL_SIMULATE_FAULTS";
  private static final String PROVIDER = "EKSPHEMERAL_PROVIDER";
  private static final String IMAGES = "EKSPHEMERAL_NODE_IMAGES";

  /** Earlier names of variables, which are still read. */
  private static final Map<String, String> LEGACY =
      Map.of(
          PER_CALLER, "EKSPHEMERAL_MAX_CLUSTERS_PER_ASKER",
          SECONDS, "EKSPHEMERAL_REHEARSAL_SECONDS",
          FAULTS, "EKSPHEMERAL_REHEARSAL_FAILS");

  private static final int HIGHEST_PORT = 65_535;
  private static final int HIGHEST_SPEED = 3600;
  private static final int HIGHEST_LIMIT = 1_000_000;
  private static final BigDecimal MOST_SECONDS = BigDecimal.valueOf(3600);

  /**
   * Parses options and environment.
   *
   * @throws StartException if one is invalid; the message says which and why
   */
  static Settings of(List<String> arguments, Map<String, String> environment)
      throws StartException {
    String home = environment.getOrDefault("EKSPHEMERAL_HOME", ".eksphemeral");
    String port = environment.getOrDefault("EKSPHEMERAL_PORT", "8470");
    String speed = "1";
    Iterator<String> rest = arguments.iterator();
    while (rest.hasNext()) {
      String option = rest.next();
      switch (option) {
        case "--home" -> home = value(option, rest);
        case "--port" -> port = value(option, rest);
        case "--speed" -> speed = value(option, rest);
        default ->
            throw wrong(
                "unknown option '%s'; usage: --home DIR --port N --speed N".formatted(option));
      }
    }
    int times = whole("--speed", speed, 1, HIGHEST_SPEED);
    Limits limits = limits(environment);
    String seconds = variable(environment, SECONDS);
    String fails = variable(environment, FAULTS);
    String images = variable(environment, IMAGES);
    return new Settings(
        path(home),
        whole("--port", port, 0, HIGHEST_PORT),
        times,
        limits,
        provider(environment, seconds + fails),
        seconds.isEmpty() ? Pace.usualAt(times) : pace(seconds),
        faults(fails),
        images(images),
        described(limits, seconds, fails, images));
  }

  /** Settings of the simulation choose it. */
  private static Optional<String> provider(Map<String, String> environment, String simulation)
      throws StartException {
    String name = variable(environment, PROVIDER);
    if (name.isEmpty() && !simulation.isEmpty()) {
      return Optional.of(Providers.SIMULATED);
    }
    if (!name.isEmpty() && !Providers.NAMES.contains(name)) {
      throw wrong(
          "%s is '%s', and must be %s"
              .formatted(PROVIDER, name, String.join(" or ", Providers.NAMES)));
    }
    return Optional.of(name).filter(given -> !given.isEmpty());
  }

  private static Map<String, String> images(String text) throws StartException {
    try {
      return NodeImages.parse(text);
    } catch (IllegalArgumentException e) {
      throw wrong("%s: %s".formatted(IMAGES, e.getMessage()));
    }
  }

  private static String variable(Map<String, String> environment, String name) {
    return environment.getOrDefault(
        name, environment.getOrDefault(LEGACY.getOrDefault(name, ""), ""));
  }

  private static String described(Limits limits, String seconds, String fails, String images) {
    return """
    %s=%d
    %s=%d
    %s=%d
    %s=%d
    %s=%s
    %s=%s
    %s=%d
    %s=%s
    %s=%s
    %s=%s
    """
        .formatted(
            MINUTES, limits.minutes(),
            WORKERS, limits.workers(),
            CLUSTERS, limits.clusters(),
            PER_CALLER, limits.clustersPerCaller(),
            OWNER_DOMAINS, limits.owners(),
            ALLOW_TYPES, limits.nodes().types(),
            DISK, limits.nodes().disk(),
            SECONDS, seconds,
            FAULTS, fails.replace('\n', ' '),
            IMAGES, images.replace('\n', ' '));
  }

  private static Path path(String home) throws StartException {
    try {
      return Path.of(home).toAbsolutePath().normalize();
    } catch (InvalidPathException _) {
      throw wrong("--home '%s' is not a valid path".formatted(home));
    }
  }

  private static Limits limits(Map<String, String> environment) throws StartException {
    Limits usual = Limits.DEFAULT;
    return new Limits(
        limit(environment, MINUTES, usual.minutes()),
        limit(environment, WORKERS, usual.workers()),
        limit(environment, CLUSTERS, usual.clusters()),
        limit(environment, PER_CALLER, usual.clustersPerCaller()),
        owners(environment.getOrDefault(OWNER_DOMAINS, "")),
        new NodeLimits(
            usual.nodes().usual(),
            types(environment.getOrDefault(ALLOW_TYPES, usual.nodes().types().toString())),
            limit(environment, DISK, usual.nodes().usual().disk(), usual.nodes().disk())));
  }

  private static InstanceTypePatterns types(String patterns) throws StartException {
    try {
      return InstanceTypePatterns.parse(patterns);
    } catch (IllegalArgumentException e) {
      throw wrong("%s: %s".formatted(ALLOW_TYPES, e.getMessage()));
    }
  }

  private static OwnerDomains owners(String domains) throws StartException {
    try {
      return OwnerDomains.parse(domains);
    } catch (IllegalArgumentException e) {
      throw wrong("%s: %s".formatted(OWNER_DOMAINS, e.getMessage()));
    }
  }

  private static int limit(Map<String, String> environment, String name, int usual)
      throws StartException {
    return limit(environment, name, 1, usual);
  }

  private static int limit(Map<String, String> environment, String name, int least, int usual)
      throws StartException {
    String text = variable(environment, name);
    return text.isEmpty() ? usual : whole(name, text, least, HIGHEST_LIMIT);
  }

  private static Pace pace(String seconds) throws StartException {
    if (!seconds.matches("[0-9]{1,4}(\\.[0-9]{1,3})?")
        || new BigDecimal(seconds).compareTo(MOST_SECONDS) > 0) {
      throw wrong(
          "%s is '%s', and must be a number of seconds from 0 to %s"
              .formatted(SECONDS, seconds, MOST_SECONDS));
    }
    Duration each = Duration.ofMillis(new BigDecimal(seconds).movePointRight(3).longValueExact());
    return new Pace(each, each);
  }

  private static FaultInjection faults(String text) throws StartException {
    try {
      return FaultInjection.parse(text);
    } catch (IllegalArgumentException e) {
      throw wrong(FAULTS + ": " + e.getMessage());
    }
  }

  private static int whole(String what, String text, int least, int most) throws StartException {
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    }
    throw wrong(
        "%s is '%s', and must be a whole number from %d to %d".formatted(what, text, least, most));
  }

  private static String value(String option, Iterator<String> rest) throws StartException {
    if (!rest.hasNext()) {
      throw wrong("the option " + option + " needs a value");
    }
    return rest.next();
  }

  static StartException wrong(String message) {
    return new StartException(StartException.Reason.WRONG_SETTING, message);
  }
}
