package io.eksphemeral.local.kind;

import io.eksphemeral.local.io.Subprocess;
import io.eksphemeral.local.io.Subprocess.Output;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kind and the container engine of this machine, as they were found at the start: the same
 * engine is called from then on, whichever one the caller's shell switches to.
 *
 * @param engine the one that kind uses
 * @param problem why kind cannot be used; empty if it can
 */
public record KindInstallation(ContainerEngine engine, Optional<String> problem) {
  /** By it kind chooses its engine. */
  private static final String KIND_ENGINE = "KIND_EXPERIMENTAL_PROVIDER";

  private static final Pattern VERSION = Pattern.compile("v?0\\.([0-9]{1,4})\\..*");

  /** The oldest one that was tried with the images of today, v0.NN. */
  private static final int OLDEST = 24;

  private static final Duration QUICK = Duration.ofSeconds(5);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Of what a program prints: the names of a hundred thousand volumes. */
  private static final int MOST_BYTES = 8 << 20;

  /** Looks for kind, and for docker or podman. */
  public static KindInstallation find(Map<String, String> environment) {
    try {
      return search(environment);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return of("docker", program(environment), "interrupted");
    }
  }

  /** The command by which people remove a cluster, with {@code ID} for its id. */
  public String removal() {
    return (engine.isPodman() ? KIND_ENGINE + "=podman " : "")
        + "kind delete cluster --name "
        + KindProvider.PREFIX
        + "ID";
  }

  private static Subprocess program(Map<String, String> environment) {
    return new Subprocess(environment, MOST_BYTES);
  }

  private static KindInstallation search(Map<String, String> environment)
      throws InterruptedException {
    String chosen = environment.getOrDefault(KIND_ENGINE, "");
    List<String> programs = chosen.isEmpty() ? List.of("docker", "podman") : List.of(chosen);
    String problem = "";
    for (String program : programs) {
      Subprocess command = program(pinned(environment, program));
      Output version = command.run(QUICK, "", List.of(program, "version"));
      if (version.isSuccess()) {
        return of(program, command, kindProblem(command));
      }
      if (problem.isEmpty() || version.code() != Subprocess.NOT_FOUND) {
        problem = engineProblem(program, version);
      }
    }
    return of(programs.getFirst(), program(pinned(environment, programs.getFirst())), problem);
  }

  private static KindInstallation of(String program, Subprocess command, String problem) {
    return new KindInstallation(
        new ContainerEngine(program, command, LIMIT),
        Optional.of(problem).filter(text -> !text.isEmpty()));
  }

  /** The environment with the engine fixed, as far as it can be known. */
  private static Map<String, String> pinned(Map<String, String> environment, String program)
      throws InterruptedException {
    Map<String, String> pinned = new HashMap<>(environment);
    pinned.remove("KUBECONFIG");
    if (program.equals("podman")) {
      pinned.put(KIND_ENGINE, program);
    }
    if (program.equals("docker") && environment.getOrDefault("DOCKER_HOST", "").isEmpty()) {
      Output context =
          program(environment)
              .run(QUICK, "", List.of("docker", "context", "inspect", "--format", "{{.Name}}"));
      if (context.isSuccess() && !context.out().isBlank()) {
        pinned.put("DOCKER_CONTEXT", context.out().strip());
      }
    }
    return pinned;
  }

  private static String engineProblem(String program, Output version) {
    return version.code() == Subprocess.NOT_FOUND
        ? "neither docker nor podman is installed; get one: https://docs.docker.com/get-docker/"
        : "%s does not answer: %s".formatted(program, lastLine(version));
  }

  /** {@code docker version} prints about the client first, and what is wrong last. */
  private static String lastLine(Output output) {
    return output
        .err()
        .lines()
        .filter(line -> !line.isBlank())
        .reduce((_, last) -> last)
        .map(String::strip)
        .orElseGet(output::reason);
  }

  private static String kindProblem(Subprocess command) throws InterruptedException {
    Output version = command.run(QUICK, "", List.of("kind", "version", "-q"));
    if (!version.isSuccess()) {
      return version.code() == Subprocess.NOT_FOUND
          ? "kind is not installed; get it: https://kind.sigs.k8s.io/docs/user/quick-start/"
          : "kind does not run: " + version.reason();
    }
    Matcher numbers = VERSION.matcher(version.out().strip());
    return numbers.matches() && Integer.parseInt(numbers.group(1)) < OLDEST
        ? "kind %s is too old; get version 0.%d or newer: https://kind.sigs.k8s.io/docs/user/quick-start/"
            .formatted(version.out().strip(), OLDEST)
        : "";
  }
}
