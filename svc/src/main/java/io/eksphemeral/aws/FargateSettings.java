package io.eksphemeral.aws;

import io.eksphemeral.domain.TaskKind;
import java.util.List;
import java.util.Map;

/**
 * What the installation says of its Fargate tasks.
 *
 * @param cluster the ECS cluster that they run in, by name or ARN
 * @param definitions what runs for each kind of task
 * @param subnets where they run if a spec does not say; at least one, at most 16, each with a way
 *     to the internet
 * @param securityGroups which groups they are in if a spec does not say; at least one, at most 5
 * @param bucket the bucket of records, which tasks take their fences and leave their results in
 */
public record FargateSettings(
    String cluster,
    Map<TaskKind, Definition> definitions,
    List<String> subnets,
    List<String> securityGroups,
    String bucket) {

  /**
   * A task definition, and which of its containers are told what to work on.
   *
   * @param name its family, or family and revision, or ARN. With a revision what a task runs is
   *     fixed when it is asked for; a family means the revision that is the latest then
   * @param containers the containers that are told; the others get their work from these
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
      throw new IllegalStateException("every kind has one");
    }
    return definition;
  }
}
