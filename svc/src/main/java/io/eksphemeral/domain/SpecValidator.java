package io.eksphemeral.domain;

import io.eksphemeral.domain.Rejection.Kind;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Validates a spec and fills in its defaults; an invalid one is rejected with every problem at once
 * (promise P9). The spec consists of JSON values: String, BigDecimal, Boolean, List, Map and null.
 */
public final class SpecValidator {
  /** In minutes. */
  public static final int DEFAULT_TIMEOUT = 20;

  public static final String DEFAULT_OWNER = "nobody@example.com";

  /** EKS allows 100 characters, but the names of eksctl's stacks are limited. */
  private static final int MAX_NAME_LENGTH = 63;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*");

  /** eksctl creates a stack for each access entry. */
  static final int MAX_ACCESS = 20;

  /** The limit of ECS for a task. */
  static final int MAX_SUBNETS = 16;

  /** The limit of IAM for a path, with its slashes. */
  private static final int MAX_PATH_LENGTH = 512;

  /** The ARN of a role or user, with its path. */
  private static final Pattern PRINCIPAL =
      Pattern.compile(
          "arn:aws(-[a-z]{1,9}){0,2}:iam::[0-9]{12}:(role|user)"
              + "(?<path>/([A-Za-z0-9_+=,.@-]+/)*)[A-Za-z0-9_+=,.@-]{1,64}");

  private static final Pattern SECURITY_GROUP = Pattern.compile("sg-[0-9a-f]{8,17}");
  private static final Pattern SUBNET = Pattern.compile("subnet-[0-9a-f]{8,17}");

  private final Limits limits;
  private final Versions versions;
  private final Instant now;
  private final List<String> problems = new ArrayList<>();

  private SpecValidator(Limits limits, Versions versions, Instant now) {
    this.limits = limits;
    this.versions = versions;
    this.now = now;
  }

  /**
   * Validates a spec.
   *
   * @param defaultName for a spec without a name
   */
  public static Result<Spec> validate(
      Map<String, ?> fields, String defaultName, Limits limits, Versions versions, Instant now) {
    return new SpecValidator(limits, versions, now).validate(fields, defaultName);
  }

  public static Result<Spec> invalid(List<String> problems) {
    return new Result.Rejected<>(new Rejection(Kind.INVALID_SPEC, "invalid spec:", problems));
  }

  /** Whether a text can be the name of a cluster. The form of an id is reserved for ids. */
  public static boolean isName(String text) {
    return text.length() <= MAX_NAME_LENGTH
        && NAME.matcher(text).matches()
        && ClusterId.parse(text).isEmpty();
  }

  private Result<Spec> validate(Map<String, ?> fields, String defaultName) {
    Draft draft = new Draft(defaultName, versions.preferred());
    Map<String, BiConsumer<String, @Nullable Object>> known = new LinkedHashMap<>();
    known.put("name", (field, value) -> draft.name = name(field, value));
    known.put(
        "numworkers", (field, value) -> draft.numworkers = whole(field, value, limits.workers()));
    known.put("kubeversion", (field, value) -> draft.kubeversion = version(field, value));
    known.put("timeout", (field, value) -> draft.timeout = timeout(field, value));
    known.put("until", (field, value) -> draft.until = until(field, value));
    known.put("owner", (field, value) -> draft.owner = owner(field, value));
    known.put("access", (field, value) -> draft.access = principals(field, value));
    known.put("without", (field, value) -> draft.without = addons(field, value));
    known.put("task", (field, value) -> draft.task = placement(field, value));
    eachField("", fields, known);
    if (fields.containsKey("timeout") && fields.containsKey("until")) {
      problems.add("timeout and until exclude each other");
    }
    return problems.isEmpty() ? Result.success(draft.spec(now)) : invalid(problems);
  }

