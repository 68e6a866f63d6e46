package io.eksphemeral.template;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.constructor.StandardConstructor;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** YAML files as trees. CloudFormation's short forms become the long ones, as it reads them. */
final class Yaml {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final List<String> SHORT_FORMS =
      List.of(
          "Ref",
          "GetAtt",
          "Sub",
          "If",
          "Equals",
          "Not",
          "And",
          "Or",
          "Join",
          "Select",
          "FindInMap");

  private Yaml() {}

  static JsonNode read(Path file) {
    try {
      LoadSettings settings = LoadSettings.builder().setLabel(file.toString()).build();
      Object tree =
          new Load(settings, new ShortForms(settings)).loadFromString(Files.readString(file));
      return MAPPER.valueToTree(tree);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class ShortForms extends StandardConstructor {
    ShortForms(LoadSettings settings) {
      super(settings);
      for (String form : SHORT_FORMS) {
        tagConstructors.put(new Tag("!" + form), node -> inFull(form, node));
      }
    }

    private Map<String, Object> inFull(String form, Node node) {
      Object argument =
          switch (node) {
            case ScalarNode scalar -> constructScalar(scalar);
            case SequenceNode sequence -> constructSequence(sequence);
            case MappingNode mapping -> constructMapping(mapping);
            default -> throw new IllegalArgumentException("!%s of %s".formatted(form, node));
          };
      return switch (form) {
        case "Ref" -> Map.of("Ref", argument);
        case "GetAtt" -> Map.of("Fn::GetAtt", List.of(((String) argument).split("[.]", 2)));
        default -> Map.of("Fn::" + form, argument);
      };
    }
  }
}
