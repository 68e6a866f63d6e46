package io.eksphemeral.aws;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.core.client.builder.SdkSyncClientBuilder;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.ecs.EcsClient;
import software.amazon.awssdk.services.ses.SesClient;

/**
 * As much of AWS as priming needs: a bucket, ECS and SES in the memory of this process, in the
 * place of the wire. The SDK's clients do all that they do otherwise, and nothing gets out.
 *
 * <p>The bucket keeps the conditions of writes and deletes. Each task that is launched runs; each
 * mail is taken.
 */
public final class StubAwsHttpClient implements SdkHttpClient {
  private static final String BUCKET = "pretended";
  private static final String CHECKSUM = "x-amz-checksum-crc32";

  private final Region region;
  private final SortedMap<String, Item> objects = new TreeMap<>();
  private int count;

  /** How the SDK sends what it writes: in chunks, then an empty one, and the checksum. */
  private static final Pattern CHUNKED =
      Pattern.compile(
          "([1-9a-f][0-9a-f]*(;[^\\r]*)?\r\n(?<text>.*)\r\n)?0(;[^\\r]*)?\r\n"
              + CHECKSUM
              + ":(?<sum>[^\\r]+)\r\n.*",
          Pattern.DOTALL);

  private static final Pattern BETWEEN_CHUNKS = Pattern.compile("\r\n[0-9a-f]+(;[^\\r]*)?\r\n");

  private static final String ARN = "arn:aws:ecs:region:000000000000:task/pretended/%d";

  /** With a bit of everything that such a task has on Fargate. */
  private static final String TASK =
      """
      {
        "taskArn": "%s",
        "lastStatus": "RUNNING",
        "launchType": "FARGATE",
        "createdAt": 1795341600.123,
        "attachments": [{"type": "eni", "details": [{"name": "subnetId", "value": "subnet-1"}]}],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "containers": [{
          "name": "prepare",
          "exitCode": 0,
          "networkBindings": [],
          "networkInterfaces": [{"attachmentId": "eni", "privateIpv4Address": "10.0.0.1"}],
          "managedAgents": []
        }],
        "ephemeralStorage": {"sizeInGiB": 20},
        "inferenceAccelerators": [],
        "overrides": {
          "containerOverrides": [{"name": "prepare", "environment": [{"name": "A", "value": "B"}]}],
          "inferenceAcceleratorOverrides": []
        },
        "tags": [{"key": "eksphemeral:task", "value": "create-1"}]
      }
      """
          .formatted(ARN);

  private static final String SENT =
      """
      <SendEmailResponse>
        <SendEmailResult><MessageId>pretended</MessageId></SendEmailResult>
        <ResponseMetadata><RequestId>pretended</RequestId></ResponseMetadata>
      </SendEmailResponse>
      """;

  private record Item(String text, String etag, String checksum) {}

  private record Answer(int status, String body, Map<String, String> headers) {
    static Answer of(int status, String body) {
      return new Answer(status, body, Map.of());
    }
  }

  /**
   * All of it, with nothing in the bucket.
   *
   * @param region where it pretends to be
   */
  public StubAwsHttpClient(String region) {
    this.region = Region.of(region);
  }

  /** The bucket that there is. */
  public S3ObjectStore bucket() {
    return new S3ObjectStore(over(AwsClients.s3()).build(), BUCKET, _ -> {});
  }

  public EcsClient ecs() {
    return over(AwsClients.ecs()).build();
  }

  public SesClient ses() {
    return over(AwsClients.ses()).build();
  }

