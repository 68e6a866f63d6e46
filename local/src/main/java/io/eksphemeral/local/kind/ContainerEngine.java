package io.eksphemeral.local.kind;

import io.eksphemeral.local.io.Subprocess;
import io.eksphemeral.local.io.Subprocess.Output;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Docker or podman, by its command. Everything of a cluster is found by kind's label on it, or by
 * what was noted of its nodes.
 *
 * @param program {@code docker} or {@code podman}
 * @param limit how long it may take to answer; five times as long to remove things
 */
record ContainerEngine(String program, Subprocess command, Duration limit) {
  /** kind gives it to nodes. */
  private static final String LABEL = "io.x-k8s.kind.cluster";

  boolean isPodman() {
    return program.equals("podman");
  }

  /**
   * Identifies the engine: what is not found on one may be on another.
   *
   * @throws EngineException if it does not answer
   */
  String id() throws EngineException, InterruptedException {
    String id = run("info", "--format", isPodman() ? "{{.Store.GraphRoot}}" : "{{.ID}}").strip();
    if (id.isEmpty()) { // some versions of docker succeed while the engine is stopped
      throw new EngineException("%s info does not name the engine".formatted(program));
    }
    return id;
  }

  /** The ids of a cluster's nodes, running or not. */
  List<String> nodes(String cluster) throws EngineException, InterruptedException {
    return lines(
        run("ps", "-aq", "--no-trunc", "--filter", "label=%s=%s".formatted(LABEL, cluster)));
  }

  /** The names of all clusters that have nodes. */
  Set<String> clusters() throws EngineException, InterruptedException {
    String format = "{{.Label \"%s\"}}".formatted(LABEL);
    return new TreeSet<>(lines(run("ps", "-a", "--filter", "label=" + LABEL, "--format", format)));
  }

  /** The names of the volumes that nodes use. */
  Set<String> volumes(String cluster, List<String> nodes)
      throws EngineException, InterruptedException {
    Set<String> names = new TreeSet<>();
    if (isPodman()) {
      // There kind makes a volume before its node, and labels it with the node's name.
      for (String line : lines(run("volume", "ls", "--format", "{{.Name}} {{.Labels}}"))) {
        if (line.contains(cluster + "-")) {
          names.add(line.substring(0, line.indexOf(' ')));
        }
      }
    }
    if (!nodes.isEmpty()) {
      String format = "{{range .Mounts}}{{if eq .Type \"volume\"}}{{println .Name}}{{end}}{{end}}";
      names.addAll(lines(run(with(List.of("inspect", "--format", format), nodes))));
    }
    return names;
  }

  /** Those of some volumes that exist. */
  Set<String> existing(Collection<String> volumes) throws EngineException, InterruptedException {
    return volumes.isEmpty()
        ? Set.of()
        : lines(run("volume", "ls", "-q")).stream()
            .filter(volumes::contains)
            .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Removes nodes, running or not, and their anonymous volumes. */
  void removeNodes(List<String> nodes) throws EngineException, InterruptedException {
    run(limit.multipliedBy(5), "", with(List.of("rm", "-f", "-v"), nodes));
  }

  void removeVolumes(Collection<String> volumes) throws EngineException, InterruptedException {
    run(limit.multipliedBy(5), "", with(List.of("volume", "rm"), volumes));
  }

  /** Keeps nodes from being started again with the engine. podman starts none. */
  void neverRestart(List<String> nodes) throws EngineException, InterruptedException {
    if (!isPodman()) {
      run(with(List.of("update", "--restart=no"), nodes));
    }
  }

  /** Runs a command in a node, and returns what it prints. */
  String exec(String node, String input, List<String> words)
      throws EngineException, InterruptedException {
    return run(limit, input, with(List.of("exec", "-i", node), words));
  }

  /** The tags of the images of a repository, each with it. */
  List<String> images(String repository) throws EngineException, InterruptedException {
    // Callers of the API wait for it.
    return lines(
        run(
            Duration.ofSeconds(5),
            "",
            List.of("images", "--format", "{{.Repository}}:{{.Tag}}", repository)));
  }

  private String run(String... arguments) throws EngineException, InterruptedException {
    return run(List.of(arguments));
  }

  private String run(List<String> arguments) throws EngineException, InterruptedException {
    return run(limit, "", arguments);
  }

  private String run(Duration longest, String input, List<String> arguments)
      throws EngineException, InterruptedException {
    Output output = command.run(longest, input, with(List.of(program), arguments));
    if (!output.isSuccess()) {
      throw new EngineException(
          "%s %s failed: %s".formatted(program, arguments.getFirst(), output.reason()));
    }
    return output.out();
  }

  private static List<String> with(List<String> words, Collection<String> more) {
    List<String> all = new ArrayList<>(words);
    all.addAll(more);
    return all;
  }

  private static List<String> lines(String text) {
    return text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
  }
}
