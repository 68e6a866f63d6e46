package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.Map;

/**
 * A JSON line of the log. Metrics use CloudWatch's embedded metric format, which needs no request.
 */
final class LogLine {
  /** Outside of ASCII there are line ends and bidirectional controls. */
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final String NAMESPACE = "EKSphemeral";

  private final ObjectNode line = JsonNodeFactory.instance.objectNode();

  private LogLine() {}

  static LogLine of(String event) {
    return new LogLine().with("event", event);
  }

  LogLine with(String field, String text) {
    line.put(field, text);
    return this;
  }

  LogLine with(String field, JsonNode value) {
    line.set(field, value);
    return this;
  }

  LogLine withFailure(Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace, true));
    return with("failure", failure.toString()).with("trace", trace.toString());
  }

  LogLine withMetrics(Map<String, Long> counts, Instant at) {
    ObjectNode metadata = line.putObject("_aws");
    metadata.put("Timestamp", at.toEpochMilli());
    ObjectNode directive = metadata.putArray("CloudWatchMetrics").addObject();
    directive.put("Namespace", NAMESPACE);
    directive.putArray("Dimensions").addArray();
    var metrics = directive.putArray("Metrics");
    counts.forEach((name, count) -> {
      line.put(name, count);
      metrics.addObject().put("Name", name).put("Unit", "Count");
    });
    return this;
  }

  void writeTo(Context context) {
    writeTo(context.getLogger());
  }

  void writeTo(LambdaLogger logger) {
    try {
      logger.log(MAPPER.writeValueAsString(line).replace("\u007f", "\\u007f") + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a JSON tree could not be serialized", e);
    }
  }
}
