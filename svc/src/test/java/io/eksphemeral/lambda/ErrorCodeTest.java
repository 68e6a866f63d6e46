package io.eksphemeral.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class ErrorCodeTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z-]+)` \\| (\\d{3}) \\|");

  /** Programs rely on them: none is renamed or left out without a look at what callers read. */
  @Test
  void theDocumentationListsEachWithItsStatus() throws IOException {
    List<String> documented =
        ROW.matcher(Files.readString(Path.of("../docs/api.md")))
            .results()
            .map(row -> row.group(1) + " " + row.group(2))
            .toList();

    assertThat(documented)
        .containsExactlyElementsOf(
            Arrays.stream(ErrorCode.values())
                .map(code -> code.text() + " " + code.status())
                .toList());
  }
}
