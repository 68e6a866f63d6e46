package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Rejection;
import io.eksphemeral.control.Result;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecValidator;
import io.eksphemeral.domain.SpecValidator.Validation;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code CreateClusterFunc}: says what clusters cost, asks for them, and moves their ends. */
public final class CreateClusterHandler implements RequestStreamHandler {
  /** The largest spec, in bytes. */
  private static final int MOST_BYTES = 64 * 1024;

  private static final int MOST_PROBLEMS = 100;

  private static final Pattern MINUTES = Pattern.compile("-?[1-9][0-9]{0,8}");

  private final ControlPlane plane;
  private final ProviderInfo presentation;
  private final ClusterResponse view;
  private final RandomGenerator random;
  private final TimeLimit time;

  /** As Lambda makes it, from the function's environment. */
  public CreateClusterHandler() {
    AwsControlPlane.Changing aws = AwsControlPlane.changing(System.getenv());
    this(aws.plane(), aws.presentation(), aws.random(), aws.time());
  }

  /**
   * @param random makes the ids of clusters whose askers chose none
   */
  public CreateClusterHandler(
      ControlPlane plane, ProviderInfo presentation, RandomGenerator random) {
    this(plane, presentation, random, TimeLimit.NONE);
  }

  CreateClusterHandler(
      ControlPlane plane, ProviderInfo presentation, RandomGenerator random, TimeLimit time) {
    this.plane = plane;
    this.presentation = presentation;
    this.view = new ClusterResponse(presentation, plane.clock(), plane::versions);
    this.random = random;
    this.time = time;
  }

  @Override
  public void handleRequest(InputStream input, OutputStream output, Context context)
      throws IOException {
    ApiGatewayJson.exchange(input, output, event -> handleRequest(event, context));
  }

  /** Answers a call. */
  public APIGatewayV2HTTPResponse handleRequest(APIGatewayV2HTTPEvent event, Context context) {
    time.beginCall(context);
    return ApiRequest.answer(
        event,
        context,
        call ->
            switch (call.route().orElse(null)) {
              case CREATE -> judged(call, (id, spec) -> create(id, spec, call.asker()));
              case ESTIMATE -> judged(call, (_, spec) -> estimate(spec));
              case PROLONG -> prolong(call);
              case null, default -> ApiRequest.notThere();
            });
  }

  /** What becomes of a spec that is fine. */
  private interface Next {
    APIGatewayV2HTTPResponse of(ClusterId id, Spec spec);
  }

  private APIGatewayV2HTTPResponse judged(ApiRequest call, Next next) {
    Optional<String> key = call.header("idempotency-key");
    Optional<ClusterId> chosen = key.flatMap(ClusterId::parse);
    if (key.isPresent() && chosen.isEmpty()) {
      return ErrorCode.INVALID_REQUEST.response("the Idempotency-Key must be a UUID");
    }
    if (!call.isJson()) {
      return ErrorCode.UNSUPPORTED_MEDIA_TYPE.response("a spec is sent as application/json");
    }
    Optional<byte[]> body = call.body();
    if (body.isEmpty()) {
      return ErrorCode.INVALID_REQUEST.response("the body is not the base64 that it is said to be");
    }
    if (body.get().length > MOST_BYTES) {
      return ErrorCode.TOO_LARGE.response("a spec has at most %d KiB".formatted(MOST_BYTES / 1024));
    }
    ClusterId id = chosen.orElseGet(() -> ClusterId.make(plane.clock().instant(), random));
    return switch (judge(body.get(), id)) {
      case Validation.Invalid(List<String> problems) ->
          ErrorCode.INVALID_SPEC.response("no cluster can be made from this spec", some(problems));
      case Validation.Valid(Spec spec) -> next.of(id, spec);
    };
  }

  private APIGatewayV2HTTPResponse create(ClusterId id, Spec spec, String asker) {
    return switch (plane.create().create(id, spec, asker)) {
      case Result.Done<Stored.Live>(Stored.Live live) ->
          ApiRequest.accepted(live.id(), view.of(live));
      case Result.Refused<Stored.Live>(Rejection refusal) -> ApiRequest.refused(refusal);
    };
  }

  /** The spec as it would be asked for, and what that would cost. */
  private APIGatewayV2HTTPResponse estimate(Spec spec) {
    ObjectNode answer = ClusterRecordCodec.encode(spec);
    presentation
        .costs(plane::versions)
        .map(costs -> costs.of(spec))
        .ifPresent(estimate ->
            answer
                .putObject("cost")
                .put("usual", estimate.usual().doubleValue())
                .put("most", estimate.most().doubleValue())
                .put("hourly", estimate.hourly().doubleValue())
                .put("assumes", estimate.assumes()));
    return ApiRequest.ok(answer);
  }

  /** As many problems as anybody reads, and how many more there are. */
  private static List<String> some(List<String> problems) {
    return problems.size() <= MOST_PROBLEMS
        ? problems
        : Stream.concat(
                problems.stream().limit(MOST_PROBLEMS),
                Stream.of("and %d more".formatted(problems.size() - MOST_PROBLEMS)))
            .toList();
  }

  private Validation judge(byte[] body, ClusterId id) {
    SpecParser.Reading reading = SpecParser.read(body);
    if (reading.fields().isEmpty() && !reading.problems().isEmpty()) {
      return new Validation.Invalid(reading.problems());
    }
    Validation judgement =
        SpecValidator.judge(reading.fields(), id.madeUpName(), plane.limits(), plane.versions());
    if (reading.problems().isEmpty()) {
      return judgement;
    }
    List<String> others =
        judgement instanceof Validation.Invalid(List<String> problems) ? problems : List.of();
    return new Validation.Invalid(
        Stream.concat(reading.problems().stream(), others.stream()).toList());
  }

  private APIGatewayV2HTTPResponse prolong(ApiRequest call) {
    String minutes = call.parameter("minutes");
    if (!MINUTES.matcher(minutes).matches()) {
      return ErrorCode.INVALID_REQUEST.response(
          "invalid minutes: a whole number of at most 9 digits is needed, not 0, without a plus sign"
              + " or leading zeros");
    }
    return switch (plane
        .prolong()
        .prolong(call.parameter("id"), Integer.parseInt(minutes), call.asker())) {
      case Result.Done<Stored.Live>(Stored.Live live) -> ApiRequest.ok(view.of(live));
      case Result.Refused<Stored.Live>(Rejection refusal) -> ApiRequest.refused(refusal);
    };
  }
}
