package io.eksphemeral.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkClientException;

/** Reasons as they go into logs, records and mails. */
final class AwsErrorsTest {
  @Test
  void aDescriptionHasCodeMessageAndStatus() {
    assertThat(AwsErrors.of(refusal("AccessDenied", "not allowed")))
        .isEqualTo("AccessDenied: not allowed (HTTP 403)");
    assertThat(AwsErrors.of(refusal("AccessDenied", " "))).isEqualTo("AccessDenied (HTTP 403)");
    assertThat(AwsErrors.of(refusal("AccessDenied", null))).isEqualTo("AccessDenied (HTTP 403)");
    assertThat(AwsErrors.of(AwsServiceException.builder().statusCode(503).build()))
        .isEqualTo("(HTTP 503)");
  }

  @Test
  void aDescriptionIsOneLineOfAtMost400Characters() {
    String rest = "Code:  (HTTP 403)";
    String fits = "x".repeat(400 - rest.length());
    assertThat(AwsErrors.of(refusal("Code", fits))).hasSize(400).endsWith("x (HTTP 403)");
    assertThat(AwsErrors.of(refusal("Code", fits + "x"))).hasSize(400).endsWith("(HTTP 40…");
    assertThat(AwsErrors.of(SdkClientException.create(" a \r\n\t b\n"))).isEqualTo("a b");
  }

  @Test
  void theRequestIdIsForLogsOnly() {
    AwsServiceException withId = refusal("AccessDenied", "no").toBuilder().requestId("R1").build();
    assertThat(AwsErrors.of(withId)).doesNotContain("R1");
    assertThat(AwsErrors.withRequestId(withId))
        .isEqualTo("AccessDenied: no (HTTP 403), request R1");
    assertThat(AwsErrors.withRequestId(refusal("AccessDenied", "no")))
        .isEqualTo(AwsErrors.of(withId));
    assertThat(AwsErrors.withRequestId(SdkClientException.create("timed out")))
        .isEqualTo("timed out");
  }

  /** They quote headers and ids of keys. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "The request SIGNATURE we calculated does not match",
        "Authorization header requires 'Credential' parameter",
        "Credential=AKIASECRET/20261122",
        "The AWS Access Key Id AKIASECRET does not exist"
      })
  void keysAreNotDescribed(String message) {
    assertThat(AwsErrors.of(refusal("Refused", message))).isEqualTo("Refused (HTTP 403)");
    assertThat(AwsErrors.of(SdkClientException.create(message))).isEqualTo("SdkClientException");
  }

  @Test
  void withoutAMessageTheTypeOfErrorIsGiven() {
    assertThat(AwsErrors.of(SdkClientException.builder().build())).isEqualTo("SdkClientException");
    assertThat(AwsErrors.code(refusal("NoSuchKey", "x"))).isEqualTo("NoSuchKey");
    assertThat(AwsErrors.code(AwsServiceException.builder().build())).isEmpty();
    assertThat(AwsErrors.code(refusal(null, "x"))).isEmpty();
  }

  private static AwsServiceException refusal(@Nullable String code, @Nullable String message) {
    AwsErrorDetails.Builder details = AwsErrorDetails.builder();
    Optional.ofNullable(code).ifPresent(details::errorCode);
    Optional.ofNullable(message).ifPresent(details::errorMessage);
    return AwsServiceException.builder().statusCode(403).awsErrorDetails(details.build()).build();
  }
}
