package io.eksphemeral.local.kind;

import io.eksphemeral.domain.Versions;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The node image of each Kubernetes version: the one that the operator set, else the newest one
 * that the engine has, else the one that kind's release notes name, by its digest.
 */
public final class NodeImages {
  private static final String REPOSITORY = "kindest/node";

  /** From the release notes of kind 0.33.0. */
  private static final Map<String, String> RELEASED =
      Map.of(
          "1.34",
          "v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d",
          "1.35",
          "v1.35.8@sha256:07b2536e30b803ed61d1677a79df6115f798ce64c80f9e22f6ed45afd09323c0",
          "1.36",
          "v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed",
          "1.37",
          "v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5");

  private static final String PREFERRED = "1.35";
  private static final Pattern TAG =
      Pattern.compile("(?:.*/)?kindest/node:v(1\\.[0-9]{2})\\.([0-9]{1,4})");
  private static final Comparator<String> OLDEST_FIRST =
      Comparator.comparingInt(version -> Integer.parseInt(version.substring(2)));

  /** Callers may ask for the versions again and again. */
  private static final Duration FRESH = Duration.ofSeconds(10);

  private final Map<String, String> chosen;
  private final ContainerEngine engine;
  private @Nullable Map<String, String> known;
  private long knownAt;

  /**
   * @param chosen by the operator, by version
   */
  NodeImages(Map<String, String> chosen, ContainerEngine engine) {
    this.chosen = Map.copyOf(chosen);
    this.engine = engine;
  }

  /**
   * Parses {@code 1.35=IMAGE,1.34=IMAGE}.
   *
   * @throws IllegalArgumentException with the reason, if the text is invalid
   */
  public static Map<String, String> parse(String text) {
    Map<String, String> images = new TreeMap<>(OLDEST_FIRST);
    for (String part : List.of(text.strip().split("[, ]+", -1))) {
      if (part.isEmpty()) {
        continue;
      }
      String[] words = part.split("=", 2);
      if (words.length < 2
          || !Versions.isValid(words[0])
          || !words[1].matches("[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}")) {
        throw new IllegalArgumentException(
            "'%s' is not VERSION=IMAGE, such as 1.35=kindest/node:v1.35.8".formatted(part));
      }
      images.put(words[0], words[1]);
    }
    return images;
  }

  /** The image of a version. */
  Optional<String> of(String version) throws InterruptedException {
    return Optional.ofNullable(all().get(version));
  }

  /** The versions that have an image. */
  Versions versions() throws InterruptedException {
    List<String> offered = List.copyOf(all().keySet());
    return Versions.only(offered, offered.contains(PREFERRED) ? PREFERRED : offered.getLast());
  }

  private synchronized Map<String, String> all() throws InterruptedException {
    Map<String, String> images = known;
    if (images == null || System.nanoTime() - knownAt > FRESH.toNanos()) {
      images = new TreeMap<>(OLDEST_FIRST);
      for (var released : RELEASED.entrySet()) {
        images.put(released.getKey(), REPOSITORY + ":" + released.getValue());
      }
      images.putAll(present());
      images.putAll(chosen);
      known = images;
      knownAt = System.nanoTime();
    }
    return images;
  }

  /** The newest image of each version that the engine has; none if it does not answer. */
  private Map<String, String> present() throws InterruptedException {
    Map<String, String> images = new HashMap<>();
    Map<String, Integer> patches = new HashMap<>();
    try {
      for (String image : engine.images(REPOSITORY)) {
        Matcher tag = TAG.matcher(image);
        if (tag.matches()) {
          int patch = Integer.parseInt(tag.group(2));
          if (patch >= patches.getOrDefault(tag.group(1), 0)) {
            patches.put(tag.group(1), patch);
            images.put(tag.group(1), image);
          }
        }
      }
    } catch (EngineException _) {
      // A creation will say so.
    }
    return images;
  }
}
