package io.eksphemeral.domain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the caller asked for, with every default filled in and validated by {@link SpecValidator}.
 *
 * @param timeout minutes from ready to expiry
 * @param owner the mail address that gets the notifications
 * @param access ARNs of roles and users that get access besides the caller
 * @param task where its Fargate tasks run; null for the installation's default
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
