package io.eksphemeral.local.kind;

import io.eksphemeral.domain.Phase;
import io.eksphemeral.local.task.TaskReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Follows what {@code kind create cluster} prints: a line as each of its steps begins and ends. */
final class KindOutput implements Runnable {
  /** What a command of kind's that failed printed. */
  private static final String COMMAND_OUTPUT = "Command Output:";

  /** How kubeadm says what failed, after many lines of its log. */
  private static final Pattern KUBEADM_ERROR = Pattern.compile("(?:\\[ERROR|error[: ]).*");

  private final InputStream output;
  private final TaskReport report;
  private final Runnable onNodes;
  private volatile @Nullable String problem;

  /** What kind said of a command that failed, until that command's error is found. */
  private @Nullable String unexplained;

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
    String failed = unexplained;
    if (line.startsWith("ERROR:") && said == null) {
      problem = line.substring("ERROR:".length()).strip();
    } else if (line.startsWith(COMMAND_OUTPUT) && said != null) {
      problem = "%s: %s".formatted(said, line.substring(COMMAND_OUTPUT.length()).strip());
      unexplained = said;
    } else if (failed != null && KUBEADM_ERROR.matcher(line).matches()) {
      problem = "%s: %s".formatted(failed, line);
      unexplained = null;
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
