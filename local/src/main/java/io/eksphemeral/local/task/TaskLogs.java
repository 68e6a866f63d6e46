package io.eksphemeral.local.task;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What tasks print, as in CloudWatch Logs: a file for each, {@code ID/create-1.log}. A log is for
 * people, so one that cannot be written is no failure of its task.
 */
public final class TaskLogs {
  /** A longer log gets no more lines, in bytes. */
  static final int LONGEST = 64 * 1024;

  private final Path root;
  private final InstantSource clock;

  public TaskLogs(Path root, InstantSource clock) {
    this.root = root;
    this.clock = clock;
  }

  public boolean exists(TaskKey task) {
    return Files.exists(file(task));
  }

  /** Appends a line, with the time. */
  public void line(TaskKey task, String text) {
    byte[] line =
        "%s %s\n"
            .formatted(clock.instant().truncatedTo(ChronoUnit.SECONDS), text)
            .getBytes(StandardCharsets.UTF_8);
    try {
      AtomicFiles.createOwnerOnly(folder(task.cluster()));
      try (FileChannel file =
          FileChannel.open(
              file(task),
              Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
              AtomicFiles.ownerOnly("rw-------"))) {
        if (file.size() + line.length <= LONGEST) {
          file.write(ByteBuffer.wrap(line));
        }
      }
    } catch (IOException _) {
      // The disk may be full.
    }
  }

  /** The clusters that have logs. */
  public List<ClusterId> clusters() throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> folders = Files.list(root)) {
      return folders
          .map(folder -> ClusterId.parse(String.valueOf(folder.getFileName())))
          .flatMap(Optional::stream)
          .toList();
    }
  }

  /** Deletes the logs of a cluster's tasks. */
  public void delete(ClusterId cluster) throws IOException {
    Path folder = folder(cluster);
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
    }
    Files.deleteIfExists(folder);
  }

  private Path folder(ClusterId cluster) {
    return root.resolve(cluster.value());
  }

  private Path file(TaskKey task) {
    return folder(task.cluster()).resolve(task.label() + ".log");
  }
}
