package io.eksphemeral.domain;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The Kubernetes versions that are offered.
 *
 * @param offered {@code 1.NN} each; empty if every well-formed version is
 * @param extended the offered ones in extended support
 * @param preferred the default
 * @param isComplete whether a version that is newer than all offered ones is not offered; otherwise
 *     the list may be outdated
 */
public record Versions(
    List<String> offered, List<String> extended, String preferred, boolean isComplete) {
  private static final Pattern VERSION = Pattern.compile("1\\.[0-9]{2}");

  /** The level of support by EKS. Extended support costs six times as much. */
  public enum Support {
    STANDARD,
    EXTENDED
  }

  public Versions {
    offered = List.copyOf(offered);
    extended = List.copyOf(extended);
  }

  public Versions(List<String> offered, List<String> extended, String preferred) {
    this(offered, extended, preferred, false);
  }

  /** These and no others, all in standard support. */
  public static Versions only(List<String> offered, String preferred) {
    return new Versions(offered, List.of(), preferred, true);
  }

  /** Versions that are all in standard support. */
  public Versions(List<String> offered, String preferred) {
    this(offered, List.of(), preferred);
  }

  /** Whether a text has the form of a version. */
  public static boolean isValid(String text) {
    return VERSION.matcher(text).matches();
  }

  /** Offers every well-formed version. */
  public static Versions any(String preferred) {
    return new Versions(List.of(), preferred);
  }

  public boolean offers(String version) {
    return offered.contains(version)
        || (!isComplete && offered.stream().allMatch(other -> minor(version) > minor(other)));
  }

  /** The support of a version; one that is not on the list is assumed to be new. */
  public Support supports(String version) {
    return extended.contains(version) ? Support.EXTENDED : Support.STANDARD;
  }

  private static int minor(String version) {
    return Integer.parseInt(version.substring(version.indexOf('.') + 1));
  }
}
