package io.eksphemeral.control;

import io.eksphemeral.control.TaskObjectCodec.FenceHolder;
import io.eksphemeral.domain.Cluster;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Fence;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskResult;
import io.eksphemeral.domain.Versions;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Where records, names, fences, results and the archive are kept. What is written here is all that
 * survives; every other part may die at any moment.
 *
 * <p>Each method is atomic and, once it has returned, durable: every later call of anybody sees it.
 * Where a method throws {@link StoreException} its effect may or may not have happened, but never
 * half of it. Losing a race is an answer, never an exception. Calls of any number of threads may
 * overlap.
 *
 * <p>The contract is held by {@code ClusterStoreContract}, which runs against each implementation.
 */
public interface ClusterStore {
  /**
   * Writes the first record of a cluster.
   *
   * @return what was written; empty if anything stands under that id, which is left as it was
   */
  Optional<Stored.Live> add(Cluster cluster);

  /** What stands under an id; empty if nothing does, or only in the archive. */
  Optional<Stored> find(ClusterId id);

  /**
   * Writes a record anew, if it still is what was read. Fields in it that this version of the code
   * does not know survive.
   *
   * @return what was written; empty if it was changed or removed since, and nothing was written
   */
  Optional<Stored.Live> replace(Stored.Live read, Cluster changed);

  /**
   * Writes a record in the place of one that cannot be read, if it still is what was read.
   *
   * @return what was written; empty if it was changed or removed since, or cannot be written in the
   *     place of, and nothing was written
   */
  Optional<Stored.Live> recover(Stored.Unreadable read, Cluster recovered);

  /**
   * Removes a record, if it still is what was read.
   *
   * @return whether it was removed by this call
   */
  boolean remove(Stored.Live read);

  /** The ids of all records, in the order of the ids. Reads no record. */
  List<ClusterId> ids();

  /**
   * All records, in the order of their ids. One that is written or removed meanwhile may be in it
   * or not; every other one is.
   */
  List<Stored> list();

  /**
   * Takes a name, if nobody has it or the same cluster does, whose earlier claim this one then
   * takes the place of.
   *
   * @return the claim on the name as it now stands: the given one, or somebody else's
   */
  Claim claim(Claim wanted);

  /** The claim on a name; empty if nobody has it. */
  Optional<Claim> claimOn(String name);

  /** The names that are claimed, in no order. Reads no claim. */
  Set<String> claimedNames();

  /** The claims on some names, in no order; one that cannot be read is left out. */
  List<Claim> claims(Set<String> names);

  /** All claims, in no order. */
  default List<Claim> claims() {
    return claims(claimedNames());
  }

  /**
   * Frees a name, if it still is claimed by this claim.
   *
   * @return whether it was freed by this call
   */
  boolean release(Claim claim);

  /** Leaves a cluster's config for eksctl; a later one takes the place of an earlier one. */
  void putConfig(ClusterId id, String config);

  /** Who has a task's fence; empty if nobody. */
  Optional<FenceHolder> taken(TaskKey key);

  /** The state of a task's fence. */
  default Fence fence(TaskKey key) {
    return taken(key).map(FenceHolder::as).orElse(Fence.OPEN);
  }

  /**
   * Takes a task's fence, if nobody has it.
   *
   * @param taker what it is taken as: {@link Fence#TAKEN} by the task itself, {@link Fence#CLOSED}
   *     by the control plane
   * @param handle who takes it, as the task runner calls the task; the control plane says {@code
   *     control-plane}
   * @return whether this handle has it, now or since an earlier call
   */
  boolean takeFence(TaskKey key, Fence taker, String handle);

  /** The result of a task; empty if it left none, or none that can be read. */
  Optional<TaskResult> result(TaskKey key);

  /** Leaves the result of a task; a later one takes the place of an earlier one. */
  void putResult(TaskKey key, TaskResult result);

  /** Writes a cluster that is gone to the archive; again is fine. */
  void archive(Stored.Live gone);

  /** What the archive has under an id, where it stays for 30 days; empty if nothing. */
  Optional<Stored> archived(ClusterId id);

  /** What Kubernetes versions there are; empty if no list was ever stored. */
  Optional<Versions> versions();
}
