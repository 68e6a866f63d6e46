package io.eksphemeral.domain;

import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The Kubernetes versions one can ask for.
 *
 * @param offered {@code 1.NN} each; none means that every well-formed version is fine
 * @param preferred the one that a spec without a version gets
 */
public record Versions(List<String> offered, String preferred) {
  private static final Pattern VERSION = Pattern.compile("1\\.[0-9]{2}");

  public Versions {
    offered = List.copyOf(offered);
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

  private static int minor(String version) {
    return Integer.parseInt(version.substring(version.indexOf('.') + 1));
  }
}
