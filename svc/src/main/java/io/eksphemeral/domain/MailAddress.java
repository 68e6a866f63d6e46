package io.eksphemeral.domain;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Validates mail addresses, and recognises reserved ones, which receive no mail. */
public final class MailAddress {
  private static final Pattern SHAPE =
      Pattern.compile("[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\\.[A-Za-z0-9-]+)+");

  /** Domains that never receive mail (RFC 2606, RFC 6761). */
  private static final Set<String> RESERVED =
      Set.of("example", "example.com", "example.net", "example.org", "test", "invalid");

  private MailAddress() {}

  /** Whether a text is an address: ASCII, one @, a domain with a dot, at most 254 characters. */
  public static boolean isValid(String text) {
    return text.length() <= 254 && SHAPE.matcher(text).matches();
  }

  /** Whether an address is under a reserved domain. */
  public static boolean isReserved(String address) {
    String domain = address.substring(address.indexOf('@') + 1).toLowerCase(Locale.ROOT);
    return RESERVED.stream().anyMatch(name -> domain.equals(name) || domain.endsWith("." + name));
  }
}
