package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.HandlerFixture.ID;
import static io.eksphemeral.lambda.HandlerFixture.body;
import static io.eksphemeral.lambda.HandlerFixture.event;
import static io.eksphemeral.lambda.HandlerFixture.json;
import static io.eksphemeral.lambda.HandlerFixture.response;
import static io.eksphemeral.lambda.HandlerFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Versions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Everything that one can get wrong: the status, what the answer says, and that nothing changes.
 */
final class BadInputTest {
  private static final String WORKERS = "numworkers must be a whole number from 1 to 10, not ";
  private static final String TIMEOUT = "timeout must be a whole number from 1 to 1440, not ";
  private static final String VERSION =
      "kubeversion must be a version in quotes like \"1.35\", not ";
  private static final String OWNER = "owner must be a mail address like nobody@example.com, not ";
  private static final String NAME =
      "name must be 1 to 63 letters a-z or A-Z, digits and dashes, the first not a dash, not ";
  private static final String NO_SPEC = "invalid spec:";
  private static final String NO_MINUTES =
      "invalid minutes: a whole number of at most 9 digits is needed, not 0, without a plus sign or"
          + " leading zeros";
  private static final String TOO_DEEP =
      "the spec is nested too deeply, or has a number or a name that is too long";
  private static final String NO_ID = "this is not the id or the name of a cluster";

  private static final ClusterId ENDING = new ClusterId("00000000-0000-7000-8000-00000000000a");
  private static final ClusterId GONE = new ClusterId("00000000-0000-7000-8000-00000000000b");
  private static final ClusterId OLD = new ClusterId("00000000-0000-7000-8000-00000000000c");
  private static final ClusterId BROKEN = new ClusterId("00000000-0000-7000-8000-00000000000d");
  private static final String NOBODYS = "00000000-0000-7000-8000-00000000000e";

  /** A call, the status of its answer, and all that the answer says. */
  record Bad(
      String what,
      Function<HandlerFixture, APIGatewayV2HTTPResponse> call,
      ErrorCode code,
      String error,
      List<String> problems) {
    @Override
    public String toString() {
      return what;
    }
  }

