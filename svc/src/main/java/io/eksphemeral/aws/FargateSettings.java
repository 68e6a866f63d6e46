package io.eksphemeral.aws;

import io.eksphemeral.domain.TaskKind;
import java.util.List;
import java.util.Map;

/**
 * The installation's settings for Fargate tasks.
 *
 * @param cluster name or ARN of the ECS cluster
 * @param definitions the task definition of each kind of task
 * @param subnets the defaults, 1 to 16, each with a route to the internet
 * @param securityGroups the defaults, 1 to 5
 * @param bucket the bucket of records, with the tasks' fences and results
 */
public record FargateSettings(
    String cluster,
    Map<TaskKind, Definition> definitions,
    List<String> subnets,
    List<String> securityGroups,
    String bucket) {

  /**
   * A task definition.
   *
   * @param name family, family and revision, or ARN; a family alone means its latest revision
   * @param containers those that get the task's environment; the others get their work from these
   */
  public record Definition(String name, List<String> containers) {
    public Definition {
      containers = List.copyOf(containers);
    }
  }

  public FargateSettings {
    definitions = Map.copyOf(definitions);
    subnets = List.copyOf(subnets);
    securityGroups = List.copyOf(securityGroups);
    for (TaskKind kind : TaskKind.values()) {
      if (!definitions.containsKey(kind)) {
        throw new IllegalArgumentException("no task definition for " + kind.text());
      }
    }
    if (subnets.isEmpty() || securityGroups.isEmpty()) {
      throw new IllegalArgumentException("tasks need a subnet and a security group");
    }
  }

  Definition definition(TaskKind kind) {
    Definition definition = definitions.get(kind);
    if (definition == null) {
      throw new IllegalStateException("no task definition for " + kind.text());
    }
    return definition;
  }
}