  private void eachField(
      String prefix, Map<?, ?> fields, Map<String, BiConsumer<String, @Nullable Object>> known) {
    fields.forEach((key, value) -> {
      String field = String.valueOf(key);
      BiConsumer<String, @Nullable Object> rule = known.get(field);
      if (rule != null) {
        rule.accept(prefix + field, value);
      } else {
        problems.add(
            "%s is not a field of a spec%s"
                .formatted(shown(prefix + field), suggestion(field, known)));
      }
    });
  }

  private static String suggestion(String field, Map<String, ?> known) {
    Optional<String> nearest =
        known.keySet().stream()
            .filter(name -> Spelling.distance(name, field) <= 2)
            .min(Comparator.comparingInt(name -> Spelling.distance(name, field)));
    return nearest
        .map("; did you mean %s?"::formatted)
        .orElseGet(() -> "; it has " + String.join(", ", known.keySet()));
  }

  private String name(String field, @Nullable Object value) {
    if (value instanceof String text && isName(text)) {
      return text;
    }
    problem(
        field,
        "1 to %d letters a-z or A-Z, digits and dashes, the first not a dash"
            .formatted(MAX_NAME_LENGTH),
        value);
    return "";
  }

  private int whole(String field, @Nullable Object value, int max) {
    if (value instanceof BigDecimal number
        && number.compareTo(BigDecimal.ONE) >= 0
        && number.compareTo(BigDecimal.valueOf(max)) <= 0
        && number.remainder(BigDecimal.ONE).signum() == 0) {
      return number.intValueExact();
    }
    problem(field, "a whole number from 1 to " + max, value);
    return 0;
  }

  private int timeout(String field, @Nullable Object value) {
    if (!(value instanceof String text)) {
      return whole(field, value, limits.minutes());
    }
    OptionalLong minutes = Durations.minutes(text);
    if (minutes.isEmpty()) {
      String forms = "minutes like 30, or a duration like \"30m\", \"2h\", \"1h30m\" or \"1d\"";
      problem(field, forms, value);
    } else if (minutes.getAsLong() < 1 || minutes.getAsLong() > limits.minutes()) {
      problem(field, "from 1 to %d minutes".formatted(limits.minutes()), value);
    } else {
      return (int) minutes.getAsLong();
    }
    return 0;
  }

  private @Nullable Instant until(String field, @Nullable Object value) {
    Optional<Instant> moment =
        value instanceof String text ? Durations.moment(text) : Optional.empty();
    if (moment.isEmpty()) {
      problem(
          field,
          "a time with its zone like 2026-11-30T18:00:00+01:00 or 2026-11-30T17:00:00Z",
          value);
    } else if (!moment.get().isAfter(now)) {
      problem(field, "in the future", value);
    } else if (moment.get().isAfter(now.plus(Duration.ofMinutes(limits.minutes())))) {
      problem(field, "at most %d minutes from now".formatted(limits.minutes()), value);
    }
    return moment.orElse(null);
  }

  private String version(String field, @Nullable Object value) {
    if (!(value instanceof String text && Versions.isValid(text))) {
      problems.add(
          "%s must be a version in quotes like \"%s\", not %s%s"
              .formatted(
                  field,
                  versions.preferred(),
                  shown(value),
                  value instanceof Number ? "; quote it" : ""));
      return "";
    }
    if (!versions.offers(text)) {
      problem(field, "one that is offered: " + String.join(", ", versions.offered()), value);
    }
    return text;
  }

  private String owner(String field, @Nullable Object value) {
    if (!(value instanceof String text && MailAddress.isValid(text))) {
      problem(field, "a mail address like " + DEFAULT_OWNER, value);
      return "";
    }
    if (!limits.owners().allow(text)) {
      String domains = String.join(" or ", limits.owners().domains());
      problem(field, "a mail address at " + domains, value);
    }
    return text;
  }

  private List<String> principals(String field, @Nullable Object value) {
    return texts(
        field, value, SpecValidator::isPrincipal, MAX_ACCESS, "ARNs of IAM roles or users");
  }

