package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.HandlerFixture.event;
import static io.eksphemeral.lambda.HandlerFixture.response;
import static io.eksphemeral.lambda.HandlerFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verifyNoInteractions;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.control.ClusterStore;
import io.eksphemeral.control.TaskRunner;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The daily call that keeps the functions' snapshots from becoming inactive. */
final class PingTest {
  private final ClusterStore store = mock(ClusterStore.class);
  private final TaskRunner tasks = mock(TaskRunner.class);
  private final HandlerFixture installation = new HandlerFixture(store, tasks);

  @Test
  void eachFunctionRespondsNotFoundAndCallsNothing() {
    List<APIGatewayV2HTTPResponse> answers =
        List.of(
            installation.create.handle(event("ping"), installation.context),
            installation.status.handle(event("ping"), installation.context),
            response(installation.runDestroy(text("ping"))));

    assertThat(answers).allSatisfy(answer -> assertThat(answer.getStatusCode()).isEqualTo(404));
    assertThat(installation.context.log()).isEmpty();
    verifyNoInteractions(store, tasks);
  }
}
