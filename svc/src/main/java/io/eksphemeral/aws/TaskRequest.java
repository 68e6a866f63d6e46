package io.eksphemeral.aws;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Json;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import software.amazon.awssdk.services.ecs.model.AssignPublicIp;
import software.amazon.awssdk.services.ecs.model.ContainerOverride;
import software.amazon.awssdk.services.ecs.model.KeyValuePair;
import software.amazon.awssdk.services.ecs.model.LaunchType;
import software.amazon.awssdk.services.ecs.model.RunTaskRequest;
import software.amazon.awssdk.services.ecs.model.Tag;

/**
 * The parameters of a task's launch that may change between attempts, stored so that a retry sends
 * the same ones.
 *
 * <p>The task's input reaches it as environment variables that are identifiers only: no text of a
 * user becomes part of a command. They stay far below the 8192 characters that ECS allows for all
 * overrides.
 *
 * @param containers the containers that get the environment
 */
record TaskRequest(
    String cluster,
    String definition,
    List<String> containers,
    SortedMap<String, String> environment,
    List<String> subnets,
    List<String> securityGroups) {
  TaskRequest {
    containers = List.copyOf(containers);
    subnets = List.copyOf(subnets);
    securityGroups = List.copyOf(securityGroups);
  }

  /** A task with the current settings of the installation and the cluster's own placement. */
  static TaskRequest of(Cluster cluster, Task task, FargateSettings settings) {
    FargateSettings.Definition definition = settings.definition(task.kind());
    SortedMap<String, String> environment = new TreeMap<>();
    environment.put("EKSPHEMERAL_BUCKET", settings.bucket());
    environment.put("EKSPHEMERAL_ID", cluster.id().value());
    environment.put("EKSPHEMERAL_NAME", cluster.name());
    environment.put("EKSPHEMERAL_KIND", task.kind().text());
    environment.put("EKSPHEMERAL_ATTEMPT", String.valueOf(task.attempt()));
    Placement own = cluster.spec().task();
    String group = own == null ? null : own.securitygroup();
    return new TaskRequest(
        settings.cluster(),
        definition.name(),
        definition.containers(),
        environment,
        own == null || own.subnets().isEmpty() ? settings.subnets() : own.subnets(),
        group == null ? settings.securityGroups() : List.of(group));
  }

  /**
   * The call that launches the task.
   *
   * <p>{@code startedBy} is the cluster's id, by which its tasks are found. The tags are for people
   * and bills; their keys differ from those that the teardown looks for, or its own task would be a
   * leftover. The caller needs {@code ecs:TagResource} for them.
   */
  RunTaskRequest toRunTask(TaskKey key) {
    List<KeyValuePair> variables =
        environment.entrySet().stream()
            .map(variable ->
                KeyValuePair.builder().name(variable.getKey()).value(variable.getValue()).build())
            .toList();
    List<ContainerOverride> overrides =
        containers.stream()
            .map(name -> ContainerOverride.builder().name(name).environment(variables).build())
            .toList();
    return RunTaskRequest.builder()
        .cluster(cluster)
        .taskDefinition(definition)
        .launchType(LaunchType.FARGATE)
        .count(1)
        .clientToken(key.token())
        .startedBy(key.cluster().value())
        .overrides(all -> all.containerOverrides(overrides))
        .networkConfiguration(network ->
            network.awsvpcConfiguration(vpc ->
                vpc.subnets(subnets)
                    .securityGroups(securityGroups)
                    .assignPublicIp(AssignPublicIp.ENABLED)))
        .tags(
            tag("eksphemeral:task-of", key.cluster().value()), tag("eksphemeral:task", key.label()))
        .build();
  }

  private static Tag tag(String key, String value) {
    return Tag.builder().key(key).value(value).build();
  }

  String encode() {
    ObjectNode json = Json.object();
    json.put("cluster", cluster);
    json.put("definition", definition);
    Json.putTexts(json, "containers", containers);
    ObjectNode variables = json.putObject("environment");
    environment.forEach(variables::put);
    Json.putTexts(json, "subnets", subnets);
    Json.putTexts(json, "securitygroups", securityGroups);
    return json.toString();
  }

  /** A stored request; empty if it cannot be decoded. */
  static Optional<TaskRequest> decode(String text) {
    try {
      JsonNode json = Json.parse(text);
      SortedMap<String, String> environment = new TreeMap<>();
      for (Map.Entry<String, JsonNode> variable : json.path("environment").properties()) {
        environment.put(variable.getKey(), variable.getValue().asText());
      }
      TaskRequest request =
          new TaskRequest(
              Json.text(json, "cluster"),
              Json.text(json, "definition"),
              Json.texts(json, "containers"),
              environment,
              Json.texts(json, "subnets"),
              Json.texts(json, "securitygroups"));
      return request.encode().equals(json.toString()) ? Optional.of(request) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
