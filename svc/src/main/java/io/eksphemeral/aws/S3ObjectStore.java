package io.eksphemeral.aws;

import io.eksphemeral.control.ObjectStore;
import io.eksphemeral.control.Sleeper;
import io.eksphemeral.control.StoreException;
import io.eksphemeral.control.Stored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * The objects of an S3 bucket.
 *
 * <p>A version is an ETag, which S3 computes from the content alone: writing an earlier text again
 * would bring an earlier version back. So every conditional write adds a stamp to the JSON object
 * that it writes, the field {@code write}, which reads remove. After a 412 it also tells whether
 * the writer lost the race against its own write.
 *
 * <p>It relies on these rules of S3:
 *
 * <ul>
 *   <li>Reads and listings see every write that was answered before they began, and an object is
 *       never half written.
 *   <li>Of writes with {@code If-None-Match: *}, or with {@code If-Match} of the same ETag, that
 *       are under way at once, one succeeds; the others get 412. {@code If-Match} on a key that is
 *       not there is 404.
 *   <li>409 means that another write to the key was under way, and nothing was written. The same
 *       request can be sent again: S3 checks its condition anew.
 *   <li>A delete with {@code If-Match} needs {@code s3:GetObject} as well as {@code
 *       s3:DeleteObject}.
 *   <li>A missing key is 404 only to callers with {@code s3:ListBucket}, and 403 to others. So
 *       users of this class need that permission.
 *   <li>A single object may be denied by its ACL, a policy, or the KMS key that encrypts it. That
 *       is 403 with {@code AccessDenied}, or 400 if the key is disabled, deleted or of another
 *       kind. Too many requests to KMS are 503.
 *   <li>So may an object in an archive, which must be restored first: 403 with {@code
 *       InvalidObjectState}. And so may one that a client encrypted with its own key (SSE-C): 400
 *       with {@code InvalidRequest}.
 * </ul>
 */
public final class S3ObjectStore implements ObjectStore {
  /** How often a write is sent that conflicts with another one each time. */
  static final int MAX_ATTEMPTS = 6;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

  /** The error codes of 403 that may concern a single object. */
  private static final Set<String> DENIED = Set.of("AccessDenied", "InvalidObjectState");

  /** The error codes of 400 for an encryption key that is disabled, wrong or missing. */
  private static final Set<String> KEY_UNUSABLE =
      Set.of(
          "InvalidRequest",
          "KMS.DisabledException",
          "KMS.InvalidKeyUsageException",
          "KMS.KMSInvalidStateException",
          "KMS.NotFoundException");

  /** Advice for the operator on a failure that lasts. */
  private static final String LASTING =
      "; retrying does not help: check the bucket's policy, its encryption key and the"
          + " organization's policies (SCP, RCP), then run eksp-up.sh, which tests them";

  private static final Pattern STAMP = Pattern.compile("^\\{\"write\":\"[0-9a-f-]{36}\",");

  private final S3Client s3;
  private final String name;
  private final Sleeper pause;

  public S3ObjectStore(S3Client s3, String name, Sleeper pause) {
    this.s3 = s3;
    this.name = name;
    this.pause = pause;
  }

  @Override
  public Optional<StoredObject> get(String key) {
    return getStamped(key)
        .map(object ->
            switch (object) {
              case StoredObject.Text(String etag, String text) ->
                  new StoredObject.Text(etag, withoutStamp(text));
              case StoredObject.Unreadable(String etag, String why, String text) ->
                  new StoredObject.Unreadable(etag, why, withoutStamp(text));
              case StoredObject.Denied denied -> denied;
            });
  }

  private Optional<StoredObject> getStamped(String key) {
    try {
      return Optional.of(
          s3.getObject(
              request -> request.bucket(name).key(key), (response, body) -> read(response, body)));
    } catch (NoSuchKeyException e) {
      return Optional.empty();
    } catch (SdkException e) {
      StoreException failure = failed("read", key, e);
      // Callers without any permission are denied a missing object as well.
      if (e instanceof S3Exception denied && isDenial(denied) && exists(key)) {
        String why =
            "S3 denies access: %s (HTTP %d)".formatted(AwsErrors.code(denied), denied.statusCode());
        return Optional.of(new StoredObject.Denied(why, failure));
      }
      throw failure;
    }
  }

  /** Wrong and expired credentials have other codes. */
  private static boolean isDenial(S3Exception e) {
    return switch (e.statusCode()) {
      case 403 -> DENIED.contains(AwsErrors.code(e));
      case 400 -> KEY_UNUSABLE.contains(AwsErrors.code(e));
      default -> false;
    };
  }

