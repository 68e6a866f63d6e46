package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.control.MarkFormat;
import io.eksphemeral.control.RecordFormat;
import io.eksphemeral.control.Stored;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;

/**
 * What a fuzzer calls, see {@code bench/fuzz.sh}: everything that comes from outside, with whatever
 * bytes. The first byte says where they go. Throws where one of them came to an answer of 5xx, or
 * to an exception that is not its own documented one.
 */
public final class FuzzTarget {
  private FuzzTarget() {}

  /** Called by the fuzzer, some ten thousand times a second. */
  public static void fuzzerTestOneInput(byte[] data) {
    if (data.length == 0) {
      return;
    }
    byte[] rest = Arrays.copyOfRange(data, 1, data.length);
    switch (Math.floorMod(data[0], 6)) {
      case 0 -> spec(rest);
      case 1 -> parameters(rest);
      case 2 -> anyEvent(rest);
      case 3 -> record(rest);
      case 4 -> marks(rest);
      default -> header(rest);
    }
  }

  private static void spec(byte[] body) {
    Installation installation = new Installation();
    APIGatewayV2HTTPEvent event = Installation.event("create");
    event.setHeaders(Map.of());
    event.setBody(Base64.getEncoder().encodeToString(body));
    event.setIsBase64Encoded(true);
    check(installation.create.handleRequest(event, installation.context));
  }

  /** Ids, names and minutes of a path, the two divided by a zero byte. */
  private static void parameters(byte[] bytes) {
    String[] texts = text(bytes).split("\0", 2);
    Map<String, String> parameters =
        Map.of("id", texts[0], "minutes", texts.length > 1 ? texts[1] : "30");
    Installation installation = new Installation();
    installation.created();
    APIGatewayV2HTTPEvent prolong = Installation.event("prolong");
    prolong.setPathParameters(parameters);
    check(installation.create.handleRequest(prolong, installation.context));
    APIGatewayV2HTTPEvent status = Installation.event("status-one");
    status.setPathParameters(parameters);
    check(installation.status.handleRequest(status, installation.context));
  }

  /** Any event at all, for the function that takes three kinds. */
  private static void anyEvent(byte[] bytes) {
    Installation installation = new Installation();
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    try {
      installation.destroy.handleRequest(
          new ByteArrayInputStream(bytes), output, installation.context);
    } catch (IOException | IllegalArgumentException e) {
      return; // what it says of what is no JSON, or no event of a known kind; Lambda reports it
    }
    if (output.toString(StandardCharsets.UTF_8).contains("\"statusCode\":5")) {
      throw new IllegalStateException(output.toString(StandardCharsets.UTF_8));
    }
  }

  private static void record(byte[] bytes) {
    Stored stored = RecordFormat.decode(Installation.ID, "v1", text(bytes));
    if (stored instanceof Stored.Live live) {
      RecordFormat.encode(live.cluster(), live);
    }
  }

  private static void marks(byte[] bytes) {
    String text = text(bytes);
    MarkFormat.claim("dev", text);
    MarkFormat.taken(text);
    MarkFormat.result(text);
    MarkFormat.versions(text);
  }

  /** The header that gives the id, and the route, divided by a zero byte. */
  private static void header(byte[] bytes) {
    String[] texts = text(bytes).split("\0", 2);
    Installation installation = new Installation();
    APIGatewayV2HTTPEvent event = Installation.event("create");
    event.setHeaders(Map.of("Idempotency-Key", texts[0]));
    if (texts.length > 1) {
      event.setRouteKey(texts[1]);
    }
    check(installation.create.handleRequest(event, installation.context));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static void check(APIGatewayV2HTTPResponse response) {
    if (response.getStatusCode() >= 500) {
      throw new IllegalStateException(response.getStatusCode() + " " + response.getBody());
    }
  }
}
