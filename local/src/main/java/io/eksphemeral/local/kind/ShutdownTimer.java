package io.eksphemeral.local.kind;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;

/**
 * Powers nodes off at a moment by themselves, should no control plane be there to remove them. It
 * is a timer of the node's systemd with an absolute time, so it also counts while the machine
 * sleeps, and one that was missed is made up for when the node is started again.
 */
final class ShutdownTimer {
  private static final DateTimeFormatter CALENDAR =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'").withZone(ZoneOffset.UTC);

  /** Reads the timer from its input. */
  private static final String INSTALL =
      """
      cat >/etc/systemd/system/eksphemeral-end.timer
      cat >/etc/systemd/system/eksphemeral-end.service <<'UNIT'
      [Service]
      Type=oneshot
      ExecStart=/bin/systemctl --force poweroff
      UNIT
      systemctl daemon-reload
      systemctl enable eksphemeral-end.timer
      systemctl restart eksphemeral-end.timer
      """;

  private final ContainerEngine engine;

  ShutdownTimer(ContainerEngine engine) {
    this.engine = engine;
  }

  /**
   * Sets the moment for nodes that run; an earlier one is replaced. They are not started again with
   * the engine.
   */
  void set(List<String> nodes, Instant end) throws EngineException, InterruptedException {
    if (nodes.isEmpty()) {
      return;
    }
    engine.neverRestart(nodes);
    String timer =
        """
        [Timer]
        OnCalendar=%s
        AccuracySec=1s
        Persistent=true
        [Install]
        WantedBy=timers.target
        """
            .formatted(CALENDAR.format(end));
    for (String node : nodes) {
      engine.exec(node, timer, List.of("sh", "-ec", INSTALL));
    }
  }
}
