package io.eksphemeral.local.ui;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What {@code eksp-ui.sh} tells the proxy. None of it is secret.
 *
 * @param api the URL of the control plane's API
 * @param region of an API on AWS, whose requests are signed; empty on one machine
 * @param where the control plane is, in words
 * @param caller the ARN of the caller
 * @param owner the caller's mail address, or empty
 * @param command how the caller types a command, with {@code COMMAND} in place of its name
 * @param scripts the folder of the commands
 * @param opener the program that opens a file in the browser, if there is one
 * @param certificates a file with the CA certificates to trust, if not the JDK's
 * @param idle how long without a request until the proxy ends
 */
record UiSettings(
    URI api,
    Optional<String> region,
    String where,
    String caller,
    String owner,
    String command,
    Path scripts,
    Optional<String> opener,
    Optional<Path> certificates,
    Duration idle) {

  /**
   * Reads options, each with a value.
   *
   * @throws IllegalArgumentException if one is unknown, missing or malformed
   */
  static UiSettings of(List<String> arguments) {
    Map<String, String> given = new HashMap<>();
    for (int i = 0; i < arguments.size(); i += 2) {
      if (i + 1 == arguments.size()) {
        throw new IllegalArgumentException(arguments.get(i) + " needs a value");
      }
      given.put(arguments.get(i), arguments.get(i + 1));
    }
    UiSettings settings =
        new UiSettings(
            URI.create(take(given, "--api")),
            optional(given, "--region"),
            take(given, "--where"),
            take(given, "--caller"),
            optional(given, "--owner").orElse(""),
            take(given, "--command"),
            Path.of(take(given, "--scripts")),
            optional(given, "--opener"),
            optional(given, "--certificates").map(Path::of),
            Duration.ofSeconds(Long.parseLong(take(given, "--idle-seconds"))));
    if (!given.isEmpty()) {
      throw new IllegalArgumentException("unknown options: " + given.keySet());
    }
    return settings;
  }

  boolean isOnAws() {
    return region.isPresent();
  }

  private static String take(Map<String, String> given, String name) {
    return Objects.requireNonNullElseGet(
        given.remove(name),
        () -> {
          throw new IllegalArgumentException(name + " is missing");
        });
  }

  private static Optional<String> optional(Map<String, String> given, String name) {
    return Optional.ofNullable(given.remove(name)).filter(value -> !value.isEmpty());
  }
}