  private static StoredObject read(GetObjectResponse response, AbortableInputStream body)
      throws IOException {
    String etag = response.eTag();
    byte[] bytes = body.readNBytes(MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) {
      body.abort();
      return new StoredObject.Unreadable(
          etag, "it has more than %d bytes".formatted(MAX_BYTES), beginning(bytes));
    }
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes))
              .toString();
      return new StoredObject.Text(etag, text);
    } catch (CharacterCodingException e) {
      return new StoredObject.Unreadable(etag, "it is not UTF-8", beginning(bytes));
    }
  }

  private static String beginning(byte[] bytes) {
    int length = Math.min(bytes.length, Stored.Unreadable.MAX_TEXT);
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  private static String stamped(String text) {
    return text.startsWith("{\"")
        ? "{\"write\":\"%s\",%s".formatted(UUID.randomUUID(), text.substring(1))
        : text;
  }

  private static String withoutStamp(String text) {
    return STAMP.matcher(text).replaceFirst("{");
  }

  @Override
  public void put(String key, String text) {
    if (putIf(key, text, _ -> {}).isEmpty()) {
      throw new StoreException(
          "could not write %s in the bucket %s: S3 reports a failed condition, and none was sent"
              .formatted(key, name));
    }
  }

  @Override
  public Optional<String> putIfAbsent(String key, String text) {
    return putIf(key, stamped(text), request -> request.ifNoneMatch("*"));
  }

  @Override
  public Optional<String> replaceIf(String key, String version, String text) {
    return putIf(key, stamped(text), request -> request.ifMatch(version));
  }

  private Optional<String> putIf(
      String key, String text, Consumer<PutObjectRequest.Builder> condition) {
    PutObjectRequest request =
        PutObjectRequest.builder()
            .bucket(name)
            .key(key)
            .contentType("application/json")
            .applyMutation(condition)
            .build();
    for (int attempt = 1; ; attempt++) {
      try {
        return Optional.of(s3.putObject(request, RequestBody.fromString(text)).eTag());
      } catch (S3Exception e) {
        switch (e.statusCode()) {
          case 412 -> {
            return etagIfOurs(key, text);
          }
          case 404 -> {
            if (e instanceof NoSuchKeyException || AwsErrors.code(e).equals("NoSuchKey")) {
              return Optional.empty();
            }
            throw failed("write", key, e);
          }
          case 409 -> waitOrGiveUp("write", key, attempt, e);
          default -> throw failed("write", key, e);
        }
      } catch (SdkException e) {
        throw failed("write", key, e);
      }
    }
  }

  /**
   * After a 412, the ETag of this very write, if it is what is stored. A write whose answer got
   * lost is sent again, by the SDK or by the JDK, and then meets itself.
   */
  private Optional<String> etagIfOurs(String key, String text) {
    return switch (getStamped(key).orElse(null)) {
      case StoredObject.Text(String etag, String found) when found.equals(text) ->
          Optional.of(etag);
      case StoredObject.Denied denied -> throw denied.failure();
      case null, default -> Optional.empty();
    };
  }

  @Override
  public boolean deleteIf(String key, String version) {
    for (int attempt = 1; ; attempt++) {
      try {
        s3.deleteObject(request -> request.bucket(name).key(key).ifMatch(version));
        return true;
      } catch (S3Exception e) {
        switch (e.statusCode()) {
          case 412 -> {
            return false;
          }
          case 404 -> {
            if (AwsErrors.code(e).equals("NoSuchBucket")) {
              throw failed("remove", key, e);
            }
            return false;
          }
          case 409 -> waitOrGiveUp("remove", key, attempt, e);
          default -> throw failed("remove", key, e);
        }
      } catch (SdkException e) {
        throw failed("remove", key, e);
      }
    }
  }

  /** A page has at most 1000 entries, and costs one request. */
  @Override
  public List<Entry> list(String prefix) {
    try {
      return s3
          .listObjectsV2Paginator(
              request -> request.bucket(name).prefix(prefix).delimiter("/").build())
          .contents()
          .stream()
          .map(object -> new Entry(object.key(), object.eTag()))
          .toList();
    } catch (SdkException e) {
      throw failed("list", prefix + "*", e);
    }
  }

  private boolean exists(String key) {
    return list(key).stream().anyMatch(entry -> entry.key().equals(key));
  }

  /** Exponential back-off: some hundred concurrent writers get through. */
  private void waitOrGiveUp(String what, String key, int attempt, S3Exception e) {
    if (attempt == MAX_ATTEMPTS) {
      throw failed(what, key, e);
    }
    pause.sleep(FIRST_PAUSE.multipliedBy(1L << (attempt - 1)));
  }

  private StoreException failed(String what, String key, SdkException e) {
    String why =
        "could not %s %s in the bucket %s: %s"
            .formatted(what, key, name, AwsErrors.withRequestId(e));
    return isLasting(e) ? StoreException.lasting(why + LASTING, e) : new StoreException(why, e);
  }

  private static boolean isLasting(SdkException e) {
    return e instanceof S3Exception refusal
        && (isDenial(refusal) || AwsErrors.code(refusal).equals("NoSuchBucket"));
  }
}
