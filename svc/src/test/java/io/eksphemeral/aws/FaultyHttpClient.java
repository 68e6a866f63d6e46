package io.eksphemeral.aws;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.builder.SdkSyncClientBuilder;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.retries.api.RetryStrategy;

/**
 * The wire beneath an SDK's client. It notes each request, retries included, and can do to the next
 * ones what no emulator does: lose an answer, or give one that was recorded.
 */
final class FaultyHttpClient implements SdkHttpClient {
  private final SdkHttpClient wire = UrlConnectionHttpClient.create();
  private final List<Seen> seen = new ArrayList<>();
  private final List<Fault> faults = new ArrayList<>();

  /** A request that went over the wire, or would have. */
  record Seen(String method, URI uri, Map<String, List<String>> headers, String body) {
    boolean isListing() {
      return method.equals("GET")
          && uri.getRawQuery() != null
          && uri.getRawQuery().contains("list-type");
    }

    boolean isWrite() {
      return method.equals("PUT");
    }

    boolean isRemoval() {
      return method.equals("DELETE");
    }

    boolean isRead() {
      return method.equals("GET") && !isListing();
    }
  }

  /** What happens to a request instead of being answered. */
  private record Fault(Predicate<Seen> to, Reaction reaction) {}

  /** Answers a request, or doesn't. */
  @FunctionalInterface
  interface Reaction {
    HttpExecuteResponse to(Send send) throws IOException;
  }

  /** Sends the request after all. */
  @FunctionalInterface
  interface Send {
    HttpExecuteResponse now() throws IOException;
  }

  /** Puts this beneath a client that tries again, and has it do so at once: no test waits. */
  <B extends AwsClientBuilder<B, C> & SdkSyncClientBuilder<B, C>, C> B beneath(B builder) {
    RetryStrategy quick =
        AwsRetryStrategy.standardRetryStrategy().toBuilder()
            .backoffStrategy(BackoffStrategy.retryImmediately())
            .throttlingBackoffStrategy(BackoffStrategy.retryImmediately())
            .build();
    return builder
        .httpClient(this)
        .overrideConfiguration(
            builder.overrideConfiguration().copy(config -> config.retryStrategy(quick)));
  }

  /** A recorded answer. */
  static Reaction answer(int status, String body) {
    return answer(status, body, Map.of());
  }

  static Reaction answer(int status, String body, Map<String, String> headers) {
    return _ -> {
      SdkHttpResponse.Builder response = SdkHttpResponse.builder().statusCode(status);
      headers.forEach(response::putHeader);
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      return HttpExecuteResponse.builder()
          .response(response.putHeader("Content-Length", String.valueOf(bytes.length)).build())
          .responseBody(AbortableInputStream.create(new ByteArrayInputStream(bytes)))
          .build();
    };
  }

  /** An error as S3 gives it. */
  static Reaction s3Error(int status, String code) {
    return answer(
        status,
        "<Error><Code>%s</Code><Message>as recorded</Message><RequestId>R1</RequestId></Error>"
            .formatted(code));
  }

  /** An error as ECS gives it, with further fields as JSON. */
  static Reaction ecsError(int status, String type, String fields) {
    return answer(
        status,
        "{\"__type\":\"%s\",\"message\":\"as recorded\"%s}".formatted(type, fields),
        Map.of("x-amzn-RequestId", "R1"));
  }

  /** The request is served, and its answer never arrives. */
  static Reaction lostAnswer() {
    return send -> {
      send.now();
      throw new SocketTimeoutException("Read timed out");
    };
  }

  /** The request never arrives. */
  static Reaction lostRequest() {
    return _ -> {
      throw new SocketTimeoutException("Read timed out");
    };
  }

  /** What happens to the next requests that fit, one each. */
  synchronized void nextOf(Predicate<Seen> to, Reaction... reactions) {
    for (Reaction reaction : reactions) {
      faults.add(new Fault(to, reaction));
    }
  }

  void next(Reaction... reactions) {
    nextOf(_ -> true, reactions);
  }

  synchronized List<Seen> seen() {
    return List.copyOf(seen);
  }

  synchronized void forget() {
    seen.clear();
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    Seen one =
        new Seen(
            request.httpRequest().method().name(),
            request.httpRequest().getUri(),
            request.httpRequest().headers(),
            request.contentStreamProvider().map(FaultyHttpClient::text).orElse(""));
    synchronized (this) {
      seen.add(one);
    }
    ExecutableHttpRequest real = wire.prepareRequest(request);
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        Optional<Reaction> fault = take(one);
        return fault.isPresent() ? fault.get().to(real::call) : real.call();
      }

      @Override
      public void abort() {
        real.abort();
      }
    };
  }

  private synchronized Optional<Reaction> take(Seen one) {
    Optional<Fault> first = faults.stream().filter(fault -> fault.to().test(one)).findFirst();
    first.ifPresent(faults::remove);
    return first.map(Fault::reaction);
  }

  private static String text(ContentStreamProvider content) {
    try (InputStream stream = content.newStream()) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String clientName() {
    return "Wire";
  }

  @Override
  public void close() {
    wire.close();
  }
}
