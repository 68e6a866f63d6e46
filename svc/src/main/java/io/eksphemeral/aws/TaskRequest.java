package io.eksphemeral.aws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.Placement;
import io.eksphemeral.domain.Task;
import io.eksphemeral.domain.TaskKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import software.amazon.awssdk.services.ecs.model.AssignPublicIp;
import software.amazon.awssdk.services.ecs.model.ContainerOverride;
import software.amazon.awssdk.services.ecs.model.KeyValuePair;
import software.amazon.awssdk.services.ecs.model.LaunchType;
import software.amazon.awssdk.services.ecs.model.RunTaskRequest;
import software.amazon.awssdk.services.ecs.model.Tag;

/**
 * All of a task's launch that could be another the next time, as it is stored with the task.
 *
 * <p>What the task is to work on reaches it as environment variables, and consists of identifiers
 * alone: nothing that a user wrote gets into a command. They stay far below the 8192 characters
 * that ECS allows for all overrides.
 *
 * @param containers which containers get the environment
 */
record TaskRequest(
    String cluster,
    String definition,
    List<String> containers,
    SortedMap<String, String> environment,
    List<String> subnets,
    List<String> securityGroups) {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  TaskRequest {
    containers = List.copyOf(containers);
    subnets = List.copyOf(subnets);
    securityGroups = List.copyOf(securityGroups);
  }

  /** A task as the installation's settings, and the cluster's own placement, have it now. */
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
   * The call that launches it.
   *
   * <p>{@code startedBy} is the cluster's id, by which its tasks are found. The tags are for people
   * and bills; their keys are none that the tear-down looks for, or its own task would be a
   * left-over. Who calls needs {@code ecs:TagResource} for them.
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
    ObjectNode json = MAPPER.createObjectNode();
    json.put("cluster", cluster);
    json.put("definition", definition);
    containers.forEach(json.putArray("containers")::add);
    ObjectNode variables = json.putObject("environment");
    environment.forEach(variables::put);
    subnets.forEach(json.putArray("subnets")::add);
    securityGroups.forEach(json.putArray("securitygroups")::add);
    return json.toString();
  }

  /** A request as it was stored; empty if it cannot be read. */
  static Optional<TaskRequest> decode(String text) {
    JsonNode json;
    try {
      json = MAPPER.readTree(text);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
    SortedMap<String, String> environment = new TreeMap<>();
    for (Map.Entry<String, JsonNode> variable : json.path("environment").properties()) {
      environment.put(variable.getKey(), variable.getValue().asText());
    }
    TaskRequest request =
        new TaskRequest(
            json.path("cluster").asText(),
            json.path("definition").asText(),
            texts(json.path("containers")),
            environment,
            texts(json.path("subnets")),
            texts(json.path("securitygroups")));
    return request.encode().equals(json.toString()) ? Optional.of(request) : Optional.empty();
  }

  private static List<String> texts(JsonNode json) {
    return StreamSupport.stream(json.spliterator(), false).map(JsonNode::asText).toList();
  }
}
