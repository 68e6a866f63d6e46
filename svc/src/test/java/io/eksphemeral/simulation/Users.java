package io.eksphemeral.simulation;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.simulation.Account.Resource;
import io.eksphemeral.simulation.Fault.Where;
import io.eksphemeral.simulation.Invocation.What;
import io.eksphemeral.simulation.SimulatedLambda.Function;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Perform the actions of the plan, through the API and outside of it. */
final class Users {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** Retries of a request, and the pause between them. */
  private static final int TRIES = 4;

  private static final long BETWEEN_TRIES = 5000;

  private final Simulation simulation;

  Users(Simulation simulation) {
    this.simulation = simulation;
  }

  /** Performs an action in its own thread. */
  void perform(UserAction action) {
    simulation.history().note(() -> action.toString());
    switch (action) {
      case UserAction.Create create -> ask(create, create.retries());
      case UserAction.Destroy destroy -> ask(destroy, destroy.retries());
      case UserAction.Prolong _,
          UserAction.GetStatus _,
          UserAction.ListClusters _,
          UserAction.ListIds _ ->
          ask(action, false);
      case UserAction.Repeat repeat -> repeat(repeat);
      case UserAction.CreateForeign foreign ->
          simulation.account().create(new Resource("stack", foreign.name(), null));
      case UserAction.CorruptRecord corrupted -> corrupt(corrupted);
      case UserAction.AddLegacy legacy -> {
        String key = StoreKeys.record(legacy.id());
        String spec = "{\"name\":\"old\",\"numworkers\":1,\"kubeversion\":\"1.12\",\"timeout\":10}";
        simulation.objects().put(key, spec, null);
        simulation.invariants().protect(key, spec);
      }
      case UserAction.HideTasks hidden -> simulation.hideTasks(hidden);
      case UserAction.AddField added -> addField(added);
      case UserAction.Deploy _ -> simulation.functions().deploy();
    }
  }

  private void ask(UserAction action, boolean retries) {
    for (int attempt = 1; attempt <= (retries ? TRIES : 1); attempt++) {
      Optional<APIGatewayV2HTTPResponse> answer = ask(action);
      if (answer.isPresent() && answer.get().getStatusCode() != 503) {
        return;
      }
      simulation.scheduler().sleep(BETWEEN_TRIES);
    }
  }

  private void repeat(UserAction.Repeat repeat) {
    UserAction.Create create = repeat.create();
    for (int round = 0; round < repeat.rounds(); round++) {
      long now = simulation.scheduler().now();
      ask(create);
      ask(new UserAction.Prolong(now, repeat.who(), create.key(), round % 2 == 0 ? 1 : -1));
      ask(new UserAction.GetStatus(now, create.key().value()));
      if (repeat.destroys() && round > repeat.rounds() / 2) {
        ask(new UserAction.Destroy(now, create.key().value(), false));
      }
      simulation.scheduler().sleep(repeat.pause());
    }
  }

  private Optional<APIGatewayV2HTTPResponse> ask(UserAction action) {
    Invocation invocation = new Invocation(what(action), action, simulation.scheduler().now());
    Optional<APIGatewayV2HTTPResponse> answer = send(action, invocation);
    answer.ifPresent(heard -> {
      simulation.history().note(() -> "  %d %s".formatted(heard.getStatusCode(), heard.getBody()));
      simulation.invariants().answered(invocation, heard.getStatusCode(), heard.getBody());
    });
    return simulation.faults().next(Where.ANSWER, _ -> true) == null ? answer : Optional.empty();
  }

  private static What what(UserAction action) {
    return switch (action) {
      case UserAction.Create _ -> What.CREATE;
      case UserAction.Prolong _ -> What.PROLONG;
      case UserAction.Destroy _ -> What.DESTROY;
      default -> What.LOOK;
    };
  }

