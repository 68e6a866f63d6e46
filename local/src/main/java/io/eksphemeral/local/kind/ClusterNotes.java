package io.eksphemeral.local.kind;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Json;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What has to be known of a cluster to remove all of it, whatever crashes: a file for each. */
final class ClusterNotes {
  private static final String FOLDER = "clusters";

  private final AtomicFiles files;

  ClusterNotes(AtomicFiles files) {
    this.files = files;
  }

  /**
   * What is known of a cluster.
   *
   * @param engine where its nodes are
   * @param volumes that its nodes used; removing a node may leave them without any mark
   * @param worker the process that creates it, or did when the control plane ended; null for none
   */
  record Note(String engine, Set<String> volumes, @Nullable Worker worker) {
    Note {
      volumes = Set.copyOf(volumes);
    }

    Note with(@Nullable Worker other) {
      return new Note(engine, volumes, other);
    }

    Note with(Set<String> more) {
      Set<String> all = new TreeSet<>(volumes);
      all.addAll(more);
      return new Note(engine, all, worker);
    }
  }

  /**
   * A process.
   *
   * @param started in milliseconds; another process may have its number by now
   */
  record Worker(long pid, long started) {
    static Worker of(ProcessHandle process) {
      return new Worker(process.pid(), started(process));
    }

    Optional<ProcessHandle> find() {
      return ProcessHandle.of(pid).filter(process -> started(process) == started);
    }

    private static long started(ProcessHandle process) {
      return process.info().startInstant().map(start -> start.toEpochMilli()).orElse(0L);
    }
  }

  Optional<Note> read(ClusterId cluster) {
    try {
      return files.read(key(cluster)).map(ClusterNotes::decode);
    } catch (IOException e) {
      throw new UncheckedIOException("the notes of " + cluster + " cannot be read", e);
    }
  }

  void write(ClusterId cluster, Note note) {
    try {
      files.write(key(cluster), encode(note));
    } catch (IOException e) {
      throw new UncheckedIOException("the notes of " + cluster + " cannot be written", e);
    }
  }

  void remove(ClusterId cluster) {
    try {
      files.remove(key(cluster));
    } catch (IOException e) {
      throw new UncheckedIOException("the notes of " + cluster + " cannot be removed", e);
    }
  }

  /** The clusters that have notes. */
  List<ClusterId> clusters() {
    try {
      return files.names(FOLDER).stream()
          .map(name -> ClusterId.parse(name.replace(".json", "")))
          .flatMap(Optional::stream)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("the notes cannot be listed", e);
    }
  }

  private static String key(ClusterId cluster) {
    return "%s/%s.json".formatted(FOLDER, cluster.value());
  }

  private static String encode(Note note) {
    ObjectNode json = Json.object();
    json.put("engine", note.engine());
    note.volumes().stream().sorted().forEach(json.putArray("volumes")::add);
    Worker worker = note.worker();
    if (worker != null) {
      json.put("pid", worker.pid());
      json.put("started", worker.started());
    }
    return json + "\n";
  }

  private static Note decode(String text) {
    JsonNode json = Json.parse(text);
    Set<String> volumes = new TreeSet<>();
    json.path("volumes").forEach(volume -> volumes.add(volume.asText()));
    return new Note(
        Json.text(json, "engine"),
        volumes,
        json.has("pid")
            ? new Worker(json.path("pid").asLong(), json.path("started").asLong())
            : null);
  }
}
