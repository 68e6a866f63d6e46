package io.eksphemeral.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.lambda.SpecParser.Reading;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

final class YamlSpecParserTest {
  private static final String NO_TAGS = "aliases and tags are not allowed in a spec: ";
  private static final String MAPPING = "the spec must be a mapping, like numworkers: 2";

  /** A text that is not parsed, and the problem. */
  record Bad(String yaml, String problem) {}

  static final List<Bad> BAD =
      List.of(
          new Bad("", SpecParser.EMPTY),
          new Bad(" \n\t\n", SpecParser.EMPTY),
          new Bad("# nothing\n", SpecParser.EMPTY),
          new Bad("---\n", MAPPING),
          new Bad("2", MAPPING),
          new Bad("- a", MAPPING),
          new Bad("name: a\n---\nname: b\n", "there is a second document after the spec"),
          new Bad("name: a\n...\n---\n", "there is a second document after the spec"),
          new Bad("name: [a\n", "the spec is not YAML: line 2, column 1"),
          new Bad("name: \"a\n", "the spec is not YAML: line 2, column 1"),
          new Bad("name: a: b", "the spec is not YAML: line 1, column 8"),
          new Bad("\tname: a", "the spec is not YAML: line 1, column 1"),
          new Bad("name: a\u0007", "the spec is not YAML"),
          new Bad("name: @a", "the spec is not YAML: line 1, column 7"),
          new Bad("a: &x b\nc: *x", NO_TAGS + "line 2, column 4"),
          new Bad("a: &x [*x]", NO_TAGS + "line 1, column 8"),
          new Bad("&x a: b\n*x : c", NO_TAGS + "line 2, column 1"),
          new Bad("a: !!str 1", NO_TAGS + "line 1, column 4"),
          new Bad("a: ! b", NO_TAGS + "line 1, column 4"),
          new Bad("a: !!javax.script.ScriptEngineManager []", NO_TAGS + "line 1, column 4"),
          new Bad("!!map {a: b}", NO_TAGS + "line 1, column 1"),
          new Bad("? !!str a\n: b", NO_TAGS + "line 1, column 3"),
          new Bad("? [a]\n: b", "a key must be text: line 1, column 1"),
          new Bad("{{a: b}: c}", "a key must be text: line 1, column 1"),
          new Bad("a: " + "[".repeat(60_000), SpecParser.TOO_DEEP),
          new Bad("{a: ".repeat(10_000), SpecParser.TOO_DEEP),
          new Bad("- ".repeat(30_000), MAPPING),
          new Bad("a:\n  " + "- ".repeat(30_000), SpecParser.TOO_DEEP),
          new Bad("a: " + "1".repeat(1001), SpecParser.TOO_DEEP));

  @ParameterizedTest
  @FieldSource("BAD")
  void textThatIsNoMappingOfPlainValuesIsRejected(Bad bad) {
    long begun = System.nanoTime();

    Reading reading = read(bad.yaml());

    assertThat(reading.problems()).containsExactly(bad.problem());
    assertThat(reading.fields()).isEmpty();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void textThatIsNotUtf8IsRejected() {
    assertThat(SpecParser.readYaml(new byte[] {'a', ':', ' ', (byte) 0xff}).problems())
        .containsExactly("the spec is not UTF-8");
  }

  @Test
  void valuesAreThoseOfJson() {
    Reading reading =
        read(
            """
            # a comment
            text: dev
            quoted: "1.35"
            single: '2'
            block: |-
              a
              b
            number: 2
            version: 1.30
            negative: -1.5e3
            yes: yes
            upper: True
            octal: 010
            underscore: 1_000
            infinite: .inf
            date: 2026-11-30
            true: true
            false: false
            empty:
            tilde: ~
            'null': null
            list: [a, 1, {b: c}]
            block list:
            - "x"
            -
            anchored: &a b
            <<: {merged: no}
            """);

    Map<String, @Nullable Object> expected = new LinkedHashMap<>();
    expected.put("text", "dev");
    expected.put("quoted", "1.35");
    expected.put("single", "2");
    expected.put("block", "a\nb");
    expected.put("number", new BigDecimal("2"));
    expected.put("version", new BigDecimal("1.30"));
    expected.put("negative", new BigDecimal("-1.5e3"));
    expected.put("yes", "yes");
    expected.put("upper", "True");
    expected.put("octal", "010");
    expected.put("underscore", "1_000");
    expected.put("infinite", ".inf");
    expected.put("date", "2026-11-30");
    expected.put("true", true);
    expected.put("false", false);
    expected.put("empty", null);
    expected.put("tilde", null);
    expected.put("null", null);
    expected.put("list", List.of("a", new BigDecimal("1"), Map.of("b", "c")));
    expected.put("block list", Arrays.asList("x", null));
    expected.put("anchored", "b");
    expected.put("<<", Map.of("merged", "no"));
    assertThat(reading.problems()).isEmpty();
    assertThat(reading.fields()).isEqualTo(expected);
  }

  @Test
  void duplicateFieldsAreListedAndDoNotEndTheParsing() {
    Reading reading = read("\ufeffname: a\n\"name\": b\ntask: {subnets: [], subnets: []}\nname: c");

    assertThat(reading.problems())
        .containsExactly("name is given twice", "task.subnets is given twice");
    assertThat(reading.fields()).containsEntry("name", "c").hasSize(2);
  }

  /** JSON is YAML. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"name\": \"dev\", \"numworkers\": 2, \"timeout\": 1e2, \"access\": [], \"task\": {\"a\": [null]}}",
        "{\"a\": 1e99999999999, \"a\": -0.0, \"b\": 1E+2147483647}",
        "{\"a\": \"\\u00e9\\n\\\"\", \"\": true}",
      })
  void aSpecInJsonMeansTheSame(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);

    assertThat(SpecParser.readYaml(bytes)).isEqualTo(SpecParser.read(bytes));
  }

  @Test
  void anyTextIsReadOrRejected() {
    Random random = new Random(1);
    String[] pieces = {
      "a",
      "name",
      ": ",
      ":",
      "\n",
      "  ",
      " ",
      "- ",
      "? ",
      "[",
      "]",
      "{",
      "}",
      ",",
      "&a ",
      "*a ",
      "!t ",
      "!!str ",
      "|",
      ">",
      "|2-\n",
      "\"",
      "'",
      "\\x41",
      "#",
      "%YAML 1.2\n",
      "%TAG ! x:\n",
      "---\n",
      "...\n",
      "1",
      "1.30",
      "~",
      "<<",
      "\t",
      "\u00e9",
      "\u2028",
      "\0",
      "%",
      "@",
      "`",
      "\r"
    };
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(12); i >= 0; i--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      Reading reading = read(text.toString());
      assertThat(reading.problems().isEmpty() || !reading.problems().getFirst().isEmpty())
          .as(text.toString())
          .isTrue();
    }
  }

  private static Reading read(String yaml) {
    return SpecParser.readYaml(yaml.getBytes(StandardCharsets.UTF_8));
  }
}
