package io.eksphemeral.simulation;

import io.eksphemeral.simulation.Fault.Kind;
import io.eksphemeral.simulation.Network.Call;
import io.eksphemeral.simulation.Network.Service;
import io.eksphemeral.simulation.StoredObjects.StoredObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteObjectRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;

/** S3, for one process. Pages of listings are short, so that there are several. */
final class SimulatedS3 implements S3Client {
  private static final int PAGE = 3;

  private final StoredObjects objects;
  private final Network network;
  private final SimulatedProcess process;

  SimulatedS3(StoredObjects objects, Network network, SimulatedProcess process) {
    this.objects = objects;
    this.network = network;
    this.process = process;
  }

  private static boolean isPossibleForReads(Kind kind) {
    return switch (kind) {
      case S3_FAILS, S3_THROTTLES, S3_SLOW -> true;
      default -> false;
    };
  }

  private <T> T read(String what, Supplier<T> effect) {
    return network.call(
        process, new Call(Service.S3, what, SimulatedS3::isPossibleForReads), effect);
  }

  private <T> T write(String what, Supplier<T> effect) {
    return network.call(process, new Call(Service.S3, what, _ -> true), effect);
  }

  @Override
  public <T> T getObject(
      GetObjectRequest request, ResponseTransformer<GetObjectResponse, T> reader) {
    String key = request.key();
    StoredObject object =
        read("GET " + key, () -> objects.object(key)).orElseThrow(SimulatedS3::noSuchKey);
    try {
      return reader.transform(
          GetObjectResponse.builder().eTag(object.etag()).build(),
          AbortableInputStream.create(
              new ByteArrayInputStream(object.text().getBytes(StandardCharsets.UTF_8))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public PutObjectResponse putObject(PutObjectRequest request, RequestBody body) {
    String text = text(body);
    String key = request.key();
    Invocation invocation = process.invocation();
    return write(
        "PUT " + key,
        () -> {
          check(key, request.ifMatch(), request.ifNoneMatch());
          String etag = objects.put(key, text, invocation);
          return PutObjectResponse.builder().eTag(etag).build();
        });
  }

  @Override
  public DeleteObjectResponse deleteObject(DeleteObjectRequest request) {
    String key = request.key();
    Invocation invocation = process.invocation();
    return write(
        "DELETE " + key,
        () -> {
          check(key, request.ifMatch(), null);
          objects.remove(key, invocation);
          return DeleteObjectResponse.builder().build();
        });
  }

  private void check(String key, @Nullable String ifMatch, @Nullable String ifNoneMatch) {
    Optional<StoredObject> there = objects.object(key);
    if (ifMatch != null && there.isEmpty()) {
      throw noSuchKey();
    }
    boolean isOther = there.filter(object -> !object.etag().equals(ifMatch)).isPresent();
    if ((ifMatch != null && isOther) || (ifNoneMatch != null && there.isPresent())) {
      throw Service.S3.error(412, "PreconditionFailed");
    }
  }

  @Override
  public ListObjectsV2Response listObjectsV2(ListObjectsV2Request request) {
    String prefix = request.prefix();
    String after = request.continuationToken();
    return read("LIST " + prefix, () -> page(prefix, after == null ? "" : after));
  }

  private ListObjectsV2Response page(String prefix, String after) {
    List<S3Object> page = new ArrayList<>();
    NavigableMap<String, StoredObject> rest =
        after.isEmpty() ? objects.all().tailMap(prefix, true) : objects.all().tailMap(after, false);
    boolean isTruncated = false;
    for (Map.Entry<String, StoredObject> entry : rest.entrySet()) {
      String key = entry.getKey();
      if (!key.startsWith(prefix)) {
        break;
      }
      if (key.indexOf('/', prefix.length()) >= 0) {
        continue;
      }
      if (page.size() == PAGE) {
        isTruncated = true;
        break;
      }
      page.add(S3Object.builder().key(key).eTag(entry.getValue().etag()).build());
    }
    return ListObjectsV2Response.builder()
        .contents(page)
        .isTruncated(isTruncated)
        .nextContinuationToken(isTruncated ? page.getLast().key() : null)
        .build();
  }

  private static NoSuchKeyException noSuchKey() {
    return NoSuchKeyException.builder()
        .statusCode(404)
        .awsErrorDetails(AwsErrorDetails.builder().errorCode("NoSuchKey").build())
        .build();
  }

  private static String text(RequestBody body) {
    try (var stream = body.contentStreamProvider().newStream()) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {}
}
