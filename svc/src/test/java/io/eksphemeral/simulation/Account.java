package io.eksphemeral.simulation;

import io.eksphemeral.domain.ClusterId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The resources of clusters in the simulated AWS account. */
final class Account {
  /**
   * A resource that costs money.
   *
   * @param what its kind; the names of stacks are unique
   * @param owner the id on its tag; null if it is foreign
   */
  record Resource(String what, String name, @Nullable ClusterId owner) {}

  private final List<Resource> resources = new ArrayList<>();

  /** Creates a resource, unless it is a stack whose name is taken. */
  boolean create(Resource wanted) {
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

  /** Whether a resource with this name belongs to something else than this cluster. */
  boolean hasForeign(String name, ClusterId owner) {
    return resources.stream()
        .anyMatch(resource -> resource.name().equals(name) && !owner.equals(resource.owner()));
  }

  List<Resource> owned() {
    return resources.stream().filter(resource -> resource.owner() != null).toList();
  }
}
