package io.eksphemeral.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was asked for, with every default filled in. {@link SpecValidator} says what may stand here.
 *
 * @param timeout minutes that the cluster lives once it is ready
 * @param owner the mail address that hears of it
 * @param access ARNs of the roles and users that get in besides who asked
 * @param task where its Fargate tasks run; null leaves that to the installation
 */
public record Spec(
    String name,
    int numworkers,
    String kubeversion,
    int timeout,
    String owner,
    List<String> access,
    @Nullable Placement task) {
  public Spec {
    access = List.copyOf(access);
  }
}