  private List<String> addons(String field, @Nullable Object value) {
    List<String> optional = Spec.OPTIONAL_ADDONS;
    String what = "add-ons that can be left out: " + String.join(" or ", optional);
    return texts(field, value, optional::contains, optional.size(), what).stream()
        .distinct()
        .toList();
  }

  private static boolean isPrincipal(String text) {
    Matcher arn = PRINCIPAL.matcher(text);
    return text.length() <= Cluster.MAX_ARN_LENGTH
        && arn.matches()
        && arn.group("path").length() <= MAX_PATH_LENGTH;
  }

  private @Nullable Placement placement(String field, @Nullable Object value) {
    if (!(value instanceof Map<?, ?> fields)) {
      problem(field, "an object with securitygroup and subnets", value);
      return null;
    }
    Draft draft = new Draft("", "");
    Map<String, BiConsumer<String, @Nullable Object>> known = new LinkedHashMap<>();
    known.put("securitygroup", (name, inner) -> draft.securitygroup = group(name, inner));
    known.put(
        "subnets",
        (name, inner) ->
            draft.subnets =
                texts(
                    name,
                    inner,
                    text -> SUBNET.matcher(text).matches(),
                    MAX_SUBNETS,
                    "ids of subnets"));
    eachField(field + ".", fields, known);
    return new Placement(draft.securitygroup, draft.subnets);
  }

  private @Nullable String group(String field, @Nullable Object value) {
    if (value instanceof String text && SECURITY_GROUP.matcher(text).matches()) {
      return text;
    }
    problem(field, "the id of a security group like sg-0123456789abcdef0", value);
    return null;
  }

  private List<String> texts(
      String field, @Nullable Object value, Predicate<String> shape, int max, String what) {
    List<String> texts = new ArrayList<>();
    if (!(value instanceof List<?> items)) {
      problem(field, "a list of " + what, value);
      return texts;
    }
    if (items.size() > max) {
      problems.add("%s has %d entries; at most %d are allowed".formatted(field, items.size(), max));
    }
    for (Object item : items) {
      if (item instanceof String text && shape.test(text)) {
        texts.add(text);
      } else {
        problem(field, "a list of " + what, item);
      }
    }
    return texts;
  }

  private void problem(String field, String wanted, @Nullable Object value) {
    problems.add("%s must be %s, not %s".formatted(field, wanted, shown(value)));
  }

  /** A value of the spec, abbreviated to one line. */
  private static String shown(@Nullable Object value) {
    String text =
        switch (value) {
          case null -> "null";
          case String string -> '"' + string + '"';
          case List<?> list -> "a list";
          case Map<?, ?> map -> "an object";
          default -> value.toString();
        };
    return abbreviate(text);
  }

  /** A text's first 80 characters, with non-ASCII ones escaped. */
  public static String abbreviate(String text) {
    StringBuilder line = new StringBuilder();
    text.codePoints()
        .limit(80)
        .forEach(point -> {
          if (point < 0x20 || point > 0x7e) {
            line.append("\\u%04x".formatted(point));
          } else {
            line.appendCodePoint(point);
          }
        });
    return text.codePointCount(0, text.length()) > 80 ? line + "…" : line.toString();
  }

  /** A spec being read, with the default of each field that is absent. */
  private static final class Draft {
    private String name;
    private int numworkers = 1;
    private String kubeversion;
    private int timeout = DEFAULT_TIMEOUT;
    private String owner = DEFAULT_OWNER;
    private @Nullable Instant until;
    private List<String> access = List.of();
    private List<String> without = List.of();
    private @Nullable Placement task;
    private @Nullable String securitygroup;
    private List<String> subnets = List.of();

    Draft(String name, String kubeversion) {
      this.name = name;
      this.kubeversion = kubeversion;
    }

    Spec spec(Instant now) {
      int minutes = until == null ? timeout : Math.toIntExact(Durations.minutesBetween(now, until));
      return new Spec(name, numworkers, kubeversion, minutes, owner, until, access, without, task);
    }
  }
}
