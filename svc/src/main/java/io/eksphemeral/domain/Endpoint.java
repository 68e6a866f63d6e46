package io.eksphemeral.domain;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The URL of the API through which a cluster was requested. Its shape is safe in a command. */
public record Endpoint(String url) {
  private static final String LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
  private static final Pattern HOST =
      Pattern.compile("(?=.{1,253}$)(%1$s[.])+%1$s".formatted(LABEL));

  /** As on one machine, under each of its names. */
  private static final Pattern LOOPBACK =
      Pattern.compile("(127[.]0[.]0[.]1|localhost|\\[::1]):([1-9][0-9]{0,4})");

  private static final String LOCAL = "http://127.0.0.1:";
  private static final String REMOTE = "https://";

  public Endpoint {
    boolean isValid =
        url.startsWith(LOCAL)
            ? LOOPBACK.matcher(url.substring("http://".length())).matches()
            : url.startsWith(REMOTE) && HOST.matcher(url.substring(REMOTE.length())).matches();
    if (!isValid) {
      throw new IllegalArgumentException("endpoint is not the URL of an API");
    }
  }

  /** The API at a host, which has a port on one machine alone; empty if the text is neither. */
  public static Optional<Endpoint> at(@Nullable String host) {
    String lower = host == null ? "" : host.toLowerCase(Locale.ROOT);
    Matcher loopback = LOOPBACK.matcher(lower);
    if (loopback.matches()) {
      return Optional.of(new Endpoint(LOCAL + loopback.group(2)));
    }
    return HOST.matcher(lower).matches()
        ? Optional.of(new Endpoint(REMOTE + lower))
        : Optional.empty();
  }
}
