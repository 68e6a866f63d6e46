package io.eksphemeral.domain;

import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The Kubernetes versions one can ask for.
 *
 * @param offered {@code 1.NN} each; none means that every well-formed version is fine
 * @param extended those of the offered ones that are past their standard support
 * @param preferred the one that a spec without a version gets
 */
public record Versions(List<String> offered, List<String> extended, String preferred) {
  private static final Pattern VERSION = Pattern.compile("1\\.[0-9]{2}");

  /** How EKS supports a version. Extended support costs six times as much. */
  public enum Support {
    STANDARD,
    EXTENDED
  }

  public Versions {
    offered = List.copyOf(offered);
    extended = List.copyOf(extended);
  }

  /** Versions that are all in standard support. */
  public Versions(List<String> offered, String preferred) {
    this(offered, List.of(), preferred);
  }

  /** Whether a text is a version as Kubernetes and EKS write them. */
  public static boolean isOne(String text) {
    return VERSION.matcher(text).matches();
  }

  /** No list to hold anybody to: where nothing is really built, every version is. */
  public static Versions any(String preferred) {
    return new Versions(List.of(), preferred);
  }

  /**
   * Whether a cluster of this version can be built. What is newer than the whole list passes: the
   * list may be older than the version.
   */
  public boolean offers(String version) {
    return offered.isEmpty()
        || offered.contains(version)
        || offered.stream().max(Comparator.comparingInt(Versions::minor)).stream()
            .allMatch(newest -> minor(version) > minor(newest));
  }

  /** How a version is supported; one that is not on the list is taken for a new one. */
  public Support supports(String version) {
    return extended.contains(version) ? Support.EXTENDED : Support.STANDARD;
  }

  private static int minor(String version) {
    return Integer.parseInt(version.substring(version.indexOf('.') + 1));
  }
}
