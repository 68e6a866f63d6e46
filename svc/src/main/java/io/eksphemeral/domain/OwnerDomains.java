package io.eksphemeral.domain;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The mail domains whose addresses may be named as owner.
 *
 * @param domains in lower case; none if any may
 */
public record OwnerDomains(List<String> domains) {
  /** Every address may be named. */
  public static final OwnerDomains ANY = new OwnerDomains(List.of());

  private static final Pattern DOMAIN = Pattern.compile("[a-z0-9-]+(\\.[a-z0-9-]+)+");

  public OwnerDomains {
    domains = List.copyOf(domains);
  }

  /**
   * Reads domains with commas between; none from a blank text.
   *
   * @throws IllegalArgumentException if one is no domain
   */
  public static OwnerDomains parse(String text) {
    if (text.isBlank()) {
      return ANY;
    }
    List<String> domains =
        Arrays.stream(text.toLowerCase(Locale.ROOT).split(",", -1)).map(String::strip).toList();
    for (String domain : domains) {
      if (!DOMAIN.matcher(domain).matches()) {
        throw new IllegalArgumentException("'%s' is no mail domain".formatted(domain));
      }
    }
    return new OwnerDomains(domains);
  }

  /** Whether an address may be named. One under a reserved domain may, as it is never mailed. */
  public boolean allow(String address) {
    String domain = address.substring(address.indexOf('@') + 1).toLowerCase(Locale.ROOT);
    return domains.isEmpty() || domains.contains(domain) || MailAddress.isNobodys(address);
  }

  /** The domains, as they are parsed. */
  @Override
  public String toString() {
    return String.join(",", domains);
  }
}
