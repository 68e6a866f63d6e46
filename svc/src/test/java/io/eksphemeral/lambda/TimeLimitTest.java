package io.eksphemeral.lambda;

import static org.assertj.core.api.Assertions.assertThat;

import io.eksphemeral.control.ClusterStatus;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Notifications;
import io.eksphemeral.control.Samples;
import io.eksphemeral.domain.Limits;
import io.eksphemeral.domain.Versions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is allowed must end before the function does, and before API Gateway stops waiting. */
final class TimeLimitTest {
  private final List<Duration> allowed = new ArrayList<>();
  private final TimeLimit time = new TimeLimit(allowed::add);
  private final HandlerFixture installation = new HandlerFixture();

  @ParameterizedTest
  @CsvSource({
    "create, 28000, 27000",
    "create, 12000, 11000",
    "prolong, 28000, 27000",
    "status, 28000, 27000",
    "clusters, 5000, 4000",
    "destroy, 240000, 27000",
    "destroy, 9000, 8000",
    "schedule, 240000, 239000",
    "task-stopped, 240000, 239000",
  })
  void eachInvocationStartsWithTheTimeThatIsLeft(String event, int left, int millis)
      throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    InputStream input =
        new ByteArrayInputStream(HandlerFixture.text(event).getBytes(StandardCharsets.UTF_8));
    ControlPlane plane =
        ControlPlane.of(
            installation.store,
            installation.tasks,
            new Notifications(installation.mailer, null, ""),
            Samples.CONFIG,
            Limits.DEFAULT,
            () -> Versions.any("1.35"),
            installation.clock,
            _ -> {},
            Runnable::run);
    ProviderInfo presentation =
        new ProviderInfo("nobody", Map.of(), Duration.ZERO, List.of(), null);
    BareContext context = context(left);
    switch (event) {
      case "create", "prolong" ->
          new CreateClusterHandler(plane, presentation, new Random(1), time)
              .handleRequest(input, answer, context);
      case "status", "clusters" ->
          new StatusHandler(
                  new ClusterStatus(plane.store()),
                  presentation,
                  installation.clock,
                  plane::versions,
                  time)
              .handleRequest(input, answer, context);
      default ->
          new DestroyClusterHandler(plane, presentation, time)
              .handleRequest(input, answer, context);
    }

    assertThat(allowed).containsExactly(Duration.ofMillis(millis));
  }

  private static BareContext context(int left) {
    return new BareContext() {
      @Override
      protected void log(String message) {}

      @Override
      public int getRemainingTimeInMillis() {
        return left;
      }
    };
  }
}
