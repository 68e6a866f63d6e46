package io.eksphemeral.domain;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The mail domains that owners may have.
 *
 * @param domains in lower case; empty if any domain is allowed
 */
public record OwnerDomains(List<String> domains) {
  public static final OwnerDomains ANY = new OwnerDomains(List.of());

  private static final Pattern DOMAIN = Pattern.compile("[a-z0-9-]+(\\.[a-z0-9-]+)+");

  public OwnerDomains {
    domains = List.copyOf(domains);
  }

  /**
   * Parses a comma-separated list of domains, which may be blank.
   *
   * @throws IllegalArgumentException if one is not a domain
   */
  public static OwnerDomains parse(String text) {
    if (text.isBlank()) {
      return ANY;
    }
    List<String> domains =
        Arrays.stream(text.toLowerCase(Locale.ROOT).split(",", -1)).map(String::strip).toList();
    for (String domain : domains) {
      if (!DOMAIN.matcher(domain).matches()) {
        throw new IllegalArgumentException("'%s' is not a mail domain".formatted(domain));
      }
    }
    return new OwnerDomains(domains);
  }

  /** Whether an owner is allowed. Reserved addresses always are, as they receive no mail. */
  public boolean allow(String address) {
    String domain = address.substring(address.indexOf('@') + 1).toLowerCase(Locale.ROOT);
    return domains.isEmpty() || domains.contains(domain) || MailAddress.isReserved(address);
  }

  /** The domains in the form that is parsed. */
  @Override
  public String toString() {
    return String.join(",", domains);
  }
}