  static final List<Bad> SPECS =
      List.of(
          spec("not JSON", "name: dev", "the spec is not JSON: line 1, column 1"),
          spec("half of a spec", "{\"name\": \"dev\",\n", "the spec is not JSON: line 2, column 1"),
          spec(
              "an array",
              "[{\"name\": \"dev\"}]",
              "the spec must be a JSON object, like {\"numworkers\": 2}"),
          spec("a text", "\"dev\"", "the spec must be a JSON object, like {\"numworkers\": 2}"),
          spec("null", "null", "the spec must be a JSON object, like {\"numworkers\": 2}"),
          spec("nothing", "", "the spec is empty; {} asks for a cluster with every default"),
          spec("blanks", " \n\t", "the spec is empty; {} asks for a cluster with every default"),
          spec("trailing text", "{} and more", "the spec is not JSON: line 1, column 4"),
          spec("two specs", "{} {}", "there is text after the closing brace of the spec"),
          spec(
              "an unknown field",
              "{\"timout\": 5}",
              "\"timout\" is not a field of a spec; did you mean timeout?"),
          spec(
              "a field like no other",
              "{\"color\": \"red\"}",
              "\"color\" is not a field of a spec; it has name, numworkers, kubeversion, timeout, until, owner, access, without, nodes, task"),
          spec(
              "a status",
              "{\"status\": {\"state\": \"gone\"}}",
              "\"status\" is not a field of a spec; it has name, numworkers, kubeversion, timeout, until, owner, access, without, nodes, task"),
          spec("workers in quotes", "{\"numworkers\": \"2\"}", WORKERS + "\"2\""),
          spec("workers true", "{\"numworkers\": true}", WORKERS + "true"),
          spec("workers 0", "{\"numworkers\": 0}", WORKERS + "0"),
          spec("workers -1", "{\"numworkers\": -1}", WORKERS + "-1"),
          spec("workers 2.5", "{\"numworkers\": 2.5}", WORKERS + "2.5"),
          spec("workers 11", "{\"numworkers\": 11}", WORKERS + "11"),
          spec("workers 1e9", "{\"numworkers\": 1e9}", WORKERS + "1E+9"),
          spec("a huge exponent", "{\"numworkers\": 1e99999999999}", WORKERS + "Infinity"),
          spec("a huge negative exponent", "{\"numworkers\": 1e-99999999999}", WORKERS + "0.0"),
          spec("the largest exponent", "{\"numworkers\": 1e2147483647}", WORKERS + "1E+2147483647"),
          spec("version as a number", "{\"kubeversion\": 1.12}", VERSION + "1.12; quote it"),
          spec("version 1", "{\"kubeversion\": \"1\"}", VERSION + "\"1\""),
          spec("version v1.12", "{\"kubeversion\": \"v1.12\"}", VERSION + "\"v1.12\""),
          spec("version empty", "{\"kubeversion\": \"\"}", VERSION + "\"\""),
          spec(
              "version that EKS retired",
              "{\"kubeversion\": \"1.12\"}",
              "kubeversion must be one that is offered: 1.35, 1.34, not \"1.12\""),
          spec("timeout 0", "{\"timeout\": 0}", TIMEOUT + "0"),
          spec("timeout -5", "{\"timeout\": -5}", TIMEOUT + "-5"),
          spec("timeout 1441", "{\"timeout\": 1441}", TIMEOUT + "1441"),
          spec("timeout null", "{\"timeout\": null}", TIMEOUT + "null"),
          spec(
              "timeout of 20 digits",
              "{\"timeout\": 12345678901234567890}",
              TIMEOUT + "12345678901234567890"),
          spec(
              "timeout that is no duration",
              "{\"timeout\": \"soon\"}",
              "timeout must be minutes like 30, or a duration like \"30m\", \"2h\", \"1h30m\" or \"1d\","
                  + " not \"soon\""),
          spec(
              "timeout of two days",
              "{\"timeout\": \"2d\"}",
              "timeout must be from 1 to 1440 minutes, not \"2d\""),
          spec(
              "until without a zone",
              "{\"until\": \"2026-11-22T18:00:00\"}",
              "until must be a time with its zone like 2026-11-30T18:00:00+01:00 or"
                  + " 2026-11-30T17:00:00Z, not \"2026-11-22T18:00:00\""),
          spec(
              "until in the past",
              "{\"until\": \"2026-11-22T10:00:00+01:00\"}",
              "until must be in the future, not \"2026-11-22T10:00:00+01:00\""),
          spec(
              "until next year",
              "{\"until\": \"2027-11-22T10:00:00Z\"}",
              "until must be at most 1440 minutes from now, not \"2027-11-22T10:00:00Z\""),
          spec(
              "timeout and until",
              "{\"until\": \"2026-11-23T00:00:00Z\", \"timeout\": \"1h\"}",
              "timeout and until exclude each other"),
          spec("owner without @", "{\"owner\": \"alice\"}", OWNER + "\"alice\""),
          spec(
              "owner with a line break",
              "{\"owner\": \"alice@eksphemeral.io\\nBcc: bob@eksphemeral.io\"}",
              OWNER + "\"alice@eksphemeral.io\\u000aBcc: bob@eksphemeral.io\""),
          spec("name with a space", "{\"name\": \"a b\"}", NAME + "\"a b\""),
          spec("name with a leading dash", "{\"name\": \"-a\"}", NAME + "\"-a\""),
          spec("name with a slash", "{\"name\": \"a/b\"}", NAME + "\"a/b\""),
          spec("name ../x", "{\"name\": \"../x\"}", NAME + "\"../x\""),
          spec("name that is not ASCII", "{\"name\": \"d\u00e9v\"}", NAME + "\"d\\u00e9v\""),
          spec(
              "name of 64 characters",
              "{\"name\": \"" + "a".repeat(64) + "\"}",
              NAME + "\"" + "a".repeat(64) + "\""),
          spec(
              "duplicate keys",
              "{\"timeout\": 5, \"name\": \"dev\", \"timeout\": 6}",
              "timeout is given twice"),
          spec(
              "duplicate keys inside",
              "{\"task\": {\"subnets\": [], \"subnets\": []}}",
              "task.subnets is given twice"),
          spec(
              "a long field twice, thousands of times",
              "{\"%s\": {%s\"x\": 1}}".formatted("y".repeat(30_000), "\"x\": 1,".repeat(4_000)),
              "y".repeat(80) + "… is given twice",
              "\"%s… is not a field of a spec; it has name, numworkers, kubeversion, timeout, until, owner,"
                      .formatted("y".repeat(79))
                  + " access, without, nodes, task"),
          spec(
              "access that is no ARN",
              "{\"access\": [\"bob\"]}",
              "access must be a list of ARNs of IAM roles or users, not \"bob\""),
          spec(
              "several problems at once",
              "{\"name\": \"-\", \"numworkers\": 0, \"timout\": 5, \"owner\": 1, \"owner\": \"a@b.io\"}",
              "owner is given twice",
              NAME + "\"-\"",
              WORKERS + "0",
              "\"timout\" is not a field of a spec; did you mean timeout?"));

