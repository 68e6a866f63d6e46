package io.eksphemeral.local.ui;

import io.eksphemeral.local.io.Subprocess.Output;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where the API is. One that was installed again, or started again on another port, is found as the
 * commands find it.
 */
final class ApiLocation {
  /** However often requests fail, the script runs no more often than this. */
  private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(10);

  /** No path, user or query. */
  private static final Pattern URL = Pattern.compile("https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?");

  /** The exit code of the commands if there is no installation. */
  private static final int USAGE = 2;

  private final LibraryScript script;
  private final InstantSource clock;
  private volatile URI current;
  private volatile Optional<String> missing = Optional.empty();
  private Instant looked = Instant.MIN;

  /**
   * @param script prints the URL of the API that the commands call now
   */
  ApiLocation(URI api, LibraryScript script, InstantSource clock) {
    this.current = api;
    this.script = script;
    this.clock = clock;
  }

  URI current() {
    return current;
  }

  /** Why there is no API any more, and what to do, if the latest look showed that. */
  Optional<String> missing() {
    return missing;
  }

  /** Whether it is somewhere else; looks it up again, as it does not respond there any more. */
  synchronized boolean hasMovedFrom(URI failed) {
    Instant now = clock.instant();
    if (current.equals(failed) && !now.isBefore(looked.plus(BETWEEN_LOOKS))) {
      looked = now;
      look();
    }
    return !current.equals(failed);
  }

  private void look() {
    Output output = script.run();
    String url = output.out().strip();
    if (output.isSuccess() && URL.matcher(url).matches()) {
      current = URI.create(url);
    }
    missing = output.code() == USAGE ? Optional.of(script.message(output)) : Optional.empty();
  }
}
