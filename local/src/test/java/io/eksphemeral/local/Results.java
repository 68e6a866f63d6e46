package io.eksphemeral.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The figures of an attack, printed, and where {@code bench/attack.sh} finds them. */
final class Results {
  private Results() {}

  static void write(
      String name,
      String title,
      Duration length,
      long seed,
      Map<? extends Enum<?>, Integer> blows,
      Collection<Broken> planted,
      ApiClients clients)
      throws IOException {
    Map<Broken, Integer> kinds = new EnumMap<>(Broken.class);
    planted.forEach(how -> kinds.merge(how, 1, Integer::sum));
    String text =
        """
        ## %s

        For %d s, seed %d.

        | what | is |
        |---|---|
        | clusters accepted, and ended with proof | %d |
        | broken records planted, and named wherever anybody looked | %d: %s |
        %s

        | call | answers |
        |---|---|
        %s
        """
            .formatted(
                title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1),
                length.toSeconds(),
                seed,
                clients.accepted().size(),
                planted.size(),
                list(kinds),
                rows(blows, "| %s | %s |"),
                rows(clients.answers(), "| `%s` | %s |"));
    Path folder = Path.of(System.getProperty("eksphemeral.attack.results", "target/attack"));
    Files.writeString(Files.createDirectories(folder).resolve(name + ".md"), text);
    System.out.println(text);
  }

  private static String list(Map<Broken, Integer> kinds) {
    return kinds.entrySet().stream()
        .map(kind -> kind.getValue() + " " + words(kind.getKey()))
        .collect(Collectors.joining(", "));
  }

  private static String rows(Map<?, ?> figures, String form) {
    return figures.entrySet().stream()
        .map(one -> form.formatted(words(one.getKey()), one.getValue()))
        .collect(Collectors.joining("\n"));
  }

  private static String words(Object key) {
    return key instanceof Enum<?> one
        ? one.name().toLowerCase(Locale.ROOT).replace('_', ' ')
        : key.toString();
  }
}
