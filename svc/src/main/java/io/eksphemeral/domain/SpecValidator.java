package io.eksphemeral.domain;

import io.eksphemeral.domain.Rejection.Kind;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BiConsumer;
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
  private final SpecProblems problems = new SpecProblems();

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
        "numworkers",
        (field, value) -> draft.numworkers = problems.whole(field, value, 1, limits.workers()));
    known.put("kubeversion", (field, value) -> draft.kubeversion = version(field, value));
    known.put("timeout", (field, value) -> draft.timeout = timeout(field, value));
    known.put("until", (field, value) -> draft.until = until(field, value));
    known.put("owner", (field, value) -> draft.owner = owner(field, value));
    known.put("access", (field, value) -> draft.access = principals(field, value));
    known.put("without", (field, value) -> draft.without = addons(field, value));
    known.put(
        "nodes",
        (field, value) ->
            draft.nodes = new NodeRules(limits.nodes(), problems).validate(field, value));
    known.put("task", (field, value) -> draft.task = placement(field, value));
    problems.checkFields("", fields, known);
    if (fields.containsKey("timeout") && fields.containsKey("until")) {
      problems.add("timeout and until exclude each other");
    }
    List<String> found = problems.all();
    return found.isEmpty() ? Result.success(draft.spec(now)) : invalid(found);
  }

  private String name(String field, @Nullable Object value) {
    if (value instanceof String text && isName(text)) {
      return text;
    }
    problems.add(
        field,
        "1 to %d letters a-z or A-Z, digits and dashes, the first not a dash"
            .formatted(MAX_NAME_LENGTH),
        value);
    return "";
  }

  private int timeout(String field, @Nullable Object value) {
    if (!(value instanceof String text)) {
      return problems.whole(field, value, 1, limits.minutes());
    }
    OptionalLong minutes = Durations.minutes(text);
    if (minutes.isEmpty()) {
      String forms = "minutes like 30, or a duration like \"30m\", \"2h\", \"1h30m\" or \"1d\"";
      problems.add(field, forms, value);
    } else if (minutes.getAsLong() < 1 || minutes.getAsLong() > limits.minutes()) {
      problems.add(field, "from 1 to %d minutes".formatted(limits.minutes()), value);
    } else {
      return (int) minutes.getAsLong();
    }
    return 0;
  }

  private @Nullable Instant until(String field, @Nullable Object value) {
    Optional<Instant> moment =
        value instanceof String text ? Durations.moment(text) : Optional.empty();
    if (moment.isEmpty()) {
      problems.add(
          field,
          "a time with its zone like 2026-11-30T18:00:00+01:00 or 2026-11-30T17:00:00Z",
          value);
    } else if (!moment.get().isAfter(now)) {
      problems.add(field, "in the future", value);
    } else if (moment.get().isAfter(now.plus(Duration.ofMinutes(limits.minutes())))) {
      problems.add(field, "at most %d minutes from now".formatted(limits.minutes()), value);
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
                  SpecProblems.shown(value),
                  value instanceof Number ? "; quote it" : ""));
      return "";
    }
    if (!versions.offers(text)) {
      problems.add(field, "one that is offered: " + String.join(", ", versions.offered()), value);
    }
    return text;
  }

  private String owner(String field, @Nullable Object value) {
    if (!(value instanceof String text && MailAddress.isValid(text))) {
      problems.add(field, "a mail address like " + DEFAULT_OWNER, value);
      return "";
    }
    if (!limits.owners().allow(text)) {
      String domains = String.join(" or ", limits.owners().domains());
      problems.add(field, "a mail address at " + domains, value);
    }
    return text;
  }

  private List<String> principals(String field, @Nullable Object value) {
    return problems.texts(
        field, value, SpecValidator::isPrincipal, MAX_ACCESS, "ARNs of IAM roles or users");
  }

  private List<String> addons(String field, @Nullable Object value) {
    List<String> optional = Spec.OPTIONAL_ADDONS;
    String what = "add-ons that can be left out: " + String.join(" or ", optional);
    return problems.texts(field, value, optional::contains, optional.size(), what).stream()
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
      problems.add(field, "an object with securitygroup and subnets", value);
      return null;
    }
    Draft draft = new Draft("", "");
    Map<String, BiConsumer<String, @Nullable Object>> known = new LinkedHashMap<>();
    known.put("securitygroup", (name, inner) -> draft.securitygroup = group(name, inner));
    known.put(
        "subnets",
        (name, inner) ->
            draft.subnets =
                problems.texts(
                    name,
                    inner,
                    text -> SUBNET.matcher(text).matches(),
                    MAX_SUBNETS,
                    "ids of subnets"));
    problems.checkFields(field + ".", fields, known);
    return new Placement(draft.securitygroup, draft.subnets);
  }

  private @Nullable String group(String field, @Nullable Object value) {
    if (value instanceof String text && SECURITY_GROUP.matcher(text).matches()) {
      return text;
    }
    problems.add(field, "the id of a security group like sg-0123456789abcdef0", value);
    return null;
  }

  /** A text's first 80 characters, with non-ASCII ones escaped. */
  public static String abbreviate(String text) {
    return SpecProblems.abbreviate(text);
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
    private NodeChoice nodes = NodeChoice.NONE;
    private @Nullable Placement task;
    private @Nullable String securitygroup;
    private List<String> subnets = List.of();

    Draft(String name, String kubeversion) {
      this.name = name;
      this.kubeversion = kubeversion;
    }

    Spec spec(Instant now) {
      int minutes = until == null ? timeout : Math.toIntExact(Durations.minutesBetween(now, until));
      return new Spec(
          name, numworkers, kubeversion, minutes, owner, until, access, without, nodes, task);
    }
  }
}