  static final List<Bad> OTHERS =
      List.of(
          yaml("nothing", "", SpecParser.EMPTY),
          yaml("a list", "- a", "the spec must be a mapping, like numworkers: 2"),
          yaml("no YAML", "name: [", "the spec is not YAML: line 1, column 8"),
          yaml(
              "an unquoted version",
              "kubeversion: 1.30",
              "kubeversion must be a version in quotes like \"1.35\", not 1.30; quote it"),
          yaml(
              "several problems at once",
              "name: '-'\nnumworkers: 0\ntimout: 5\nowner: 1\nowner: a@b.io\n",
              "owner is given twice",
              NAME + "\"-\"",
              WORKERS + "0",
              "\"timout\" is not a field of a spec; did you mean timeout?"),
          create(
              "65 KiB of YAML",
              event -> {
                event.setHeaders(Map.of("content-type", "text/yaml"));
                event.setBody("#".repeat(65 * 1024));
              },
              ErrorCode.TOO_LARGE,
              "a spec has at most 64 KiB"),
          create(
              "65 KiB",
              event -> event.setBody(" ".repeat(65 * 1024)),
              ErrorCode.TOO_LARGE,
              "a spec has at most 64 KiB"),
          create(
              "nesting, 100,000 deep",
              event -> event.setBody("[".repeat(100_000)),
              ErrorCode.TOO_LARGE,
              "a spec has at most 64 KiB"),
          create(
              "a type that is like YAML",
              event -> event.setHeaders(Map.of("content-type", "application/yamlish")),
              ErrorCode.UNSUPPORTED_MEDIA_TYPE,
              "a spec must be sent as application/json or application/yaml"),
          create(
              "two types at once",
              event -> event.setHeaders(Map.of("content-type", "application/json,text/plain")),
              ErrorCode.UNSUPPORTED_MEDIA_TYPE,
              "a spec must be sent as application/json or application/yaml"),
          create(
              "a type that is like JSON",
              event -> event.setHeaders(Map.of("content-type", "application/jsonish")),
              ErrorCode.UNSUPPORTED_MEDIA_TYPE,
              "a spec must be sent as application/json or application/yaml"),
          create(
              "a form with files",
              event -> event.setHeaders(Map.of("content-type", "multipart/form-data; boundary=b")),
              ErrorCode.UNSUPPORTED_MEDIA_TYPE,
              "a spec must be sent as application/json or application/yaml"),
          create(
              "one byte more than 64 KiB",
              event -> event.setBody("{" + " ".repeat(64 * 1024 - 1) + "}"),
              ErrorCode.TOO_LARGE,
              "a spec has at most 64 KiB"),
          create(
              "base64 that is none",
              event -> {
                event.setBody("{}");
                event.setIsBase64Encoded(true);
              },
              ErrorCode.INVALID_REQUEST,
              "the body is not valid base64"),
          create(
              "an Idempotency-Key that is no UUID",
              event -> event.setHeaders(Map.of("idempotency-key", "once")),
              ErrorCode.INVALID_REQUEST,
              "the Idempotency-Key must be a UUID"),
          create(
              "the Idempotency-Key of another cluster",
              event -> event.setHeaders(Map.of("idempotency-key", ENDING.value())),
              ErrorCode.ID_TAKEN,
              "the id " + ENDING + " is another cluster's"),
          create(
              "the Idempotency-Key of one of 2019",
              event -> event.setHeaders(Map.of("idempotency-key", OLD.value())),
              ErrorCode.ID_TAKEN,
              "the id " + OLD + " is another cluster's"),
          create(
              "a name in use",
              event -> {
                event.setHeaders(Map.of());
                event.setBody("{\"name\": \"2node-135-30\"}");
              },
              ErrorCode.NAME_TAKEN,
              "the name 2node-135-30 is taken by the cluster " + ID),
          create(
              "one too many",
              event -> {
                event.setHeaders(Map.of());
                event.setBody("{\"name\": \"one-more\"}");
              },
              ErrorCode.LIMIT_EXCEEDED,
              "no cluster was created: the maximum number of clusters is reached (3, 1 of them unreadable)"),
          prolong("by 0", ID.value(), "0", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by -0", ID.value(), "-0", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by abc", ID.value(), "abc", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by 1.5", ID.value(), "1.5", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by nothing", ID.value(), "", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by +30", ID.value(), "+30", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by 030", ID.value(), "030", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by -05", ID.value(), "-05", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by ten digits", ID.value(), "1234567890", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong(
              "by ten digits back",
              ID.value(),
              "-1234567890",
              ErrorCode.INVALID_REQUEST,
              NO_MINUTES),
          prolong(
              "by eleven digits", ID.value(), "00000000030", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by two minuses", ID.value(), "--5", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by a line", ID.value(), "5\n", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong("by other digits", ID.value(), "\u0661", ErrorCode.INVALID_REQUEST, NO_MINUTES),
          prolong(
              "by 20 digits",
              ID.value(),
              "12345678901234567890",
              ErrorCode.INVALID_REQUEST,
              NO_MINUTES),
          prolong(
              "past the limit",
              ID.value(),
              "1411",
              ErrorCode.LIMIT_EXCEEDED,
              "2node-135-30 would exceed the maximum lifetime of 1440 minutes; it has 30 so far"),
          prolong(
              "far past the limit",
              ID.value(),
              "999999999",
              ErrorCode.LIMIT_EXCEEDED,
              "2node-135-30 would exceed the maximum lifetime of 1440 minutes; it has 30 so far"),
          prolong(
              "one that is being destroyed",
              ENDING.value(),
              "5",
              ErrorCode.TOO_LATE,
              "too late to change the expiry of ending: its state is destroying"),
          prolong(
              "one that is gone",
              GONE.value(),
              "5",
              ErrorCode.TOO_LATE,
              "too late to change the expiry of away: its state is gone"),
          prolong("nobody's", NOBODYS, "5", ErrorCode.NOT_FOUND, "there is no cluster " + NOBODYS),
          prolong(
              "a name of nobody", "nobody", "5", ErrorCode.NOT_FOUND, "there is no cluster nobody"),
          prolong("no UUID and no name", "../x", "5", ErrorCode.INVALID_REQUEST, NO_ID),
          prolong("no id at all", "", "5", ErrorCode.INVALID_REQUEST, NO_ID),
          prolong(
              "a record of 2019",
              OLD.value(),
              "5",
              ErrorCode.CONFLICT,
              OLD + " is a record of EKSphemeral of 2019, which cannot be changed"),
          prolong(
              "a broken record",
              BROKEN.value(),
              "5",
              ErrorCode.CONFLICT,
              "the record %1$s cannot be read: not a JSON object; to destroy its cluster: eksp destroy %1$s"
                  .formatted(BROKEN)),
          status("no UUID and no name", "a b", ErrorCode.INVALID_REQUEST, NO_ID),
          status("nobody's", NOBODYS, ErrorCode.NOT_FOUND, "there is no cluster " + NOBODYS),
          status("a name of 64 characters", "a".repeat(64), ErrorCode.INVALID_REQUEST, NO_ID),
          destroy("no UUID and no name", "-", ErrorCode.INVALID_REQUEST, NO_ID),
          destroy("nobody's", NOBODYS, ErrorCode.NOT_FOUND, "there is no cluster " + NOBODYS),
          destroy(
              "a record of 2019",
              OLD.value(),
              ErrorCode.CONFLICT,
              OLD + " is a record of EKSphemeral of 2019, which cannot be changed"),
          create(
              "a wrong method",
              event -> event.setRouteKey("PUT /create"),
              ErrorCode.NOT_FOUND,
              "not found: no such path"),
          create(
              "a wrong path",
              event -> event.setRouteKey("POST /creat"),
              ErrorCode.NOT_FOUND,
              "not found: no such path"));

  /** What is answered with a sentence that no test should have to know by heart. */
  static final List<Bad> BYTES =
      List.of(
          bytes(
              "broken UTF-8",
              new byte[] {'{', '"', (byte) 0xc3, '"', ':', '1', '}'},
              "the spec is not UTF-8"),
          bytes("UTF-16", "{}".getBytes(StandardCharsets.UTF_16), "the spec is not UTF-8"),
          bytes("a NUL", new byte[] {0}, "the spec is not JSON: line 1, column 2"),
          bytes(
              "a second byte-order mark",
              "\ufeff\ufeff{}".getBytes(StandardCharsets.UTF_8),
              "the spec is not JSON: line 1, column 1"),
          bytes(
              "a byte-order mark within",
              "{\"timeout\":\ufeff5}".getBytes(StandardCharsets.UTF_8),
              "the spec is not JSON: line 1, column 12"),
          bytes(
              "nesting that fits",
              "{\"name\":".concat("[".repeat(60_000)).getBytes(StandardCharsets.US_ASCII),
              TOO_DEEP),
          bytes(
              "nesting outside of an object",
              "[".repeat(60_000).getBytes(StandardCharsets.US_ASCII),
              TOO_DEEP),
          bytes(
              "a number of 2,000 digits",
              ("{\"timeout\":" + "1".repeat(2000) + "}").getBytes(StandardCharsets.US_ASCII),
              TOO_DEEP));

  @ParameterizedTest
  @FieldSource({"SPECS", "OTHERS", "BYTES"})
  void badInputIsRejectedAndChangesNothing(Bad bad) {
    HandlerFixture installation = inUse();
    Map<String, String> before = installation.objects.contents();
    int launched = installation.tasks.launched();

    APIGatewayV2HTTPResponse response = bad.call().apply(installation);

    JsonNode body = body(response);
    List<String> problems = new ArrayList<>();
    body.path("problems").forEach(problem -> problems.add(problem.asText()));
    assertThat(problems).isEqualTo(bad.problems());
    assertThat(body.path("error").asText()).isEqualTo(bad.error());
    assertThat(response.getStatusCode()).isEqualTo(bad.code().status());
    assertThat(body.path("code").asText()).isEqualTo(bad.code().text());
    assertThat(body).hasSize(3);
    assertThat(installation.objects.contents()).isEqualTo(before);
    assertThat(installation.tasks.launched()).isEqualTo(launched);
    assertThat(installation.context.log()).isEmpty();
  }

  /** A ready cluster, one that ends, one that is gone, one of 2019 and one that cannot be read. */
  private static HandlerFixture inUse() {
    HandlerFixture installation =
        new HandlerFixture(
            new Versions(List.of("1.35", "1.34"), "1.35"), new Limits(1440, 10, 3, 3));
    installation.ready();
    installation.store.add(
        Cluster.requested(ENDING, Samples.spec("ending"), Samples.ALICE, Samples.START)
            .destroying("asked", Samples.START));
    installation.objects.put(
        StoreKeys.archive(GONE),
        installation
            .objects
            .text(StoreKeys.record(ENDING))
            .orElseThrow()
            .replace(ENDING.value(), GONE.value())
            .replace("\"destroying\"", "\"gone\"")
            .replace("\"ending\"", "\"away\""));
    installation.objects.put(StoreKeys.record(OLD), "{\"name\":\"default-eksp\"}");
    installation.objects.put(StoreKeys.record(BROKEN), "[]");
    installation.context.forget();
    return installation;
  }

  private static Bad spec(String what, String body, String... problems) {
    return new Bad(
        "spec: " + what,
        installation -> {
          APIGatewayV2HTTPEvent event = event("create");
          event.setHeaders(Map.of());
          event.setBody(body);
          return estimatedAndCreated(installation, event);
        },
        ErrorCode.INVALID_SPEC,
        NO_SPEC,
        List.of(problems));
  }

  private static Bad yaml(String what, String body, String... problems) {
    return new Bad(
        "yaml: " + what,
        installation -> {
          APIGatewayV2HTTPEvent event = event("create");
          event.setHeaders(Map.of("content-type", "application/yaml; charset=utf-8"));
          event.setBody(body);
          return estimatedAndCreated(installation, event);
        },
        ErrorCode.INVALID_SPEC,
        NO_SPEC,
        List.of(problems));
  }

  private static Bad bytes(String what, byte[] body, String problem) {
    return new Bad(
        "bytes: " + what,
        installation -> {
          APIGatewayV2HTTPEvent event = event("create");
          event.setBody(Base64.getEncoder().encodeToString(body));
          event.setIsBase64Encoded(true);
          event.setHeaders(Map.of());
          return estimatedAndCreated(installation, event);
        },
        ErrorCode.INVALID_SPEC,
        NO_SPEC,
        List.of(problem));
  }

  /** Asks for a cluster, having asked what it would cost, which is refused in the same words. */
  private static APIGatewayV2HTTPResponse estimatedAndCreated(
      HandlerFixture installation, APIGatewayV2HTTPEvent event) {
    event.setRouteKey("POST /estimate");
    APIGatewayV2HTTPResponse estimated = installation.create.handle(event, installation.context);
    event.setRouteKey("POST /create");
    APIGatewayV2HTTPResponse created = installation.create.handle(event, installation.context);
    assertThat(estimated).isEqualTo(created);
    return created;
  }

  private static Bad create(
      String what, Consumer<APIGatewayV2HTTPEvent> change, ErrorCode code, String error) {
    return new Bad(
        "create: " + what,
        installation -> {
          APIGatewayV2HTTPEvent event = event("create");
          change.accept(event);
          return installation.create.handle(event, installation.context);
        },
        code,
        error,
        List.of());
  }

  private static Bad prolong(String what, String id, String minutes, ErrorCode code, String error) {
    return new Bad(
        "prolong: " + what,
        installation -> {
          APIGatewayV2HTTPEvent event = event("prolong");
          event.setPathParameters(Map.of("id", id, "minutes", minutes));
          return installation.create.handle(event, installation.context);
        },
        code,
        error,
        List.of());
  }

  private static Bad status(String what, String id, ErrorCode code, String error) {
    return new Bad(
        "status: " + what,
        installation -> {
          APIGatewayV2HTTPEvent event = event("status-one");
          event.setPathParameters(Map.of("id", id));
          return installation.status.handle(event, installation.context);
        },
        code,
        error,
        List.of());
  }

  private static Bad destroy(String what, String id, ErrorCode code, String error) {
    return new Bad(
        "destroy: " + what,
        installation -> {
          ObjectNode event = (ObjectNode) json(text("destroy"));
          ((ObjectNode) event.path("pathParameters")).put("id", id);
          return response(installation.runDestroy(event.toString()));
        },
        code,
        error,
        List.of());
  }
}
