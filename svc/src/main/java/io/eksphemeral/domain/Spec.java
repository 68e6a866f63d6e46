package io.eksphemeral.domain;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the caller asked for, with every default filled in and validated by {@link SpecValidator}.
 *
 * @param timeout minutes from ready to expiry; with {@code until} from the request to it
 * @param owner the mail address that gets the notifications
 * @param until when the cluster expires; null if that depends on when it becomes ready
 * @param access ARNs of roles and users that get access besides the caller
 * @param without add-ons of {@link #OPTIONAL_ADDONS} that it does not get
 * @param nodes what the caller chose for the nodes
 * @param task where its Fargate tasks run; null for the installation's default
 */
public record Spec(
    String name,
    int numworkers,
    String kubeversion,
    int timeout,
    String owner,
    @Nullable Instant until,
    List<String> access,
    List<String> without,
    NodeChoice nodes,
    @Nullable Placement task) {
  /** EKS's names of the add-ons that a cluster gets unless its spec leaves them out. */
  public static final List<String> OPTIONAL_ADDONS =
      List.of("aws-ebs-csi-driver", "metrics-server");

  public Spec {
    access = List.copyOf(access);
    without = List.copyOf(without);
  }

  /** Whether another spec asks for the same, maybe later, when less time is left until its end. */
  public boolean isRepeatedBy(Spec other) {
    return equals(other)
        || (until != null
            && equals(
                new Spec(
                    other.name,
                    other.numworkers,
                    other.kubeversion,
                    timeout,
                    other.owner,
                    other.until,
                    other.access,
                    other.without,
                    other.nodes,
                    other.task)));
  }

  /**
   * When a cluster expires.
   *
   * @param ready when it became ready
   * @param lifetime minutes granted in total, prolongations included
   */
  public Instant expiry(Instant ready, int lifetime) {
    if (until == null) {
      return ready.plus(Duration.ofMinutes(lifetime));
    }
    Instant wanted = until.plus(Duration.ofMinutes(lifetime - timeout));
    Instant earliest = ready.plus(Duration.ofMinutes(1));
    return wanted.isBefore(earliest) ? earliest : wanted;
  }
}
