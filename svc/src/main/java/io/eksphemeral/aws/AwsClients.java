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
 * The SDK's clients as the adapters want them: over the JDK's own HTTP client, region and
 * credentials from the environment, and with an end to every call. An API call must be answered
 * within the 29 seconds that API Gateway gives it, so no single call to AWS may take half of them.
 *
 * <p>The JDK keeps {@code http.maxConnections} idle connections a host, 5 if nothing is said; a
 * process that lists thousands of records wants {@link RecordCache#CONCURRENT_READS} of them.
 */
public final class AwsClients {
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration ATTEMPT = Duration.ofSeconds(5);
  private static final Duration CALL = Duration.ofSeconds(12);

  private AwsClients() {}

  /** For S3. Conditional writes stay right when they are sent again. */
  public static S3ClientBuilder s3() {
    return S3Client.builder()
        .httpClient(connections())
        .overrideConfiguration(settings(AwsRetryStrategy.standardRetryStrategy()));
  }

  /** For ECS. RunTask has its token, and the other calls can be sent any number of times. */
  public static EcsClientBuilder ecs() {
    return EcsClient.builder()
        .httpClient(connections())
        .overrideConfiguration(settings(AwsRetryStrategy.standardRetryStrategy()));
  }

  /** For SES, which sends a mail again when it is asked again: so no call is repeated. */
  public static SesClientBuilder ses() {
    return SesClient.builder()
        .httpClient(connections())
        .overrideConfiguration(settings(AwsRetryStrategy.doNotRetry()));
  }

  /** What each of them is called over if it gets nothing else. */
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
