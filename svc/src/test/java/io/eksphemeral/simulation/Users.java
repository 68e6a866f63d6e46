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

/** Do what the plan has them do, by the API and past it. */
final class Users {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  /** How often who is patient asks again, and how long they wait in between. */
  private static final int TRIES = 4;

  private static final long BETWEEN_TRIES = 5000;

  private final Simulation world;

  Users(Simulation world) {
    this.world = world;
  }

  /** Does it, on a strand of its own. */
  void act(UserAction act) {
    world.history().note(() -> act.toString());
    switch (act) {
      case UserAction.Create create -> ask(create, create.isPatient());
      case UserAction.Destroy destroy -> ask(destroy, destroy.isPatient());
      case UserAction.Prolong _,
          UserAction.Look _,
          UserAction.LookAtAll _,
          UserAction.LookAtIds _ ->
          ask(act, false);
      case UserAction.Repeat repeat -> repeat(repeat);
      case UserAction.MakeForeign foreign ->
          world.account().make(new Resource("stack", foreign.name(), null));
      case UserAction.SpoilRecord spoilt -> spoil(spoilt);
      case UserAction.AddLegacy legacy -> {
        String key = StoreKeys.record(legacy.id());
        String spec = "{\"name\":\"old\",\"numworkers\":1,\"kubeversion\":\"1.12\",\"timeout\":10}";
        world.objects().put(key, spec, null);
        world.promises().protect(key, spec);
      }
      case UserAction.HideTasks hidden -> world.hideTasks(hidden);
      case UserAction.AddField added -> addField(added);
      case UserAction.Deploy _ -> world.functions().deploy();
    }
  }

  private void ask(UserAction act, boolean isPatient) {
    for (int attempt = 1; attempt <= (isPatient ? TRIES : 1); attempt++) {
      Optional<APIGatewayV2HTTPResponse> answer = ask(act);
      if (answer.isPresent() && answer.get().getStatusCode() != 503) {
        return;
      }
      world.strands().sleep(BETWEEN_TRIES);
    }
  }

  private void repeat(UserAction.Repeat repeat) {
    UserAction.Create create = repeat.create();
    for (int round = 0; round < repeat.rounds(); round++) {
      long now = world.strands().now();
      ask(create);
      ask(new UserAction.Prolong(now, repeat.who(), create.key(), round % 2 == 0 ? 1 : -1));
      ask(new UserAction.Look(now, create.key().value()));
      if (repeat.destroys() && round > repeat.rounds() / 2) {
        ask(new UserAction.Destroy(now, create.key().value(), false));
      }
      world.strands().sleep(repeat.pause());
    }
  }

  private Optional<APIGatewayV2HTTPResponse> ask(UserAction act) {
    Invocation invocation = new Invocation(what(act), act, world.strands().now());
    Optional<APIGatewayV2HTTPResponse> answer = send(act, invocation);
    answer.ifPresent(heard -> {
      world.history().note(() -> "  %d %s".formatted(heard.getStatusCode(), heard.getBody()));
      world.promises().answered(invocation, heard.getStatusCode(), heard.getBody());
    });
    return world.troubles().strikes(Where.ANSWER, _ -> true) == null ? answer : Optional.empty();
  }

  private static What what(UserAction act) {
    return switch (act) {
      case UserAction.Create _ -> What.CREATE;
      case UserAction.Prolong _ -> What.PROLONG;
      case UserAction.Destroy _ -> What.DESTROY;
      default -> What.LOOK;
    };
  }

  private Optional<APIGatewayV2HTTPResponse> send(UserAction act, Invocation invocation) {
    return switch (act) {
      case UserAction.Create create ->
          world
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
          world
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
      case UserAction.Look look ->
          world
              .functions()
              .ask(
                  Function.STATUS,
                  event("GET /status/{id}", Map.of("id", look.idOrName())),
                  invocation);
      case UserAction.LookAtAll _ ->
          world.functions().ask(Function.STATUS, event("GET /clusters", Map.of()), invocation);
      case UserAction.LookAtIds _ ->
          world.functions().ask(Function.STATUS, event("GET /status", Map.of()), invocation);
      case UserAction.Destroy destroy ->
          world.functions().feed(destroyEvent(destroy.idOrName()), invocation).map(Users::response);
      default -> throw new IllegalStateException("nobody asks the API for " + act);
    };
  }

  private static APIGatewayV2HTTPEvent event(String route, Map<String, String> parameters) {
    return SimulatedLambda.event(route, Samples.ALICE, parameters, null, "");
  }

  private static String spec(UserAction.Create create) {
    return "{\"name\": \"%s\", \"numworkers\": %d, \"timeout\": %d, \"owner\": \"%s\"}"
        .formatted(create.name(), create.workers(), create.minutes(), create.owner());
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

  private void spoil(UserAction.SpoilRecord spoilt) {
    String key = StoreKeys.record(spoilt.id());
    Optional<String> record = world.objects().get(key);
    world.objects().put(key, spoilt.text(), null);
    world.promises().protect(key, spoilt.text());
    world.promises().mayTakeUntil(spoilt.id(), spoilt.until());
    world
        .strands()
        .at(
            spoilt.until(),
            () -> {
              world.promises().unprotect(key);
              if (!world.objects().get(key).equals(Optional.of(spoilt.text()))) {
                return; // somebody else's is there by now
              }
              record.ifPresentOrElse(
                  text -> world.objects().put(key, text, null),
                  () -> world.objects().remove(key, null));
            });
  }

  private void addField(UserAction.AddField added) {
    String key = StoreKeys.record(added.cluster());
    @Nullable String text = world.objects().get(key).orElse(null);
    if (text != null
        && !Plan.UNREADABLE.contains(text)
        && read(text).at("/status/history").isArray()) {
      ObjectNode record = (ObjectNode) read(text);
      ((ObjectNode) record.path("status")).put("flavour", "of a newer version");
      try {
        world.objects().put(key, MAPPER.writeValueAsString(record), null);
      } catch (JsonProcessingException e) {
        throw new UncheckedIOException(e);
      }
      world.promises().fieldAdded(added.cluster(), "\"flavour\":\"of a newer version\"");
    }
  }
}
