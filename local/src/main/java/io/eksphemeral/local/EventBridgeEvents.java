package io.eksphemeral.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.local.task.LocalTask;
import io.eksphemeral.local.task.LocalTask.End;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/** The events that EventBridge sends in AWS. */
final class EventBridgeEvents {
  static final String ACCOUNT = "000000000000";
  static final String REGION = "local";

  private EventBridgeEvents() {}

  /** From the five-minute rule. */
  static JsonNode scheduled(Instant now) {
    ObjectNode event = event("Scheduled Event", "aws.events", now);
    event
        .putArray("resources")
        .add("arn:aws:events:%s:%s:rule/eksp-sweep".formatted(REGION, ACCOUNT));
    event.putObject("detail");
    return event;
  }

  /** From ECS, when a task has stopped. */
  static JsonNode stopped(LocalTask task, End end) {
    boolean creates = task.key().kind() == TaskKind.CREATE;
    ObjectNode event = event("ECS Task State Change", "aws.ecs", end.at());
    event.putArray("resources").add(task.handle());
    ObjectNode detail = event.putObject("detail");
    detail.put("clusterArn", "arn:aws:ecs:%s:%s:cluster/eksphemeral".formatted(REGION, ACCOUNT));
    detail.put("taskArn", task.handle());
    detail.put("lastStatus", "STOPPED");
    detail.put("desiredStatus", "STOPPED");
    detail.put("launchType", "FARGATE");
    detail.put("group", "family:eksphemeral-" + task.key().kind().text());
    detail.put("startedBy", task.key().cluster().value());
    detail.put("stoppedAt", end.at().toString());
    detail.put("stoppedReason", end.reason());
    detail
        .putArray("containers")
        .addObject()
        .put("name", creates ? "report" : "teardown")
        .put("lastStatus", "STOPPED")
        .put("exitCode", end.exitCode());
    return event;
  }

  private static ObjectNode event(String type, String source, Instant time) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("version", "0");
    event.put("id", UUID.randomUUID().toString());
    event.put("detail-type", type);
    event.put("source", source);
    event.put("account", ACCOUNT);
    event.put("time", time.truncatedTo(ChronoUnit.SECONDS).toString());
    event.put("region", REGION);
    return event;
  }
}