  private <B extends AwsClientBuilder<B, C> & SdkSyncClientBuilder<B, C>, C> B over(B builder) {
    return builder
        .httpClient(this)
        .region(region)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(BUCKET, BUCKET)));
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
        return respond(answer(request.httpRequest(), body));
      }

      @Override
      public void abort() {}
    };
  }

  private static HttpExecuteResponse respond(Answer answer) {
    byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
    SdkHttpResponse.Builder response = SdkHttpResponse.builder().statusCode(answer.status());
    answer.headers().forEach(response::putHeader);
    return HttpExecuteResponse.builder()
        .response(response.putHeader("Content-Length", String.valueOf(bytes.length)).build())
        .responseBody(AbortableInputStream.create(new ByteArrayInputStream(bytes)))
        .build();
  }

  private synchronized Answer answer(SdkHttpRequest request, String body) {
    String target = request.firstMatchingHeader("X-Amz-Target").orElse("");
    if (!target.isEmpty()) {
      return ofEcs(target.substring(target.indexOf('.') + 1));
    }
    if (request.method() == SdkHttpMethod.POST) {
      return Answer.of(200, SENT);
    }
    // The bucket's name is in the host, or before the key.
    String path = request.encodedPath().replaceFirst("^/(" + BUCKET + "(/|$))?", "");
    return switch (request.method()) {
      case GET -> path.isEmpty() ? list(request) : get(path);
      case PUT -> put(path, request, body);
      case DELETE -> delete(path, request);
      default -> throw new IllegalStateException("nobody pretends " + request.method());
    };
  }

  private Answer ofEcs(String action) {
    String body =
        switch (action) {
          case "RunTask" -> {
            count++;
            yield "{\"tasks\":[" + TASK + "],\"failures\":[]}";
          }
          case "DescribeTasks" -> "{\"tasks\":[" + TASK + "],\"failures\":[]}";
          case "ListTasks" -> "{\"taskArns\":[\"" + ARN + "\"]}";
          case "StopTask" -> "{\"task\":" + TASK + "}";
          default -> throw new IllegalStateException("nobody pretends " + action);
        };
    return Answer.of(200, body.formatted(count));
  }

  private Answer list(SdkHttpRequest request) {
    String prefix = request.firstMatchingRawQueryParameter("prefix").orElse("");
    StringBuilder listed = new StringBuilder("<ListBucketResult>");
    SortedSet<String> folders = new TreeSet<>();
    objects
        .tailMap(prefix)
        .forEach((key, item) -> {
          int slash = key.indexOf('/', prefix.length());
          if (key.startsWith(prefix) && slash < 0) {
            listed.append(
                "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag></Contents>"
                    .formatted(key, "2026-11-22T10:00:00.000Z", item.etag()));
          } else if (key.startsWith(prefix)) {
            folders.add(key.substring(0, slash + 1));
          }
        });
    folders.forEach(folder ->
        listed.append("<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>".formatted(folder)));
    listed.append("<IsTruncated>false</IsTruncated></ListBucketResult>");
    return Answer.of(200, listed.toString());
  }

  private Answer get(String key) {
    @Nullable Item item = objects.get(key);
    if (item == null) {
      return error(404, "NoSuchKey");
    }
    return new Answer(
        200,
        item.text(),
        Map.of(
            "ETag",
            item.etag(),
            CHECKSUM,
            item.checksum(),
            "Last-Modified",
            "Sun, 22 Nov 2026 10:00:00 GMT"));
  }

  private Answer put(String key, SdkHttpRequest request, String body) {
    @Nullable Item before = objects.get(key);
    if (before != null && request.firstMatchingHeader("If-None-Match").isPresent()) {
      return error(412, "PreconditionFailed");
    }
    @Nullable Answer lost = lost(before, request);
    if (lost != null) {
      return lost;
    }
    Matcher chunks = CHUNKED.matcher(body);
    if (!chunks.matches()) {
      throw new IllegalStateException("nobody pretends a body that is not in chunks: " + body);
    }
    String text =
        BETWEEN_CHUNKS.matcher(Objects.requireNonNullElse(chunks.group("text"), "")).replaceAll("");
    Item item = new Item(text, "\"%d\"".formatted(++count), chunks.group("sum"));
    objects.put(key, item);
    return new Answer(200, "", Map.of("ETag", item.etag()));
  }

  private Answer delete(String key, SdkHttpRequest request) {
    @Nullable Answer lost = lost(objects.get(key), request);
    if (lost != null) {
      return lost;
    }
    objects.remove(key);
    return Answer.of(204, "");
  }

  /** What a request gets whose condition does not hold; null if it holds, or there is none. */
  private static @Nullable Answer lost(@Nullable Item item, SdkHttpRequest request) {
    @Nullable String wanted = request.firstMatchingHeader("If-Match").orElse(null);
    if (wanted == null || (item != null && item.etag().equals(wanted))) {
      return null;
    }
    return item == null ? error(404, "NoSuchKey") : error(412, "PreconditionFailed");
  }

  private static Answer error(int status, String code) {
    return Answer.of(status, "<Error><Code>%s</Code></Error>".formatted(code));
  }

  @Override
  public String clientName() {
    return "StubAwsHttpClient";
  }

  @Override
  public void close() {}
}
