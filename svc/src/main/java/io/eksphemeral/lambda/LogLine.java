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
 * One structured line of the log. Numbers given as metrics become CloudWatch's own by the embedded
 * metric format, which costs no request.
 */
final class LogLine {
  /** JSON alone would let through what ends a line, or turns it, outside of ASCII. */
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final String NAMESPACE = "EKSphemeral";

  private final ObjectNode line = JsonNodeFactory.instance.objectNode();

  private LogLine() {}

  /** A line about an event, in its first field. */
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

  /** Adds counts, which CloudWatch takes up as metrics. */
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
      throw new IllegalStateException("a tree in memory could not be written", e);
    }
  }
}
