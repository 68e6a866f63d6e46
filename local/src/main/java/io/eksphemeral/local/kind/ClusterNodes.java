package io.eksphemeral.local.kind;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.local.io.Subprocess;
import io.eksphemeral.local.kind.ClusterNotes.Note;
import io.eksphemeral.local.kind.ClusterNotes.Worker;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The nodes and volumes of clusters: noted, found and removed. */
final class ClusterNodes {
  /** How long the engine may go on with a request whose sender was killed. */
  private static final Duration SETTLE = Duration.ofSeconds(2);

  private final ContainerEngine engine;
  private final ClusterNotes notes;
  private final ShutdownTimer timer;
  private final Supplier<Instant> shutdown;
  private boolean isRenewed;

  /**
   * @param shutdown when nodes that are started now power themselves off
   */
  ClusterNodes(ContainerEngine engine, ClusterNotes notes, Supplier<Instant> shutdown) {
    this.engine = engine;
    this.notes = notes;
    this.timer = new ShutdownTimer(engine);
    this.shutdown = shutdown;
  }

  static String name(ClusterId cluster) {
    return KindProvider.PREFIX + cluster.value();
  }

  ContainerEngine engine() {
    return engine;
  }

  /** Removes what an earlier attempt to create a cluster left, and notes that a new one begins. */
  void begin(ClusterId cluster) throws EngineException, InterruptedException {
    List<String> leftovers = remove(cluster);
    if (!leftovers.isEmpty()) {
      throw new EngineException(
          "what an earlier attempt left behind cannot be removed: " + leftovers);
    }
    notes.write(cluster, new Note(engine.id(), Set.of(), null));
  }

  /** Notes the process that creates a cluster; null if none does any more. */
  void noteWorker(ClusterId cluster, @Nullable Worker worker) {
    notes.read(cluster).ifPresent(note -> notes.write(cluster, note.with(worker)));
  }

  /**
   * Notes what has to be removed with the nodes, and has them power off if nobody removes them;
   * also if nothing can be noted, as nothing may be able to remove them then.
   */
  void secure(ClusterId cluster) throws EngineException, InterruptedException {
    List<String> found = engine.nodes(name(cluster));
    Set<String> volumes = engine.volumes(name(cluster), found);
    try {
      notes.read(cluster).ifPresent(note -> notes.write(cluster, note.with(volumes)));
    } finally {
      timer.set(found, shutdown.get());
    }
  }

  /**
   * Ends what still works on a cluster, removes its nodes and volumes, and looks for them again.
   *
   * @return what is still there
   */
  List<String> remove(ClusterId cluster) throws EngineException, InterruptedException {
    Optional<Note> found = notes.read(cluster);
    String here = engine.id();
    if (found.filter(note -> !note.engine().equals(here)).isPresent()) {
      throw new EngineException(
          "its nodes are on another container engine, %s; this one is %s"
              .formatted(found.get().engine(), here));
    }
    Optional<Worker> worker = found.map(Note::worker);
    worker.flatMap(Worker::find).ifPresent(Subprocess::end);
    List<String> leftovers = removeFound(cluster, found.map(Note::volumes).orElse(Set.of()));
    if (worker.isPresent() && leftovers.isEmpty()) {
      Thread.sleep(SETTLE);
      leftovers = removeFound(cluster, Set.of());
    }
    if (leftovers.isEmpty()) {
      notes.remove(cluster);
    }
    return leftovers;
  }

  private List<String> removeFound(ClusterId cluster, Set<String> noted)
      throws EngineException, InterruptedException {
    List<String> found = engine.nodes(name(cluster));
    Set<String> volumes = new TreeSet<>(noted);
    volumes.addAll(engine.volumes(name(cluster), found));
    if (!found.isEmpty()) {
      // Noted first, as they cannot be found by a node that is gone.
      notes.read(cluster).ifPresent(old -> notes.write(cluster, old.with(volumes)));
      engine.removeNodes(found);
    }
    Set<String> left = engine.existing(volumes);
    if (!left.isEmpty()) {
      engine.removeVolumes(left);
    }
    List<String> leftovers = new ArrayList<>();
    engine.nodes(name(cluster)).forEach(node -> leftovers.add("container " + node));
    engine.existing(volumes).forEach(volume -> leftovers.add("volume " + volume));
    return leftovers;
  }

  /** Removes the nodes of clusters that are known to be gone. */
  void removeAll(Predicate<ClusterId> isGone) throws EngineException, InterruptedException {
    for (String name : engine.clusters()) {
      if (name.startsWith(KindProvider.PREFIX)) {
        Optional<ClusterId> id = ClusterId.parse(name.substring(KindProvider.PREFIX.length()));
        if (id.filter(isGone).isPresent()) {
          removeFound(id.get(), Set.of());
        }
      }
    }
  }

  /** Sets the moment anew at which the nodes of all clusters power off; once in a process. */
  synchronized void renewShutdown() throws EngineException, InterruptedException {
    if (isRenewed) {
      return;
    }
    for (ClusterId cluster : notes.clusters()) {
      try {
        timer.set(engine.nodes(name(cluster)), shutdown.get());
      } catch (EngineException _) {
        // A node that is powered off, or about to be removed.
      }
    }
    isRenewed = true;
  }
}
