package io.eksphemeral.control;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.MailAddress;
import io.eksphemeral.domain.NodeChoice;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.Versions;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * What can be salvaged from a record that cannot be read: every plausible field up to where it is
 * broken or cut off.
 *
 * @param name empty if it is lost
 * @param spec the spec under a given name, with defaults for lost fields
 * @param createdBy empty if it is lost
 * @param created empty if it is lost
 */
record SalvagedRecord(
    Optional<String> name,
    Function<String, Spec> spec,
    Optional<String> createdBy,
    Optional<Instant> created) {
  /** Stands for a lost Kubernetes version. */
  private static final String UNKNOWN_VERSION = "1.00";

  static SalvagedRecord from(String text) {
    ObjectNode found = Json.object();
    try (JsonParser parser = Json.MAPPER.createParser(text)) {
      readPlainFields(parser, found);
    } catch (IOException e) {
      // The fields before the broken place are used.
    }
    JsonNode status = found.path("status");
    return new SalvagedRecord(
        Optional.of(found.path("name").asText()).filter(SpecValidator::isName),
        name ->
            new Spec(
                name,
                Math.max(1, found.path("numworkers").asInt(1)),
                Optional.of(found.path("kubeversion").asText())
                    .filter(Versions::isValid)
                    .orElse(UNKNOWN_VERSION),
                Math.max(1, found.path("timeout").asInt(SpecValidator.DEFAULT_TIMEOUT)),
                Optional.of(found.path("owner").asText())
                    .filter(MailAddress::isValid)
                    .orElse(SpecValidator.DEFAULT_OWNER),
                null,
                List.of(),
                List.of(),
                NodeChoice.NONE,
                null),
        Optional.of(status.path("createdby").asText())
            .filter(arn -> !arn.isEmpty() && arn.length() <= Cluster.MAX_ARN_LENGTH),
        time(status.path("created").asText()));
  }

  /** Reads the plain values of an object, and those of its status. */
  private static void readPlainFields(JsonParser parser, ObjectNode found) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return;
    }
    ObjectNode into = found;
    boolean isInStatus = false;
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      String name = parser.currentName();
      if (token == JsonToken.START_OBJECT && !isInStatus && "status".equals(name)) {
        into = found.putObject("status");
        isInStatus = true;
      } else if (token.isStructStart()) {
        parser.skipChildren();
      } else if (token == JsonToken.END_OBJECT) {
        into = found;
        isInStatus = false;
      } else if (token == JsonToken.VALUE_STRING) {
        into.put(name, parser.getText());
      } else if (token == JsonToken.VALUE_NUMBER_INT) {
        into.put(name, parser.getValueAsInt());
      }
    }
  }

  private static Optional<Instant> time(String text) {
    try {
      return Optional.of(Instant.parse(text));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
