package io.eksphemeral.aws;

import java.time.Duration;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.ClientOverrideConfiguration;
import software.amazon.awssdk.retries.api.RetryStrategy;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ecs.EcsClientBuilder;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.ses.SesClient;
import software.amazon.awssdk.services.ses.SesClientBuilder;

/**
 * The SDK's clients over the JDK's HTTP client. Region and credentials come from the environment.
 * API Gateway waits 29 seconds for a response, so that a single call may take less than half of it.
 *
 * <p>The JDK keeps at most {@code http.maxConnections} idle connections per host (default 5).
 * template.yaml sets as many as records are read at a time.
 */
public final class AwsClients {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ATTEMPT = Duration.ofSeconds(5);
  private static final Duration CALL = Duration.ofSeconds(12);

  private AwsClients() {}

  /** Conditional writes may be repeated. */
  public static S3ClientBuilder s3() {
    return S3Client.builder()
        .httpClient(connections())
        .overrideConfiguration(settings(AwsRetryStrategy.standardRetryStrategy()));
  }

  /** RunTask has a client token, and the other calls are idempotent. */
  public static EcsClientBuilder ecs() {
    return EcsClient.builder()
        .httpClient(connections())
        .overrideConfiguration(settings(AwsRetryStrategy.standardRetryStrategy()));
  }

  /** SES would send a mail twice, so that no call is repeated. */
  public static SesClientBuilder ses() {
    return SesClient.builder()
        .httpClient(connections())
        .overrideConfiguration(settings(AwsRetryStrategy.doNotRetry()));
  }

  /** The default HTTP client of each. */
  public static SnapshotSafeHttpClient connections() {
    return new SnapshotSafeHttpClient(CONNECT, ATTEMPT);
  }

  private static ClientOverrideConfiguration settings(RetryStrategy retries) {
    return ClientOverrideConfiguration.builder()
        .apiCallAttemptTimeout(ATTEMPT)
        .apiCallTimeout(CALL)
        .retryStrategy(retries)
        .build();
  }
}
