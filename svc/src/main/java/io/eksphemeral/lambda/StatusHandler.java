package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.eksphemeral.control.Answer;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Refusal;
import io.eksphemeral.control.Stored;

/** {@code StatusFunc}: shows clusters. Changes nothing. */
public final class StatusHandler
    implements RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> {
  /** Where EKSphemeral of 2019 had the list of all ids besides {@code /status}. */
  private static final String ALL_IDS = "*";

  private final ControlPlane plane;
  private final RecordView view;

  public StatusHandler(ControlPlane plane, Presentation presentation) {
    this.plane = plane;
    this.view = new RecordView(presentation, plane);
  }

  @Override
  public APIGatewayV2HTTPResponse handleRequest(APIGatewayV2HTTPEvent event, Context context) {
    return HttpExchange.answer(
        event,
        context,
        call ->
            switch (call.route().orElse(null)) {
              case LIST_IDS -> ids();
              case LIST -> all();
              case SHOW -> call.parameter("id").equals(ALL_IDS) ? ids() : one(call);
              case null, default -> HttpExchange.notThere();
            });
  }

  private APIGatewayV2HTTPResponse ids() {
    ArrayNode ids = JsonNodeFactory.instance.arrayNode();
    plane.status().ids().forEach(id -> ids.add(id.value()));
    return HttpExchange.ok(ids);
  }

  private APIGatewayV2HTTPResponse all() {
    return HttpExchange.ok(view.of(plane.status().all()));
  }

  private APIGatewayV2HTTPResponse one(HttpExchange call) {
    return switch (plane.status().one(call.parameter("id"))) {
      case Answer.Done<Stored>(Stored stored) -> HttpExchange.ok(view.of(stored));
      case Answer.Refused<Stored>(Refusal refusal) -> HttpExchange.refused(refusal);
    };
  }
}
