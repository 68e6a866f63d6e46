package io.eksphemeral.local.kind;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The stand-ins for docker and kind, and the folder by which they are told what to do. */
public final class StandIns {
  private static final Path PROGRAMS = Path.of("src/test/kind/stand-in").toAbsolutePath();

  /** Where they are found first. */
  public static final String PATH = PROGRAMS + ":/usr/bin:/bin";

  private final Path folder;

  public StandIns(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
  }

  /** The environment in which they are found. */
  public Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    environment.keySet().removeAll(List.of("DOCKER_HOST", "DOCKER_CONTEXT"));
    environment.remove("KIND_EXPERIMENTAL_PROVIDER");
    environment.put("PATH", PATH);
    environment.put("STAND_IN", folder.toString());
    return environment;
  }

  /** Writes one of the files that change what they do. */
  public void tell(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text);
  }

  /** Removes such a file. */
  public void forget(String file) throws IOException {
    Files.deleteIfExists(folder.resolve(file));
  }

  public Path file(String name) {
    return folder.resolve(name);
  }

  /** Adds a container of a cluster, with a volume. */
  public void addContainer(String id, String cluster) throws IOException {
    Files.createDirectories(folder.resolve("containers"));
    Files.createDirectories(folder.resolve("volumes"));
    tell("containers/" + id, cluster + "\nvolume-of-" + id + "\n");
    tell("volumes/volume-of-" + id, "");
  }

  /** The names of the files in a folder, such as {@code containers}. */
  public List<String> list(String kind) throws IOException {
    if (!Files.isDirectory(folder.resolve(kind))) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder.resolve(kind))) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  /** The clusters that have containers. */
  public List<String> clusters() throws IOException {
    List<String> clusters = new java.util.ArrayList<>();
    for (String id : list("containers")) {
      clusters.add(Files.readAllLines(folder.resolve("containers").resolve(id)).getFirst());
    }
    return clusters;
  }
}
