package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.events.APIGatewayV2HTTPResponse;
import io.eksphemeral.control.Stored;
import io.eksphemeral.domain.ClusterId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Lets callers who poll a listing get a 304 while nothing has changed (RFC 9110, 13.1.2). A tag
 * stands for the versions of the records and not for the text of the response, so that a 304 costs
 * no more than the look at the records. Tags are weak: what passes with time may be a minute old.
 */
final class EntityTags {
  private static final long MINUTE = 60;

  /**
   * Another program may respond differently to the same records. In AWS all functions that are
   * restored from one snapshot have the same.
   */
  private final String program = UUID.randomUUID().toString();

  /** Of a listing of clusters. */
  String of(ApiRequest request, List<Stored> all, Instant now) {
    return tag(request, all.stream().map(EntityTags::version), now);
  }

  /** Of a listing of clusters that are gone, whose records never change. */
  String ofIds(ApiRequest request, List<ClusterId> ids, Instant now) {
    return tag(request, ids.stream().map(ClusterId::value), now);
  }

  private static String version(Stored stored) {
    return switch (stored) {
      case Stored.Live(_, String version, _) -> stored.id() + " " + version;
      case Stored.Legacy(ClusterId id, String json) -> id + " " + json;
      case Stored.Unreadable(ClusterId id, String why, var version, _) ->
          id + " " + version + " " + why;
    };
  }

  private String tag(ApiRequest request, Stream<String> content, Instant now) {
    MessageDigest digest = digest();
    Stream.concat(
            Stream.of(
                program,
                request.header("accept").orElse(""),
                Long.toString(now.getEpochSecond() / MINUTE)),
            content)
        .forEach(text -> digest.update((text + "\n").getBytes(StandardCharsets.UTF_8)));
    return "W/\"%s\"".formatted(HexFormat.of().formatHex(digest.digest(), 0, 16));
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /** A 304 if the caller has what the tag stands for, else the response with the tag. */
  static APIGatewayV2HTTPResponse unlessKnown(
      ApiRequest request, String tag, Supplier<APIGatewayV2HTTPResponse> response) {
    boolean isKnown =
        Arrays.stream(request.header("if-none-match").orElse("").split(",", -1))
            .map(String::strip)
            .anyMatch(known -> known.equals(tag) || known.equals(tag.substring("W/".length())));
    APIGatewayV2HTTPResponse answer = isKnown ? ApiResponse.notModified() : response.get();
    answer.getHeaders().put("etag", tag);
    return answer;
  }
}
