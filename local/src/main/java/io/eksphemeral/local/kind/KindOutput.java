package io.eksphemeral.local.kind;

import io.eksphemeral.domain.Phase;
import io.eksphemeral.local.task.TaskReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Follows what {@code kind create cluster} prints: a line as each of its steps begins and ends. */
final class KindOutput implements Runnable {
  /** What the engine said to a command of kind's that failed. */
  private static final String COMMAND_OUTPUT = "Command Output:";

  private final InputStream output;
  private final TaskReport report;
  private final Runnable onNodes;
  private volatile @Nullable String problem;
  private boolean haveNodes;
  private boolean isOver;

  /**
   * @param onNodes called once, when all nodes have been started
   */
  KindOutput(InputStream output, TaskReport report, Runnable onNodes) {
    this.output = output;
    this.report = report;
    this.onNodes = onNodes;
  }

  /** What kind says is wrong. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  @Override
  public void run() {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isBlank()) {
          follow(line.strip());
        }
      }
    } catch (IOException _) {
      // The process was ended.
    }
  }

  private void follow(String line) {
    // What follows is about a kubeconfig that users do not see.
    isOver |= line.startsWith("Set kubectl context");
    if (!isOver) {
      report.line(line);
    }
    String said = problem;
    if (line.startsWith("ERROR:") && said == null) {
      problem = line.substring("ERROR:".length()).strip();
    } else if (line.startsWith(COMMAND_OUTPUT) && said != null) {
      problem = "%s: %s".formatted(said, line.substring(COMMAND_OUTPUT.length()).strip());
    } else if (line.contains("Preparing nodes")) {
      report.phase(Phase.CONTROL_PLANE);
    } else if (line.contains("Writing configuration") && !haveNodes) {
      haveNodes = true;
      onNodes.run();
    } else if (line.contains("Joining worker nodes")) {
      report.phase(Phase.NODES);
    }
  }
}
