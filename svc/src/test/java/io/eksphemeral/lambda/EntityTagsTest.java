package io.eksphemeral.lambda;

import static io.eksphemeral.lambda.HandlerFixture.event;
import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPEvent;
import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.control.Samples;
import io.eksphemeral.control.StoreKeys;
import io.eksphemeral.domain.ClusterId;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EntityTagsTest {
  private static final String TABLE = ClusterTable.CONTENT_TYPE;

  private final HandlerFixture installation = new HandlerFixture();

  @BeforeEach
  void atTheBeginningOfAMinute() {
    installation.ready();
    installation.clock.advance(
        Duration.ofSeconds(60 - installation.clock.instant().getEpochSecond() % 60));
  }

  @ParameterizedTest
  @CsvSource({
    "clusters,application/json",
    "clusters,text/tab-separated-values",
    "gone,application/json",
    "gone,text/tab-separated-values"
  })
  void nothingIsSentAgainWhileNothingHasChanged(String route, String form) {
    String tag = tag(route, form);
    installation.clock.advance(Duration.ofSeconds(59));

    APIGatewayV2HTTPResponse response = call(route, form, tag);

    assertThat(response.getStatusCode()).isEqualTo(304);
    assertThat(response.getBody()).isEmpty();
    assertThat(response.getHeaders()).containsEntry("etag", tag);
  }

  @ParameterizedTest
  @ValueSource(strings = {"W/\"else\", %s", "%s , \"else\"", "%s"})
  void anyOfSeveralTagsIsEnough(String known) {
    String tag = tag("clusters", TABLE);

    assertThat(call("clusters", TABLE, known.formatted(tag)).getStatusCode()).isEqualTo(304);
    assertThat(call("clusters", TABLE, known.formatted(tag.substring(2))).getStatusCode())
        .isEqualTo(304);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "*", "\"", "W/", "W/\"\"", "\u00e9,,", "%s-"})
  void otherTagsAreNotKnown(String known) {
    String other = known.formatted(tag("clusters", TABLE));

    assertThat(call("clusters", TABLE, other).getStatusCode()).isEqualTo(200);
  }

  @Test
  void eachFormHasATagOfItsOwn() {
    assertThat(tag("clusters", TABLE)).isNotEqualTo(tag("clusters", "application/json"));
  }

  @Test
  void whatPassesWithTimeIsAtMostAMinuteOld() {
    String tag = tag("clusters", TABLE);
    installation.clock.advance(Duration.ofMinutes(1));

    assertThat(call("clusters", TABLE, tag).getStatusCode()).isEqualTo(200);
  }

  @Test
  void aChangeIsSentAtOnce() {
    String tag = tag("clusters", TABLE);
    installation.destroy.handle(event("destroy"), installation.context);

    APIGatewayV2HTTPResponse response = call("clusters", TABLE, tag);

    assertThat(response.getStatusCode()).isEqualTo(200);
    assertThat(response.getBody()).contains("destroying");
    assertThat(response.getHeaders().get("etag")).isNotEqualTo(tag);
  }

  @ParameterizedTest
  @CsvSource({"{,{{", "'{\"name\":\"one\"}','{\"name\":\"other\"}'"})
  void recordsThatAreNotManagedCountToo(String before, String after) {
    ClusterId id = Samples.newId();
    installation.objects.put(StoreKeys.record(id), before);
    String tag = tag("clusters", TABLE);
    assertThat(call("clusters", TABLE, tag).getStatusCode()).isEqualTo(304);

    installation.objects.put(StoreKeys.record(id), after);

    assertThat(call("clusters", TABLE, tag).getStatusCode()).isEqualTo(200);
  }

  @Test
  void aClusterThatIsGoneChangesBothListings() {
    String clusters = tag("clusters", TABLE);
    String gone = tag("gone", TABLE);
    assertThat(call("gone", TABLE, gone).getStatusCode()).isEqualTo(304);
    installation.destroy.handle(event("destroy"), installation.context);
    installation.letTasksEnd();
    installation.sweep();
    installation.clock.advance(Duration.ofSeconds(1));

    assertThat(call("clusters", TABLE, clusters).getBody()).isEmpty();
    assertThat(call("clusters", TABLE, clusters).getStatusCode()).isEqualTo(200);
    assertThat(call("gone", TABLE, gone).getBody()).contains("\tgone\t");
  }

  /** Such as the next version of the same function, which may respond with more. */
  @Test
  void anotherProgramHasOtherTags() {
    HandlerFixture other = new HandlerFixture();
    installation.objects.contents().forEach(other.objects::put);
    other.clock.advance(Duration.between(other.clock.instant(), installation.clock.instant()));

    assertThat(other.status.handle(request("clusters", TABLE, null), other.context).getHeaders())
        .extractingByKey("etag")
        .isNotEqualTo(tag("clusters", TABLE));
  }

  private String tag(String route, String form) {
    APIGatewayV2HTTPResponse response = call(route, form, null);
    assertThat(response.getStatusCode()).isEqualTo(200);
    String tag = response.getHeaders().getOrDefault("etag", "");
    assertThat(tag).matches("W/\"[0-9a-f]{32}\"");
    return tag;
  }

  private APIGatewayV2HTTPResponse call(String route, String form, @Nullable String known) {
    return installation.status.handle(request(route, form, known), installation.context);
  }

  private static APIGatewayV2HTTPEvent request(String route, String form, @Nullable String known) {
    APIGatewayV2HTTPEvent event = event("clusters");
    if (route.equals("gone")) {
      event.setRouteKey("GET /clusters/gone");
    }
    Map<String, String> headers = new HashMap<>(Map.of("accept", form));
    if (known != null) {
      headers.put("if-none-match", known);
    }
    event.setHeaders(headers);
    return event;
  }
}
