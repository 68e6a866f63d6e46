package io.eksphemeral.aws;

import java.time.Duration;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;

/**
 * The JDK's own HTTP client, beneath the SDK's clients.
 *
 * <p>It keeps connections for five seconds after an answer, and looks whether the other side has
 * closed one before it sends what cannot be sent twice. One that was kept when a snapshot was taken
 * is dead after the restore without anybody having closed it: what is sent there gets no answer. So
 * what is called before a snapshot is called over connections of which {@linkplain #leavingNone
 * none is left}.
 */
public final class SnapshotSafeHttpClient implements SdkHttpClient {
  private final SdkHttpClient http;
  private final Duration longest;
  private volatile boolean isLeavingNone;

  /** When the last answer must be there, in nanoseconds of the JVM. */
  private volatile Optional<Long> end = Optional.empty();

  /**
   * Connections that are given up after a while.
   *
   * @param connect how long opening one may take
   * @param read how long an answer may make one wait
   */
  SnapshotSafeHttpClient(Duration connect, Duration read) {
    longest = read;
    http = UrlConnectionHttpClient.builder().connectionTimeout(connect).socketTimeout(read).build();
  }

  /**
   * Limits what all further calls take together, with their repetitions: no request is sent that
   * could take longer. Each call alone has its limit, but whoever waits for an answer does not wait
   * for any number of slow ones.
   *
   * @param time from now on
   */
  public void allow(Duration time) {
    end = Optional.of(System.nanoTime() + time.toNanos());
  }

  /** Does what makes calls, with a connection of its own for each, closed after the answer. */
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
      throw SdkClientException.create("no time is left in which it would surely be answered");
    }
    return http.prepareRequest(isLeavingNone ? closing(request) : request);
  }

  /** The same with a header of which no signature is made. */
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