  private Optional<APIGatewayV2HTTPResponse> send(UserAction action, Invocation invocation) {
    return switch (action) {
      case UserAction.Create create ->
          simulation
              .functions()
              .ask(
                  Function.CREATE,
                  SimulatedLambda.event(
                      "POST /create",
                      UserAction.arn(create.who()),
                      Map.of(),
                      create.key(),
                      spec(create)),
                  invocation);
      case UserAction.Prolong prolong ->
          simulation
              .functions()
              .ask(
                  Function.CREATE,
                  SimulatedLambda.event(
                      "POST /prolong/{id}/{minutes}",
                      UserAction.arn(prolong.who()),
                      Map.of(
                          "id", prolong.cluster().value(),
                          "minutes", String.valueOf(prolong.minutes())),
                      null,
                      ""),
                  invocation);
      case UserAction.GetStatus query ->
          simulation
              .functions()
              .ask(
                  Function.STATUS,
                  event("GET /status/{id}", Map.of("id", query.idOrName())),
                  invocation);
      case UserAction.ListClusters _ ->
          simulation.functions().ask(Function.STATUS, event("GET /clusters", Map.of()), invocation);
      case UserAction.ListIds _ ->
          simulation.functions().ask(Function.STATUS, event("GET /status", Map.of()), invocation);
      case UserAction.Destroy destroy ->
          simulation
              .functions()
              .invoke(destroyEvent(destroy.idOrName()), invocation)
              .map(Users::response);
      default -> throw new IllegalStateException("not an API request: " + action);
    };
  }

  private static APIGatewayV2HTTPEvent event(String route, Map<String, String> parameters) {
    return SimulatedLambda.event(route, Samples.ALICE, parameters, null, "");
  }

  private static String spec(UserAction.Create create) {
    return "{\"name\": \"%s\", \"numworkers\": %d, %s, \"owner\": \"%s\"}"
        .formatted(
            create.name(),
            create.workers(),
            create.namesMoment()
                ? "\"until\": \"%s\"".formatted(create.until())
                : "\"timeout\": %d".formatted(create.minutes()),
            create.owner());
  }

  private static String destroyEvent(String idOrName) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("routeKey", "POST /destroy/{id}");
    event.putObject("pathParameters").put("id", idOrName);
    event
        .putObject("requestContext")
        .putObject("authorizer")
        .putObject("iam")
        .put("userArn", Samples.ALICE);
    return event.toString();
  }

  private static APIGatewayV2HTTPResponse response(String text) {
    JsonNode json = read(text);
    return APIGatewayV2HTTPResponse.builder()
        .withStatusCode(json.path("statusCode").asInt())
        .withBody(json.path("body").asText())
        .build();
  }

  private static JsonNode read(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void corrupt(UserAction.CorruptRecord corrupted) {
    String key = StoreKeys.record(corrupted.id());
    Optional<String> record = simulation.objects().get(key);
    simulation.objects().put(key, corrupted.text(), null);
    simulation.invariants().protect(key, corrupted.text());
    simulation.invariants().mayTakeUntil(corrupted.id(), corrupted.until());
    simulation
        .scheduler()
        .at(
            corrupted.until(),
            () -> {
              simulation.invariants().unprotect(key);
              if (!simulation.objects().get(key).equals(Optional.of(corrupted.text()))) {
                return; // replaced meanwhile
              }
              record.ifPresentOrElse(
                  text -> simulation.objects().put(key, text, null),
                  () -> simulation.objects().remove(key, null));
            });
  }

  private void addField(UserAction.AddField added) {
    String key = StoreKeys.record(added.cluster());
    @Nullable String text = simulation.objects().get(key).orElse(null);
    if (text != null
        && !Plan.UNREADABLE.contains(text)
        && read(text).at("/status/history").isArray()) {
      ObjectNode record = (ObjectNode) read(text);
      ((ObjectNode) record.path("status")).put("flavour", "of a newer version");
      try {
        simulation.objects().put(key, MAPPER.writeValueAsString(record), null);
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(e);
      }
      simulation.invariants().fieldAdded(added.cluster(), "\"flavour\":\"of a newer version\"");
    }
  }
}
