package io.eksphemeral.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** {@code template.yaml}, as it is written: before SAM makes CloudFormation's resources of it. */
final class Template {
  static final String FUNCTION = "AWS::Serverless::Function";
  static final String ROLE = "AWS::IAM::Role";
  static final String POLICY = "AWS::IAM::ManagedPolicy";

  private static final JsonNode TREE = Yaml.read(Path.of("..", "template.yaml"));

  private Template() {}

  static JsonNode parameters() {
    return TREE.path("Parameters");
  }

  /** A text as it is in a partition, of what a mapping has for each of them. */
  static String in(String partition, JsonNode text) {
    JsonNode found = text.path("Fn::FindInMap");
    return found.isMissingNode()
        ? text.asText()
        : TREE.path("Mappings")
            .path(found.path(0).asText())
            .path(partition)
            .path(found.path(2).asText())
            .asText();
  }

  static JsonNode outputs() {
    return TREE.path("Outputs");
  }

  static JsonNode resource(String name) {
    JsonNode resource = TREE.path("Resources").path(name);
    if (resource.isMissingNode()) {
      throw new AssertionError("template.yaml has no " + name);
    }
    return resource;
  }

  static JsonNode properties(String resource) {
    return resource(resource).path("Properties");
  }

  /** The properties of all resources of a type, by their names. */
  static Map<String, JsonNode> all(String type) {
    Map<String, JsonNode> found = new TreeMap<>();
    TREE.path("Resources")
        .properties()
        .forEach(entry -> {
          if (entry.getValue().path("Type").asText().equals(type)) {
            found.put(entry.getKey(), entry.getValue().path("Properties"));
          }
        });
    return found;
  }

  static Stream<String> types() {
    return stream(TREE.path("Resources")).map(resource -> resource.path("Type").asText());
  }

  /** The functions, with what all of them have: objects are merged, as SAM does it. */
  static Map<String, JsonNode> functions() {
    Map<String, JsonNode> functions = new TreeMap<>();
    all(FUNCTION)
        .forEach(
            (name, own) -> functions.put(name, merged(TREE.path("Globals").path("Function"), own)));
    return functions;
  }

  /** A function, with what all of them have. */
  static JsonNode function(String name) {
    JsonNode function = functions().get(name);
    if (function == null) {
      throw new AssertionError("template.yaml has no function " + name);
    }
    return function;
  }

  private static JsonNode merged(JsonNode common, JsonNode own) {
    if (!common.isObject() || !own.isObject()) {
      return own.isMissingNode() ? common : own;
    }
    ObjectNode merged = JsonNodeFactory.instance.objectNode();
    merged.setAll((ObjectNode) common);
    own.properties()
        .forEach(entry ->
            merged.set(entry.getKey(), merged(common.path(entry.getKey()), entry.getValue())));
    return merged;
  }

  /** The statements of a role's own policies, or of a policy. */
  static List<JsonNode> statements(String name) {
    JsonNode properties = properties(name);
    Stream<JsonNode> documents =
        properties.has("PolicyDocument")
            ? Stream.of(properties.path("PolicyDocument"))
            : stream(properties.path("Policies")).map(policy -> policy.path("PolicyDocument"));
    return documents
        .flatMap(document -> stream(document.path("Statement")))
        .map(statement ->
            statement.path("Fn::If").path(1).isMissingNode()
                ? statement
                : statement.path("Fn::If").path(1))
        .toList();
  }

  /** The policies that a role has besides its own: ours by their names here, AWS's by their own. */
  static List<String> attached(String role) {
    return stream(properties(role).path("ManagedPolicyArns"))
        .map(arn ->
            arn.has("Ref")
                ? arn.path("Ref").asText()
                : arn.path("Fn::Sub")
                    .asText()
                    .replace("arn:${AWS::Partition}:iam::aws:policy/", ""))
        .toList();
  }

  /** What a text refers to by {@code !Ref} or {@code !GetAtt}; the text itself if to nothing. */
  static String target(JsonNode value) {
    return value.isTextual()
        ? value.asText()
        : value.path("Ref").asText(value.path("Fn::GetAtt").path(0).asText());
  }

  static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }

  /** The texts of a list, or of the one that stands in a list's place. */
  static List<String> texts(JsonNode oneOrMore) {
    return oneOrMore.isArray()
        ? stream(oneOrMore).map(JsonNode::asText).toList()
        : List.of(oneOrMore.asText());
  }

  /** The elements of a list, or the one that stands in a list's place. */
  static List<JsonNode> elements(JsonNode oneOrMore) {
    return oneOrMore.isArray() ? stream(oneOrMore).toList() : List.of(oneOrMore);
  }
}
