package io.eksphemeral.simulation;

import io.eksphemeral.domain.ClusterId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What there is in the AWS account besides the control plane: what clusters are made of. */
final class Account {
  /**
   * Something that costs money.
   *
   * @param what a stack of a name is there once at the most; of the rest there may be many
   * @param owner the id on its tag; null if it is not ours
   */
  record Resource(String what, String name, @Nullable ClusterId owner) {}

  private final List<Resource> resources = new ArrayList<>();

  /** Makes something, unless it is a stack of which there is one. */
  boolean make(Resource wanted) {
    boolean isTaken =
        resources.stream()
            .anyMatch(there ->
                there.what().equals(wanted.what())
                    && there.name().equals(wanted.name())
                    && wanted.what().endsWith("stack"));
    if (!isTaken) {
      resources.add(wanted);
    }
    return !isTaken;
  }

  void remove(Resource resource) {
    resources.remove(resource);
  }

  List<Resource> of(ClusterId owner) {
    return resources.stream().filter(resource -> owner.equals(resource.owner())).toList();
  }

  /** Whether something of a name is there that is not this cluster's. */
  boolean hasAnothers(String name, ClusterId owner) {
    return resources.stream()
        .anyMatch(resource -> resource.name().equals(name) && !owner.equals(resource.owner()));
  }

  List<Resource> ours() {
    return resources.stream().filter(resource -> resource.owner() != null).toList();
  }
}
