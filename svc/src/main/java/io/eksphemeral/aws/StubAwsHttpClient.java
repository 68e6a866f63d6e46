package io.eksphemeral.aws;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;

/**
 * In place of AWS while a function warms up: a bucket in memory, without conditions on writes, an
 * ECS whose tasks run, and an SES that accepts every mail.
 */
public final class StubAwsHttpClient implements SdkHttpClient {
  private static final String TASKS =
      """
      {"tasks":[{"taskArn":"arn:aws:ecs:us-east-2:000000000000:task/warm-up","lastStatus":"RUNNING",
      "containers":[{"name":"prepare"}],"tags":[]}],"failures":[],"taskArns":[]}
      """;

  private static final String SENT =
      """
      <SendEmailResponse><SendEmailResult><MessageId>1</MessageId></SendEmailResult>
      </SendEmailResponse>
      """;

  private final String bucket;
  private final SortedMap<String, String> objects = new ConcurrentSkipListMap<>();

  public StubAwsHttpClient(String bucket) {
    this.bucket = bucket;
  }

  /** Empties the bucket. */
  public void clear() {
    objects.clear();
  }

  @Override
  public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
    return new ExecutableHttpRequest() {
      @Override
      public HttpExecuteResponse call() throws IOException {
        String body = "";
        if (request.contentStreamProvider().isPresent()) {
          try (InputStream stream = request.contentStreamProvider().get().newStream()) {
            body = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          }
        }
        return respond(request.httpRequest(), body);
      }

      @Override
      public void abort() {}
    };
  }

  private HttpExecuteResponse respond(SdkHttpRequest request, String body) {
    if (request.firstMatchingHeader("X-Amz-Target").isPresent()) {
      return response(200, TASKS);
    }
    if (request.method() == SdkHttpMethod.POST) {
      return response(200, SENT);
    }
    String key = request.encodedPath().replaceFirst("^/(" + bucket + "(/|$))?", "");
    if (key.isEmpty()) {
      return response(200, list(request.firstMatchingRawQueryParameter("prefix").orElse("")));
    }
    switch (request.method()) {
      case PUT -> objects.put(key, firstChunk(body));
      case DELETE -> objects.remove(key);
      default -> {}
    }
    String text = objects.get(key);
    return text == null && request.method() == SdkHttpMethod.GET
        ? response(404, "<Error><Code>NoSuchKey</Code></Error>")
        : response(200, text == null ? "" : text);
  }

  /** The SDK sends the length in front of a chunk, and a last chunk of length 0. */
  private static String firstChunk(String body) {
    return body.substring(body.indexOf("\r\n") + 2, body.lastIndexOf("\r\n0"));
  }

  private String list(String prefix) {
    StringBuilder list = new StringBuilder("<ListBucketResult><IsTruncated>false</IsTruncated>");
    objects.forEach((key, text) -> {
      if (key.startsWith(prefix) && key.indexOf('/', prefix.length()) < 0) {
        list.append("<Contents><Key>%s</Key><ETag>%s</ETag></Contents>".formatted(key, etag(text)));
      }
    });
    return list.append("</ListBucketResult>").toString();
  }

  private static HttpExecuteResponse response(int status, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return HttpExecuteResponse.builder()
        .response(
            SdkHttpResponse.builder()
                .statusCode(status)
                .putHeader("Content-Length", String.valueOf(bytes.length))
                .putHeader("ETag", etag(body))
                .build())
        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(bytes)))
        .build();
  }

  private static String etag(String text) {
    return "\"%08x\"".formatted(text.hashCode());
  }

  @Override
  public void close() {}
}
