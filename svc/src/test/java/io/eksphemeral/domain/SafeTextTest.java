package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lengths are in bytes of JSON. */
final class SafeTextTest {
  /** What is repeated, how often it fits, and how often it fits with an ellipsis. */
  @ParameterizedTest
  @CsvSource({
    "x, 500, 497",
    "~, 500, 497",
    "\\, 250, 248",
    "'\"', 250, 248",
    "\u00e9, 250, 248",
    "\u0800, 166, 165",
    "\u20ac, 166, 165",
    "\ud800\udc00, 125, 124",
    "\ud83d\ude00, 125, 124"
  })
  void aLineHasAtMost500Bytes(String character, int fits, int left) {
    assertThat(SafeText.sanitize(character.repeat(fits))).isEqualTo(character.repeat(fits));
    assertThat(SafeText.sanitize(character.repeat(fits + 1)))
        .isEqualTo(character.repeat(left) + "…");
    assertThat(SafeText.sanitize(character.repeat(10_000))).isEqualTo(character.repeat(left) + "…");
  }

  /** The last character may be wider than the ellipsis that replaces it. */
  @Test
  void charactersAreNotSplit() {
    assertThat(SafeText.sanitize("x".repeat(497) + "😀")).isEqualTo("x".repeat(497) + "…");
    assertThat(SafeText.sanitize("x".repeat(496) + "😀")).isEqualTo("x".repeat(496) + "😀");
    assertThat(SafeText.sanitize("x".repeat(498) + "€")).isEqualTo("x".repeat(497) + "…");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 20})
  void theMaximumLengthCanBeGiven(int longest) {
    assertThat(SafeText.sanitize("x".repeat(longest), longest)).isEqualTo("x".repeat(longest));
    assertThat(SafeText.sanitize("x".repeat(longest + 1), longest))
        .isEqualTo("x".repeat(Math.max(0, longest - 3)) + "…");
  }

  @Test
  void controlCharactersBecomeOneBlank() {
    assertThat(SafeText.sanitize("a\r\n\tb\u001b\u202e\u2028c")).isEqualTo("a b c");
    assertThat(SafeText.sanitize("\u0001".repeat(5000))).isEqualTo(" ");
  }

  @Test
  void aListIsCutToFiftyLines() {
    List<String> fifty = Collections.nCopies(50, "a\nb");
    assertThat(SafeText.sanitize(fifty)).isEqualTo(Collections.nCopies(50, "a b"));
    assertThat(SafeText.sanitize(Collections.nCopies(51, "x"))).hasSize(50);
  }
}
