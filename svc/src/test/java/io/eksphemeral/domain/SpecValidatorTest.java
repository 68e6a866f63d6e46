package io.eksphemeral.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SpecValidatorTest {
  private static final Versions VERSIONS = new Versions(List.of("1.35", "1.34"), "1.35");
  private static final Instant NOW = Instant.parse("2026-11-30T10:00:00Z");
  private static final Map<String, @Nullable Object> NONE = Map.of();

  private static final String UNTIL =
      "until must be a time with its zone like 2026-11-30T18:00:00+01:00 or 2026-11-30T17:00:00Z,"
          + " not ";

  private static Wrong noDuration(String text) {
    return new Wrong(
        "timeout",
        text,
        "timeout must be minutes like 30, or a duration like \"30m\", \"2h\", \"1h30m\" or \"1d\","
            + " not \"%s\"".formatted(SpecValidator.abbreviate(text)));
  }

  private static Wrong noMoment(String text) {
    return new Wrong("until", text, UNTIL + '"' + text + '"');
  }

  /** An invalid value of a field, and the problem. */
  record Wrong(String field, @Nullable Object value, String sentence) {}

  static final List<Wrong> WRONGS =
      List.of(
          new Wrong("numworkers", "2", "numworkers must be a whole number from 1 to 10, not \"2\""),
          new Wrong("numworkers", true, "numworkers must be a whole number from 1 to 10, not true"),
          new Wrong(
              "numworkers", number("0"), "numworkers must be a whole number from 1 to 10, not 0"),
          new Wrong(
              "numworkers", number("-1"), "numworkers must be a whole number from 1 to 10, not -1"),
          new Wrong(
              "numworkers",
              number("2.5"),
              "numworkers must be a whole number from 1 to 10, not 2.5"),
          new Wrong(
              "numworkers", number("11"), "numworkers must be a whole number from 1 to 10, not 11"),
          new Wrong(
              "numworkers",
              number("1e9"),
              "numworkers must be a whole number from 1 to 10, not 1E+9"),
          new Wrong(
              "numworkers",
              number("1e-2147483647"),
              "numworkers must be a whole number from 1 to 10, not 1E-2147483647"),
          new Wrong(
              "numworkers",
              number("1e2147483647"),
              "numworkers must be a whole number from 1 to 10, not 1E+2147483647"),
          new Wrong(
              "numworkers",
              Double.POSITIVE_INFINITY,
              "numworkers must be a whole number from 1 to 10, not Infinity"),
          new Wrong("timeout", number("0"), "timeout must be a whole number from 1 to 1440, not 0"),
          new Wrong(
              "timeout", number("-5"), "timeout must be a whole number from 1 to 1440, not -5"),
          new Wrong(
              "timeout", number("1441"), "timeout must be a whole number from 1 to 1440, not 1441"),
          new Wrong("timeout", null, "timeout must be a whole number from 1 to 1440, not null"),
          new Wrong(
              "timeout",
              number("12345678901234567890"),
              "timeout must be a whole number from 1 to 1440, not 12345678901234567890"),
          noDuration(""),
          noDuration("m"),
          noDuration("soon"),
          noDuration("-5"),
          noDuration("+5"),
          noDuration("1.5h"),
          noDuration("30 m"),
          noDuration("30M"),
          noDuration("30m1h"),
          noDuration("1h1h"),
          noDuration("30s"),
          noDuration("1234567890"),
          noDuration("1234567h"),
          noDuration("\u0663"),
          new Wrong("timeout", "0", "timeout must be from 1 to 1440 minutes, not \"0\""),
          new Wrong("timeout", "0h0m", "timeout must be from 1 to 1440 minutes, not \"0h0m\""),
          new Wrong("timeout", "24h1m", "timeout must be from 1 to 1440 minutes, not \"24h1m\""),
          new Wrong(
              "timeout",
              "999999d999999h999999999m",
              "timeout must be from 1 to 1440 minutes, not \"999999d999999h999999999m\""),
          noMoment(""),
          noMoment("18:00"),
          noMoment("2026-11-30"),
          noMoment("2026-11-30T18:00:00"),
          noMoment("2026-11-31T18:00:00Z"),
          noMoment("2026-11-30T25:00:00Z"),
          noMoment("2026-11-30 18:00:00Z"),
          noMoment("2026-11-30T18:00:00+01:00[Europe/Berlin]"),
          new Wrong("until", number("1"), UNTIL + "1"),
          new Wrong("until", null, UNTIL + "null"),
          new Wrong(
              "until",
              "2026-11-30T10:00Z",
              "until must be in the future, not \"2026-11-30T10:00Z\""),
          new Wrong(
              "until",
              "-999999999-01-01T00:00+18:00",
              "until must be in the future, not \"-999999999-01-01T00:00+18:00\""),
          new Wrong(
              "until",
              "2026-12-01T10:00:00.001Z",
              "until must be at most 1440 minutes from now, not \"2026-12-01T10:00:00.001Z\""),
          new Wrong(
              "until",
              "+999999999-12-31T23:59:59-18:00",
              "until must be at most 1440 minutes from now, not \"+999999999-12-31T23:59:59-18:00\""),
          new Wrong(
              "kubeversion",
              number("1.12"),
              "kubeversion must be a version in quotes like \"1.35\", not 1.12; quote it"),
          new Wrong(
              "kubeversion",
              "1",
              "kubeversion must be a version in quotes like \"1.35\", not \"1\""),
          new Wrong(
              "kubeversion",
              "v1.12",
              "kubeversion must be a version in quotes like \"1.35\", not \"v1.12\""),
          new Wrong(
              "kubeversion", "", "kubeversion must be a version in quotes like \"1.35\", not \"\""),
          new Wrong(
              "kubeversion",
              "1.345",
              "kubeversion must be a version in quotes like \"1.35\", not \"1.345\""),
          new Wrong(
              "kubeversion",
              "1.11",
              "kubeversion must be one that is offered: 1.35, 1.34, not \"1.11\""),
          new Wrong(
              "owner",
              "alice",
              "owner must be a mail address like nobody@example.com, not \"alice\""),
          new Wrong(
              "owner",
              "a@b.io\nx",
              "owner must be a mail address like nobody@example.com, not \"a@b.io\\u000ax\""),
          new Wrong(
              "owner",
              List.of("a@b.io"),
              "owner must be a mail address like nobody@example.com, not a list"),
          new Wrong(
              "name",
              "",
              "name must be 1 to 63 letters a-z or A-Z, digits and dashes, the first not a dash, not \"\""),
          new Wrong(
              "name",
              "a b",
              "name must be 1 to 63 letters a-z or A-Z, digits and dashes, the first not a dash, not \"a b\""),
          new Wrong(
              "name",
              "-a",
              "name must be 1 to 63 letters a-z or A-Z, digits and dashes, the first not a dash, not \"-a\""),
          new Wrong(
              "name",
              "é",
              "name must be 1 to 63 letters a-z or A-Z, digits and dashes, the first not a dash, not \"\\u00e9\""),
          new Wrong(
              "name",
              Map.of(),
              "name must be 1 to 63 letters a-z or A-Z, digits and dashes, the first not a dash, not an object"),
          new Wrong(
              "access",
              "arn:aws:iam::123456789012:user/bob",
              "access must be a list of ARNs of IAM roles or users, not \"arn:aws:iam::123456789012:user/bob\""),
          new Wrong(
              "access",
              List.of("bob"),
              "access must be a list of ARNs of IAM roles or users, not \"bob\""),
          new Wrong(
              "access",
              List.of("arn:aws:iam::1:user/b"),
              "access must be a list of ARNs of IAM roles or users, not \"arn:aws:iam::1:user/b\""),
          new Wrong(
              "task",
              "sg-0123456789abcdef0",
              "task must be an object with securitygroup and subnets, not \"sg-0123456789abcdef0\""),
          new Wrong(
              "task",
              Map.of("securitygroup", "sg-x"),
              "task.securitygroup must be the id of a security group like sg-0123456789abcdef0, not \"sg-x\""),
          new Wrong(
              "task",
              Map.of("subnets", List.of("vpc-1")),
              "task.subnets must be a list of ids of subnets, not \"vpc-1\""),
          new Wrong(
              "task",
              Map.of("subnet", List.of()),
              "\"task.subnet\" is not a field of a spec; did you mean subnets?"));

  @ParameterizedTest
  @FieldSource("WRONGS")
  void aProblemNamesTheFieldTheValueAndWhatIsValid(Wrong wrong) {
    assertThat(problems(Collections.singletonMap(wrong.field(), wrong.value())))
        .containsExactly(wrong.sentence());
  }

  @Test
  void anEmptySpecGetsDefaults() {
    assertThat(valid(NONE))
        .isEqualTo(
            new SpecBuilder().name("default").timeout(20).owner("nobody@example.com").build());
  }

  @Test
  void aCompleteSpecIsKept() {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("name", "A-1");
    fields.put("numworkers", number("10"));
    fields.put("kubeversion", "1.34");
    fields.put("timeout", number("1440"));
    fields.put("owner", "a@b.io");
    fields.put("access", List.of("arn:aws:iam::123456789012:role/dev/Admin"));
    fields.put(
        "task",
        Map.of("securitygroup", "sg-0123456789abcdef0", "subnets", List.of("subnet-01234567")));

    assertThat(valid(fields))
        .isEqualTo(
            new SpecBuilder()
                .name("A-1")
                .numworkers(10)
                .kubeversion("1.34")
                .timeout(1440)
                .owner("a@b.io")
                .access("arn:aws:iam::123456789012:role/dev/Admin")
                .task(new Placement("sg-0123456789abcdef0", List.of("subnet-01234567")))
                .build());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "1.0", "1e0", "10", "1e1", "10.000"})
  void wholeNumbersMayHaveAnyJsonForm(String text) {
    assertThat(valid(Map.of("numworkers", number(text))).numworkers()).isIn(1, 10);
  }

  private static final String ACCOUNT = "arn:aws:iam::123456789012:";

  static Stream<String> principals() {
    return Stream.of(
        ACCOUNT + "user/alice",
        ACCOUNT + "role/" + "a".repeat(64),
        ACCOUNT + "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123",
        ACCOUNT + "user/a_b+c=d,e.f@g-h",
        ACCOUNT + "role/" + "a".repeat(510) + "/x",
        "arn:aws-cn:iam::123456789012:role/dev",
        "arn:aws-us-gov:iam::123456789012:role/dev",
        "arn:aws-iso-b:iam::123456789012:role/dev",
        "arn:aws-eusc:iam::123456789012:role/dev");
  }

  @ParameterizedTest
  @MethodSource("principals")
  void arnsOfRolesAndUsersAreValidInAccess(String arn) {
    assertThat(valid(Map.of("access", List.of(arn))).access()).containsExactly(arn);
  }

  static Stream<String> noPrincipals() {
    return Stream.of(
        ACCOUNT + "role/https://evil.example/x",
        ACCOUNT + "role/",
        ACCOUNT + "role//dev",
        ACCOUNT + "role/a//dev",
        ACCOUNT + "role/dev/",
        ACCOUNT + "role/" + "a".repeat(65),
        ACCOUNT + "role/" + "a".repeat(511) + "/x",
        ACCOUNT + "role/a b",
        ACCOUNT + "role/*",
        ACCOUNT + "role/a\n",
        ACCOUNT + "role/\u00e4",
        ACCOUNT + "group/dev",
        ACCOUNT + "root",
        "arn:aws:iam::12345678901:role/dev",
        "arn:aws:iam::1234567890123:role/dev",
        "arn:aws:iam:eu-west-1:123456789012:role/dev",
        "arn:aws-:iam::123456789012:role/dev",
        "arn:awsx:iam::123456789012:role/dev",
        "arn:aws:sts::123456789012:assumed-role/dev/me");
  }

  @ParameterizedTest
  @MethodSource("noPrincipals")
  void nothingElseIsValidInAccess(String text) {
    assertThat(problems(Map.of("access", List.of(text))))
        .singleElement()
        .asString()
        .startsWith("access must be a list of ARNs of IAM roles or users, not ");
  }

  @Test
  void listsHaveAMaximum() {
    List<String> twenty = Collections.nCopies(20, ACCOUNT + "role/dev");
    List<String> sixteen = Collections.nCopies(16, "subnet-01234567");
    Spec spec = valid(Map.of("access", twenty, "task", Map.of("subnets", sixteen)));
    assertThat(spec.access()).isEqualTo(twenty);
    assertThat(Objects.requireNonNull(spec.task()).subnets()).isEqualTo(sixteen);

    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("access", more(twenty, "bob"));
    fields.put("task", Map.of("subnets", more(sixteen, "vpc-1")));
    assertThat(problems(fields))
        .containsExactly(
            "access has 21 entries; at most 20 are allowed",
            "access must be a list of ARNs of IAM roles or users, not \"bob\"",
            "task.subnets has 17 entries; at most 16 are allowed",
            "task.subnets must be a list of ids of subnets, not \"vpc-1\"");
  }

  private static List<String> more(List<String> list, String one) {
    return Stream.concat(list.stream(), Stream.of(one)).toList();
  }

  @Test
  void problemsAreListedInTheOrderOfTheFields() {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("timeout", number("0"));
    fields.put("timout", number("5"));
    fields.put("owner", "alice");
    fields.put("access", Arrays.asList("bob", null));

    assertThat(problems(fields))
        .satisfiesExactly(
            first -> assertThat(first).startsWith("timeout must be"),
            second ->
                assertThat(second)
                    .isEqualTo("\"timout\" is not a field of a spec; did you mean timeout?"),
            third -> assertThat(third).startsWith("owner must be"),
            fourth -> assertThat(fourth).endsWith("not \"bob\""),
            fifth -> assertThat(fifth).endsWith("not null"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"timout", "Timeout", "timeuot", "timeouts", "TIMEOUT"})
  void aMisspeltFieldGetsASuggestion(String field) {
    assertThat(problems(Map.of(field, number("5"))))
        .containsExactly("\"" + field + "\" is not a field of a spec; did you mean timeout?");
  }

  @ParameterizedTest
  @CsvSource({
    "90, 90",
    "030, 30",
    "1m, 1",
    "30m, 30",
    "2h, 120",
    "1h30m, 90",
    "1h1m, 61",
    "1d, 1440",
    "0d1h0m, 60",
    "0d23h60m, 1440"
  })
  void aTimeoutCanBeADuration(String text, int minutes) {
    assertThat(valid(Map.of("timeout", text)).timeout()).isEqualTo(minutes);
    assertThat(valid(Map.of("timeout", text)).until()).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-30T10:00:00.001Z, 1",
    "2026-11-30T10:30Z, 30",
    "2026-11-30T11:00:00+01:00, 0",
    "2026-11-30T11:30:00+01:00, 30",
    "2026-11-30T06:00:01-05:00, 61",
    "2026-12-01T10:00:00Z, 1440",
  })
  void aMomentTakesThePlaceOfTheTimeout(String text, int minutes) {
    if (minutes == 0) {
      assertThat(problems(Map.of("until", text))).hasSize(1);
      return;
    }
    Spec spec = valid(Map.of("until", text));
    assertThat(spec.until()).isEqualTo(OffsetDateTime.parse(text).toInstant());
    assertThat(spec.timeout()).isEqualTo(minutes);
  }

  @Test
  void aTimeoutAndAMomentExcludeEachOther() {
    assertThat(problems(Map.of("until", "2026-11-30T10:30Z", "timeout", number("30"))))
        .containsExactly("timeout and until exclude each other");
  }

  /** The minutes that are left depend on when a request arrives. */
  @Test
  void aRepeatedRequestForTheSameMomentIsTheSame() {
    SpecBuilder asked = new SpecBuilder().name("dev").until(NOW).timeout(30);
    Spec first = asked.build();

    assertThat(first.isRepeatedBy(asked.timeout(29).build())).isTrue();
    assertThat(first.isRepeatedBy(asked.until(NOW.plusSeconds(1)).build())).isFalse();
    assertThat(first.isRepeatedBy(asked.until(NOW).name("other").build())).isFalse();
    Spec plain = asked.name("dev").until(null).build();
    assertThat(plain.isRepeatedBy(plain)).isTrue();
    assertThat(plain.isRepeatedBy(asked.timeout(28).build())).isFalse();
    assertThat(plain.isRepeatedBy(asked.until(NOW).build())).isFalse();
    assertThat(first.isRepeatedBy(plain)).isFalse();
  }

  @Test
  void anUnknownFieldGetsTheListOfFields() {
    assertThat(problems(Map.of("color", "red")))
        .containsExactly(
            "\"color\" is not a field of a spec;"
                + " it has name, numworkers, kubeversion, timeout, until, owner, access, without, nodes, task");
  }

  @Test
  void aLongValueIsAbbreviated() {
    String owner = "x".repeat(70_000);
    assertThat(problems(Map.of("owner", owner)))
        .singleElement()
        .satisfies(problem -> assertThat(problem).hasSizeLessThan(200).endsWith("…"));
  }

  @Test
  void aNameHasAtMost63Characters() {
    assertThat(SpecValidator.isName("a".repeat(63))).isTrue();
    assertThat(SpecValidator.isName("a".repeat(64))).isFalse();
  }

  /** A name in the form of an id would be ambiguous. */
  @ParameterizedTest
  @ValueSource(
      strings = {"9be65bee-3baa-4fd0-aa3e-032325d5390c", "9BE65BEE-3BAA-4FD0-AA3E-032325D5390C"})
  void anIdIsNotAName(String id) {
    assertThat(SpecValidator.isName(id)).isFalse();
    assertThat(problems(Map.of("name", id))).singleElement().asString().startsWith("name must be");
    assertThat(SpecValidator.isName(id.substring(1))).isTrue();
  }

  /** Each is at most two letters from a field; the closest one is suggested. */
  @Test
  void optionalAddonsCanBeLeftOut() {
    assertThat(valid(Map.of()).without()).isEmpty();
    assertThat(valid(Map.of("without", List.of("metrics-server"))).without())
        .containsExactly("metrics-server");
    assertThat(valid(Map.of("without", List.of("metrics-server", "metrics-server"))).without())
        .containsExactly("metrics-server");
    assertThat(problems(Map.of("without", List.of("vpc-cni"))))
        .containsExactly(
            "without must be a list of add-ons that can be left out: aws-ebs-csi-driver or"
                + " metrics-server, not \"vpc-cni\"");
    assertThat(problems(Map.of("without", "metrics-server"))).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"timeoutss, timeout", "tase, task", "tame, name", "ownr, owner", "xxcess, access"})
  void theClosestFieldIsSuggested(String field, String suggested) {
    assertThat(problems(Map.of(field, "x")))
        .containsExactly(
            "\"%s\" is not a field of a spec; did you mean %s?".formatted(field, suggested));
  }

  @ParameterizedTest
  @ValueSource(strings = {"timeoutsss", "taxxx", "txx", "xxxess"})
  void aFieldThatDiffersByThreeLettersGetsNoSuggestion(String field) {
    assertThat(problems(Map.of(field, "x"))).singleElement().asString().contains("; it has name,");
  }

  @Test
  void textIsAbbreviatedTo80Characters() {
    assertThat(SpecValidator.abbreviate("x".repeat(80))).isEqualTo("x".repeat(80));
    assertThat(SpecValidator.abbreviate("x".repeat(81))).isEqualTo("x".repeat(80) + "…");
    assertThat(SpecValidator.abbreviate("😀".repeat(80))).isEqualTo("\\u1f600".repeat(80));
    assertThat(SpecValidator.abbreviate("😀".repeat(81))).isEqualTo("\\u1f600".repeat(80) + "…");
  }

  @Test
  void nonAsciiCharactersAreEscaped() {
    assertThat(SpecValidator.abbreviate(" ~")).isEqualTo(" ~");
    assertThat(SpecValidator.abbreviate("\u001f\u007fé\u2028"))
        .isEqualTo("\\u001f\\u007f\\u00e9\\u2028");
  }

  @Test
  void theInstallationsLimitsApply() {
    Limits small = new Limits(60, 2, 1, 1);
    Result<Spec> result =
        SpecValidator.validate(
            Map.of("numworkers", number("3"), "timeout", number("61")),
            "default",
            small,
            VERSIONS,
            NOW);
    assertThat(((Result.Rejected<Spec>) result).rejection().problems())
        .containsExactlyInAnyOrder(
            "numworkers must be a whole number from 1 to 2, not 3",
            "timeout must be a whole number from 1 to 60, not 61");
  }

  @ParameterizedTest
  @CsvSource({
    "alice@corp.io, true",
    "alice@CORP.IO, true",
    "alice@sub.corp.com, true",
    "alice@corp.com, false",
    "alice@x.corp.io, false",
    "alice@xcorp.io, false",
    "corp.io@evil.com, false",
    "nobody@example.com, true"
  })
  void ownersAreLimitedToTheInstalledDomains(String owner, boolean isValid) {
    Limits limits =
        new Limits(60, 2, 1, 1, OwnerDomains.parse("Corp.io, sub.corp.com"), NodeLimits.DEFAULT);
    Result<Spec> result =
        SpecValidator.validate(Map.of("owner", owner), "default", limits, VERSIONS, NOW);
    if (isValid) {
      assertThat(result).isInstanceOf(Result.Success.class);
    } else {
      assertThat(((Result.Rejected<Spec>) result).rejection().problems())
          .containsExactly(
              "owner must be a mail address at corp.io or sub.corp.com, not \"" + owner + "\"");
    }
    assertThat(SpecValidator.validate(Map.of(), "default", limits, VERSIONS, NOW))
        .as("one without an owner")
        .isInstanceOf(Result.Success.class);
  }

  private static Spec valid(Map<String, ? extends @Nullable Object> fields) {
    return ((Result.Success<Spec>)
            SpecValidator.validate(fields, "default", Limits.DEFAULT, VERSIONS, NOW))
        .value();
  }

  private static List<String> problems(Map<String, ? extends @Nullable Object> fields) {
    return ((Result.Rejected<Spec>)
            SpecValidator.validate(fields, "default", Limits.DEFAULT, VERSIONS, NOW))
        .rejection()
        .problems();
  }

  private static BigDecimal number(String text) {
    return new BigDecimal(text);
  }
}
