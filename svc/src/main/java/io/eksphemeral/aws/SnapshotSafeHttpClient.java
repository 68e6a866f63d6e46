package io.eksphemeral.aws;

import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;

/**
 * The JDK's HTTP client for the SDK's clients, with a time limit for all calls together.
 *
 * <p>It keeps connections for five seconds after a response. One that is kept in a snapshot is dead
 * after the restore, but was never closed: requests on it get no response. So calls before a
 * snapshot go through {@link #leavingNone}.
 */
public final class SnapshotSafeHttpClient implements SdkHttpClient {
  private final SdkHttpClient http;
  private final Duration longest;
  private volatile boolean isLeavingNone;

  /** The deadline of all calls, in nanoseconds of the JVM. */
  private volatile Optional<Long> end = Optional.empty();

  /**
   * @param connect how long a connection may take to open
   * @param read how long a response may take
   */
  SnapshotSafeHttpClient(Duration connect, Duration read) {
    longest = read;
    http = UrlConnectionHttpClient.builder().connectionTimeout(connect).socketTimeout(read).build();
  }

  /**
   * Limits all further calls together, including retries: a request that could take longer is not
   * sent. Each call has a limit of its own, but a caller does not wait for several slow ones.
   *
   * @param time from now
   */
  public void allow(Duration time) {
    end = Optional.of(System.nanoTime() + time.toNanos());
  }

  /** Runs calls that each close their connection after the response. */
  public void leavingNone(Runnable calls) {
    isLeavingNone = true;
    try {
      calls.run();
    } finally {
      isLeavingNone = false;
    }
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    if (end.filter(last -> last - System.nanoTime() < longest.toNanos()).isPresent()) {
      throw SdkClientException.create("no time is left for this request");
    }
    return http.prepareRequest(isLeavingNone ? closing(request) : request);
  }

  /** The header is not part of the signature. */
  private static HttpExecuteRequest closing(HttpExecuteRequest request) {
    HttpExecuteRequest.Builder closing =
        HttpExecuteRequest.builder()
            .request(request.httpRequest().copy(http -> http.putHeader("Connection", "close")));
    request.contentStreamProvider().ifPresent(closing::contentStreamProvider);
    request.metricCollector().ifPresent(closing::metricCollector);
    return closing.build();
  }

  @Override
  public String clientName() {
    return http.clientName();
  }

  @Override
  public void close() {
    http.close();
  }
}
