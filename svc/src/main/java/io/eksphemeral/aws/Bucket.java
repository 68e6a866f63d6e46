package io.eksphemeral.aws;

import io.eksphemeral.control.ClusterRecordCodec;
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
import java.util.function.Consumer;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Texts under keys in an S3 bucket, with what S3 promises of them put into answers: a lost race is
 * one, and so is a key that is not there. Everything else that goes wrong is a {@link
 * StoreException}.
 *
 * <p>It rests on these rules of S3:
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
 *   <li>A key that is not there is 404 only to who may {@code s3:ListBucket}; it would be 403
 *       otherwise. So who uses this must be granted that.
 *   <li>One object may be refused where all others are not: for its ACL, a policy, or the key of
 *       KMS that it is encrypted with. That is 403 with {@code AccessDenied}, or 400 where that key
 *       is disabled, deleted or of another kind. To be sent too many requests for KMS is 503.
 *   <li>So may one in an archive, which has to be restored first: 403 with {@code
 *       InvalidObjectState}. And so may one that somebody encrypted with a key of their own, which
 *       S3 does not keep: 400 with {@code InvalidRequest}.
 * </ul>
 */
public final class Bucket {
  /** How often a write is sent that collides with others each time. */
  static final int TRIES = 6;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);

  /** The codes of 403 that may be about one object. */
  private static final Set<String> NOT_GIVEN = Set.of("AccessDenied", "InvalidObjectState");

  /** The codes of 400 that say that the key which an object needs is of no use, or not there. */
  private static final Set<String> NO_KEY =
      Set.of(
          "InvalidRequest",
          "KMS.DisabledException",
          "KMS.InvalidKeyUsageException",
          "KMS.KMSInvalidStateException",
          "KMS.NotFoundException");

  /** What the operator needs to know of a failure that lasts. */
  private static final String LASTING =
      "; trying again does not help: check the bucket's policy, its encryption key and the"
          + " organization's policies (SCP, RCP), then run eksp-up.sh, which tests them";

  private final S3Client s3;
  private final String name;
  private final Sleeper pause;

  public Bucket(S3Client s3, String name, Sleeper pause) {
    this.s3 = s3;
    this.name = name;
    this.pause = pause;
  }

  /** An object, as it was read. */
  sealed interface Item {
    /** Changes with the contents, and with nothing else. In quotes, as S3 has it. */
    String etag();

    /** Its text; empty if it has none that can be read. */
    default Optional<String> asText() {
      return this instanceof Text(_, String text) ? Optional.of(text) : Optional.empty();
    }

    record Text(String etag, String text) implements Item {}

    /**
     * It is too long, or not UTF-8: nothing that we or our tasks wrote.
     *
     * @param text what makes sense of it, or of its beginning
     */
    record Unreadable(String etag, String why, String text) implements Item {}
  }

  /** An object, as a listing shows it. */
  record Entry(String key, String etag) {}

  /** What is under a key; empty if nothing is. */
  Optional<Item> get(String key) {
    try {
      return Optional.of(
          s3.getObject(
              request -> request.bucket(name).key(key), (response, body) -> read(response, body)));
    } catch (NoSuchKeyException e) {
      return Optional.empty();
    } catch (SdkException e) {
      throw failed("read", key, e);
    }
  }

  /**
   * Why S3 refuses to give out what is under a key, if that is what {@link #get} failed for. It may
   * be this one object that is refused, or whatever the key is.
   */
  static Optional<String> refusal(StoreException failure) {
    return failure.getCause() instanceof S3Exception e && isRefusal(e)
        ? Optional.of(
            "S3 refuses to give it out: %s (HTTP %d)".formatted(AwsErrors.code(e), e.statusCode()))
        : Optional.empty();
  }

  /** Wrong and expired credentials have codes of their own. */
  private static boolean isRefusal(S3Exception e) {
    return switch (e.statusCode()) {
      case 403 -> NOT_GIVEN.contains(AwsErrors.code(e));
      case 400 -> NO_KEY.contains(AwsErrors.code(e));
      default -> false;
    };
  }

  private static Item read(GetObjectResponse response, AbortableInputStream body)
      throws IOException {
    String etag = response.eTag();
    byte[] bytes = body.readNBytes(ClusterRecordCodec.LONGEST + 1);
    if (bytes.length > ClusterRecordCodec.LONGEST) {
      body.abort();
      return new Item.Unreadable(
          etag, "it has more than %d bytes".formatted(ClusterRecordCodec.LONGEST), some(bytes));
    }
    try {
      return new Item.Text(
          etag,
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes))
              .toString());
    } catch (CharacterCodingException e) {
      return new Item.Unreadable(etag, "it is not UTF-8", some(bytes));
    }
  }

  private static String some(byte[] bytes) {
    int length = Math.min(bytes.length, Stored.Unreadable.MOST_TEXT);
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }

  /** Writes a text, whatever is under the key. */
  void put(String key, String text) {
    if (putIf(key, text, any -> {}).isEmpty()) {
      throw new StoreException(
          "could not write %s in the bucket %s: S3 saw a condition".formatted(key, name));
    }
  }

  /**
   * Writes a text if nothing is under the key.
   *
   * @return the ETag that it has there now; empty if something else is there
   */
  Optional<String> putNew(String key, String text) {
    return putIf(key, text, request -> request.ifNoneMatch("*"));
  }

  /**
   * Writes a text if what is under the key has the given ETag.
   *
   * @return the ETag that it has there now; empty if something else is there, or nothing
   */
  Optional<String> replace(String key, String etag, String text) {
    return putIf(key, text, request -> request.ifMatch(etag));
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
   * After a 412, whether it is this very write that stands there. A write whose answer got lost is
   * sent again, by the SDK or by the JDK beneath it, and then meets itself.
   */
  private Optional<String> etagIfOurs(String key, String text) {
    return get(key).filter(item -> item.asText().filter(text::equals).isPresent()).map(Item::etag);
  }

  /**
   * Removes what is under a key if it has the given ETag.
   *
   * @return whether it did; false also where it did, the answer got lost, and the delete that the
   *     SDK then sent found nothing
   */
  boolean remove(String key, String etag) {
    for (int attempt = 1; ; attempt++) {
      try {
        s3.deleteObject(request -> request.bucket(name).key(key).ifMatch(etag));
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

  /**
   * The objects whose keys begin with a prefix and have no further slash, in the order of their
   * keys. A page has at most 1000, and costs one request.
   */
  List<Entry> list(String prefix) {
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

  /** Whether anything is under a key, be it readable or not. */
  boolean has(String key) {
    return list(key).stream().anyMatch(entry -> entry.key().equals(key));
  }

  /** Each pause is twice the one before, so that some hundred writers at once get through. */
  private void waitOrGiveUp(String what, String key, int attempt, S3Exception e) {
    if (attempt == TRIES) {
      throw failed(what, key, e);
    }
    pause.of(FIRST_PAUSE.multipliedBy(1L << (attempt - 1)));
  }

  private StoreException failed(String what, String key, SdkException e) {
    String why =
        "could not %s %s in the bucket %s: %s".formatted(what, key, name, AwsErrors.inFull(e));
    return isLasting(e) ? StoreException.lasting(why + LASTING, e) : new StoreException(why, e);
  }

  private static boolean isLasting(SdkException e) {
    return e instanceof S3Exception refusal
        && (isRefusal(refusal) || AwsErrors.code(refusal).equals("NoSuchBucket"));
  }
}
