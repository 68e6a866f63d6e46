package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.control.ClusterRecordCodec;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.Stored;
import io.eksphemeral.control.TaskObjectCodec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;

/**
 * What a fuzzer calls, see {@code bench/fuzz.sh}: everything that comes from outside, with whatever
 * bytes. The first byte says where they go. Throws where one of them came to an answer of 5xx, or
 * to an exception that is not its own documented one.
 */
public final class FuzzTarget {
  /** How many calls of a sequence are made, each up to 128 times. */
  private static final int MOST_CALLS = 40;

  private static final int LONGEST_RECORD = 16 * 1024;

  /** All mails that are no notices: of each kind one for each cluster that there was. */
  private static final int OTHER_MAILS = 4;

  private static final APIGatewayV2HTTPEvent CREATE = HandlerFixture.event("create");
  private static final APIGatewayV2HTTPEvent STATUS = HandlerFixture.event("status-one");
  private static final APIGatewayV2HTTPEvent PROLONG = prolong("1");
  private static final APIGatewayV2HTTPEvent SHORTEN = prolong("-1");
  private static final String DESTROY = HandlerFixture.text("destroy");
  private static final String SWEEP = HandlerFixture.text("schedule");

  private FuzzTarget() {}

  private static APIGatewayV2HTTPEvent prolong(String minutes) {
    APIGatewayV2HTTPEvent event = HandlerFixture.event("prolong");
    event.setPathParameters(Map.of("id", HandlerFixture.ID.value(), "minutes", minutes));
    return event;
  }

  /** Called by the fuzzer, some ten thousand times a second. */
  public static void fuzzerTestOneInput(byte[] data) {
    if (data.length == 0) {
      return;
    }
    byte[] rest = Arrays.copyOfRange(data, 1, data.length);
    switch (Math.floorMod(data[0], 8)) {
      case 0 -> spec(rest, "application/json");
      case 7 -> spec(rest, "application/yaml");
      case 1 -> parameters(rest);
      case 2 -> anyEvent(rest);
      case 3 -> record(rest);
      case 4 -> marks(rest);
      case 6 -> repeated(rest);
      default -> header(rest);
    }
  }

  private static void spec(byte[] body, String type) {
    HandlerFixture installation = new HandlerFixture();
    APIGatewayV2HTTPEvent event = HandlerFixture.event("create");
    event.setHeaders(Map.of("content-type", type));
    event.setBody(Base64.getEncoder().encodeToString(body));
    event.setIsBase64Encoded(true);
    check(installation.create.handle(event, installation.context));
  }

  /** Ids, names and minutes of a path, the two divided by a zero byte. */
  private static void parameters(byte[] bytes) {
    String[] texts = text(bytes).split("\0", 2);
    Map<String, String> parameters =
        Map.of("id", texts[0], "minutes", texts.length > 1 ? texts[1] : "30");
    HandlerFixture installation = new HandlerFixture();
    installation.created();
    APIGatewayV2HTTPEvent prolong = HandlerFixture.event("prolong");
    prolong.setPathParameters(parameters);
    check(installation.create.handle(prolong, installation.context));
    APIGatewayV2HTTPEvent status = HandlerFixture.event("status-one");
    status.setPathParameters(parameters);
    check(installation.status.handle(status, installation.context));
  }

  /** Any event at all, for the function that takes three kinds. */
  private static void anyEvent(byte[] bytes) {
    HandlerFixture installation = new HandlerFixture();
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
    Stored stored = ClusterRecordCodec.decode(HandlerFixture.ID, "v1", text(bytes));
    if (stored instanceof Stored.Live live) {
      ClusterRecordCodec.encode(live.cluster(), live);
    }
  }

  /**
   * A caller who repeats calls: each byte is a call, and how often it is made before the next one.
   */
  private static void repeated(byte[] bytes) {
    HandlerFixture installation = new HandlerFixture();
    installation.ready();
    for (int i = 0; i < Math.min(bytes.length, MOST_CALLS); i++) {
      int times = 1 << (Math.floorMod(bytes[i], 32) / 4); // up to 128
      for (int time = 0; time < times; time++) {
        call(installation, bytes[i] >> 5);
      }
      checkBounds(installation);
    }
  }

  private static void call(HandlerFixture installation, int which) {
    switch (which) {
      case 0 -> check(installation.create.handle(PROLONG, installation.context));
      case 1 -> check(installation.create.handle(SHORTEN, installation.context));
      case 2 -> check(installation.create.handle(CREATE, installation.context));
      case 3 -> check(installation.status.handle(STATUS, installation.context));
      case -1 -> installation.runDestroy(DESTROY);
      case -2 -> installation.runDestroy(SWEEP);
      case -3 -> installation.clock.advance(Duration.ofSeconds(20));
      default -> installation.tasks.step();
    }
  }

  /** What no caller gets past, however often they call (promise P13). */
  private static void checkBounds(HandlerFixture installation) {
    installation
        .objects
        .contents()
        .forEach((key, text) -> {
          if (text.length() > LONGEST_RECORD) {
            throw new IllegalStateException(key + " has " + text.length() + " characters");
          }
        });
    long minutes = Duration.between(Samples.START, installation.clock.instant()).toMinutes();
    int mails = installation.mailer.delivered().size();
    if (mails > minutes / 5 + OTHER_MAILS) {
      throw new IllegalStateException(mails + " mails in " + minutes + " minutes");
    }
  }

  private static void marks(byte[] bytes) {
    String text = text(bytes);
    TaskObjectCodec.claim("dev", text);
    TaskObjectCodec.taken(text);
    TaskObjectCodec.result(text);
    TaskObjectCodec.versions(text);
  }

  /** The header that gives the id, and the route, divided by a zero byte. */
  private static void header(byte[] bytes) {
    String[] texts = text(bytes).split("\0", 2);
    HandlerFixture installation = new HandlerFixture();
    APIGatewayV2HTTPEvent event = HandlerFixture.event("create");
    event.setHeaders(Map.of("Idempotency-Key", texts[0]));
    if (texts.length > 1) {
      event.setRouteKey(texts[1]);
    }
    check(installation.create.handle(event, installation.context));
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
