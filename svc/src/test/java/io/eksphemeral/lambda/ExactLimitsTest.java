package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.HandlerFixture.ID;
import static io.eksphemeral.lambda.HandlerFixture.body;
import static io.eksphemeral.lambda.HandlerFixture.event;
import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is allowed at a limit and what is refused right past it, as a caller of the API sees it. */
final class ExactLimitsTest {
  private static final int MOST_BYTES = 64 * 1024;

  private final HandlerFixture installation = new HandlerFixture();

  @ParameterizedTest
  @CsvSource({"-1, 200", "0, 200", "1, 413"})
  void aSpecHasAtMost64KibibytesHoweverItIsSent(int more, int status) {
    String spec = "{\"timeout\": 5}";
    String body = spec + " ".repeat(MOST_BYTES + more - spec.length());
    assertThat(estimate(body, false).getStatusCode()).isEqualTo(status);
    assertThat(estimate(body, true).getStatusCode()).isEqualTo(status);
  }

  /** Each é has two bytes. It is no spec, but for its size it is refused before it is read. */
  @ParameterizedTest
  @CsvSource({"0, 400", "1, 413"})
  void theSizeOfASpecIsCountedInBytes(int more, int status) {
    String body = "é".repeat(MOST_BYTES / 2) + "x".repeat(more);
    assertThat(estimate(body, false).getStatusCode()).isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({
    "timeout, 1, 200", "timeout, 1440, 200", "timeout, 0, 400", "timeout, 1441, 400",
    "numworkers, 1, 200", "numworkers, 10, 200", "numworkers, 0, 400", "numworkers, 11, 400",
  })
  void theLimitsAreInclusive(String field, int value, int status) {
    assertThat(estimate("{\"%s\": %d}".formatted(field, value), false).getStatusCode())
        .isEqualTo(status);
  }

  @ParameterizedTest
  @CsvSource({
    "999999999, 422",
    "2147483647, 400",
    "2147483648, 400",
    "4294967301, 400",
    "9999999999, 400",
    "-9999999999, 400",
    "0000000005, 400"
  })
  void minutesHaveAtMostNineDigits(String minutes, int status) {
    installation.ready();
    assertThat(prolong(minutes).getStatusCode()).isEqualTo(status);
    assertThat(installation.cluster().lifetime()).isEqualTo(30);
  }

  @Test
  void theMaximumLifetimeIsInclusive() {
    installation.ready();
    assertThat(prolong("1411").getStatusCode()).isEqualTo(422);
    assertThat(prolong("1410").getStatusCode()).isEqualTo(200);
    assertThat(installation.cluster().lifetime()).isEqualTo(1440);
    assertThat(prolong("1").getStatusCode()).isEqualTo(422);
    assertThat(prolong("-1").getStatusCode()).isEqualTo(200);
    assertThat(prolong("1").getStatusCode()).isEqualTo(200);
  }

  @Test
  void aClusterThatIsNotReadyKeepsAtLeastAMinute() {
    installation.created();
    assertThat(prolong("-30").getStatusCode()).isEqualTo(422);
    assertThat(prolong("-29").getStatusCode()).isEqualTo(200);
    assertThat(installation.cluster().lifetime()).isEqualTo(1);
    assertThat(prolong("1440").getStatusCode()).isEqualTo(422);
    assertThat(prolong("1439").getStatusCode()).isEqualTo(200);
    assertThat(installation.cluster().lifetime()).isEqualTo(1440);
  }

  @ParameterizedTest
  @CsvSource({"99, 99", "100, 100", "101, 101", "150, 101"})
  void aHundredProblemsAreNamedAndTheRestCounted(int problems, int named) {
    StringBuilder spec = new StringBuilder("{\"nofield\": 0");
    for (int i = 1; i < problems; i++) {
      spec.append(", \"nofield").append(i).append("\": 0");
    }
    var shown = body(estimate(spec + "}", false)).path("problems");
    assertThat(shown).hasSize(named);
    String last = shown.path(named - 1).asText();
    if (problems > 100) {
      assertThat(last).isEqualTo("and %d more".formatted(problems - 100));
    } else {
      assertThat(last).startsWith("\"nofield" + (problems - 1));
    }
  }

  private APIGatewayV2HTTPResponse estimate(String spec, boolean base64) {
    APIGatewayV2HTTPEvent event = event("create");
    event.setRouteKey("POST /estimate");
    event.setBody(
        base64 ? Base64.getEncoder().encodeToString(spec.getBytes(StandardCharsets.UTF_8)) : spec);
    event.setIsBase64Encoded(base64);
    return installation.create.handle(event, installation.context);
  }

  private APIGatewayV2HTTPResponse prolong(String minutes) {
    APIGatewayV2HTTPEvent event = event("prolong");
    event.setPathParameters(Map.of("id", ID.value(), "minutes", minutes));
    return installation.create.handle(event, installation.context);
  }
}
