package io.eksphemeral.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.control.ManualClock;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.TaskKey;
import io.eksphemeral.domain.TaskKind;
import io.eksphemeral.lambda.ApiHandler;
import io.eksphemeral.local.io.AtomicFiles;
import io.eksphemeral.local.io.Log;
import io.eksphemeral.local.task.LocalTask;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SchedulerTest {
  private static final Instant START = Instant.parse("2026-11-22T10:00:00Z");
  private static final LocalTask STOPPED =
      new LocalTask(
          "simulated/x/y",
          new TaskKey(new ClusterId("01930000-0000-7000-8000-000000000001"), TaskKind.DESTROY, 2),
          "dev",
          1,
          "1.35",
          null,
          new LocalTask.End(START, 0, "exit code 0"));

  @TempDir Path home;
  private final ManualTimer timer = new ManualTimer();
  private final ByteArrayOutputStream log = new ByteArrayOutputStream();
  private final List<JsonNode> fed = new ArrayList<>();
  private int chores;
  private Runnable chore = () -> {};
  private @Nullable Throwable failure;
  private Scheduler scheduler;

  @BeforeEach
  void open() throws IOException {
    ManualClock real = new ManualClock(START);
    ScaledClock clock = ScaledClock.start(real, 60, AtomicFiles.open(home));
    Log lines = new Log(new PrintStream(log, true, StandardCharsets.UTF_8), clock);
    LambdaInvoker functions =
        new LambdaInvoker(
            SchedulerTest::failRequest,
            SchedulerTest::failRequest,
            new ApiHandler() {
              @Override
              public APIGatewayV2HTTPResponse handle(APIGatewayV2HTTPEvent event, Context context) {
                return failRequest(event, context);
              }

              @Override
              public JsonNode handle(JsonNode event, Context context) {
                fed.add(event);
                assertThat(context.getRemainingTimeInMillis()).isEqualTo(300_000);
                return switch (failure) {
                  case RuntimeException e -> throw e;
                  case Error e -> throw e;
                  case null, default -> event;
                };
              }
            },
            real,
            lines);
    scheduler =
        new Scheduler(
            functions,
            () -> {
              chores++;
              chore.run();
            },
            clock,
            timer,
            lines);
  }

  private static APIGatewayV2HTTPResponse failRequest(
      APIGatewayV2HTTPEvent event, Context context) {
    throw new AssertionError("no request was expected: " + event);
  }

  @Test
  void itSweepsAtOnceAndEveryFiveMinutesOfTheClock() {
    scheduler.start();
    timer.pass(Duration.ZERO);
    assertThat(fed).hasSize(1);

    timer.pass(Duration.ofMillis(4999));
    assertThat(fed).hasSize(1);
    timer.pass(Duration.ofMillis(1));
    assertThat(fed).hasSize(2);
    timer.pass(Duration.ofSeconds(50));
    assertThat(fed)
        .hasSize(12)
        .allSatisfy(
            event -> assertThat(event.path("detail-type").asText()).isEqualTo("Scheduled Event"));
    assertThat(chores).isEqualTo(12);
  }

  @Test
  void aFailedSweepIsLoggedAndTheNextOneFollows() {
    failure = new IllegalStateException("no bucket");
    scheduler.start();
    timer.pass(Duration.ofSeconds(5));

    assertThat(fed).hasSize(2);
    assertThat(chores).isEqualTo(2);
    assertThat(log.toString(StandardCharsets.UTF_8)).contains("the sweep failed", "no bucket");
  }

  /**
   * Such as a class that could not be loaded: without a further sweep every cluster would be
   * immortal.
   */
  @Test
  void anErrorEndsOneSweepButNotTheNext() {
    failure = new InternalError("for a moment");
    scheduler.start();
    timer.pass(Duration.ZERO);
    scheduler.stopped(STOPPED);
    timer.pass(Duration.ofSeconds(5));

    assertThat(fed).hasSize(3);
    assertThat(chores).isEqualTo(2);
    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("the sweep failed", "the sweep after task", "for a moment");
  }

  @Test
  void anErrorInHousekeepingDoesNotEndTheSweeps() {
    chore =
        () -> {
          throw new StackOverflowError();
        };
    scheduler.start();
    timer.pass(Duration.ofSeconds(10));

    assertThat(fed).hasSize(3);
  }

  @Test
  void aStoppedTaskSweepsItsClusterAtOnce() {
    scheduler.stopped(STOPPED);

    assertThat(fed).hasSize(1);
    assertThat(fed.getFirst().path("detail").path("startedBy").asText())
        .isEqualTo("01930000-0000-7000-8000-000000000001");
    assertThat(log.toString(StandardCharsets.UTF_8))
        .contains("task simulated/x/y stopped: exit code 0");
  }

  @Test
  void aFailedSweepAfterATaskIsLogged() {
    failure = new IllegalStateException("no bucket");
    scheduler.stopped(STOPPED);
    assertThat(log.toString(StandardCharsets.UTF_8)).contains("no bucket");
  }

  @Test
  void afterStopNothingStarts() {
    scheduler.start();
    timer.pass(Duration.ZERO);
    scheduler.stop();
    timer.pass(Duration.ofMinutes(5));
    scheduler.stopped(STOPPED);

    assertThat(fed).hasSize(1);
    assertThat(timer.waits()).isEmpty();
  }
}
