package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.ControlPlane;
import io.eksphemeral.control.Json;
import io.eksphemeral.domain.ClusterId;
import io.eksphemeral.domain.Rejection;
import io.eksphemeral.domain.Result;
import io.eksphemeral.domain.Spec;
import io.eksphemeral.domain.SpecValidator;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code CreateClusterFunc}: estimates, creates and prolongs clusters. */
public final class CreateClusterHandler implements ApiHandler {
  private static final int MAX_SPEC_BYTES = 64 * 1024;
  private static final int MAX_PROBLEMS = 100;

  private static final Pattern MINUTES = Pattern.compile("-?[1-9][0-9]{0,8}");

  private final ControlPlane plane;
  private final ProviderInfo provider;
  private final ClusterResponse view;
  private final RandomGenerator random;
  private final TimeLimit time;

  /** Reads the function's environment; Lambda calls this. */
  public CreateClusterHandler() {
    this(AwsControlPlane.clusterFuncs(System.getenv()));
  }

  CreateClusterHandler(AwsControlPlane.ClusterFuncs aws) {
    // Functions restored from one snapshot share the state of any other generator.
    this(aws.plane(), aws.provider(), new SecureRandom(), aws.time());
  }

  /**
   * @param random makes ids for clusters whose callers chose none
   */
  public CreateClusterHandler(ControlPlane plane, ProviderInfo provider, RandomGenerator random) {
    this(plane, provider, random, TimeLimit.NONE);
  }

  CreateClusterHandler(
      ControlPlane plane, ProviderInfo provider, RandomGenerator random, TimeLimit time) {
    this.plane = plane;
    this.provider = provider;
    this.view = new ClusterResponse(provider, plane.clock(), plane::versions);
    this.random = random;
    this.time = time;
  }

  @Override
  public APIGatewayV2HTTPResponse handle(APIGatewayV2HTTPEvent event, Context context) {
    time.beginCall(context);
    return ApiRequest.respond(
        event,
        context,
        request ->
            switch (request.route()) {
              case CREATE -> withSpec(request, (id, spec, _) -> create(id, spec, request));
              case ESTIMATE ->
                  withSpec(
                      request, (id, spec, given) -> estimate(id, spec, given, request.caller()));
              case PROLONG -> prolong(request);
              default -> ApiResponse.unknownPath();
            });
  }

  /** Responds to a spec that is valid. */
  private interface SpecConsumer {
    /**
     * @param given the fields that the caller set
     */
    APIGatewayV2HTTPResponse respond(ClusterId id, Spec spec, Set<String> given);
  }

  private APIGatewayV2HTTPResponse withSpec(ApiRequest request, SpecConsumer next) {
    Optional<String> key = request.header("idempotency-key");
    Optional<ClusterId> chosen = key.flatMap(ClusterId::parse);
    if (key.isPresent() && chosen.isEmpty()) {
      return ErrorCode.INVALID_REQUEST.response("the Idempotency-Key must be a UUID");
    }
    if (!request.mayBeJson() && !request.isYaml()) {
      return ErrorCode.UNSUPPORTED_MEDIA_TYPE.response(
          "a spec must be sent as application/json or application/yaml");
    }
    Optional<byte[]> body = request.body();
    if (body.isEmpty()) {
      return ErrorCode.INVALID_REQUEST.response("the body is not valid base64");
    }
    if (body.get().length > MAX_SPEC_BYTES) {
      return ErrorCode.TOO_LARGE.response(
          "a spec has at most %d KiB".formatted(MAX_SPEC_BYTES / 1024));
    }
    ClusterId id = chosen.orElseGet(() -> ClusterId.generate(plane.clock().instant(), random));
    SpecParser.Reading reading =
        request.isYaml() ? SpecParser.readYaml(body.get()) : SpecParser.read(body.get());
    return switch (validate(reading, id)) {
      case Result.Rejected<Spec>(Rejection rejection) ->
          ErrorCode.INVALID_SPEC.response(rejection.error(), first(rejection.problems()));
      case Result.Success<Spec>(Spec spec) -> next.respond(id, spec, reading.fields().keySet());
    };
  }

  private APIGatewayV2HTTPResponse create(ClusterId id, Spec spec, ApiRequest request) {
    return ApiResponse.of(
        plane.create().create(id, spec, request.caller(), request.endpoint().orElse(null)),
        live -> ApiResponse.accepted(live, view.of(live)));
  }

  /** The spec with all defaults, its cost, and why it cannot be created now. */
  private APIGatewayV2HTTPResponse estimate(
      ClusterId id, Spec spec, Set<String> given, String caller) {
    ObjectNode body = ClusterRecordCodec.encode(spec);
    provider
        .costs(plane::versions)
        .map(costs -> costs.estimate(spec))
        .ifPresent(estimate ->
            body.putObject("cost")
                .put("usual", estimate.usual().doubleValue())
                .put("most", estimate.most().doubleValue())
                .put("hourly", estimate.hourly().doubleValue())
                .put("assumes", estimate.assumes()));
    Json.putTextsUnlessEmpty(body, "ignored", provider.ignored(spec));
    plane.create().refusals(id, spec, caller).forEach(body.putArray("refused")::add);
    return ApiResponse.of(200, body, Map.of("eksphemeral-given", String.join(" ", given)));
  }

  private static List<String> first(List<String> problems) {
    return problems.size() <= MAX_PROBLEMS
        ? problems
        : Stream.concat(
                problems.stream().limit(MAX_PROBLEMS),
                Stream.of("and %d more".formatted(problems.size() - MAX_PROBLEMS)))
            .toList();
  }

  private Result<Spec> validate(SpecParser.Reading reading, ClusterId id) {
    if (reading.fields().isEmpty() && !reading.problems().isEmpty()) {
      return SpecValidator.invalid(reading.problems());
    }
    Result<Spec> validated =
        SpecValidator.validate(
            reading.fields(),
            id.defaultName(),
            plane.limits(),
            plane.versions(),
            plane.clock().instant());
    if (reading.problems().isEmpty()) {
      return validated;
    }
    List<String> others =
        validated instanceof Result.Rejected<Spec>(Rejection rejection)
            ? rejection.problems()
            : List.of();
    return SpecValidator.invalid(
        Stream.concat(reading.problems().stream(), others.stream()).toList());
  }

  private APIGatewayV2HTTPResponse prolong(ApiRequest request) {
    String minutes = request.parameter("minutes");
    if (!MINUTES.matcher(minutes).matches()) {
      return ErrorCode.INVALID_REQUEST.response(
          "invalid minutes: a whole number of at most 9 digits is needed, not 0, without a plus sign"
              + " or leading zeros");
    }
    return ApiResponse.of(
        plane
            .prolong()
            .prolong(request.parameter("id"), Integer.parseInt(minutes), request.caller()),
        live -> ApiResponse.ok(view.of(live)));
  }
}
