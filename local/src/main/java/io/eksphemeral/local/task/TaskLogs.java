package io.eksphemeral.local.task;

import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.local.io.AtomicFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What tasks print, as in CloudWatch Logs: a file for each, {@code ID/create-1.log}. A log is for
 * people, so one that cannot be written is no failure of its task. Those that nothing was added to
 * for 30 days are deleted, as there, and the oldest ones when there are too many.
 */
public final class TaskLogs {
  /** A longer log gets no more lines, in bytes. */
  static final int LONGEST = 64 * 1024;

  /** So many logs are kept, of all clusters. */
  static final int MOST = 1000;

  private static final Duration KEPT = Duration.ofDays(30);

  private final Path root;
  private final InstantSource clock;

  /** At least as many as there are, so that they need not be listed for each; unknown at first. */
  private int count = MOST;

  public TaskLogs(Path root, InstantSource clock) {
    this.root = root;
    this.clock = clock;
  }

  public boolean exists(TaskKey task) {
    return Files.exists(file(task));
  }

  /** Appends a line, with the time. */
  public void line(TaskKey task, String text) {
    Instant now = clock.instant();
    byte[] line =
        "%s %s\n"
            .formatted(now.truncatedTo(ChronoUnit.SECONDS), text)
            .getBytes(StandardCharsets.UTF_8);
    try {
      if (!exists(task)) {
        makeRoom();
      }
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
      Files.setLastModifiedTime(file(task), FileTime.from(now));
    } catch (IOException _) {
      // The disk may be full.
    }
  }

  /** Deletes the logs that are too old. */
  public void deleteOld() throws IOException {
    Instant end = clock.instant().minus(KEPT);
    for (Map.Entry<Path, Instant> log : logs().entrySet()) {
      if (log.getValue().isBefore(end)) {
        delete(log.getKey());
      }
    }
  }

  /** Deletes the oldest logs if there is no room for one more, and counts it. */
  private synchronized void makeRoom() throws IOException {
    if (count >= MOST) {
      Map<Path, Instant> logs = logs();
      List<Path> oldest =
          logs.entrySet().stream()
              .sorted(Map.Entry.comparingByValue())
              .limit(Math.max(0, logs.size() - MOST + 1))
              .map(Map.Entry::getKey)
              .toList();
      for (Path log : oldest) {
        delete(log);
      }
      count = logs.size() - oldest.size();
    }
    count++;
  }

  /** All logs, with when something was added to them. */
  private Map<Path, Instant> logs() throws IOException {
    Map<Path, Instant> logs = new HashMap<>();
    for (ClusterId cluster : clusters()) {
      try (DirectoryStream<Path> files = Files.newDirectoryStream(folder(cluster))) {
        for (Path file : files) {
          logs.put(file, Files.getLastModifiedTime(file).toInstant());
        }
      } catch (NoSuchFileException | NotDirectoryException _) {
        // It was deleted meanwhile, or is no folder of logs.
      }
    }
    return logs;
  }

  private void delete(Path log) throws IOException {
    Files.deleteIfExists(log);
    try {
      Files.deleteIfExists(log.resolveSibling(""));
    } catch (DirectoryNotEmptyException _) {
      // It has other logs.
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
