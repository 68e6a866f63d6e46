package io.eksphemeral.local;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.amazonaws.services.lambda.runtime.serialization.PojoSerializer;
import com.amazonaws.services.lambda.runtime.serialization.events.LambdaEventSerializers;
import io.eksphemeral.lambda.Route;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;

/** Calls the three functions as AWS Lambda does: each invocation with its own context. */
final class Functions {
  /** What API Gateway waits for an answer, and what the sweep has in AWS. */
  private static final Duration HTTP_TIME = Duration.ofSeconds(30);

  private static final Duration SWEEP_TIME = Duration.ofMinutes(5);

  private final RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> create;
  private final RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> status;
  private final RequestStreamHandler destroy;
  private final InstantSource realTime;
  private final Log log;

  /**
   * @param realTime what an invocation's remaining time is measured by
   */
  Functions(
      RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> create,
      RequestHandler<APIGatewayV2HTTPEvent, APIGatewayV2HTTPResponse> status,
      RequestStreamHandler destroy,
      InstantSource realTime,
      Log log) {
    this.create = create;
    this.status = status;
    this.destroy = destroy;
    this.realTime = realTime;
    this.log = log;
  }

  /** Reading and writing events takes a while to load, and only one of the functions needs it. */
  private static final class Serializers {
    static final PojoSerializer<APIGatewayV2HTTPEvent> EVENTS = of(APIGatewayV2HTTPEvent.class);
    static final PojoSerializer<APIGatewayV2HTTPResponse> RESPONSES =
        of(APIGatewayV2HTTPResponse.class);

    private static <T> PojoSerializer<T> of(Class<T> type) {
      return LambdaEventSerializers.serializerFor(type, Serializers.class.getClassLoader());
    }
  }

  /** Has a function answer a call of the API. */
  APIGatewayV2HTTPResponse call(Route.Function function, APIGatewayV2HTTPEvent event)
      throws IOException {
    Context context = context(function, HTTP_TIME, event.getRequestContext().getRequestId());
    return switch (function) {
      case CREATE_CLUSTER -> create.handleRequest(event, context);
      case STATUS -> status.handleRequest(event, context);
      case DESTROY_CLUSTER -> {
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        Serializers.EVENTS.toJson(event, json);
        yield Serializers.RESPONSES.fromJson(
            new ByteArrayInputStream(destroy(json.toByteArray(), context)));
      }
    };
  }

  /** Feeds an event of EventBridge to the function that takes them. */
  void feed(String event) throws IOException {
    Context context =
        context(Route.Function.DESTROY_CLUSTER, SWEEP_TIME, UUID.randomUUID().toString());
    destroy(event.getBytes(StandardCharsets.UTF_8), context);
  }

  private byte[] destroy(byte[] event, Context context) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    destroy.handleRequest(new ByteArrayInputStream(event), answer, context);
    return answer.toByteArray();
  }

  private Context context(Route.Function function, Duration time, String request) {
    return new Invocation(function.title(), request, realTime.instant().plus(time), realTime, log);
  }
}
