package io.eksphemeral.aws;

import java.util.regex.Pattern;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Describes errors of AWS for logs, records and mail. */
final class AwsErrors {
  private static final int LONGEST = 400;

  /**
   * Messages about signatures may quote the Authorization header or the access key ID (promise P8);
   * the error's code suffices.
   */
  private static final Pattern ABOUT_KEYS =
      Pattern.compile("signature|credential=|authorization|access key", Pattern.CASE_INSENSITIVE);

  private AwsErrors() {}

  /**
   * The error's code, message and HTTP status in one line. The same error gives the same line, so
   * that a repeated error is recognized.
   */
  static String of(SdkException e) {
    String why = e instanceof AwsServiceException error ? describe(error) : message(e);
    String line = why.replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST - 1) + "…";
  }

  /** The same with the request ID, which AWS Support asks for. */
  static String withRequestId(SdkException e) {
    return e instanceof AwsServiceException error && error.requestId() != null
        ? "%s, request %s".formatted(of(e), error.requestId())
        : of(e);
  }

  private static String describe(AwsServiceException e) {
    String description = code(e);
    AwsErrorDetails details = e.awsErrorDetails();
    String message = details == null ? null : details.errorMessage();
    if (message != null && !message.isBlank() && !ABOUT_KEYS.matcher(message).find()) {
      description += ": " + message;
    }
    return "%s (HTTP %d)".formatted(description, e.statusCode());
  }

  private static String message(SdkException e) {
    String message = e.getMessage();
    return message == null || ABOUT_KEYS.matcher(message).find()
        ? e.getClass().getSimpleName()
        : message;
  }

  /** AWS's error code; empty if there is none. */
  static String code(AwsServiceException e) {
    AwsErrorDetails details = e.awsErrorDetails();
    String code = details == null ? null : details.errorCode();
    return code == null ? "" : code;
  }
}
