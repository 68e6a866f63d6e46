package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The picture of the life cycle shows every transition. */
final class LifePictureTest {
  private static final Path SOURCE = Path.of("..", "img", "life.dot");
  private static final Pattern ARROW = Pattern.compile("\"([a-z-]+)\" -> \"([a-z-]+)\"");

  @Test
  void thePictureShowsTheTransitionsOfTheTable() throws Exception {
    List<String> drawn =
        ARROW
            .matcher(Files.readString(SOURCE))
            .results()
            .map(arrow -> arrow.group(1) + " -> " + arrow.group(2))
            .toList();
    List<String> real =
        Arrays.stream(State.values())
            .flatMap(from -> from.next().stream().map(to -> from.text() + " -> " + to.text()))
            .toList();

    assertThat(drawn).containsExactlyInAnyOrderElementsOf(real);
  }
}
